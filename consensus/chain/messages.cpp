#include "consensus/chain/messages.h"

#include <utility>

namespace govchain::consensus::chain {

std::string_view common_message_name(uint8_t type) {
  switch (static_cast<CommonType>(type)) {
    case CommonType::kRequest:
      return "request";
    case CommonType::kAlreadyOrdered:
      return "already-ordered";
    case CommonType::kStatus:
      return "status";
    case CommonType::kCommittedBlock:
      return "committed-block";
    case CommonType::kCheckpointProof:
      return "checkpoint-proof";
    case CommonType::kReadQuery:
      return "read-query";
    case CommonType::kReadReply:
      return "read-reply";
    case CommonType::kApproval:
      return "approval";
    case CommonType::kPayloadQuery:
      return "payload-query";
    case CommonType::kPayloadReply:
      return "payload-reply";
    case CommonType::kBatch:
      return "batch";
    case CommonType::kAcknowledgement:
      return "acknowledgement";
    case CommonType::kAvailability:
      return "availability";
    case CommonType::kCheckpoint:
      return "checkpoint";
  }
  return "unknown";
}

void encode_body(const StatusBody& body, std::vector<uint8_t>& out) {
  Writer writer(out);
  writer.ordinal(body.stable);
  writer.u32(body.responder);
  writer.blob(body.standing);
}

std::optional<StatusBody> decode_status(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  StatusBody body;
  body.stable = in.ordinal<Height>();
  body.responder = in.u32();
  const std::span<const uint8_t> standing = in.blob(kMaxStandingBytes);
  if (!in.finished()) return std::nullopt;
  body.standing.assign(standing.begin(), standing.end());
  return body;
}

void encode_body(const CommittedBlockBody& body, std::vector<uint8_t>& out) {
  Writer writer(out);
  encode_certificate(*body.certificate, writer);
  writer.ordinal(body.committed);
  writer.u8(body.last ? 1 : 0);
}

std::optional<CommittedBlockBody> decode_committed_block(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  CommittedBlockBody body;
  body.certificate = decode_certificate(in);
  body.committed = in.ordinal<Height>();
  const uint8_t last = in.u8();
  if (!in.finished() || !body.certificate || last > 1) return std::nullopt;
  body.last = last == 1;
  return body;
}

void encode_body(const CheckpointProofBody& body, std::vector<uint8_t>& out) {
  Writer writer(out);
  encode_certificate(*body.certificate, writer);
  writer.u8(body.blocks_gone ? 1 : 0);
  writer.u32(static_cast<uint32_t>(body.ordered.size()));
  for (const Digest& digest : body.ordered) writer.digest(digest);
  writer.u32(static_cast<uint32_t>(body.changes.size()));
  for (const StoredBlock& change : body.changes) {
    encode_block(*change.block, writer);
    encode_certificate(*change.certificate, writer);
  }
}

std::optional<CheckpointProofBody> decode_checkpoint_proof(HashAlgorithm algorithm,
                                                           std::span<const uint8_t> bytes) {
  Reader in(bytes);
  CheckpointProofBody body;
  body.certificate = decode_certificate(in);
  const uint8_t gone = in.u8();
  body.ordered.resize(in.count(kMaxRequestPayloads, sizeof(Digest)));
  for (Digest& digest : body.ordered) digest = in.digest();
  const uint32_t changes = in.count(kMaxEpochProofs, 1);
  for (uint32_t i = 0; i < changes && in.ok(); ++i) {
    StoredBlock change;
    change.block = decode_block(algorithm, in, Cohorts::kAllowed);
    if (change.block) change.certificate = decode_certificate(in);
    if (!change.block || !change.certificate) return std::nullopt;
    body.changes.push_back(std::move(change));
  }
  if (!in.finished() || !body.certificate || gone > 1) return std::nullopt;
  body.blocks_gone = gone == 1;
  return body;
}

void encode_digests(const std::vector<Digest>& digests, std::vector<uint8_t>& out) {
  out.reserve(out.size() + 4 + digests.size() * sizeof(Digest));
  Writer writer(out);
  writer.u32(static_cast<uint32_t>(digests.size()));
  for (const Digest& digest : digests) writer.digest(digest);
}

std::optional<std::vector<Digest>> decode_digests(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  std::vector<Digest> digests(in.count(kMaxRequestPayloads, sizeof(Digest)));
  for (Digest& digest : digests) digest = in.digest();
  if (!in.finished()) return std::nullopt;
  return digests;
}

void encode_control(const MembershipControl& control, std::vector<uint8_t>& out) {
  Writer writer(out);
  encode_membership(control.target, writer);
  encode_certificate(*control.approvals, writer);
}

std::optional<MembershipControl> decode_control(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  MembershipControl control;
  control.target = decode_membership(in);
  control.approvals = decode_certificate(in);
  if (!in.finished() || !control.approvals) return std::nullopt;
  return control;
}

void encode_target(const Membership& target, std::vector<uint8_t>& out) {
  Writer writer(out);
  encode_membership(target, writer);
}

std::optional<Membership> decode_target(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  Membership target = decode_membership(in);
  if (!in.finished()) return std::nullopt;
  return target;
}

}  // namespace govchain::consensus::chain
