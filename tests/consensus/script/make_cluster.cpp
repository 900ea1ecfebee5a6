// The first command of a script: who there is, and with what settings.

#include <algorithm>
#include <memory>
#include <set>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "tests/consensus/script/arguments.h"
#include "tests/consensus/script/chain_view.h"
#include "tests/consensus/script/interpreter.h"
#include "tests/consensus/script/raft_view.h"

namespace govchain::consensus::testing {

// A replica that starts for the first time does its disk and its executions as the cluster says.
void Interpreter::start_new(const std::string& label) {
  cluster_->start(label);
  cluster_->find(label)->set_manual_sync(manual_sync_);
  cluster_->find(label)->set_manual_execution(manual_execution_);
}

Status Interpreter::make_cluster(const Case& command) {
  const ProtocolTraits* protocol = find_protocol(command.value("protocol").value_or(""));
  raft_ = protocol != nullptr && protocol->protocol == Protocol::kRaft;
  chain_ = protocol != nullptr && is_chain_protocol(protocol->protocol);
  std::set<std::string> arguments = {
      "protocol",   "replicas", "learners",           "checkpoint", "retained",  "in-flight",
      "timeout-ms", "seed",     "block-transactions", "weights",    "proposals", "verify-payloads",
      "absent",     "persist",  "execution"};
  if (raft_) arguments.insert(raft_arguments().begin(), raft_arguments().end());
  if (protocol != nullptr) arguments.merge(chain_arguments(protocol->protocol));
  const Status known = check_arguments(command, arguments);
  if (!known) return known;
  if (protocol == nullptr) {
    std::string names;
    for (const ProtocolTraits* one : protocols()) names += " " + std::string(one->name);
    return invalid(command, "protocol must be one of:" + names);
  }
  EngineConfig config;
  config.chain = kScriptChain;
  config.batch_delay = Duration::zero();
  // Larger than any script's chain, so that the wall clock of a script never matters.
  config.wall_clock_tolerance = Duration::seconds(1'000'000);
  constexpr Bounds kPositive{1, UINT32_MAX};
  const auto replicas = bounded_argument(command, "replicas", 4, {1, kMostReplicas});
  if (!replicas) return replicas.error();
  const auto learners = bounded_argument(command, "learners", 0, {0, *replicas - 1});
  const auto checkpoint =
      bounded_argument(command, "checkpoint", config.checkpoint_interval, kPositive);
  const auto retained =
      bounded_argument(command, "retained", config.retained_blocks, {0, UINT32_MAX});
  const auto in_flight = bounded_argument(command, "in-flight", config.max_in_flight, kPositive);
  const auto transactions =
      bounded_argument(command, "block-transactions", config.max_block_transactions, kPositive);
  const auto timeout = bounded_argument(command, "timeout-ms", 1'000, {1, kMostMilliseconds});
  const auto seed = number_argument(command, "seed", 1);
  for (const auto* number :
       {&learners, &checkpoint, &retained, &in_flight, &transactions, &timeout, &seed}) {
    if (!*number) return number->error();
  }
  config.checkpoint_interval = *checkpoint;
  config.retained_blocks = *retained;
  config.max_in_flight = static_cast<uint32_t>(*in_flight);
  config.max_block_transactions = static_cast<uint32_t>(*transactions);
  config.base_timeout = Duration::milliseconds(static_cast<int64_t>(*timeout));
  config.seed = *seed;
  for (uint32_t id = 0; id < *replicas; ++id) {
    config.genesis.members.push_back(member_of(id, id < *replicas - *learners ? 1 : 0));
  }
  const Status shares = read_shares(command, config.genesis);
  if (!shares) return shares;
  const Status proposals = read_proposals(command, config);
  if (!proposals) return proposals;
  const std::vector<std::string> absent = list_argument(command, "absent");
  for (const std::string& label : absent) {
    const std::optional<uint64_t> id = parse_number(label);
    if (!id || *id >= *replicas)
      return invalid(command, "absent must name replicas from 0 to " +
                                  std::to_string(*replicas - 1) + ", not '" + label + "'");
  }
  const Result<bool> persist = is_manual(command, "persist");
  if (!persist) return persist.error();
  const Result<bool> execution = is_manual(command, "execution");
  if (!execution) return execution.error();
  manual_sync_ = *persist;
  manual_execution_ = *execution;
  ProtocolSettings settings;
  const Status chain = read_chain_arguments(command, protocol->protocol, settings);
  if (!chain) return chain;
  if (raft_) {
    const Result<raft::RaftConfig> raft_config = read_raft_arguments(command);
    if (!raft_config) return raft_config.error();
    settings.raft = *raft_config;
  }
  cluster_ = std::make_unique<Cluster>(*protocol, config, settings);
  for (uint32_t id = 0; id < *replicas; ++id) cluster_->add(std::to_string(id), ReplicaId(id));
  for (uint32_t id = 0; id < *replicas; ++id) {
    const std::string label = std::to_string(id);
    if (std::find(absent.begin(), absent.end(), label) == absent.end()) start_new(label);
  }
  return success();
}

}  // namespace govchain::consensus::testing
