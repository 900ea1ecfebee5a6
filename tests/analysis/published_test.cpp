// PBFT under delays of N(250 ms, 50 ms), free of bandwidth and CPU, against a Monte Carlo of the
// protocol's own steps and against the published means of BFT-Simulator (DSN 2022). What remains
// between the two is named in results/published/README.md.

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "sim/distribution.h"
#include "sim/random.h"
#include "tests/analysis/run_fixture.h"

namespace govchain::analysis {
namespace {

struct Case {
  uint32_t replicas;
  double published_ms;
  const char* seconds;  // of simulated time: a decision every two
  uint32_t draws;       // of the Monte Carlo
};

// Castro and Liskov (1999), §4.2: the primary's pre-prepare stands for its vote; a replica is
// prepared with the pre-prepare and 2f prepares of backups, its own included; it has committed with
// 2f + 1 commits, its own included.
class MonteCarlo {
 public:
  explicit MonteCarlo(uint32_t replicas)
      : n_(replicas),
        faulty_((replicas - 1) / 3),
        random_(7, sim::RandomPurpose::kTest, replicas) {}

  // Milliseconds until more than half of the replicas have committed.
  double decision() {
    std::vector<double> proposed(n_, 0);
    for (uint32_t i = 1; i < n_; ++i) proposed[i] = delay();
    std::vector<double> prepared(n_);
    for (uint32_t to = 0; to < n_; ++to) {
      std::vector<double> votes;
      for (uint32_t from = 1; from < n_; ++from) {
        votes.push_back(proposed[from] + (from == to ? 0 : delay()));
      }
      prepared[to] = std::max(proposed[to], smallest(votes, 2 * faulty_));
    }
    std::vector<double> committed(n_);
    for (uint32_t to = 0; to < n_; ++to) {
      std::vector<double> votes;
      for (uint32_t from = 0; from < n_; ++from) {
        votes.push_back(prepared[from] + (from == to ? 0 : delay()));
      }
      committed[to] = std::max(prepared[to], smallest(votes, 2 * faulty_ + 1));
    }
    return smallest(committed, n_ / 2 + 1);
  }

 private:
  double delay() { return std::max(0.0, 250 + 50 * sim::draw_standard_normal(random_)); }
  static double smallest(std::vector<double>& values, size_t rank) {
    std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(rank - 1),
                     values.end());
    return values[rank - 1];
  }
  uint32_t n_;
  uint32_t faulty_;
  sim::RandomStream random_;
};

class BftSimulator : public testing::TestWithParam<Case> {};

TEST_P(BftSimulator, AgreesWithItsOwnStepsAndWithThePublishedMean) {
  const Case& one = GetParam();
  const RunResult result =
      run_file("published/bft-simulator-" + std::to_string(one.replicas) + ".json",
               {std::string("/duration_seconds=") + one.seconds});
  const sim::Histogram& decision = result.chains[0].decision;
  EXPECT_TRUE(result.violations.empty());
  ASSERT_GT(decision.count(), 400U);
  const double simulated = decision.mean_nanoseconds() / 1e6;

  MonteCarlo monte_carlo(one.replicas);
  double own_steps = 0;
  for (uint32_t draw = 0; draw < one.draws; ++draw) {
    own_steps += monte_carlo.decision() / one.draws;
  }
  RecordProperty("simulated_ms", std::to_string(simulated));
  RecordProperty("monte_carlo_ms", std::to_string(own_steps));
  EXPECT_NEAR(simulated, own_steps, 0.002 * own_steps);
  EXPECT_NEAR(simulated, one.published_ms, 0.02 * one.published_ms);
}

INSTANTIATE_TEST_SUITE_P(All, BftSimulator,
                         testing::Values(Case{4, 723, "40000", 100'000},
                                         Case{16, 796, "8000", 20'000},
                                         Case{64, 799, "1000", 1'000}),
                         [](const auto& one) { return "n" + std::to_string(one.param.replicas); });

}  // namespace
}  // namespace govchain::analysis
