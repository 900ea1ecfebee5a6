#include "consensus/hotstuff/messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "consensus/chain/messages.h"
#include "consensus/hotstuff/engine.h"

namespace govchain::consensus::hotstuff {

namespace {

constexpr size_t kTimeoutEntryBytes = 4 + 8 + sizeof(Signature);

void encode_optional(const CertificateRef& certificate, Writer& out) {
  out.u8(certificate ? 1 : 0);
  if (certificate) encode_certificate(*certificate, out);
}

bool decode_flag(Reader& in) {
  const uint8_t flag = in.u8();
  if (flag > 1) in.fail();
  return in.ok() && flag == 1;
}

CertificateRef decode_optional(Reader& in) {
  if (!decode_flag(in)) return {};
  CertificateRef certificate = decode_certificate(in);
  if (!certificate) in.fail();
  return certificate;
}

std::vector<Digest> decode_digest_list(Reader& in) {
  std::vector<Digest> digests(in.count(Standing::kMaxNodes, sizeof(Digest)));
  for (Digest& digest : digests) digest = in.digest();
  return digests;
}

}  // namespace

std::string_view message_name(uint8_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kProposal:
      return "proposal";
    case MessageType::kVote:
      return "vote";
    case MessageType::kTimeout:
      return "timeout";
    case MessageType::kAdvance:
      return "advance";
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

View TimeoutCertificate::highest() const {
  View highest;
  for (const Entry& entry : entries) highest = std::max(highest, entry.highest);
  return highest;
}

// The view itself and not a hash of it: a certificate of timeouts must be checked without looking
// for preimages.
Digest timeout_digest(View highest) {
  Digest digest;
  for (unsigned i = 0; i < 8; ++i) {
    digest.bytes[i] = static_cast<uint8_t>(highest.value() >> (8U * i));
  }
  return digest;
}

std::optional<View> highest_of(const Digest& digest) {
  uint64_t view = 0;
  for (unsigned i = 0; i < 8; ++i) view |= static_cast<uint64_t>(digest.bytes[i]) << (8U * i);
  if (timeout_digest(View(view)) != digest) return std::nullopt;
  return View(view);
}

void encode_timeout_certificate(const TimeoutCertificate& timeout, Writer& out) {
  out.ordinal(timeout.view);
  out.u32(static_cast<uint32_t>(timeout.entries.size()));
  for (const TimeoutCertificate::Entry& entry : timeout.entries) {
    out.replica(entry.signer);
    out.ordinal(entry.highest);
    out.signature(entry.signature);
  }
}

TimeoutCertificate decode_timeout_certificate(Reader& in) {
  TimeoutCertificate timeout;
  timeout.view = in.ordinal<View>();
  timeout.entries.resize(in.count(kMaxMembers, kTimeoutEntryBytes));
  for (size_t i = 0; i < timeout.entries.size(); ++i) {
    TimeoutCertificate::Entry& entry = timeout.entries[i];
    entry.signer = in.replica();
    entry.highest = in.ordinal<View>();
    entry.signature = in.signature();
    if (i > 0 && entry.signer <= timeout.entries[i - 1].signer) in.fail();
  }
  return timeout;
}

void encode_body(const ProposalBody& body, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  out.digest(body.parent);
  encode_optional(body.justify, out);
  out.u8(body.timeout ? 1 : 0);
  if (body.timeout) encode_timeout_certificate(*body.timeout, out);
}

std::optional<ProposalBody> decode_proposal(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  ProposalBody body;
  body.parent = in.digest();
  body.justify = decode_optional(in);
  if (decode_flag(in)) body.timeout = decode_timeout_certificate(in);
  if (!in.finished()) return std::nullopt;
  return body;
}

void encode_timeout_body(const CertificateRef& highest, const TimeoutCertificate* failed,
                         std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  encode_optional(highest, out);
  if (failed != nullptr) encode_timeout_certificate(*failed, out);
}

std::optional<TimeoutBody> decode_timeout_body(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  TimeoutBody body;
  body.highest = decode_optional(in);
  if (in.ok() && in.remaining() > 0) body.failed = decode_timeout_certificate(in);
  if (!in.finished()) return std::nullopt;
  return body;
}

void encode_certificate_body(const CertificateRef& highest, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  encode_optional(highest, out);
}

std::optional<CertificateRef> decode_certificate_body(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  CertificateRef highest = decode_optional(in);
  if (!in.finished()) return std::nullopt;
  return highest;
}

void encode_standing(const Standing& standing, std::vector<uint8_t>& bytes) {
  Writer out(bytes);
  out.ordinal(standing.highest);
  out.ordinal(standing.given_up);
  out.blob(standing.timeouts);
  for (const std::vector<Digest>* list : {&standing.nodes, &standing.wanted}) {
    out.u32(static_cast<uint32_t>(list->size()));
    for (const Digest& digest : *list) out.digest(digest);
  }
}

std::optional<Standing> decode_standing(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  Standing standing;
  standing.highest = in.ordinal<View>();
  standing.given_up = in.ordinal<View>();
  const std::span<const uint8_t> timeouts = in.blob((kMaxMembers + 7) / 8);
  standing.nodes = decode_digest_list(in);
  standing.wanted = decode_digest_list(in);
  if (!in.finished()) return std::nullopt;
  standing.timeouts.assign(timeouts.begin(), timeouts.end());
  return standing;
}

}  // namespace govchain::consensus::hotstuff
