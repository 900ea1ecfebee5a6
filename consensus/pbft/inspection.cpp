// A look at the engine from outside: status, fingerprint, memory.

#include "consensus/fingerprint.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::describe(EngineStatus& status) const { status.proposed = accepted_; }

std::unique_ptr<Engine> PbftEngine::clone() const { return std::make_unique<PbftEngine>(*this); }

namespace {

void encode_slot(const Slot& slot, Writer& out) {
  out.ordinal(slot.height);
  encode_each(slot.bodies, out, [&](const BlockRef& body) { encode_block(body, out); });
  out.u8(static_cast<uint8_t>((slot.bound ? 1 : 0) | (slot.proposal ? 2 : 0) |
                              (slot.proposal_verified ? 4 : 0) | (slot.prepared ? 8 : 0) |
                              (slot.payloads_requested ? 16 : 0) | (slot.proof ? 32 : 0) |
                              (slot.relayed ? 64 : 0) | (slot.payloads_verified ? 128 : 0)));
  out.digest(slot.digest);
  out.ordinal(slot.bound_ticket);
  out.ordinal(slot.first_ticket);
  encode_held(slot.proposal, out);
  if (slot.proof) encode_proof(slot.proof->prepares, out);
  encode_proof(slot.commit_certificate, out);
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
    encode_time(time, out);
  }
  out.i64(head_since_.nanoseconds());
  for (const Slot& slot : slots_) encode_slot(slot, out);
  const auto encode_view_change = [&](const ViewChange& known) { encode_held(known.message, out); };
  const auto encode_new_view = [&](const std::optional<NewView>& known) {
    out.u8(known ? 1 : 0);
    if (!known) return;
    encode_held(known->message, out);
    encode_each(known->found, out, encode_view_change);
  };
  encode_each(view_changes_, out, encode_view_change);
  encode_new_view(new_view_);
  encode_each(offers_, out, encode_new_view);
  encode_each(peers_, out, [&](const Peer& peer) {
    out.u32(peer.view_change_copies);
    out.i64(peer.view_change_due.nanoseconds());
    encode_view_change(peer.arriving);
  });
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
