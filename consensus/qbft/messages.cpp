#include "consensus/qbft/messages.h"

#include <array>

#include "consensus/chain/messages.h"
#include "consensus/qbft/engine.h"

namespace govchain::consensus::qbft {

std::string_view message_name(uint8_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kPrePrepare:
      return "pre-prepare";
    case MessageType::kPrepare:
      return "prepare";
    case MessageType::kCommit:
      return "commit";
    case MessageType::kRoundChange:
      return "round-change";
    case MessageType::kBody:
      return "body";
    case MessageType::kCheckpoint:
      break;
  }
  return chain::common_message_name(type);
}

std::span<const Situation> required_situations() {
  static constexpr std::array kSituations = {
      Situation{"round_change", &EngineCounters::view_changes},
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

namespace {

constexpr size_t kLeastClaimBytes = 4 + 1 + 64;
constexpr uint32_t kMaxSetBytes = kMaxMembers / 8;

void encode_prepared(const std::optional<Prepared>& prepared, Writer& out) {
  out.u8(prepared ? 1 : 0);
  if (!prepared) return;
  out.ordinal(prepared->round);
  out.digest(prepared->digest);
}

std::optional<Prepared> decode_prepared(Reader& in) {
  const uint8_t flag = in.u8();
  if (flag > 1) in.fail();
  if (flag != 1) return std::nullopt;
  Prepared prepared;
  prepared.round = in.ordinal<View>();
  prepared.digest = in.digest();
  return prepared;
}

std::vector<uint8_t> decode_set(Reader& in) {
  const std::span<const uint8_t> bytes = in.blob(kMaxSetBytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void encode_body(const RoundChangeBody& body, std::vector<uint8_t>& out) {
  Writer writer(out);
  encode_prepared(body.prepared, writer);
  if (body.prepared) encode_certificate(*body.prepares, writer);
}

std::optional<RoundChangeBody> decode_round_change(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  RoundChangeBody body;
  body.prepared = decode_prepared(in);
  if (body.prepared) {
    body.prepares = decode_certificate(in);
    if (!body.prepares) return std::nullopt;
  }
  if (!in.finished()) return std::nullopt;
  return body;
}

Digest round_change_digest(HashAlgorithm algorithm, const std::optional<Prepared>& prepared) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_prepared(prepared, out);
  return hash(algorithm, bytes);
}

void encode_body(const Justification& body, std::vector<uint8_t>& out) {
  Writer writer(out);
  writer.u32(static_cast<uint32_t>(body.round_changes.size()));
  for (const RoundChangeClaim& claim : body.round_changes) {
    writer.replica(claim.sender);
    encode_prepared(claim.prepared, writer);
    writer.signature(claim.signature);
  }
  writer.u8(body.prepares ? 1 : 0);
  if (body.prepares) encode_certificate(*body.prepares, writer);
}

std::optional<Justification> decode_justification(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  Justification body;
  body.round_changes.resize(in.count(kMaxMembers, kLeastClaimBytes));
  for (size_t i = 0; i < body.round_changes.size(); ++i) {
    RoundChangeClaim& claim = body.round_changes[i];
    claim.sender = in.replica();
    claim.prepared = decode_prepared(in);
    claim.signature = in.signature();
    if (i > 0 && claim.sender <= body.round_changes[i - 1].sender) return std::nullopt;
  }
  const uint8_t flag = in.u8();
  if (flag > 1) return std::nullopt;
  if (flag == 1) {
    body.prepares = decode_certificate(in);
    if (!body.prepares) return std::nullopt;
  }
  if (!in.finished()) return std::nullopt;
  return body;
}

std::optional<Prepared> highest_prepared(const Justification& justification) {
  std::optional<Prepared> highest;
  for (const RoundChangeClaim& claim : justification.round_changes) {
    if (claim.prepared && (!highest || claim.prepared->round > highest->round)) {
      highest = claim.prepared;
    }
  }
  return highest;
}

void encode_body(const Standing& body, std::vector<uint8_t>& out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>((body.proposal ? 1 : 0) | (body.prepared ? 2 : 0) |
                                 (body.wanted ? 4 : 0)));
  if (body.wanted) writer.digest(*body.wanted);
  writer.blob(body.prepares);
  writer.blob(body.commits);
  writer.blob(body.round_changes);
}

std::optional<Standing> decode_standing(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  Standing body;
  const uint8_t flags = in.u8();
  if (flags > 7) return std::nullopt;
  body.proposal = (flags & 1U) != 0;
  body.prepared = (flags & 2U) != 0;
  if ((flags & 4U) != 0) body.wanted = in.digest();
  body.prepares = decode_set(in);
  body.commits = decode_set(in);
  body.round_changes = decode_set(in);
  if (!in.finished()) return std::nullopt;
  return body;
}

void add_to(std::vector<uint8_t>& set, uint32_t position) {
  const size_t place = position / 8;
  if (set.size() <= place) set.resize(place + 1);
  set[place] = static_cast<uint8_t>(set[place] | (1U << (position % 8)));
}

bool contains(const std::vector<uint8_t>& set, uint32_t position) {
  const size_t place = position / 8;
  return place < set.size() && ((set[place] >> (position % 8)) & 1U) != 0;
}

}  // namespace govchain::consensus::qbft
