// What clients of every engine are told under faults is linearizable; it is not once the history or
// the system is spoilt.

#include "tests/sim/client_history.h"

#include <map>

#include <gtest/gtest.h>

#include "sim/world.h"
#include "tests/sim/every_protocol.h"
#include "tests/sim/register_history.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using test::ClientLog;
using test::Defect;
using test::History;

WorldResult run(consensus::Protocol protocol, uint64_t seed, ClientLog& log,
                Defect defect = Defect::kNone) {
  RunOptions options;
  options.observer = &log;
  return test::run_or_fail(test::world_with_clients(protocol, seed, log, defect), options);
}

class ClientHistories : public testing::TestWithParam<consensus::Protocol> {};

TEST_P(ClientHistories, AreLinearizableUnderFaultsAndNoneIsOnceSpoilt) {
  constexpr uint64_t kSeeds = 200;
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t unanswered = 0;
  std::map<test::Spoiling, uint64_t> spoilt;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    ClientLog log;
    const WorldResult result = run(GetParam(), seed, log);
    for (const Violation& violation : result.violations) {
      ADD_FAILURE() << "seed " << seed << ": " << violation.rule << ": " << violation.detail;
    }
    reads += log.answered_reads();
    writes += log.answered_writes();
    unanswered += log.unanswered_writes();
    RandomStream random(seed, RandomPurpose::kTest, UINT64_MAX);
    for (uint8_t key = 0; key < ClientLog::kKeys; ++key) {
      const History history = log.history(key);
      EXPECT_EQ(check_register(history), Linearizability::kLinearizable)
          << "seed " << seed << ", key " << int{key};
      EXPECT_TRUE(test::is_linearizable_by_zones(history)) << "seed " << seed;
      for (const test::Spoiling how : test::kSpoilings) {
        for (const History& one : test::spoil(history, how, 2, random)) {
          ++spoilt[how];
          EXPECT_EQ(check_register(one), Linearizability::kViolated)
              << "seed " << seed << ", key " << int{key} << ", spoiling " << static_cast<int>(how);
        }
      }
    }
  }
  EXPECT_GT(reads, kSeeds * 40);
  EXPECT_GT(writes, kSeeds * 40);
  EXPECT_GT(unanswered, kSeeds * 2);
  for (const test::Spoiling how : test::kSpoilings) {
    EXPECT_GT(spoilt[how], kSeeds * 5) << static_cast<int>(how);
  }
}

TEST_P(ClientHistories, AreRefusedWhereTheSystemIsBroken) {
  constexpr uint64_t kSeeds = 25;
  // How many worlds show it at least: the last needs a replica that is restored and read before
  // the next write, the first one that is behind; and some worlds lose who would answer.
  const std::map<Defect, uint64_t> least = {{Defect::kReadsWithoutAsking, 10},
                                            {Defect::kAcknowledgedTooEarly, kSeeds},
                                            {Defect::kOneBlockBehind, 20},
                                            {Defect::kRestoredWithoutValues, 5}};
  for (const auto& [defect, worlds] : least) {
    uint64_t refused = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      ClientLog log;
      (void)run(GetParam(), seed, log, defect);
      bool violated = false;
      for (uint8_t key = 0; key < ClientLog::kKeys; ++key) {
        const History history = log.history(key);
        const Linearizability verdict = check_register(history);
        EXPECT_NE(verdict, Linearizability::kUndecided);
        EXPECT_EQ(verdict == Linearizability::kLinearizable,
                  test::is_linearizable_by_zones(history));
        violated = violated || verdict == Linearizability::kViolated;
      }
      refused += violated ? 1 : 0;
    }
    EXPECT_GE(refused, worlds) << "defect " << static_cast<int>(defect);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ClientHistories, testing::ValuesIn(every_protocol()));

}  // namespace
}  // namespace govchain::sim
