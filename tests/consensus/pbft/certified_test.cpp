// Certified batches where a window of heights is agreed upon at a time, and a new view names blocks
// by their digests: what is PBFT's own of them (tests/consensus/chain/certified_test.cpp has what
// all engines share).

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/chain/messages.h"
#include "consensus/codec.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::pbft::testing {
namespace {

using chain::CommonType;

template <typename Type>
bool is(const Message& message, Type type) {
  return message.type == static_cast<uint8_t>(type);
}

ClusterOptions certified() {
  ClusterOptions options;
  options.engine.batch_delay = Duration::zero();
  options.engine.base_timeout = Duration::milliseconds(100);
  options.engine.max_timeout = Duration::milliseconds(400);
  options.engine.checkpoint_interval = 16;
  options.engine.proposal_bodies = ProposalBodies::kCertified;
  options.engine.genesis.version = kProposalsByDigestSince;
  return options;
}

bool is_bytes(const Message& message) {
  return is(message, CommonType::kBatch) || is(message, CommonType::kPayloadReply) ||
         is(message, CommonType::kCommittedBlock);
}

bool is_of_view_0(const Message& message) {
  const bool counts = is(message, MessageType::kPrePrepare) || is(message, MessageType::kCommit);
  return counts && message.view == View(0);
}

// Replica 3 has heard of no proposal. Without 0 the others need its votes for the block that they
// prepared, and it gives them for the name and the proof alone.
class PbftNewViewOfNames : public ::testing::Test {
 protected:
  PbftNewViewOfNames() : world_(certified()) {
    world_.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
      if (is(message, MessageType::kCommit)) return false;
      return to != 3 || !(is_bytes(message) || is(message, MessageType::kPrePrepare) ||
                          is(message, CommonType::kAvailability));
    });
    world_.propose(1, 1);
    world_.run_for(Duration::milliseconds(20));
    world_.crash(0);
  }
  // Votes in later views count, and to replica 3 goes everything but bytes of payloads.
  void let_names_through() {
    world_.set_filter([this](uint32_t /*from*/, uint32_t to, const Message& message) {
      if (to == 3 && is(message, MessageType::kBody)) bodies_.push_back(message.block);
      return !is_of_view_0(message) && (to != 3 || !is_bytes(message));
    });
  }

  Cluster world_;
  std::vector<BlockRef> bodies_;  // that were shown to replica 3
};

TEST_F(PbftNewViewOfNames, IsVotedForByWhoLacksTheBytes) {
  let_names_through();
  EXPECT_TRUE(world_.run_until([&] { return world_.is_committed(1); }, Duration::seconds(3)));
  EXPECT_EQ(world_.status(3).committed, Height(0));
  ASSERT_FALSE(bodies_.empty());
  EXPECT_FALSE(bodies_.front()->availability.empty());
  EXPECT_EQ(world_.violations(), std::vector<std::string>{});
}

// It waits for bytes, and nobody is to blame for that.
TEST_F(PbftNewViewOfNames, WhoWaitsForTheBytesOfAFinalBlockSuspectsNobody) {
  let_names_through();
  ASSERT_TRUE(world_.run_until([&] { return world_.is_committed(1); }, Duration::seconds(3)));
  const View entered = world_.status(1).view;
  world_.run_for(Duration::seconds(3));
  EXPECT_EQ(world_.status(3).committed, Height(0));
  EXPECT_EQ(world_.status(3).view, entered);
  EXPECT_FALSE(world_.status(3).in_view_change);
  world_.set_filter(nullptr);
  EXPECT_TRUE(world_.run_until([&] { return world_.status(3).committed == Height(1); },
                               Duration::seconds(1)));
  EXPECT_EQ(world_.status(3).view, entered);
}

// The digest is that of the prepared block and so is everything that it covers; the proofs beside
// it are anybody's until they are verified, and who took bad ones would show them to others.
TEST_F(PbftNewViewOfNames, DamagedProofsAreRefusedAndGoodOnesTakenLater) {
  world_.set_filter([this](uint32_t from, uint32_t to, const Message& message) {
    if (to != 3) return !is_of_view_0(message);
    if (is(message, MessageType::kBody)) {
      Ref<Block> damaged = same_block(*message.block, message.block->payloads);
      damaged->availability = message.block->availability;
      damaged->availability.back() ^= 1U;  // of the last signature
      Ref<Message> copy = Ref<Message>::make();
      copy->protocol = message.protocol;
      copy->type = message.type;
      copy->lane = message.lane;
      copy->version = message.version;
      copy->sender = message.sender;
      copy->epoch = message.epoch;
      copy->view = message.view;
      copy->height = message.height;
      copy->digest = message.digest;
      copy->block = BlockRef(std::move(damaged));
      seal_message(*copy);
      world_.deliver(3, from, MessageRef(std::move(copy)));
      bodies_.push_back(message.block);
      return false;
    }
    return !is_of_view_0(message) && !is_bytes(message);
  });
  world_.run_for(Duration::seconds(2));
  ASSERT_GE(bodies_.size(), 2U);  // refused, and asked for again
  EXPECT_FALSE(world_.is_committed(1));
  EXPECT_GE(world_.engine(3).counters().forged, bodies_.size() - 1);
  let_names_through();
  EXPECT_TRUE(world_.run_until([&] { return world_.is_committed(1); }, Duration::seconds(3)));
  EXPECT_EQ(world_.violations(), std::vector<std::string>{});
}

// Who has got the block from others by then has it whole, and shows it like that.
TEST(PbftCertified, AViewIsEnteredWithAWholeBlockAsWell) {
  ClusterOptions options = certified();
  options.replicas = 7;
  Cluster world(options);
  // Replica 0 alone commits, and replica 1 alone is shown what.
  world.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
    if (is(message, MessageType::kPrePrepare)) return to != 1 && to != 6;
    if (is(message, MessageType::kCommit)) return to == 0;
    if (is(message, MessageType::kViewChange)) return false;
    return to == 1 || !is(message, CommonType::kCommittedBlock);
  });
  world.propose(2, 1);
  ASSERT_TRUE(world.run_until([&] { return world.status(1).committed == Height(1); },
                              Duration::seconds(1)));
  world.crash(0);
  std::vector<BlockRef> shown;
  world.set_filter([&](uint32_t from, uint32_t to, const Message& message) {
    if (to == 6 && is(message, MessageType::kBody)) {
      if (from == 1) shown.push_back(message.block);
      return from == 1;
    }
    return !is_of_view_0(message) && !is(message, CommonType::kCommittedBlock);
  });
  EXPECT_TRUE(
      world.run_until([&] { return world.lowest_committed() == Height(1); }, Duration::seconds(5)));
  ASSERT_FALSE(shown.empty());
  EXPECT_TRUE(shown.front()->availability.empty());
  EXPECT_FALSE(shown.front()->payloads.front()->named);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// A payload whose origin shows it to too few cannot be proposed by anybody.
TEST(PbftCertified, WhatNobodyMayProposeMovesNobodyToSuspectThePrimary) {
  Cluster world(certified());
  world.set_filter([](uint32_t from, uint32_t to, const Message& message) {
    return from != 2 || to == 3 || !is(message, CommonType::kBatch);
  });
  // Its own word and that of 3 would be f+1; without 3 there is none.
  world.crash(3);
  world.propose(2, 1);
  // Long enough for six timeouts, and never a moment with nothing to wait for.
  for (uint64_t number = 2; number < 500; ++number) {
    world.propose(1, number);
    world.run_for(Duration::milliseconds(3));
  }
  EXPECT_FALSE(world.is_committed(1));
  EXPECT_TRUE(world.is_committed(490));
  for (const uint32_t replica : {0U, 1U, 2U}) {
    EXPECT_EQ(world.status(replica).view, View(0)) << replica;
  }
}

// A primary that has just restarted knows what its unfinished blocks hold, and its mempool does
// not.
TEST(PbftCertified, APayloadOfAnUnfinishedBlockThatComesAgainHoldsUpNothing) {
  ClusterOptions options = certified();
  options.engine.base_timeout = Duration::seconds(20);
  options.engine.max_timeout = Duration::seconds(20);
  Cluster world(options);
  world.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
    return to != 3 && !is(message, MessageType::kCommit);
  });
  world.propose(1, 1);
  world.run_for(Duration::milliseconds(20));
  world.crash(0);
  world.restart(0);
  world.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
    const bool batches = is(message, CommonType::kAcknowledgement);
    return (to != 3 || batches) && !is(message, MessageType::kCommit);
  });
  world.propose(3, 3);  // a batch by itself; the next two make one
  world.propose(3, 1);
  world.propose(3, 2);
  world.run_for(Duration::milliseconds(30));
  world.set_filter(nullptr);
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(2) && world.is_committed(3); },
                              Duration::seconds(10)));
  EXPECT_EQ(world.status(1).view, View(0));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// Heights go by faster than it catches up: its batches must not expire before they are looked at.
TEST(PbftCertified, ABatchOfWhoIsFarBehindIsAcknowledged) {
  ClusterOptions options = certified();
  options.engine.checkpoint_interval = 4;
  options.engine.max_in_flight = 1;
  Cluster world(options);
  world.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
    return to != 3 || is(message, CommonType::kAcknowledgement) || is(message, CommonType::kStatus);
  });
  for (uint64_t number = 1; number <= 40; ++number) {
    world.propose(1, number);
    world.run_for(Duration::milliseconds(10));
  }
  ASSERT_GT(world.status(0).committed, Height(30));
  ASSERT_EQ(world.status(3).committed, Height(0));
  world.propose(3, 100);
  EXPECT_TRUE(
      world.run_until([&] { return world.is_committed(100); }, Duration::milliseconds(100)));
  EXPECT_EQ(world.status(3).committed, Height(0));
}

}  // namespace
}  // namespace govchain::consensus::pbft::testing
