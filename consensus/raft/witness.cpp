// Witnesses (Pâris, "Voting with Witnesses", ICDCS 1986): voters that keep the log's heights,
// terms, digests and configurations, but neither payloads nor state. README.md states the rule and
// its proof; here is who does what.
//
//   leader   sends a witness nothing that has not enough copies: what a witness knows, a full voter
//            must be left to bring (a candidate whose log is behind a witness's cannot win)
//   witness  votes and acknowledges as everybody does, from records by digest; its commit index is
//            all of its state, so that its log can begin anew at any committed height

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {
namespace {

struct WitnessBaseBody {
  View term;  // of the entry at the message's height
  ConfigurationEntry configuration;
};

void encode_body(const WitnessBaseBody& body, Message& message) {
  message.body.clear();
  Writer out(message.body);
  out.ordinal(body.term);
  encode_entry(body.configuration, out);
}

bool decode_body(const Message& message, WitnessBaseBody& body) {
  Reader in(message.body);
  body.term = in.ordinal<View>();
  body.configuration = decode_entry(in);
  return in.finished();
}

}  // namespace

// --- Leader

void RaftEngine::mark_witnesses() {
  Membership wanted;
  if (wanted_change_) wanted.members = wanted_change_->target;
  has_witnesses_ = false;
  for (auto& [node, progress] : progress_) {
    const Member* member = configurations_.latest().reachable.find(replica_id(node));
    if (member == nullptr) member = wanted.find(replica_id(node));  // it catches up first
    progress.witness = member != nullptr && member->is_witness();
    has_witnesses_ = has_witnesses_ || progress.witness;
  }
}

// The highest entry that this peer may know of.
Height RaftEngine::sendable(const Progress& progress) const {
  if (!progress.witness || planted(Mutant::kWitnessBeforeCopies)) return log_.last();
  return std::max(copied_, commit_);
}

uint64_t RaftEngine::count_copies() {
  const auto acknowledged = [this](NodeId node) { return acknowledged_by(node); };
  const auto answers = [this](NodeId node) {
    if (node == self_node()) return true;
    const Progress* progress = progress_.find(node);
    return progress != nullptr && progress->answers();
  };
  const JointQuorum& quorum = configurations_.latest().quorum;
  if (!quorum.has_witnesses()) {
    copied_ = commit_;  // one that catches up before it votes gets what is committed
    return UINT64_MAX;
  }
  const uint64_t copied = quorum.copied(acknowledged, answers);
  copied_ = Height(std::min(copied, log_.last().value()));
  return copied;
}

void RaftEngine::feed_witnesses() {
  for (auto& [node, progress] : progress_) {
    if (progress.witness) replicate_to(node, progress);
  }
}

// What a snapshot is for others. Any committed height will do, and nobody has to sign it.
void RaftEngine::send_witness_base(NodeId node, Progress& progress) {
  const std::optional<View> term = log_.term_at(commit_);
  if (!term) {
    progress.paused = true;
    return;
  }
  progress.become_snapshot(commit_.value());
  Ref<Message> message = new_message(MessageType::kWitnessBase, Lane::kVote, commit_);
  message->version = kUniversalVersion;
  encode_body(WitnessBaseBody{*term, configurations_.at(commit_)}, *message);
  send(replica_id(node), std::move(message), hard_state_ticket_);
}

// Votes under a state are of no use to those who have none.
void RaftEngine::send_to_full(Ref<Message> message, Ticket after) {
  const Membership& members = configurations_.latest().reachable;
  const bool anybody = std::any_of(members.members.begin(), members.members.end(),
                                   [](const Member& member) { return member.is_witness(); });
  if (!anybody) {
    broadcast(std::move(message), after);
    return;
  }
  seal_message(*message);
  const MessageRef shared(std::move(message));
  for (const Member& member : members.members) {
    if (member.id == config_.self || member.is_witness()) continue;
    sink_->emit(effect::Send{member.id, shared, after});
  }
}

// --- Witness

// Whoever is in no configuration that it knows of, and has no log, learns from the first entry what
// it shall be.
bool RaftEngine::accepts_as_witness() {
  const bool nobody_yet = log_.last() == Height() && executed_ == Height() &&
                          configurations_.latest().reachable.find(config_.self) == nullptr;
  witness_ = witness_ || nobody_yet;
  return witness_;
}

Ticket RaftEngine::append_as_witness(const Block& block) {
  const Ticket ticket = persist(make_witness_entry(block));
  const bool configures = !block.control.empty();
  if (configures) {
    const bool understood = configurations_.append(block.height, block.control);
    GOVCHAIN_ASSERT(understood);
  }
  log_.append(block.height, block.view, ticket);
  if (configures) on_configuration_appended();
  return ticket;
}

void RaftEngine::commit_as_witness(Height height) {
  GOVCHAIN_ASSERT(height <= log_.last() || height <= commit_);
  bool compactible = false;
  while (commit_ < height) {
    ++commit_;
    ++counters_.committed_blocks;
    if (configurations_.at(commit_).height == commit_) on_configuration_committed(commit_);
    if (stopped_) return;
    compactible = compactible || commit_.value() % config_.checkpoint_interval == 0;
  }
  if (compactible) compact_as_witness();
}

// What is committed stays so, whatever is lost elsewhere: the log may begin above it.
void RaftEngine::compact_as_witness() {
  const std::optional<View> term = log_.term_at(commit_);
  GOVCHAIN_ASSERT(term.has_value());
  const Ticket above = log_.ticket_at(commit_.next());
  base_ticket_ =
      persist(make_witness_base(WitnessBase{commit_, *term, true, configurations_.at(commit_)}));
  saved_.commit = commit_;
  const Ticket after = persist(make_hard_state_record(saved_));
  sink_->emit(
      effect::Truncate{above == Ticket() ? base_ticket_ : std::min(above, base_ticket_), after});
  log_.compact(commit_);
  configurations_.compact(log_.base());
}

void RaftEngine::on_witness_base(ReplicaId from, const Message& message) {
  WitnessBaseBody body;
  if (!decode_body(message, body) || body.term > message.view ||
      body.configuration.height > message.height || !accepts_as_witness()) {
    ++counters_.malformed;
    return;
  }
  const Height height = message.height;
  if (height <= commit_) {
    ++counters_.stale;
    answer_append(from, commit_);
    return;
  }
  ++counters_.accepted;
  if (log_.term_at(height) == body.term) {
    // We have it, and with it everything below (log matching, §5.3).
    verified_ = std::max(verified_, height);
    commit_to(height);
    if (!stopped_) answer_append(from, height);
    return;
  }
  if (!knows(body.configuration.members.version)) {
    return stop_outdated(body.configuration.height.next(), body.configuration.members.version);
  }
  base_ticket_ =
      persist(make_witness_base(WitnessBase{height, body.term, false, body.configuration}));
  log_.reset(height, body.term);
  configurations_.reset(std::move(body.configuration));
  commit_ = durable_height_ = verified_ = height;
  ++counters_.state_transfers;
  sink_->emit(effect::Metric{MetricId::kStateTransfer, height.value()});
  on_configuration_appended();
  answer_append(from, height);
}

// Its records say everything; there are no blocks and no state beside them.
bool RaftEngine::recover_witness(const RecoveredState& recovered) {
  if (recovered.executed_height != Height() || !recovered.blocks.empty()) return false;
  std::vector<std::pair<BlockRef, Ticket>> entries;  // consecutive heights
  WitnessBase base;
  base.configuration = configurations_.latest();
  const auto drop_from = [&entries](Height height) {
    while (!entries.empty() && entries.back().first->height >= height) entries.pop_back();
  };
  uint64_t ticket = recovered.last_ticket.value() - recovered.records.size();
  for (const LogRecordRef& record : recovered.records) {
    ++ticket;
    switch (static_cast<RecordType>(record->type)) {
      case RecordType::kHardState: {
        const std::optional<HardState> state = read_hard_state(*record);
        if (!state || state->term < saved_.term) return false;
        saved_ = *state;
        hard_state_ticket_ = Ticket(ticket);
        break;
      }
      case RecordType::kWitnessEntry: {
        BlockRef block = read_witness_entry(config_.hash, *record);
        if (!block) return false;
        drop_from(block->height);
        if (!entries.empty() && entries.back().first->height.next() != block->height) return false;
        entries.emplace_back(std::move(block), Ticket(ticket));
        break;
      }
      case RecordType::kWitnessBase: {
        std::optional<WitnessBase> next = read_witness_base(*record);
        if (!next || next->height < base.height) return false;
        base = *std::move(next);
        base_ticket_ = Ticket(ticket);
        if (!base.keeps_above) entries.clear();
        break;
      }
      default:
        return false;
    }
  }
  log_.reset(base.height, base.term);
  configurations_.reset(std::move(base.configuration));
  for (const auto& [block, written] : entries) {
    if (block->height <= base.height) continue;
    if (block->height != log_.last().next() || block->view < log_.last_term()) return false;
    if (!block->control.empty() && !configurations_.append(block->height, block->control)) {
      return false;
    }
    log_.append(block->height, block->view, written);
  }
  if (saved_.term < log_.last_term()) return false;
  term_ = saved_.term;
  vote_ = saved_.vote;
  commit_ = std::max(base.height, std::min(saved_.commit, log_.last()));
  finish_recovery(recovered.fresh);
  return true;
}

}  // namespace govchain::consensus::raft
