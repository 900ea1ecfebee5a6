#pragma once
// What must hold of the chains that the replicas have when everything is over: they agree block by
// block, their states agree at checkpoints, and whatever a client was told to be final is in all of
// them.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/live/load_records.h"
#include "consensus/crypto/hash.h"
#include "consensus/node/storage_owner.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "sim/world_result.h"

namespace govchain::analysis::live {

// Blocks of one replica, by consecutive heights from `oldest`.
struct ReplicaChain {
  uint32_t replica = 0;
  // It runs at the end, so it must have everything; another one may lack the end of the chain.
  bool is_complete = true;
  consensus::Height oldest;
  std::vector<consensus::Digest> blocks;
  std::unordered_map<consensus::Digest, consensus::Height> payloads;  // first block that holds it
  consensus::Height checkpoint;
  consensus::Digest state_root;  // of the checkpoint
};

// From the data folder of a node that has ended.
[[nodiscard]] consensus::Result<ReplicaChain> read_chain(const std::string& data_folder,
                                                         const consensus::node::StorageOwner& owner,
                                                         consensus::HashAlgorithm hash);

struct ChecksDone {
  uint64_t blocks_compared = 0;
  uint64_t state_roots_compared = 0;
  uint64_t acknowledged = 0;  // payloads that were looked for
};

// `violations` gets at most a few of each kind, so that a broken run stays readable.
void check_chains(const std::vector<ReplicaChain>& chains,
                  const std::vector<SubmissionRecord>& submissions, ChecksDone& done,
                  std::vector<sim::Violation>& violations);

}  // namespace govchain::analysis::live
