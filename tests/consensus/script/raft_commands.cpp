// Commands that need more than all engines have in common; what etcd-io/raft's interaction tests
// call these is in tests/consensus/README.md.

#include "consensus/raft/status.h"
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
  const Node* peer = label ? cluster_->find(*label) : nullptr;
  if (peer == nullptr) return invalid(command, "'unreachable' needs peer=");
  (*node)->give(input::PeerDown{peer->id()});
  return success();
}

Status Interpreter::compact(const Case& command) {
  const Result<Node*> node = running_replica(command);
  if (!node) return node.error();
  const Result<uint64_t> height = number_argument(command, "height", 0);
  if (!height) return height.error();
  return (*node)->compact(Height(*height));
}

Status Interpreter::execution(const Case& command) {
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  const std::string mode = command.value("mode").value_or("");
  if (mode != "manual" && mode != "auto") return invalid(command, "mode must be manual or auto");
  for (Node* node : *nodes) {
    if (mode == "auto" && node->running()) node->execute(UINT64_MAX);
    node->set_manual_execution(mode == "manual");
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

Status Interpreter::raft_state(const Case& command) {
  const Status raft = about_raft(command);
  if (!raft) return raft;
  const Result<std::vector<Node*>> nodes = replicas(command);
  if (!nodes) return nodes.error();
  for (const Node* node : *nodes) {
    printed_ += node->label() + ": " + describe_raft_role(*node) + "\n";
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
  printed_ = describe_raft_log(**node, *cluster_);
  return success();
}

}  // namespace govchain::consensus::testing
