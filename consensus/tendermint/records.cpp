#include "consensus/tendermint/records.h"

#include <utility>

#include "consensus/codec.h"
#include "consensus/tendermint/messages.h"

namespace govchain::consensus::tendermint {

namespace {

Ref<LogRecord> new_record(RecordType type) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(type);
  return record;
}

bool is_round(Round round) { return round >= kNoRound && round < static_cast<Round>(kMaxOrdinal); }

}  // namespace

Ref<LogRecord> make_record(const ProposalRecord& proposal, BlockRef block) {
  Ref<LogRecord> record = new_record(RecordType::kProposal);
  Writer out(record->bytes);
  out.ordinal(proposal.epoch);
  out.ordinal(proposal.height);
  out.i64(proposal.round);
  out.i64(proposal.valid_round);
  record->block = std::move(block);
  return record;
}

std::optional<ProposalRecord> read_proposal(const LogRecord& record) {
  Reader in(record.bytes);
  ProposalRecord proposal;
  proposal.epoch = in.ordinal<Epoch>();
  proposal.height = in.ordinal<Height>();
  proposal.round = in.i64();
  proposal.valid_round = in.i64();
  if (!in.finished() || !record.block || !is_round(proposal.round) || proposal.round < 0 ||
      !is_round(proposal.valid_round) || proposal.valid_round >= proposal.round) {
    return std::nullopt;
  }
  return proposal;
}

Ref<LogRecord> make_record(const VoteRecord& vote) {
  Ref<LogRecord> record = new_record(RecordType::kVote);
  Writer out(record->bytes);
  out.ordinal(vote.epoch);
  out.ordinal(vote.height);
  out.i64(vote.round);
  out.u8(static_cast<uint8_t>(vote.type));
  out.digest(vote.value);
  return record;
}

std::optional<VoteRecord> read_vote(const LogRecord& record) {
  Reader in(record.bytes);
  VoteRecord vote;
  vote.epoch = in.ordinal<Epoch>();
  vote.height = in.ordinal<Height>();
  vote.round = in.i64();
  const uint8_t type = in.u8();
  vote.type = type == 0 ? VoteType::kPrevote : VoteType::kPrecommit;
  vote.value = in.digest();
  if (!in.finished() || type > 1 || !is_round(vote.round) || vote.round < 0) return std::nullopt;
  return vote;
}

Ref<LogRecord> make_polka_record(RecordType type, CertificateRef polka, BlockRef block) {
  Ref<LogRecord> record = new_record(type);
  record->certificate = std::move(polka);
  record->block = std::move(block);
  return record;
}

bool is_polka(const LogRecord& record) {
  return record.certificate && record.bytes.empty() &&
         record.certificate->statement.type == static_cast<uint8_t>(MessageType::kPrevote) &&
         record.certificate->statement.view.value() < kMaxOrdinal &&
         !record.certificate->statement.digest.is_zero();
}

}  // namespace govchain::consensus::tendermint
