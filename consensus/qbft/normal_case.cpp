// Algorithms 1 and 2: an instance begins, and what happens while its leader is correct.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

QbftEngine::QbftEngine(const EngineConfig& config, const chain::ChainSettings& settings,
                       RecoveredState recovered)
    : ChainEngine(Protocol::kQbft, config, settings, std::move(recovered)) {
  begin_height();
}

std::unique_ptr<Engine> make_qbft(const EngineConfig& config, const chain::ChainSettings& settings,
                                  RecoveredState recovered) {
  return std::make_unique<QbftEngine>(config, settings, std::move(recovered));
}

// Algorithm 1, procedure Start: λ_i is the next height, r_i the first round, pr_i and pv_i are ⊥.
// What the value is, and when the timer starts, is settled as soon as something waits
// (propose_if_due, arm_timer).
void QbftEngine::begin_height() {
  const Height over = height_;
  height_ = committed().next();
  round_ = View(0);
  prepared_.reset();
  bound_.reset();
  bound_ticket_ = {};
  proposal_.reset();
  awaiting_payloads_.reset();
  shown_ = false;
  round_change_ticket_ = {};
  asked_ = false;
  waits_since_.reset();
  for (VoteTable* votes : {&prepares_, &commits_}) {
    if (votes->messages.size() != members()) *votes = VoteTable();
    if (votes->messages.empty()) votes->resize(members());
    votes->clear();
  }
  if (round_changes_.size() != members()) round_changes_ = std::vector<RoundChange>(members());
  for (RoundChange& round_change : round_changes_) {
    if (round_change.message) round_change = {};
  }
  wanted_body_.reset();
  fetched_body_.reset();
  bodies_.clear();
  first_record_ = {};
  left_.reset();
  release_in_flight(over);
}

// leader(λ, round): round robin by height and round over those who vote.
uint32_t QbftEngine::leader_of(Height height, View round) const {
  const uint64_t turn = height.value() - 1 + round.value();
  return voters()[static_cast<size_t>(turn % voters().size())];
}

void QbftEngine::advance() {
  if (!is_member()) return;
  check_prepared();
  propose_if_due();
  arm_timer();
}

bool QbftEngine::wants(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.type == static_cast<uint8_t>(MessageType::kBody)) {
    receive_body(message);
    return false;
  }
  if (weight_of(sender) == 0) {
    ++counters().unauthorised;
    return false;
  }
  // Algorithm 3, line 17, sends whoever still asks about a decided instance the proof: here it asks
  // with its next status message, and gets the block with it.
  if (message.height <= committed()) {
    ++counters().stale;
    return false;
  }
  if (message.height > height_) {
    hold_future(sender, reference);
    return false;
  }
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kPrePrepare:
      return wants_proposal(sender, reference);
    case MessageType::kPrepare:
    case MessageType::kCommit:
      return wants_vote(sender, reference);
    case MessageType::kRoundChange:
      return wants_round_change(sender, reference);
    default:
      ++counters().malformed;
      return false;
  }
}

void QbftEngine::accept(uint32_t sender, const MessageRef& message) {
  touch();
  if (message->height != height_) {
    ++counters().stale;
    return;
  }
  switch (static_cast<MessageType>(message->type)) {
    case MessageType::kPrePrepare:
      return accept_proposal(sender, message);
    case MessageType::kRoundChange:
      return accept_round_change(sender, message);
    default:
      return accept_vote(sender, message);
  }
}

// What was signed in a round that this replica has left meanwhile must not leave any more: its
// ROUND-CHANGE may have said that nothing was prepared there.
bool QbftEngine::is_current(const Message& own) const {
  if (planted(Mutant::kCommitAfterRoundChange) && own.height == height_) return true;
  return own.height == height_ && own.view == round_;
}

// Votes of other rounds are kept too: those of later rounds until this replica gets there, commits
// of any round because a quorum of them decides in any (Algorithm 2, third rule).
bool QbftEngine::wants_vote(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.block || !message.body.empty() || !message.payloads.empty()) {
    ++counters().malformed;
    return false;
  }
  const MessageRef& held = votes_of(*reference).messages[sender];
  if (held && held->digest != message.digest &&
      (held->view == message.view || planted(Mutant::kHonestBlamed))) {
    suspect_conflict(held, reference);
    return false;
  }
  if (held && held->view >= message.view) {
    ++(held->view == message.view ? counters().duplicate : counters().stale);
    return false;
  }
  if (message.type == static_cast<uint8_t>(MessageType::kCommit)) return true;
  const bool left = planted(Mutant::kCommitAfterRoundChange) && left_ &&
                    message.view == left_round_ && message.digest == left_->digest;
  if (message.view < round_ && !left) {
    ++counters().stale;
    return false;
  }
  if (message.view == round_ && prepared_ && prepared_->round == round_) {
    ++counters().duplicate;  // enough are here
    return false;
  }
  return true;
}

void QbftEngine::accept_vote(uint32_t sender, const MessageRef& message) {
  VoteTable& votes = votes_of(*message);
  MessageRef& held = votes.messages[sender];
  if (held && held->view >= message->view) {
    const bool conflict = held->view == message->view && held->digest != message->digest;
    if (conflict) {
      suspect_conflict(held, message);
    } else {
      ++counters().duplicate;
    }
    return;
  }
  if (held && counts(*held)) votes.weight -= weight_of(sender);
  held = message;
  votes.verified.add(sender);
  if (counts(*message)) {
    votes.weight += weight_of(sender);
  } else if (bound_ && message->view == round_) {
    show_proposal();
  }
  if (message->type == static_cast<uint8_t>(MessageType::kPrepare)) {
    check_prepared();
    if (planted(Mutant::kCommitAfterRoundChange)) commit_what_was_left(*message);
  } else {
    check_committed(message->view, message->digest);
  }
}

// After bound_ or round_ has become another.
void QbftEngine::weigh(VoteTable& votes) const {
  votes.weight = bound_ ? weight_of_votes(votes, round_, bound_->digest) : 0;
}

uint64_t QbftEngine::weight_of_votes(const VoteTable& votes, View round,
                                     const Digest& digest) const {
  uint64_t weight = 0;
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    const MessageRef& vote = votes.messages[i];
    if (vote && vote->view == round && vote->digest == digest) weight += weight_of(i);
  }
  return weight;
}

CertificateRef QbftEngine::make_certificate(const VoteTable& votes, MessageType type, View round,
                                            const Digest& digest) const {
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement =
      Statement{config().chain, epoch(), Protocol::kQbft, static_cast<uint8_t>(type),
                round,          height_, digest,          version()};
  certificate->signers.reserve(votes.verified.count());
  certificate->signatures.reserve_votes(votes.verified.count());
  for (const MessageRef& vote : votes.messages) {
    if (!vote || vote->view != round || vote->digest != digest) continue;
    certificate->signers.push_back(vote->sender);
    certificate->signatures.push_back(vote);
  }
  return CertificateRef(std::move(certificate));
}

void QbftEngine::vote(MessageType type, Ticket after) {
  Ref<Message> draft = new_message(static_cast<uint8_t>(type), Lane::kVote);
  draft->height = height_;
  draft->digest = bound_->digest;
  request_signature(std::move(draft), after);
}

// 2f+1 of 3f+1, or whatever makes any two quorums share an honest replica. The first IBFT took
// ⌈2n/3⌉ or 2f+1 whatever n (Saltini, arXiv 1901.07160, §5.2.1).
uint64_t QbftEngine::prepare_quorum() const {
  return planted(Mutant::kPrepareQuorumTooSmall) ? quorum().quorum() - 1 : quorum().quorum();
}

// Algorithm 2, second rule: a quorum of PREPAREs. pr_i and pv_i are durable before the COMMIT.
void QbftEngine::check_prepared() {
  if (!proposal_ || (prepared_ && prepared_->round == round_)) return;
  if (prepares_.weight < prepare_quorum() || !may_vote()) return;
  CertificateRef prepares =
      make_certificate(prepares_, MessageType::kPrepare, round_, bound_->digest);
  const Ticket ticket = persist_here(make_prepared_record(prepares));
  prepared_ = PreparedBlock{round_, bound_, std::move(prepares), ticket};
  vote(MessageType::kCommit, ticket);
}

// Algorithm 2, third rule: a quorum of COMMITs of one round decides, prepared here or not.
void QbftEngine::check_committed(View round, const Digest& digest) {
  const bool here = bound_ && round == round_ && digest == bound_->digest;
  const uint64_t weight = here ? commits_.weight : weight_of_votes(commits_, round, digest);
  if (weight < quorum().quorum() || is_installing()) return;
  const BlockRef block = find_body(digest);
  if (!block) return want_body(digest);
  commit_block(block, make_certificate(commits_, MessageType::kCommit, round, digest));
}

// Where a body may be what was missing.
void QbftEngine::check_all_commits() {
  const Height height = height_;
  for (uint32_t i = 0; i < commits_.messages.size() && height_ == height; ++i) {
    const MessageRef vote = commits_.messages[i];
    if (vote) check_committed(vote->view, vote->digest);
  }
}

// The planted bug: the round before goes on as if nobody had been told otherwise.
void QbftEngine::commit_what_was_left(const Message& prepare) {
  if (!left_ || prepare.view != left_round_ || prepare.digest != left_->digest) return;
  if (weight_of_votes(prepares_, left_round_, left_->digest) < quorum().quorum()) return;
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kCommit), Lane::kVote);
  draft->height = height_;
  draft->view = left_round_;
  draft->digest = left_->digest;
  left_.reset();
  request_signature(std::move(draft), last_ticket());
}

bool QbftEngine::proves_commit(const Certificate& certificate, const Block& block,
                               const Membership& members) const {
  const Statement& statement = certificate.statement;
  return statement.type == static_cast<uint8_t>(MessageType::kCommit) &&
         statement.height == block.height && statement.digest == block.digest &&
         ChainEngine::weight_of(certificate, members) >= ByzantineQuorum(members).quorum();
}

void QbftEngine::on_committed(const BlockRef& /*block*/, const CertificateRef& /*certificate*/) {
  begin_height();
  replay_future(height_);
}

void QbftEngine::on_state_installed() {
  begin_height();
  replay_future(height_);
}

// Whoever commits has COMMITs of a quorum, so any quorum has an honest replica in it that was
// prepared at that height, and remembers it whatever round it is in.
Height QbftEngine::may_be_committed() const { return prepared_ ? height_ : committed(); }

bool QbftEngine::agreement_waits() const {
  return bound_ || round_ > View(0) || prepared_ || wanted_body_;
}

}  // namespace govchain::consensus::qbft
