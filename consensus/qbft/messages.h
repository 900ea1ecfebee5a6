#pragma once
// QBFT's messages. The header (view = round, height, digest) is what the sender signs.
//
//   PRE-PREPARE    digest of the block, which it carries. In a round above 0 its body is the
//                  justification; that needs no signature of the leader, for everything in it has
//                  one of its own. Without block it only shows what a leader has signed.
//   PREPARE, COMMIT   header only. COMMITs are the commit seals of Besu and GoQuorum.
//   ROUND-CHANGE   round asked for; digest of what the sender says it has prepared. The PREPAREs
//                  that prove it stand behind that in the body.
//   BODY           unsigned: a block that a leader asked for by its digest

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/message.h"

namespace govchain::consensus::qbft {

enum class MessageType : uint8_t {
  kPrePrepare = 1,
  kPrepare = 2,
  kCommit = 3,
  kRoundChange = 4,
  kBody = 5,
  kCheckpoint = kCheckpointStatement,  // consensus/chain/messages.h
};

// (pr, pv) of the paper: the round in which a block was prepared last, and the block.
struct Prepared {
  View round;
  Digest digest;
  friend bool operator==(const Prepared&, const Prepared&) = default;
};

// ⟨ROUND-CHANGE, λ, r, pr, pv⟩: nothing prepared, or what, and the quorum of PREPAREs for it.
struct RoundChangeBody {
  std::optional<Prepared> prepared;
  CertificateRef prepares;  // null if nothing is prepared
};
void encode_body(const RoundChangeBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<RoundChangeBody> decode_round_change(std::span<const uint8_t> bytes);
// What a ROUND-CHANGE's signature covers: (pr, pv) and not the PREPAREs, which prove themselves. So
// a proposal can show that it was signed without carrying them.
[[nodiscard]] Digest round_change_digest(HashAlgorithm algorithm,
                                         const std::optional<Prepared>& prepared);

// A ROUND-CHANGE within a justification: what its signature covers.
struct RoundChangeClaim {
  ReplicaId sender;
  std::optional<Prepared> prepared;
  Signature signature;
};
// Why a leader may propose its block in a round above 0: the quorum Q_rc and, if one of them has
// prepared anything, the PREPAREs for the highest (Algorithm 4).
struct Justification {
  std::vector<RoundChangeClaim> round_changes;  // ascending by sender
  CertificateRef prepares;                      // null if none has
};
void encode_body(const Justification& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Justification> decode_justification(std::span<const uint8_t> bytes);
// HighestPrepared of Algorithm 4; nullopt is its ⊥.
[[nodiscard]] std::optional<Prepared> highest_prepared(const Justification& justification);

// What a replica has of the height under way, in its status messages. Sets are bit i for member i.
struct Standing {
  bool proposal = false;          // of its round
  bool prepared = false;          // in its round
  std::optional<Digest> wanted;   // a block that it lacks
  std::vector<uint8_t> prepares;  // of its round
  std::vector<uint8_t> commits;   // of its round or a later one
  std::vector<uint8_t> round_changes;
};
void encode_body(const Standing& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Standing> decode_standing(std::span<const uint8_t> bytes);
void add_to(std::vector<uint8_t>& set, uint32_t position);
[[nodiscard]] bool contains(const std::vector<uint8_t>& set, uint32_t position);

}  // namespace govchain::consensus::qbft
