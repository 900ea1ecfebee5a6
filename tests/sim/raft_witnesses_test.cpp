// The rule of witnesses is shown a history that keeps it and histories that break it.

#include "sim/checkers/raft_witnesses.h"

#include <gtest/gtest.h>

#include "consensus/raft/records.h"

namespace govchain::sim {
namespace {

using consensus::Block;
using consensus::Height;
using consensus::Ref;
using consensus::Ticket;
using consensus::View;

// Four full voters and a witness: two copies are in every quorum of three.
class RaftWitnessesTest : public testing::Test {
 protected:
  static constexpr uint32_t kWitness = 4;

  void SetUp() override {
    world_.chains.resize(1);
    world_.chains[0].protocol = consensus::Protocol::kRaft;
    world_.chains[0].replicas.resize(kWitness + 1);
    consensus::Membership genesis;
    for (uint32_t i = 0; i <= kWitness; ++i) {
      genesis.members.push_back(consensus::Member{consensus::ReplicaId(i), 1, {}});
    }
    genesis.members[kWitness].role = consensus::MemberRole::kWitness;
    context_.begin(world_, std::span(&genesis, 1));
    rule_.begin(std::span(&genesis, 1));
  }
  static Ref<Block> block(uint64_t height, uint64_t term) {
    auto made = Ref<Block>::make();
    made->height = Height(height);
    made->view = View(term);
    return made;
  }
  void persist(uint32_t who, uint64_t height, uint64_t term, uint64_t ticket) {
    rule_.persist({0, who}, TimePoint{}, Ticket(ticket),
                  *consensus::raft::make_entry_record(block(height, term)));
  }
  void witness(uint64_t height, uint64_t term) {
    rule_.persist({0, kWitness}, TimePoint{}, Ticket(1),
                  *consensus::raft::make_witness_entry(*block(height, term)));
  }
  void durable(uint32_t who, uint64_t ticket) { rule_.durable({0, who}, Ticket(ticket)); }
  [[nodiscard]] size_t broken() const { return context_.violations().size(); }

  WorldSpec world_;
  CheckContext context_;
  RaftWitnessRule rule_{context_};
};

TEST_F(RaftWitnessesTest, TwoDurableCopiesAreEnough) {
  persist(0, 1, 1, 1);
  persist(1, 1, 1, 1);
  durable(0, 1);
  durable(1, 1);
  witness(1, 1);
  EXPECT_EQ(broken(), 0U);
}

TEST_F(RaftWitnessesTest, OneThatIsNotOnDiskDoesNotCount) {
  persist(0, 1, 1, 1);
  persist(1, 1, 1, 1);
  durable(0, 1);
  witness(1, 1);
  EXPECT_EQ(broken(), 1U);
}

TEST_F(RaftWitnessesTest, AnEarlierTermIsNoCopyAndALaterOneIsAsGood) {
  persist(0, 1, 2, 1);
  persist(1, 1, 1, 1);
  durable(0, 1);
  durable(1, 1);
  witness(1, 2);
  EXPECT_EQ(broken(), 1U);
  persist(1, 1, 3, 2);
  witness(1, 2);
  EXPECT_EQ(broken(), 1U);
}

TEST_F(RaftWitnessesTest, AStateCoversWhatIsBelowIt) {
  rule_.covered({0, 0}, Height(5));
  rule_.covered({0, 1}, Height(4));
  witness(4, 1);
  EXPECT_EQ(broken(), 0U);
  witness(5, 1);
  EXPECT_EQ(broken(), 1U);
}

TEST_F(RaftWitnessesTest, ChangesOfMembershipEndTheJudging) {
  auto change = block(1, 1);
  change->control = {1};
  rule_.persist({0, 0}, TimePoint{}, Ticket(1), *consensus::raft::make_entry_record(change));
  witness(2, 1);
  EXPECT_EQ(broken(), 0U);
}

}  // namespace
}  // namespace govchain::sim
