#include "consensus/pbft/messages.h"

#include <array>
#include <utility>

#include "consensus/chain/messages.h"
#include "consensus/pbft/engine.h"

namespace govchain::consensus::pbft {

namespace {

constexpr size_t kSmallestCertificate = 62 + 4;

void encode_optional(const CertificateRef& certificate, Writer& out) {
  out.u8(certificate ? 1 : 0);
  if (certificate) encode_certificate(*certificate, out);
}

// False if malformed; an absent certificate is null.
bool decode_optional(Reader& in, CertificateRef& certificate) {
  const uint8_t present = in.u8();
  if (present > 1) in.fail();
  if (in.ok() && present == 1) {
    certificate = decode_certificate(in);
    if (!certificate) in.fail();
  }
  return in.ok();
}

bool decode_flag(Reader& in) {
  const uint8_t flag = in.u8();
  if (flag > 1) in.fail();
  return flag == 1;
}

}  // namespace

std::string_view message_name(uint8_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kPrePrepare:
      return "pre-prepare";
    case MessageType::kPrepare:
      return "prepare";
    case MessageType::kCommit:
      return "commit";
    case MessageType::kViewChange:
      return "view-change";
    case MessageType::kNewView:
      return "new-view";
    case MessageType::kFetch:
      return "fetch";
    case MessageType::kBody:
      return "body";
    case MessageType::kCheckpoint:
      break;
  }
  return chain::common_message_name(type);
}

std::span<const Situation> required_situations() {
  static constexpr std::array kSituations = {
      Situation{"view_change", &EngineCounters::view_changes},
      Situation{"recovery", &EngineCounters::recoveries},
      Situation{"state_transfer", &EngineCounters::state_transfers},
      Situation{"checkpoint", &EngineCounters::checkpoints},
      Situation{"evidence", &EngineCounters::evidence},
      Situation{"block_catch_up", &EngineCounters::block_catch_ups},
      Situation{"membership_change", &EngineCounters::membership_changes},
      Situation{"upgrade", &EngineCounters::upgrades},
      Situation{"outdated_software", &EngineCounters::outdated_software},
  };
  return kSituations;
}

void encode_prepared_proof(const PreparedProof& proof, Writer& out) {
  encode_certificate(*proof.prepares, out);
  out.signature(proof.proposal);
}

std::optional<PreparedProof> decode_prepared_proof(Reader& in) {
  PreparedProof proof;
  proof.prepares = decode_certificate(in);
  if (!proof.prepares) return std::nullopt;
  proof.proposal = in.signature();
  if (!in.ok()) return std::nullopt;
  return proof;
}

void encode_body(const ViewChangeBody& body, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  encode_optional(body.checkpoint, out);
  out.u32(static_cast<uint32_t>(body.proofs.size()));
  for (const PreparedProof& proof : body.proofs) encode_prepared_proof(proof, out);
}

std::optional<ViewChangeBody> decode_view_change(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  ViewChangeBody body;
  if (!decode_optional(in, body.checkpoint)) return std::nullopt;
  const uint32_t count = in.count(kMaxWindow, kSmallestCertificate + sizeof(Signature));
  for (uint32_t i = 0; i < count; ++i) {
    std::optional<PreparedProof> proof = decode_prepared_proof(in);
    if (!proof || (i > 0 && proof->height() <= body.proofs.back().height())) return std::nullopt;
    body.proofs.push_back(std::move(*proof));
  }
  if (!in.finished()) return std::nullopt;
  return body;
}

void encode_body(const NewViewBody& body, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  out.u32(static_cast<uint32_t>(body.view_changes.size()));
  for (const ViewChangeName& name : body.view_changes) {
    out.replica(name.sender);
    out.digest(name.digest);
  }
}

std::optional<NewViewBody> decode_new_view(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  NewViewBody body;
  const uint32_t count = in.count(kMaxMembers, 4 + sizeof(Digest));
  for (uint32_t i = 0; i < count; ++i) {
    ViewChangeName name;
    name.sender = in.replica();
    name.digest = in.digest();
    if (i > 0 && name.sender <= body.view_changes.back().sender) return std::nullopt;
    body.view_changes.push_back(name);
  }
  if (!in.finished()) return std::nullopt;
  return body;
}

void encode_body(const Standing& body, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  out.u8(body.in_view_change ? 1 : 0);
  out.blob(body.slots);
  if (body.in_view_change) out.blob(body.view_changes);
}

std::optional<Standing> decode_standing(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  Standing body;
  body.in_view_change = decode_flag(in);
  const std::span<const uint8_t> slots = in.blob(kMaxStatusSlots);
  std::span<const uint8_t> view_changes;
  if (body.in_view_change) view_changes = in.blob((kMaxMembers + 7) / 8);
  if (!in.finished()) return std::nullopt;
  body.slots.assign(slots.begin(), slots.end());
  body.view_changes.assign(view_changes.begin(), view_changes.end());
  return body;
}

void encode_body(const FetchBody& body, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  out.u32(static_cast<uint32_t>(body.items.size()));
  for (const FetchBody::Item& item : body.items) {
    out.replica(item.sender);
    out.ordinal(item.height);
    out.digest(item.digest);
  }
}

std::optional<FetchBody> decode_fetch(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  FetchBody body;
  const uint32_t count = in.count(kMaxFetches, 4 + 8 + sizeof(Digest));
  for (uint32_t i = 0; i < count; ++i) {
    FetchBody::Item item;
    item.sender = in.replica();
    item.height = in.ordinal<Height>();
    item.digest = in.digest();
    body.items.push_back(item);
  }
  if (!in.finished()) return std::nullopt;
  return body;
}

}  // namespace govchain::consensus::pbft
