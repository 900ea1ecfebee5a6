#pragma once
// What a protocol adds to ChainEngine, which calls it: how a block is agreed upon. README.md tells
// how to write an engine on it; chain_engine.h what the engine gives in return.

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/codec.h"
#include "consensus/engine.h"

namespace govchain::consensus::chain {

class ChainProtocol : public Engine {
 protected:
  // --- life

  // Once, after recovery: everything that the log holds has been read, committed() is restored.
  virtual void begin_protocol() = 0;
  // Runs after every input that may have changed something (and then only once more if it calls
  // touch()): proposals that are due, timers to arm. Must do nothing if nothing changed.
  virtual void advance() = 0;
  virtual void on_timer(uint32_t timer) = 0;
  // What it votes in at present (round, view): goes into message headers, statuses, reports.
  [[nodiscard]] virtual View view() const = 0;
  // Position of who proposes, as far as this replica knows: payloads are passed on to it.
  [[nodiscard]] virtual uint32_t leader() const = 0;
  // True while it knows of no leader (view change under way).
  [[nodiscard]] virtual bool in_view_change() const = 0;

  // --- messages

  // A message of a protocol's own type, of the present epoch, whose sender is the member at
  // `sender`; it may have been passed on by somebody else (its signature has to prove it, then).
  // True if it is well-formed and wanted, so that its signature is worth verifying; if not, count
  // it (counters()) or keep it for later (hold_future).
  [[nodiscard]] virtual bool wants(uint32_t sender, const MessageRef& message) = 0;
  // Its signature, and all claims inside it, are good; or it is this replica's own. Time has passed
  // since wants().
  virtual void accept(uint32_t sender, const MessageRef& message) = 0;
  // Shows a block that this replica asked for by its digest: nobody signs such a message. Where
  // proposals name certified payloads the proofs beside the block are verified, or it comes with
  // all bytes instead.
  [[nodiscard]] virtual bool shows_block(const Message& /*message*/) const { return false; }
  // Appends the signed statements inside the body or block (certificates) that must be verified
  // besides the message's own signature.
  virtual void append_claims(const Message& message, ClaimList& claims) const = 0;
  // Whether a statement that this replica has just signed may still leave it: false if it has
  // promised something else meanwhile.
  [[nodiscard]] virtual bool is_current(const Message& own) const = 0;
  // This replica's own statement leaves when `after` is durable: to everybody, and is accepted here
  // as everybody else's. A protocol whose votes go to one replica overrides it.
  virtual void send_own(const MessageRef& message, Ticket after) = 0;
  // After wants() said yes: its signature is not good, or too much that this peer brought waits for
  // verification already. accept() will not follow.
  virtual void refuse(uint32_t /*sender*/, const MessageRef& /*message*/) {}
  // Whether a message that came too early is due before another one: of those kept for a peer the
  // ones due first make room.
  [[nodiscard]] virtual bool is_due_before(const Message& one, const Message& other) const {
    return std::pair(one.height, one.view) < std::pair(other.height, other.view);
  }
  // A peer can be reached (again): what was on its way to it is lost.
  virtual void on_peer_reached(uint32_t /*peer*/) {}
  // Two statements contradict each other, and both signatures are good: evidence is out.
  virtual void on_evidence(const Message& /*second*/) {}
  // The clients' signatures in this block are good, or not
  // (EngineConfig::replicas_verify_payloads).
  virtual void on_payloads_verified(const BlockRef& block, bool valid) = 0;

  // --- chain

  // True if the certificate, its signatures taken as good, proves that the block is final, by the
  // quorum of `members`.
  [[nodiscard]] virtual bool proves_commit(const Certificate& certificate, const Block& block,
                                           const Membership& members) const = 0;
  // The height of the block that such a certificate is about. Votes for a block may prove one below
  // it (HotStuff).
  [[nodiscard]] virtual Height proven_height(const Certificate& certificate) const {
    return certificate.statement.height;
  }
  // membership() is another: tables by position must be sized anew, and what was under way in the
  // old epoch is void. Followed by one of the next two, except where only the epoch was learnt: so
  // it has to begin the height after committed() itself. Also called before read_record().
  virtual void on_epoch_changed() = 0;
  // committed() has moved to this block: by agreement here, or because others showed it.
  virtual void on_committed(const BlockRef& block, const CertificateRef& certificate) = 0;
  // committed() has jumped to a checkpoint's height.
  virtual void on_state_installed() = 0;
  // proven_checkpoint() is another one, perhaps ahead of this replica's own state.
  virtual void on_checkpoint_proven() {}
  // The unfinal height whose block holds this payload here, where several heights are agreed upon
  // at a time and a payload may come later than the block.
  [[nodiscard]] virtual std::optional<Height> in_flight_at(const Digest& /*payload*/) const {
    return std::nullopt;
  }
  // Whether what this replica's clients have waited long for goes to everybody once more.
  [[nodiscard]] virtual bool may_offer() const { return true; }
  // The greatest height that this replica knows some replica may have committed: for reads.
  [[nodiscard]] virtual Height may_be_committed() const = 0;
  // Whether a block that waits for agreement here should keep the status messages coming.
  [[nodiscard]] virtual bool agreement_waits() const = 0;
  // The present timeout, grown with failed views: nothing is said again at longer intervals.
  [[nodiscard]] virtual Duration patience_limit() const = 0;

  // --- catch-up

  // What it has of the height under way, in its own encoding; and the answer to somebody else's:
  // send (again) what that replica lacks. `responder`: this replica is among the few that are asked
  // for bodies.
  virtual void encode_standing(std::vector<uint8_t>& out) const = 0;
  // With a status message after which nothing was committed: whatever else it lacks is asked for.
  virtual void ask_again() {}
  virtual void answer_standing(uint32_t peer, const Message& status,
                               std::span<const uint8_t> standing, bool responder) = 0;
  // Of this replica's own that a peer shows it: it has forgotten it, with a state that it took or
  // in a crash, and needs it to go on.
  [[nodiscard]] virtual bool is_lost_here(const Message& /*own*/) const { return false; }
  // Whether that peer is answered although it was a moment ago: only ever a bounded number of times
  // for each step that this replica itself makes, or a peer could have itself answered without end.
  [[nodiscard]] virtual bool is_urgent(uint32_t /*peer*/,
                                       std::span<const uint8_t> /*standing*/) const {
    return false;
  }

  // --- log

  // One of its own records, in the order of the log, before committed() is restored. False if it
  // does not decode or contradicts an earlier one.
  [[nodiscard]] virtual bool read_record(const LogRecordRef& record, Ticket ticket) = 0;
  // The record of the log that holds this block, of those that are its own; 0 if none does.
  [[nodiscard]] virtual Ticket logged_at(const Block& block) const = 0;
  // The log is about to be cut: persist again whatever binds this replica and is not in a record at
  // or above needed_from(). Everything before needed_from() goes. Ticket::max() is not used: return
  // last_ticket().next() if nothing is needed.
  virtual void rewrite_log() = 0;
  [[nodiscard]] virtual Ticket needed_from() const = 0;

  // --- inspection

  virtual void describe(EngineStatus& status) const = 0;  // proposed height and the like
  virtual void encode_protocol_state(Writer& out) const = 0;
  [[nodiscard]] virtual Bytes protocol_memory() const = 0;

  // Planted bugs in the shared part; false in the production archive.
  [[nodiscard]] virtual bool is_sent_before_durable() const { return false; }
  [[nodiscard]] virtual bool is_checkpoint_unproven() const { return false; }
  [[nodiscard]] virtual bool is_duplicate_ordered() const { return false; }
  [[nodiscard]] virtual bool is_acknowledged_early() const { return false; }
  [[nodiscard]] virtual bool is_availability_weak() const { return false; }
  [[nodiscard]] virtual bool is_availability_unverified() const { return false; }
  [[nodiscard]] virtual bool is_unknown_version_followed() const { return false; }
  [[nodiscard]] virtual bool is_unknown_version_approved() const { return false; }
  [[nodiscard]] virtual bool is_version_active_at_once() const { return false; }
};

}  // namespace govchain::consensus::chain
