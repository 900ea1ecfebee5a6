#include "consensus/qbft/records.h"

#include <utility>

namespace govchain::consensus::qbft {

namespace {

Ref<LogRecord> new_record(RecordType type) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(type);
  return record;
}

}  // namespace

Ref<LogRecord> make_proposal_record(View round, const Signature& signature,
                                    std::span<const uint8_t> justification, BlockRef block) {
  Ref<LogRecord> record = new_record(RecordType::kProposal);
  Writer out(record->bytes);
  out.ordinal(round);
  out.signature(signature);
  out.raw(justification);
  record->block = std::move(block);
  return record;
}

std::optional<ProposalRecord> read_proposal(const LogRecord& record) {
  Reader in(record.bytes);
  ProposalRecord proposal;
  proposal.round = in.ordinal<View>();
  proposal.signature = in.signature();
  const std::span<const uint8_t> rest = in.raw(in.remaining());
  proposal.justification.assign(rest.begin(), rest.end());
  if (!in.finished() || !record.block) return std::nullopt;
  return proposal;
}

Ref<LogRecord> make_prepared_record(CertificateRef prepares) {
  Ref<LogRecord> record = new_record(RecordType::kPrepared);
  record->certificate = std::move(prepares);
  return record;
}

Ref<LogRecord> make_record(const RoundChangeRecord& round_change) {
  Ref<LogRecord> record = new_record(RecordType::kRoundChange);
  Writer out(record->bytes);
  out.ordinal(round_change.height);
  out.ordinal(round_change.round);
  return record;
}

std::optional<RoundChangeRecord> read_round_change(const LogRecord& record) {
  Reader in(record.bytes);
  RoundChangeRecord round_change;
  round_change.height = in.ordinal<Height>();
  round_change.round = in.ordinal<View>();
  if (!in.finished()) return std::nullopt;
  return round_change;
}

}  // namespace govchain::consensus::qbft
