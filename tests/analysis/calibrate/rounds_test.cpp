// The harness of measurements, with clocks that a test moves.

#include "analysis/calibrate/rounds.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "analysis/calibrate/settings.h"
#include "tests/analysis/calibrate/fake_clocks.h"

namespace govchain::analysis {
namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;
using testing::FakeClocks;

constexpr Duration kSecond = Duration::seconds(1);

// --- Order

TEST(OrderOfRound, IsEveryProbeOnce) {
  for (uint32_t round = 0; round < 20; ++round) {
    std::vector<size_t> order = order_of_round(7, round);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2, 3, 4, 5, 6})) << round;
  }
}

TEST(OrderOfRound, GivesEachProbeOtherPlacesAndOtherNeighbours) {
  constexpr size_t kProbes = 7;
  std::vector<std::set<size_t>> places(kProbes);
  std::vector<std::set<size_t>> before(kProbes);
  for (uint32_t round = 0; round < 2 * kProbes; ++round) {
    const std::vector<size_t> order = order_of_round(kProbes, round);
    for (size_t place = 0; place < kProbes; ++place) {
      places[order[place]].insert(place);
      if (place > 0) before[order[place]].insert(order[place - 1]);
    }
  }
  for (size_t probe = 0; probe < kProbes; ++probe) {
    EXPECT_EQ(places[probe].size(), kProbes) << probe;
    EXPECT_GE(before[probe].size(), 2U) << probe;
  }
}

TEST(OrderOfRound, OfNothingIsNothing) { EXPECT_TRUE(order_of_round(0, 3).empty()); }

// --- Rounds

struct Diary {
  std::vector<std::string> entries;
};

class FakeProbe final : public Probe {
 public:
  FakeProbe(std::string name, FakeClocks& clocks, Diary& diary, std::vector<Duration> rounds)
      : name_(std::move(name)), clocks_(clocks), diary_(diary), rounds_(std::move(rounds)) {}
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] Status prepare() override {
    diary_.entries.push_back("prepare " + name_);
    return consensus::success();
  }
  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    diary_.entries.push_back(name_);
    const Duration work = rounds_.at(std::min(round_++, rounds_.size() - 1));
    if (work == Duration::zero()) return Error{ErrorCode::kIo, "no more", name_};
    figures.add(RowKind::kProcessor, {name_, {}}, "call",
                processor_time(clocks, [&] { clocks_.work(work); }), 2);
    return consensus::success();
  }

 private:
  std::string name_;
  FakeClocks& clocks_;
  Diary& diary_;
  std::vector<Duration> rounds_;  // the work of each; the last one again and again; zero: an error
  size_t round_ = 0;
};

class Rounds : public ::testing::Test {
 protected:
  void add(const std::string& name, std::vector<Duration> rounds) {
    probes_.push_back(std::make_unique<FakeProbe>(name, clocks_, diary_, std::move(rounds)));
  }
  [[nodiscard]] consensus::Result<RoundsOutcome> run(const RoundsPlan& plan) {
    return run_rounds(probes_, plan, clocks_, figures_, &stop_, {});
  }

  FakeClocks clocks_;
  Diary diary_;
  Figures figures_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Probe>> probes_;
};

TEST_F(Rounds, AreInterleavedAndPreparedBeforeAnyIsMeasured) {
  for (const char* name : {"a", "b", "c"}) add(name, {kSecond});
  ASSERT_TRUE(run({.least = 2, .most = 2, .budget = Duration::seconds(1'000)}));
  EXPECT_EQ(diary_.entries, (std::vector<std::string>{"prepare a", "prepare b", "prepare c",  //
                                                      "a", "b", "c",                          //
                                                      "a", "c", "b",                          //
                                                      "c", "a", "b"}));
}

TEST_F(Rounds, DoNotCountTheFirst) {
  add("a",
      {Duration::seconds(100), Duration::seconds(2), Duration::seconds(4), Duration::seconds(6)});
  const auto outcome = run({.least = 3, .most = 3, .budget = Duration::seconds(1'000)});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rounds, 3U);
  EXPECT_EQ(outcome->took, Duration::seconds(112));
  const Row* row = figures_.find({"a", {}});
  ASSERT_NE(row, nullptr);
  // Microseconds of each of two operations.
  EXPECT_EQ(row->samples, (std::vector<double>{1e6, 2e6, 3e6}));
  EXPECT_EQ(row->operations, 6U);
  EXPECT_DOUBLE_EQ(row->spread().median, 2e6);
}

TEST_F(Rounds, EndBeforeTheBudgetDoes) {
  add("a", {kSecond});
  const auto outcome = run({.least = 2, .most = 100, .budget = Duration::seconds(10)});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rounds, 9U);  // and the one that does not count
  EXPECT_EQ(outcome->took, Duration::seconds(10));
}

TEST_F(Rounds, AreAtLeastSoManyHoweverLongTheyTake) {
  add("a", {Duration::seconds(60)});
  const auto outcome = run({.least = 3, .most = 100, .budget = Duration::seconds(10)});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rounds, 3U);
}

TEST_F(Rounds, EndWithTheFirstErrorOfAProbe) {
  add("a", {kSecond});
  add("b", {kSecond, Duration::zero()});
  const auto outcome = run({.least = 5, .most = 5, .budget = Duration::seconds(100)});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().where, "b");
}

TEST_F(Rounds, EndWhenTheyAreStopped) {
  add("a", {kSecond});
  stop_ = true;
  const auto outcome = run({});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(diary_.entries.empty());
}

TEST(CalibrationFigures, KeepNothingOfWorkThatTookNoTime) {
  Figures figures;
  figures.add(RowKind::kProcessor, {"hash", {}}, "call", Duration::zero(), 10);
  figures.add(RowKind::kProcessor, {"hash", {}}, "call", Duration::nanoseconds(-5), 10);
  figures.add(RowKind::kProcessor, {"hash", {}}, "call", kSecond, 0);
  EXPECT_TRUE(figures.rows().empty());
}

TEST(CalibrationFigures, KeepEveryWaitByItself) {
  Figures figures;
  const RowName name{"log sync", {{"record", "200 bytes"}}};
  figures.add_wait(name, "sync", Duration::microseconds(200));
  figures.add_wait(name, "sync", Duration::microseconds(900));
  ASSERT_NE(figures.find(name), nullptr);
  const std::vector<double>& samples = figures.find(name)->samples;
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_DOUBLE_EQ(samples[0], 200);
  EXPECT_DOUBLE_EQ(samples[1], 900);
  EXPECT_EQ(name.text(), "log sync (200 bytes)");
}

}  // namespace
}  // namespace govchain::analysis
