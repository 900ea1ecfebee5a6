#pragma once
// What a chain knows of another chain, enough to check its checkpoints: its members, their keys and
// the version of its rules, registered at genesis, and the newest checkpoint it has seen of it. One
// epoch of members; a chain whose members or rules change is registered anew.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/membership.h"
#include "models/ledger/contract.h"
#include "models/ledger/ledger.h"
#include "models/services/gateway/records.h"

namespace govchain::models::gateway {

struct ForeignMember {
  consensus::ReplicaId id;
  uint64_t weight = 1;
  consensus::PublicKey key;
  bool witness = false;  // has no state, so its word about one counts for nothing
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(id, weight, key, witness);
  }
};

struct ForeignChain {
  consensus::ChainId chain;
  uint8_t hash_algorithm = static_cast<uint8_t>(consensus::HashAlgorithm::kSha256);
  uint8_t scheme = static_cast<uint8_t>(consensus::SignatureScheme::kModelled);
  // Decides how many signatures are a quorum: a majority for Raft, which assumes crashes only, of
  // its members that are no witnesses; all but a third for the others (consensus/checkpoint.h).
  uint8_t protocol = static_cast<uint8_t>(consensus::Protocol::kPbft);
  // Of the rules by which these members agree; from version 2 on signatures cover it.
  uint16_t version = consensus::number_of(consensus::kOldestProtocolVersion);
  consensus::Epoch epoch;
  std::vector<ForeignMember> members;  // ascending by id
  // The local department in whose name calls from that chain run: what it may do here is what this
  // department may do.
  DepartmentId acting_as;
  // How far behind the newest checkpoint seen, in blocks, an older one is still accepted. Bounds
  // for how long an outvoted or leaked old state can be shown.
  uint64_t max_lag = 4'096;
  // Requests that the pairwise adapter between the two schemas cannot map, in a million, drawn by
  // the request's name; 0 under a common standard interface.
  uint32_t adapter_failures_per_million = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(chain, hash_algorithm, scheme, protocol, version, epoch, members, acting_as, max_lag,
          adapter_failures_per_million);
  }
};

struct ForeignHead {
  consensus::Height height;
  consensus::Digest state_root;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(height, state_root);
  }
};

[[nodiscard]] inline StateKey foreign_chain_key(consensus::ChainId chain) {
  return StateKey(kContractId, 6).with(chain);
}
[[nodiscard]] inline StateKey foreign_head_key(consensus::ChainId chain) {
  return StateKey(kContractId, 7).with(chain);
}

// For LedgerConfig::genesis of a chain that is to work with `foreign`.
[[nodiscard]] GenesisRecord register_foreign_chain(const ForeignChain& foreign);
// Registers an engine's membership: members, epoch and version of the rules.
void set_membership(ForeignChain& foreign, const consensus::Membership& membership);
// The evidence that `checkpoint` carries.
[[nodiscard]] CheckpointEvidence evidence_of(const consensus::Certificate& certificate);

enum class EvidenceCheck : uint8_t {
  kGood,
  kOtherEpoch,
  kStale,
  kConflicting,  // another root at the height of the newest checkpoint
  kNoQuorum,     // malformed, signed by others, badly signed or by too few
};
// Checks a checkpoint of `foreign` and, if it is good and newer, remembers it as the newest.
[[nodiscard]] EvidenceCheck check_evidence(CallContext& context, const ForeignChain& foreign,
                                           const CheckpointEvidence& evidence);

}  // namespace govchain::models::gateway
