// The rule of Raft's logs is shown histories that keep it and histories that break it.

#include "sim/checkers/raft_log.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "consensus/raft/messages.h"

namespace govchain::sim {
namespace {

using consensus::Block;
using consensus::BlockRef;
using consensus::Height;
using consensus::Protocol;
using consensus::Ref;
using consensus::View;

class RaftLogTest : public testing::Test {
 protected:
  static constexpr uint32_t kReplicas = 4;

  void SetUp() override {
    world_.chains.resize(1);
    world_.chains[0].protocol = Protocol::kRaft;
    world_.chains[0].replicas.resize(kReplicas);
    context_.begin(world_, std::span(&genesis_, 1));
    rule_.begin();
  }
  static BlockRef entry(uint64_t height, uint64_t term) {
    auto made = Ref<Block>::make();
    made->height = Height(height);
    made->view = View(term);
    return made;
  }
  static consensus::LogRecordRef record(uint64_t height, uint64_t term) {
    auto made = Ref<consensus::LogRecord>::make();
    made->block = entry(height, term);
    return made;
  }
  void persist(uint32_t who, uint64_t height, uint64_t term) {
    rule_.persist({0, who}, TimePoint{}, *record(height, term));
  }
  void commit(uint32_t who, uint64_t height, uint64_t term) {
    rule_.commit({0, who}, *entry(height, term));
  }
  // The first entry of a leader's term, sent to a follower.
  void lead(uint32_t who, uint64_t term, uint64_t height) {
    auto message = Ref<consensus::Message>::make();
    message->protocol = Protocol::kRaft;
    message->type = static_cast<uint8_t>(consensus::raft::MessageType::kAppend);
    message->view = View(term);
    message->height = Height(height - 1);
    message->block = entry(height, term);
    encode_body(consensus::raft::AppendBody{View(), Height()}, *message);
    rule_.sent({0, who}, TimePoint{}, *message);
  }
  void announce(uint32_t who, uint64_t term, uint64_t height) {
    auto message = Ref<consensus::Message>::make();
    message->protocol = Protocol::kRaft;
    message->type = static_cast<uint8_t>(consensus::raft::MessageType::kHeartbeat);
    message->view = View(term);
    message->height = Height(height);
    rule_.sent({0, who}, TimePoint{}, *message);
  }
  void expect_clean() const { EXPECT_TRUE(context_.violations().empty()); }
  void expect_broken(const std::string& rule) const {
    ASSERT_EQ(context_.violations().size(), 1U);
    EXPECT_EQ(context_.violations()[0].rule, rule);
  }

  WorldSpec world_;
  consensus::Membership genesis_;
  CheckContext context_;
  RaftLogRule rule_{context_};
};

TEST_F(RaftLogTest, EntriesOfEqualHeightAndTermFollowEqualEntries) {
  persist(0, 1, 1);
  persist(0, 2, 2);
  persist(1, 1, 1);
  persist(1, 2, 2);
  persist(2, 1, 3);  // of another leader, and replaced
  persist(2, 1, 1);
  persist(2, 2, 2);
  expect_clean();
  persist(3, 1, 3);
  persist(3, 2, 2);
  expect_broken("log-matching");
}

TEST_F(RaftLogTest, ALogIsKnownAgainAfterARestartAndNotAfterASnapshot) {
  persist(0, 1, 1);
  persist(0, 2, 2);
  persist(1, 1, 3);
  rule_.snapshot_installed({0, 1});
  persist(1, 2, 2);
  expect_clean();
  consensus::RecoveredState state;
  state.records.push_back(record(1, 3));
  rule_.restart({0, 1}, state);
  persist(1, 2, 2);
  expect_broken("log-matching");
}

TEST_F(RaftLogTest, WhatIsCommittedIsInEveryLaterLeadersLog) {
  lead(0, 1, 1);
  commit(0, 1, 1);
  commit(0, 2, 1);
  lead(1, 2, 3);
  commit(1, 3, 2);
  lead(0, 1, 2);  // an old leader that does not know yet
  commit(2, 4, 4);
  lead(2, 4, 4);  // heard late, of a term that has committed meanwhile
  expect_clean();
  lead(3, 5, 4);
  expect_broken("leader-completeness");
}

TEST_F(RaftLogTest, ALeaderCountsForEntriesOfItsOwnTermOnly) {
  persist(0, 1, 1);
  persist(0, 2, 1);
  persist(0, 3, 2);
  announce(0, 2, 1);  // as it knew when it was elected
  announce(0, 2, 3);  // both, behind the one of its own term
  expect_clean();
  persist(1, 1, 1);
  persist(1, 2, 1);
  announce(1, 4, 1);
  announce(1, 4, 2);
  expect_broken("commit-own-term");
}

}  // namespace
}  // namespace govchain::sim
