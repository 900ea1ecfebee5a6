// Commands that need more than all engines have in common; what etcd-io/raft's interaction tests
// call these is in tests/consensus/README.md.

#include "consensus/raft/status.h"
#include "tests/consensus/script/arguments.h"
#include "tests/consensus/script/chain_view.h"
#include "tests/consensus/script/interpreter.h"
#include "tests/consensus/script/raft_view.h"

namespace govchain::consensus::testing {

Status Interpreter::about_raft(const Case& command) const {
  if (raft_) return success();
  return invalid(command, "'" + command.command + "' is for protocol=raft");
}

Status Interpreter::campaign(const Case& command) {
  const Status raft = about_raft(command);
  if (!raft) return raft;
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  // Its own clock runs to the election timeout; one that has been put off by a heartbeat fires in
  // vain first. A leader does not campaign.
  constexpr int kMostTimers = 8;
  const auto role = [&node] { return raft::raft_status((*node)->engine()).role; };
  if (role() == raft::Role::kLeader) return success();
  for (int i = 0; i < kMostTimers; ++i) {
    const std::optional<Duration> left = (*node)->time_until(raft::kElectionTimer);
    if (!left) break;
    (*node)->advance(*left);
    if (role() != raft::Role::kFollower) return success();
  }
  printed_ = "does not campaign\n";
  return success();
}

Status Interpreter::forget_leader(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  (*node)->give(input::ForgetLeader{});
  return success();
}

Status Interpreter::unreachable(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const std::optional<std::string> label = command.value("peer");
  if (!label) return invalid(command, "'unreachable' needs peer= with one label");
  const Result<Node*> peer = find_replica(command, *label);
  if (!peer) return peer.error();
  (*node)->give(input::PeerDown{(*peer)->id()});
  return success();
}

Status Interpreter::compact(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const Result<uint64_t> height = number_argument(command, "height", 0);
  if (!height) return height.error();
  const Status compacted = (*node)->compact(Height(*height));
  if (compacted) return compacted;
  return invalid(command, compacted.error().message + "; height must be at most " +
                              std::to_string((*node)->store().checkpoint().height.value() + 1));
}

Status Interpreter::execution(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  if (!command.has("mode")) return invalid(command, "'execution' needs mode=manual or mode=auto");
  const Result<bool> manual = is_manual(command, "mode");
  if (!manual) return manual.error();
  for (Node* node : *nodes) {
    if (!*manual && node->running()) node->execute(UINT64_MAX);
    node->set_manual_execution(*manual);
  }
  return success();
}

Status Interpreter::execute_blocks(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  const Result<uint64_t> count = number_argument(command, "count", UINT64_MAX);
  if (!count) return count.error();
  for (Node* node : *nodes) {
    if (node->running()) node->execute(*count);
  }
  return success();
}

Status Interpreter::batch(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (Node* node : *nodes) {
    if (node->running()) node->close_batch();
  }
  return success();
}

Status Interpreter::raft_state(const Case& command) {
  const Status raft = about_raft(command);
  if (!raft) return raft;
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (const Node* node : *nodes) {
    printed_ += node->label() + ": " + describe_raft_role(*node, command.has("committed")) + "\n";
  }
  return success();
}

Status Interpreter::progress(const Case& command) {
  const Status raft = about_raft(command);
  if (!raft) return raft;
  const Result<Node*> node = replica(command);
  if (!node) return node.error();
  printed_ = describe_progress(**node);
  return success();
}

Status Interpreter::protocol_log(const Case& command) {
  const Result<Node*> node = replica(command);
  if (!node) return node.error();
  if (chain_) {
    printed_ = describe_chain_log(**node, cluster_->block_names());
    return success();
  }
  const Status raft = about_raft(command);
  if (!raft) return raft;
  printed_ = describe_raft_log(**node, *cluster_, command.has("durable"));
  return success();
}

// Whatever the sender thinks that the other one needs, and without a note of it: it was sent by
// hand, as in etcd-io/raft.
Status Interpreter::send_snapshot(const Case& command) {
  const Status raft = about_raft(command);
  if (!raft) return raft;
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const Result<uint64_t> to = bounded_argument(command, "to", kMostReplicas, {0, kMostReplicas});
  if (!to) return to.error();
  if (*to == kMostReplicas) return invalid(command, "'send-snapshot' needs to= with one label");
  const MessageRef message = raft::snapshot_message((*node)->engine());
  if (!message)
    return invalid(command, "replica " + (*node)->label() + " has no stable checkpoint to send");
  cluster_->send((*node)->label(), ReplicaId(static_cast<uint32_t>(*to)), (*node)->members(),
                 message);
  return success();
}

Status Interpreter::election_timeout(const Case& command) {
  const Status raft = about_raft(command);
  if (!raft) return raft;
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const Result<uint64_t> milliseconds = bounded_argument(command, "ms", 0, {1, kMostMilliseconds});
  if (!milliseconds) return milliseconds.error();
  if (*milliseconds == 0) return invalid(command, "'election-timeout' needs ms=");
  const TimePoint deadline = raft::set_election_timeout(
      (*node)->engine(), Duration::milliseconds(static_cast<int64_t>(*milliseconds)));
  // A leader's timer looks after its quorum.
  if (raft::raft_status((*node)->engine()).role != raft::Role::kLeader) {
    (*node)->set_timer(raft::kElectionTimer, deadline);
  }
  return success();
}

}  // namespace govchain::consensus::testing
