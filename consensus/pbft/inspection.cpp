// A look at the engine from outside: status, fingerprint, memory.

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::describe(EngineStatus& status) const { status.proposed = accepted_; }

std::unique_ptr<Engine> PbftEngine::clone() const { return std::make_unique<PbftEngine>(*this); }

namespace {

void encode_votes(const VoteTable& votes, Writer& out) {
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    const MessageRef& message = votes.messages[i];
    out.u8(message ? (votes.verified.contains(i) ? 2 : 1) : 0);
    if (!message) continue;
    out.ordinal(message->view);
    out.digest(message->digest);
    out.signature(message->signature);
  }
  out.u64(votes.weight);
}

void encode_slot(const Slot& slot, Writer& out) {
  out.ordinal(slot.height);
  for (const BlockRef& body : slot.bodies) out.digest(body->digest);
  out.u8(static_cast<uint8_t>((slot.bound ? 1 : 0) | (slot.proposal ? 2 : 0) |
                              (slot.proposal_verified ? 4 : 0) | (slot.prepared ? 8 : 0) |
                              (slot.commit_certificate ? 16 : 0) | (slot.proof ? 32 : 0) |
                              (slot.relayed ? 64 : 0) | (slot.payloads_verified ? 128 : 0)));
  out.digest(slot.digest);
  if (slot.proposal) out.digest(slot.proposal->digest);
  if (slot.proof) {
    out.ordinal(slot.proof->view());
    out.digest(slot.proof->digest());
  }
  encode_votes(slot.prepares, out);
  encode_votes(slot.commits, out);
}

}  // namespace

void PbftEngine::encode_protocol_state(Writer& out) const {
  out.ordinal(view_);
  out.ordinal(active_view_);
  out.u8(static_cast<uint8_t>((in_view_change_ ? 1 : 0) | (new_view_made_ ? 2 : 0) |
                              (escalated_ ? 4 : 0) | (disk_was_full_ ? 8 : 0) | (replay_ ? 16 : 0) |
                              (low_proof_ ? 32 : 0)));
  out.u32(attempts_);
  out.u32(fetch_turn_);
  out.ordinal(low_);
  out.ordinal(accepted_);
  out.ordinal(highest_prepared_);
  out.ordinal(proven_logged_);
  out.ordinal(change_bound_at_);
  out.ordinal(view_ticket_);
  out.i64(last_bound_time_);
  out.i64(last_progress_.nanoseconds());
  for (const std::optional<TimePoint>& time : {work_since_, view_change_quorum_at_, head_added_}) {
    out.i64(time ? time->nanoseconds() : -1);
  }
  out.i64(head_since_.nanoseconds());
  for (const Slot& slot : slots_) encode_slot(slot, out);
  for (const ViewChange& view_change : view_changes_) {
    if (view_change.message) out.digest(view_change.message->digest);
  }
  if (new_view_) out.digest(new_view_->message->digest);
  for (const std::optional<NewView>& offer : offers_) {
    if (offer) out.digest(offer->message->digest);
  }
  for (const Peer& peer : peers_) {
    out.u32(peer.view_change_copies);
    out.i64(peer.view_change_due.nanoseconds());
    if (peer.arriving.message) out.digest(peer.arriving.message->digest);
  }
}

Bytes PbftEngine::protocol_memory() const {
  uint64_t total = sizeof(PbftEngine) - sizeof(ChainEngine) + in_flight_.memory();
  const auto block_size = [](const BlockRef& block) {
    return sizeof(Block) + block->payload_size().count() + block->payloads.size() * 128;
  };
  const auto view_change_size = [](const ViewChange& view_change) {
    return view_change.message ? 2 * view_change.message->wire_size.count() : 0;
  };
  for (const Slot& slot : slots_) {
    total += sizeof(Slot) + 2 * uint64_t{members()} * sizeof(MessageRef);
    for (const BlockRef& body : slot.bodies) total += block_size(body);
    if (slot.proof) total += slot.proof->prepares->signers.size() * 68;
    if (slot.commit_certificate) total += slot.commit_certificate->signers.size() * 68;
  }
  for (const Peer& peer : peers_) total += sizeof(Peer) + view_change_size(peer.arriving);
  for (const ViewChange& view_change : view_changes_) total += view_change_size(view_change);
  const auto new_view_size = [&](const std::optional<NewView>& known) {
    if (!known) return uint64_t{0};
    uint64_t size = 2 * known->message->wire_size.count();
    for (const ViewChange& found : known->found) size += view_change_size(found);
    return size;
  };
  total += new_view_size(new_view_);
  for (const std::optional<NewView>& offer : offers_) total += new_view_size(offer);
  return Bytes(total);
}

bool PbftEngine::is_sent_before_durable() const { return planted(Mutant::kSentBeforeDurable); }
bool PbftEngine::is_checkpoint_unproven() const { return planted(Mutant::kCheckpointUnproven); }
bool PbftEngine::is_duplicate_ordered() const { return planted(Mutant::kDuplicateNotSuppressed); }

}  // namespace govchain::consensus::pbft
