// Optimistic responsiveness (HotStuff, PODC 2019, section 1): after the timers have fired, how long
// the next decision takes follows from the delays that messages really have, not from the bound
// that is configured. The last column of the table in consensus/README.md.

#include <string>

#include <gtest/gtest.h>

#include "consensus/protocols.h"
#include "tests/consensus/leader_failure.h"

namespace govchain::consensus::testing {
namespace {

constexpr Duration kDelays[] = {Duration::milliseconds(1), Duration::milliseconds(10)};
constexpr Duration kTimeouts[] = {Duration::seconds(6), Duration::seconds(60)};

// Delays until everybody has decided, for each delay and timeout above; and of a timeout, in
// halves.
void expect_elapsed(const ProtocolTraits& protocol, LeaderFailure failure, int64_t delays,
                    int64_t half_timeouts, int64_t delays_from_start) {
  failure.decided = 1;
  for (const Duration delay : kDelays) {
    for (const Duration timeout : kTimeouts) {
      failure.world.delay = delay;
      failure.world.timeout = timeout;
      const LeaderChange change = change_leader(protocol, failure);
      EXPECT_EQ(change.last, delays * delay + half_timeouts * (timeout / 2))
          << protocol.name << " with " << delay.to_milliseconds() << " ms and a timeout of "
          << timeout.to_seconds() << " s";
      EXPECT_EQ(change.from_start, delays_from_start * delay) << protocol.name;
    }
  }
}

TEST(Responsiveness, PbftDecidesFourDelaysAfterTheTimers) {
  expect_elapsed(traits_of(Protocol::kPbft), {}, 4, 0, 3);
}

TEST(Responsiveness, PbftWithAPreparedBlockDoesSoToo) {
  LeaderFailure failure;
  failure.under_way = UnderWay::kBlock;
  expect_elapsed(traits_of(Protocol::kPbft), failure, 4, 0, 3);
}

TEST(Responsiveness, QbftDecidesFourDelaysAfterTheTimers) {
  expect_elapsed(traits_of(Protocol::kQbft), {}, 4, 0, 3);
}

TEST(Responsiveness, QbftWithAPreparedBlockDoesSoToo) {
  LeaderFailure failure;
  failure.under_way = UnderWay::kBlock;
  expect_elapsed(traits_of(Protocol::kQbft), failure, 4, 0, 3);
}

// Lines 47 and 65: the next round begins when timeoutPrecommit has passed, however fast messages
// are. Once it has begun, its proposer waits for nothing.
TEST(Responsiveness, TendermintWaitsHalfATimeoutBeforeTheNextRound) {
  expect_elapsed(traits_of(Protocol::kTendermint), {}, 5, 1, 3);
}

TEST(Responsiveness, HotstuffDecidesSixDelaysAfterTheTimers) {
  expect_elapsed(traits_of(Protocol::kHotstuff), {}, 6, 0, 5);
}

TEST(Responsiveness, HotstuffWithThreeChainsDecidesEightDelaysAfterTheTimers) {
  LeaderFailure failure;
  failure.world.settings.hotstuff.commit_rule = hotstuff::CommitRule::kThreeChain;
  expect_elapsed(traits_of(Protocol::kHotstuff), failure, 8, 0, 7);
}

TEST(Responsiveness, HotstuffWithAStableLeaderDecidesSixDelaysAfterTheTimers) {
  LeaderFailure failure;
  failure.world.settings.hotstuff.leader = hotstuff::LeaderPolicy::kStable;
  expect_elapsed(traits_of(Protocol::kHotstuff), failure, 6, 0, 5);
}

// The votes of the view before go to it, and nothing tells that they are lost but that view's
// timer; then its own view fails, after twice the time. Two views of which the second alone is its
// own.
TEST(Responsiveness, AFailedMemberCostsRotatingHotstuffTwoTimeouts) {
  LeaderFailure failure;
  failure.world.replicas = 7;
  failure.failing = Failing::kNextLeader;
  failure.decided = 1;
  const LeaderChange change = change_leader(traits_of(Protocol::kHotstuff), failure);
  EXPECT_EQ(change.last, failure.world.timeout * 2 + 7 * failure.world.delay);
}

// From the first timer, if no other fires before its election is over: timeouts are random.
TEST(Responsiveness, RaftDecidesNineDelaysAfterTheFirstTimer) {
  expect_elapsed(traits_of(Protocol::kRaft), {}, 9, 0, 5);
}

TEST(Responsiveness, RaftDecidesWhatWasUnderWaySevenDelaysAfterTheFirstTimer) {
  LeaderFailure failure;
  failure.under_way = UnderWay::kBlock;
  expect_elapsed(traits_of(Protocol::kRaft), failure, 7, 0, 3);
}

}  // namespace
}  // namespace govchain::consensus::testing
