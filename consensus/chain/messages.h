#pragma once
// The messages that every engine built on ChainEngine has beside its own. A protocol's own types
// are 1 … 127; these follow. Only approvals, acknowledgements and checkpoints are signed; the
// rest rests on the channel, or proves itself.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/input.h"
#include "consensus/membership.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

enum class CommonType : uint8_t {
  kRequest = 128,          // payloads of the sender's clients
  kAlreadyOrdered = 129,   // of what a request held, this was ordered before
  kStatus = 130,           // where the sender stands; asks for what it lacks
  kCommittedBlock = 131,   // a block with the proof that it is final
  kCheckpointProof = 132,  // a stable checkpoint, and how the memberships led to its epoch
  kReadQuery = 133,
  kReadReply = 134,
  kApproval = 135,         // signed: the sender's operator wants this membership
  kPayloadQuery = 136,     // digests of payloads that a proposal names and the sender lacks
  kPayloadReply = 137,     // those of them that are here
  kBatch = 138,            // payloads of the sender's clients, to be held until `height`
  kAcknowledgement = 139,  // signed: the sender holds this batch of the receiver's durably
  kAvailability = 140,     // a batch's names, and the certificate that its bytes can be had
  kCheckpoint = kCheckpointStatement,
};
inline constexpr uint8_t kFirstCommonType = 128;

// "unknown" if it is none of the above.
[[nodiscard]] std::string_view common_message_name(uint8_t type);

// Bounds on bodies.
inline constexpr uint32_t kMaxRequestPayloads = 4'096;  // payloads passed on in one message
inline constexpr uint32_t kMaxStandingBytes = 64U << 10U;
inline constexpr uint32_t kMaxEpochProofs = 64;  // changes of membership shown in one message

// Where a replica stands; header.height is its committed height, header.view the protocol's own.
struct StatusBody {
  Height stable;
  uint32_t responder = 0;         // position of the first member that is asked for bodies
  std::vector<uint8_t> standing;  // the protocol's own: what it has of the height under way
};
void encode_body(const StatusBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<StatusBody> decode_status(std::span<const uint8_t> bytes);

// A committed block (in the message's header) with its proof; `committed` is how far the sender is.
struct CommittedBlockBody {
  CertificateRef certificate;
  Height committed;
  bool last = false;  // of this answer
};
void encode_body(const CommittedBlockBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<CommittedBlockBody> decode_committed_block(
    std::span<const uint8_t> bytes);

// A stable checkpoint's certificate. `changes`: the blocks that changed the membership between the
// asker's epoch and the checkpoint's, each proven by the members of the epoch that it ended.
struct CheckpointProofBody {
  CertificateRef certificate;
  bool blocks_gone = false;     // the sender cannot give the blocks below
  std::vector<Digest> ordered;  // payloads ordered last; only if the blocks are gone
  std::vector<StoredBlock> changes;
};
void encode_body(const CheckpointProofBody& body, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<CheckpointProofBody> decode_checkpoint_proof(
    HashAlgorithm algorithm, std::span<const uint8_t> bytes);

void encode_digests(const std::vector<Digest>& digests, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<std::vector<Digest>> decode_digests(std::span<const uint8_t> bytes);

// What Block::control holds: the membership of the next epoch, and a quorum of the present members'
// approvals of it (statements of type kApproval, view and height 0, digest that of the encoded
// target). So no proposer changes a membership that the members' operators did not ask for.
struct MembershipControl {
  Membership target;
  CertificateRef approvals;
};
void encode_control(const MembershipControl& control, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<MembershipControl> decode_control(std::span<const uint8_t> bytes);

// What an APPROVAL's body holds.
void encode_target(const Membership& target, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Membership> decode_target(std::span<const uint8_t> bytes);

}  // namespace govchain::consensus::chain
