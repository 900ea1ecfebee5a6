// What the rules know of epochs: from whom, and what a crash takes back.

#include <gtest/gtest.h>

#include "sim/checkers/context.h"

namespace govchain::sim {
namespace {

using consensus::Epoch;
using consensus::Membership;
using consensus::ReplicaId;
using consensus::Ticket;
using Learnt = CheckContext::Learnt;

class KnownEpochs : public testing::Test {
 protected:
  KnownEpochs() {
    world_.chains.resize(1);
    world_.chains[0].name = "chain";
    world_.chains[0].protocol = consensus::Protocol::kTendermint;
    world_.chains[0].replicas.resize(4);
    const Membership genesis = members(0, 4);
    context_.begin(world_, std::span(&genesis, 1));
  }

  static ReplicaAddress replica(uint32_t index) { return {0, index}; }
  static Membership members(uint64_t epoch, uint32_t count) {
    Membership made;
    made.epoch = Epoch(epoch);
    for (uint32_t i = 0; i < count; ++i) made.members.push_back({ReplicaId(i), 1, {}});
    return made;
  }
  [[nodiscard]] bool knows(uint64_t epoch) const {
    return context_.membership(0, Epoch(epoch)) != nullptr;
  }

  WorldSpec world_;
  CheckContext context_;
};

TEST_F(KnownEpochs, HaveTheSameMembersWhoeverSpeaksOfThem) {
  EXPECT_EQ(context_.learn(replica(0), members(1, 3), Ticket(5)), Learnt::kNew);
  EXPECT_EQ(context_.learn(replica(1), members(1, 3), Ticket(1)), Learnt::kKnown);
  EXPECT_EQ(context_.learn(replica(2), members(1, 4), Ticket(9)), Learnt::kDiffers);
  EXPECT_EQ(context_.learn(replica(2), members(0, 3), Ticket(9)), Learnt::kDiffers);
  EXPECT_EQ(*context_.membership(0, Epoch(1)), members(1, 3));
}

TEST_F(KnownEpochs, AreFoundInWhateverOrderTheyAreLearnt) {
  EXPECT_EQ(context_.learn(replica(0), members(2, 2), Ticket(1)), Learnt::kNew);
  EXPECT_EQ(context_.learn(replica(0), members(1, 3), Ticket(1)), Learnt::kNew);
  EXPECT_EQ(context_.learn(replica(1), members(2, 2), Ticket(1)), Learnt::kKnown);
  EXPECT_EQ(*context_.membership(0, Epoch(1)), members(1, 3));
  EXPECT_EQ(*context_.membership(0, Epoch(2)), members(2, 2));
}

TEST_F(KnownEpochs, AreForgottenWithTheWriteThatMadeThem) {
  ASSERT_EQ(context_.learn(replica(0), members(1, 3), Ticket(5)), Learnt::kNew);
  context_.forget_undone(replica(1), Ticket(0));
  EXPECT_TRUE(knows(1));
  context_.forget_undone(replica(0), Ticket(4));
  EXPECT_FALSE(knows(1));
  EXPECT_EQ(context_.learn(replica(0), members(1, 4), Ticket(5)), Learnt::kNew);
}

TEST_F(KnownEpochs, OutliveACrashOnceTheyAreDurable) {
  ASSERT_EQ(context_.learn(replica(0), members(1, 3), Ticket(5)), Learnt::kNew);
  context_.forget_undone(replica(0), Ticket(5));
  EXPECT_TRUE(knows(1));
  // A later crash, of a replica that has given the ticket's number to another record.
  context_.forget_undone(replica(0), Ticket(2));
  EXPECT_TRUE(knows(1));
}

TEST_F(KnownEpochs, OutliveACrashOnceAnotherReplicaHasThem) {
  ASSERT_EQ(context_.learn(replica(0), members(1, 3), Ticket(5)), Learnt::kNew);
  ASSERT_EQ(context_.learn(replica(1), members(1, 3), Ticket(1)), Learnt::kKnown);
  context_.forget_undone(replica(0), Ticket(4));
  EXPECT_TRUE(knows(1));
}

}  // namespace
}  // namespace govchain::sim
