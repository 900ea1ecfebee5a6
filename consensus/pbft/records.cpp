#include "consensus/pbft/records.h"

namespace govchain::consensus::pbft {

namespace {

Ref<LogRecord> new_record(RecordType type) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(type);
  return record;
}

}  // namespace

Ref<LogRecord> make_record(const ViewRecord& view) {
  Ref<LogRecord> record = new_record(RecordType::kView);
  Writer out(record->bytes);
  out.ordinal(view.epoch);
  out.ordinal(view.view);
  out.u8(view.in_view_change ? 1 : 0);
  out.u32(static_cast<uint32_t>(view.bindings.size()));
  for (const auto& [height, digest] : view.bindings) {
    out.ordinal(height);
    out.digest(digest);
  }
  return record;
}

std::optional<ViewRecord> read_view(const LogRecord& record) {
  Reader in(record.bytes);
  ViewRecord view;
  view.epoch = in.ordinal<Epoch>();
  view.view = in.ordinal<View>();
  view.in_view_change = in.u8() == 1;
  view.bindings.resize(in.count(kMaxWindow, 8 + sizeof(Digest)));
  for (auto& [height, digest] : view.bindings) {
    height = in.ordinal<Height>();
    digest = in.digest();
  }
  if (!in.finished()) return std::nullopt;
  return view;
}

Ref<LogRecord> make_proposal_record(const ProposalRecord& proposal, BlockRef block) {
  Ref<LogRecord> record = new_record(RecordType::kProposal);
  Writer out(record->bytes);
  out.ordinal(proposal.view);
  out.signature(proposal.signature);
  record->block = std::move(block);
  return record;
}

std::optional<ProposalRecord> read_proposal(const LogRecord& record) {
  Reader in(record.bytes);
  ProposalRecord proposal;
  proposal.view = in.ordinal<View>();
  proposal.signature = in.signature();
  if (!in.finished() || !record.block) return std::nullopt;
  return proposal;
}

Ref<LogRecord> make_body_record(BlockRef block) {
  Ref<LogRecord> record = new_record(RecordType::kBody);
  record->block = std::move(block);
  return record;
}

Ref<LogRecord> make_prepared_record(const PreparedProof& proof) {
  Ref<LogRecord> record = new_record(RecordType::kPrepared);
  Writer out(record->bytes);
  out.signature(proof.proposal);
  record->certificate = proof.prepares;
  return record;
}

std::optional<PreparedProof> read_prepared(const LogRecord& record) {
  Reader in(record.bytes);
  PreparedProof proof;
  proof.proposal = in.signature();
  proof.prepares = record.certificate;
  if (!in.finished() || !proof.prepares) return std::nullopt;
  return proof;
}

Ref<LogRecord> make_checkpoint_record(CertificateRef certificate) {
  Ref<LogRecord> record = new_record(RecordType::kCheckpoint);
  record->certificate = std::move(certificate);
  return record;
}

}  // namespace govchain::consensus::pbft
