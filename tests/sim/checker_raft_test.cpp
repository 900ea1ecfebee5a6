// Raft's own rules, each shown one history that keeps it and one that breaks it.

#include "consensus/raft/messages.h"
#include "tests/sim/checker_fixture.h"

namespace govchain::sim {
namespace {

class RaftCheckerTest : public CheckerTest {
 protected:
  void SetUp() override { start(Protocol::kRaft); }
  void send(uint32_t who, consensus::raft::MessageType type, uint64_t term, uint32_t to = 0,
            bool granted = true) {
    auto message = Ref<Message>::make();
    message->protocol = Protocol::kRaft;
    message->type = static_cast<uint8_t>(type);
    message->view = View(term);
    if (type == consensus::raft::MessageType::kVoteReply) {
      encode_body(consensus::raft::VoteReplyBody{granted}, *message);
    }
    const ReplicaId receiver(to);
    checkers_->on_send(replica(who), at(1), &receiver, *message);
  }
  using Type = consensus::raft::MessageType;
};

TEST_F(RaftCheckerTest, ATermHasOneLeader) {
  send(0, Type::kAppend, 1, 1);
  send(0, Type::kHeartbeat, 1, 2);
  send(1, Type::kAppend, 2, 0);
  expect_clean();
  send(2, Type::kHeartbeat, 2, 0);
  expect_broken("one-leader");
}

TEST_F(RaftCheckerTest, AReplicaVotesOnceInATermAcrossRestarts) {
  send(0, Type::kVoteReply, 1, 1);
  send(0, Type::kVoteReply, 1, 1);         // said again
  send(0, Type::kVoteReply, 1, 2, false);  // a refusal is no vote
  checkers_->on_restart(replica(0), at(2), {});
  expect_clean();
  send(0, Type::kVoteReply, 1, 2);
  expect_broken("double-vote");
}

TEST_F(RaftCheckerTest, ACandidateHasVotedForItself) {
  send(0, Type::kVoteRequest, 3, 1);
  send(0, Type::kVoteReply, 3, 1);
  expect_broken("double-vote");
}

TEST_F(RaftCheckerTest, ATermIsNeverForgotten) {
  send(0, Type::kAppendReply, 5, 1);
  checkers_->on_restart(replica(0), at(2), {});
  send(0, Type::kAppendReply, 5, 1);
  expect_clean();
  send(0, Type::kAppendReply, 4, 1);
  expect_broken("monotone-view");
}

}  // namespace
}  // namespace govchain::sim
