// A restart: what the log shows of the height under way binds the replica, and is said again.

#include <utility>

#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

bool QbftEngine::read_record(const LogRecordRef& record, Ticket ticket) {
  // committed() is restored since the engine was made.
  if (height_ != committed().next()) begin_height();
  switch (static_cast<RecordType>(record->type)) {
    case RecordType::kProposal:
      return read_proposal_record(record, ticket);
    case RecordType::kPrepared:
      return read_prepared_record(record, ticket);
    case RecordType::kRoundChange:
      return read_round_change_record(record, ticket);
  }
  return false;
}

bool QbftEngine::read_proposal_record(const LogRecordRef& record, Ticket ticket) {
  std::optional<ProposalRecord> proposal = read_proposal(*record);
  if (!proposal) return false;
  if (record->block->height < height_) return true;
  // A later height was never under way before this one was committed, and that would be logged.
  if (record->block->height > height_ || proposal->round < round_) return false;
  if (first_record_ == Ticket()) first_record_ = ticket;
  if (proposal->round > round_) asked_ = false;
  round_ = proposal->round;
  bound_ = record->block;
  bound_ticket_ = ticket;
  keep_body(bound_, ticket);
  recovered_proposal_ = std::move(*proposal);
  return true;
}

bool QbftEngine::read_prepared_record(const LogRecordRef& record, Ticket ticket) {
  if (!record->certificate) return false;
  const Statement& statement = record->certificate->statement;
  if (statement.height < height_) return true;
  if (planted(Mutant::kPreparedLostAfterRecovery)) return true;
  if (statement.height > height_) return false;
  if (planted(Mutant::kVoteNotPersisted) || planted(Mutant::kRoundLostAfterRecovery)) {
    if (!bound_ || bound_->digest != statement.digest) return true;
  }
  // Its proposal was logged before it.
  if (!bound_ || statement.view != round_ || statement.digest != bound_->digest) return false;
  prepared_ = PreparedBlock{round_, bound_, record->certificate, ticket};
  return true;
}

bool QbftEngine::read_round_change_record(const LogRecordRef& record, Ticket ticket) {
  const std::optional<RoundChangeRecord> asked = read_round_change(*record);
  if (!asked) return false;
  if (asked->height < height_ || planted(Mutant::kRoundLostAfterRecovery)) return true;
  if (asked->height > height_ || asked->round <= round_) return false;
  if (first_record_ == Ticket()) first_record_ = ticket;
  round_ = asked->round;
  bound_.reset();
  bound_ticket_ = {};
  asked_ = true;
  return true;
}

void QbftEngine::begin_protocol() {
  if (height_ != committed().next()) begin_height();
  if (is_member()) say_again();
  replay_future(height_);
  touch();
}

// Everything that bound the replica before the crash is durable, so nothing waits.
void QbftEngine::say_again() {
  round_change_ticket_ = {};
  if (asked_ && has_vote()) send_round_change();
  if (!bound_) return;
  mark_in_flight(*bound_);
  ProposalRecord record = std::exchange(recovered_proposal_, {});
  const uint32_t led = leader();
  Ref<Message> message = new_message(static_cast<uint8_t>(MessageType::kPrePrepare), Lane::kBody);
  message->sender = id_of(led);
  message->height = height_;
  message->digest = bound_->digest;
  message->block = bound_;
  message->body = std::move(record.justification);
  if (led == self()) {
    request_signature(std::move(message), bound_ticket_);
  } else {
    message->signature = record.signature;
    seal_message(*message);
    proposal_ = MessageRef(std::move(message));
    if (may_vote()) vote(MessageType::kPrepare, bound_ticket_);
  }
  if (may_vote() && prepared_ && prepared_->round == round_)
    vote(MessageType::kCommit, prepared_->ticket);
}

Ticket QbftEngine::logged_at(const Block& block) const {
  for (const LoggedBody& body : bodies_) {
    if (body.block->digest == block.digest) return body.ticket;
  }
  return {};
}

Ticket QbftEngine::needed_from() const {
  return first_record_ == Ticket() ? last_ticket().next() : first_record_;
}

}  // namespace govchain::consensus::qbft
