#include "consensus/raft/records.h"

#include <utility>

#include "consensus/codec.h"

namespace govchain::consensus::raft {

void encode_digests(const std::vector<Digest>& digests, Writer& out) {
  out.u32(static_cast<uint32_t>(digests.size()));
  for (const Digest& digest : digests) out.digest(digest);
}

std::vector<Digest> decode_digests(Reader& in) {
  std::vector<Digest> digests(in.count(kMaxWindowDigests, sizeof(Digest)));
  for (Digest& digest : digests) digest = in.digest();
  return digests;
}

Ref<LogRecord> make_hard_state_record(const HardState& state) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(RecordType::kHardState);
  Writer out(record->bytes);
  out.ordinal(state.term);
  out.u8(state.vote ? 1 : 0);
  out.replica(state.vote.value_or(ReplicaId()));
  out.ordinal(state.commit);
  return record;
}

std::optional<HardState> read_hard_state(const LogRecord& record) {
  Reader in(record.bytes);
  HardState state;
  state.term = in.ordinal<View>();
  const bool voted = in.u8() == 1;
  const ReplicaId vote = in.replica();
  if (voted) state.vote = vote;
  state.commit = in.ordinal<Height>();
  if (!in.finished()) return std::nullopt;
  return state;
}

Ref<LogRecord> make_entry_record(BlockRef block) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(RecordType::kEntry);
  record->block = std::move(block);
  return record;
}

Ref<LogRecord> make_base_record(RecordType type, const BaseRecord& base) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(type);
  // Nearly all of it; what else there is fits beside.
  constexpr size_t kBesides = 1'024;
  record->bytes.reserve(kBesides + base.committed.size() * sizeof(Digest));
  Writer out(record->bytes);
  out.ordinal(base.height);
  out.ordinal(base.term);
  out.ordinal(base.store_from);
  out.ordinal(base.window_from);
  encode_entry(base.configuration, out);
  encode_digests(base.committed, out);
  return record;
}

std::optional<BaseRecord> read_base(const LogRecord& record) {
  Reader in(record.bytes);
  BaseRecord base;
  base.height = in.ordinal<Height>();
  base.term = in.ordinal<View>();
  base.store_from = in.ordinal<Height>();
  base.window_from = in.ordinal<Height>();
  base.configuration = decode_entry(in);
  base.committed = decode_digests(in);
  if (!in.finished()) return std::nullopt;
  return base;
}

Ref<LogRecord> make_witness_entry(const Block& block) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(RecordType::kWitnessEntry);
  Writer out(record->bytes);
  encode_block_by_digest(block, out);
  return record;
}

BlockRef read_witness_entry(HashAlgorithm algorithm, const LogRecord& record) {
  Reader in(record.bytes);
  BlockRef block = decode_block_by_digest(algorithm, in);
  return in.finished() ? block : BlockRef();
}

Ref<LogRecord> make_witness_base(const WitnessBase& base) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(RecordType::kWitnessBase);
  Writer out(record->bytes);
  out.ordinal(base.height);
  out.ordinal(base.term);
  out.u8(base.keeps_above ? 1 : 0);
  encode_entry(base.configuration, out);
  return record;
}

std::optional<WitnessBase> read_witness_base(const LogRecord& record) {
  Reader in(record.bytes);
  WitnessBase base;
  base.height = in.ordinal<Height>();
  base.term = in.ordinal<View>();
  const uint8_t keeps_above = in.u8();
  base.keeps_above = keeps_above == 1;
  base.configuration = decode_entry(in);
  if (!in.finished() || keeps_above > 1) return std::nullopt;
  return base;
}

bool is_of_witness(const LogRecord& record) {
  const auto type = static_cast<RecordType>(record.type);
  return type == RecordType::kWitnessEntry || type == RecordType::kWitnessBase;
}

}  // namespace govchain::consensus::raft
