#include "tests/consensus/leader_failure.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace govchain::consensus::testing {
namespace {

constexpr uint64_t kPayload = 1'000;  // the one that waits; those decided before count from 0
constexpr Duration kInstant = Duration::nanoseconds(1);

// What says first that the leader has failed, and what its successor says first.
struct Words {
  std::string alarm;
  std::string start;
};
Words words_of(Protocol protocol, const ProtocolSettings& settings) {
  switch (protocol) {
    case Protocol::kRaft:
      return {settings.raft.pre_vote ? "pre-vote-request" : "vote-request", "append"};
    case Protocol::kPbft:
      return {"view-change", "new-view"};
    case Protocol::kTendermint:
      return {"prevote", "proposal"};
    case Protocol::kQbft:
      return {"round-change", "pre-prepare"};
    case Protocol::kHotstuff:
      return {"timeout", "proposal"};
    default:
      return {};
  }
}

void propose_everywhere(MeteredWorld& world, uint64_t number) {
  for (uint32_t i = 0; i < world.size(); ++i) {
    if (world.is_up(i)) world.propose(i, number);
  }
}

// Those of the last phase of voting, in Raft a follower's acknowledgement.
bool is_final_vote(const ProtocolTraits& protocol, const Message& message) {
  if (protocol.protocol != Protocol::kRaft) {
    return protocol.roles.of(message.type) == MessageRole::kFinalVote;
  }
  return protocol.message_name(message.type) == "append-reply";
}

}  // namespace

uint32_t leader_of(const MeteredWorld& world) {
  for (uint32_t i = 0; i < world.size(); ++i) {
    if (!world.is_up(i)) continue;
    const EngineStatus status = world.status(i);
    if (status.leader_known) return static_cast<uint32_t>(status.leader.value());
  }
  ADD_FAILURE() << "nobody leads";
  return 0;
}

LeaderChange change_leader(const ProtocolTraits& protocol, const LeaderFailure& failure) {
  const Words words = words_of(protocol.protocol, failure.world.settings);
  const Duration timeout = failure.world.timeout;
  MeteredWorld world(protocol, failure.world);
  world.run_for(timeout * 4);  // Raft elects its first leader
  for (uint64_t i = 0; i < failure.decided; ++i) {
    world.propose(leader_of(world), i);
    world.run_for(timeout / 16);
  }
  uint32_t failing = leader_of(world);
  if (failure.failing == Failing::kNextLeader) failing = (failing + 1) % world.size();
  const TimePoint given = world.now();
  if (failure.under_way == UnderWay::kBlock) {
    world.set_filter([&](const Message& message) { return !is_final_vote(protocol, message); });
    propose_everywhere(world, kPayload);
    world.run_for(timeout / 4);
    world.set_filter({});
    world.crash(failing);
  } else {
    world.crash(failing);
    propose_everywhere(world, kPayload);
  }
  // Whoever first speaks has waited a timeout; Raft's is a random one, and shorter by the time
  // since the leader was last heard.
  const Duration step = timeout / 60;
  const TimePoint soonest =
      given + (protocol.protocol == Protocol::kRaft ? timeout / 2 : timeout) - kInstant;
  world.run_until(soonest);
  world.reset_meter();
  while (!world.first_sent(words.alarm) && world.now() < given + timeout * 3) world.run_for(step);
  EXPECT_TRUE(world.first_sent(words.alarm).has_value());
  const bool is_logged = protocol.protocol != Protocol::kRaft;  // before it is said
  const TimePoint fired = world.first_sent(words.alarm).value_or(TimePoint()) -
                          (is_logged ? failure.world.sync : Duration::zero());

  std::vector<TimePoint> committed;
  for (int steps = 0; steps < 240 && committed.size() + 1 < world.size(); ++steps) {
    world.run_for(step);
    committed.clear();
    for (uint32_t i = 0; i < world.size(); ++i) {
      const std::optional<TimePoint> at = world.committed_at(i, kPayload);
      if (i != failing && at) committed.push_back(*at);
    }
  }
  EXPECT_EQ(committed.size() + 1, world.size()) << "of " << protocol.name;
  if (committed.empty()) return {};
  const auto [first, last] = std::minmax_element(committed.begin(), committed.end());
  return {world.meter(), *first - fired, *last - fired,
          *last - world.first_sent(words.start).value_or(fired), world.waits()};
}

}  // namespace govchain::consensus::testing
