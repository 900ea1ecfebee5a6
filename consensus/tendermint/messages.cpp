#include "consensus/tendermint/messages.h"

#include "consensus/chain/messages.h"
#include "consensus/codec.h"
#include "consensus/tendermint/engine.h"

namespace govchain::consensus::tendermint {

namespace {

// Rounds on the wire are one higher, so that none is zero.
void put_round(Writer& out, Round round) { out.u64(static_cast<uint64_t>(round + 1)); }

Round take_round(Reader& in) {
  const uint64_t value = in.u64();
  if (value >= kMaxOrdinal) in.fail();
  return in.ok() ? static_cast<Round>(value) - 1 : kNoRound;
}

}  // namespace

std::string_view message_name(uint8_t type) {
  if (type >= chain::kFirstCommonType) return chain::common_message_name(type);
  switch (static_cast<MessageType>(type)) {
    case MessageType::kProposal:
      return "proposal";
    case MessageType::kPrevote:
      return "prevote";
    case MessageType::kPrecommit:
      return "precommit";
  }
  return "unknown";
}

void encode_valid_round(Round valid_round, std::vector<uint8_t>& out) {
  Writer writer(out);
  put_round(writer, valid_round);
}

std::optional<Round> decode_valid_round(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  const Round round = take_round(in);
  if (!in.finished()) return std::nullopt;
  return round;
}

Digest proposal_digest(HashAlgorithm algorithm, const Digest& block, Round valid_round) {
  Digest round;
  const auto value = static_cast<uint64_t>(valid_round + 1);
  for (size_t i = 0; i < sizeof(value); ++i) {
    round.bytes[i] = static_cast<uint8_t>(value >> (8 * i));
  }
  return hash_pair(algorithm, block, round);
}

void encode_standing(const Standing& standing, std::vector<uint8_t>& out) {
  Writer writer(out);
  put_round(writer, standing.round);
  put_round(writer, standing.proposal_wanted);
  put_round(writer, standing.polka_wanted);
  writer.blob(standing.prevotes);
  writer.blob(standing.precommits);
}

std::optional<Standing> decode_standing(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  Standing standing;
  standing.round = take_round(in);
  standing.proposal_wanted = take_round(in);
  standing.polka_wanted = take_round(in);
  const std::span<const uint8_t> prevotes = in.blob(kMaxStandingBitmap);
  standing.prevotes.assign(prevotes.begin(), prevotes.end());
  const std::span<const uint8_t> precommits = in.blob(kMaxStandingBitmap);
  standing.precommits.assign(precommits.begin(), precommits.end());
  if (!in.finished()) return std::nullopt;
  return standing;
}

bool contains(const std::vector<uint8_t>& bitmap, uint32_t position) {
  const size_t place = position / 8;
  return place < bitmap.size() && ((bitmap[place] >> (position % 8)) & 1U) != 0;
}

void add(std::vector<uint8_t>& bitmap, uint32_t position) {
  const size_t place = position / 8;
  if (place >= bitmap.size()) bitmap.resize(place + 1, 0);
  bitmap[place] = static_cast<uint8_t>(bitmap[place] | (1U << (position % 8)));
}

}  // namespace govchain::consensus::tendermint
