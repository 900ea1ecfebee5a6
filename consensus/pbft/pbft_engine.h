#pragma once
// One PBFT replica on the base of chains (consensus/chain/chain_engine.h), which agrees upon a
// window of heights at a time. Its parts: normal_case.cpp, commit.cpp, watermarks.cpp,
// view_change.cpp, new_view.cpp, fetching.cpp, catch_up.cpp, recovery.cpp, evidence.cpp,
// membership_queries.cpp, inspection.cpp; engine.cpp dispatches.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/chain/chain_engine.h"
#include "consensus/digest_index.h"
#include "consensus/pbft/engine.h"
#include "consensus/pbft/messages.h"
#include "consensus/pbft/mutant.h"
#include "consensus/pbft/records.h"
#include "consensus/pbft/slot.h"

namespace govchain::consensus::pbft {

inline constexpr int64_t kHeadPatience = 6;  // timeouts a payload may head the queue

class PbftEngine final : public chain::ChainEngine {
 public:
  PbftEngine(const EngineConfig& config, const PbftConfig& settings, RecoveredState recovered);
  PbftEngine(const PbftEngine&) = default;
  PbftEngine& operator=(const PbftEngine&) = delete;
  [[nodiscard]] std::unique_ptr<Engine> clone() const override;

 private:
  static constexpr uint32_t kViewTimer = kFirstProtocolTimer;

  // A view-change message with its body decoded once.
  struct ViewChange {
    MessageRef message;
    std::shared_ptr<const ViewChangeBody> body;
  };
  // What the primary of a view has named.
  struct NewView {
    MessageRef message;
    std::vector<ViewChangeName> names;
    std::vector<ViewChange> found;  // parallel to names; message null while missing
  };
  // One height of O: the digest of the prepared block that the new view must order again.
  struct Choice {
    Height height;
    std::optional<PreparedProof> proof;  // none: a null block
    BlockRef block;
  };
  struct Peer {
    ViewChange arriving;              // of this sender, being verified
    TimePoint view_change_due;        // before this the own view-change is not sent to it again
    uint32_t view_change_copies = 0;  // sent so far beside the broadcast
  };
  // What the log says of views, until begin_protocol() makes it so.
  struct Recovered {
    ViewRecord view;
    std::map<Height, std::pair<Digest, Signature>> bindings;  // of that view
  };

  // ChainEngine: life
  void begin_protocol() override;
  void advance() override;
  void on_timer(uint32_t timer) override;
  [[nodiscard]] View view() const override { return view_; }
  [[nodiscard]] uint32_t leader() const override { return primary_of(view_); }
  [[nodiscard]] bool in_view_change() const override { return in_view_change_; }
  // Messages
  [[nodiscard]] bool wants(uint32_t sender, const MessageRef& message) override;
  void accept(uint32_t sender, const MessageRef& message) override;
  void refuse(uint32_t sender, const MessageRef& message) override;
  [[nodiscard]] bool is_due_before(const Message& one, const Message& other) const override;
  void append_claims(const Message& message, ClaimList& claims) const override;
  [[nodiscard]] bool shows_block(const Message& message) const override {
    return message.type == static_cast<uint8_t>(MessageType::kBody);
  }
  [[nodiscard]] bool is_current(const Message& own) const override;
  void on_payloads_verified(const BlockRef& block, bool valid) override;
  void on_peer_reached(uint32_t peer) override;
  void on_evidence(const Message& second) override;
  // Chain
  [[nodiscard]] bool proves_commit(const Certificate& certificate, const Block& block,
                                   const Membership& members) const override;
  void on_epoch_changed() override;
  void on_committed(const BlockRef& block, const CertificateRef& certificate) override;
  void on_state_installed() override;
  void on_checkpoint_proven() override;
  [[nodiscard]] std::optional<Height> in_flight_at(const Digest& payload) const override;
  [[nodiscard]] bool may_offer() const override;
  [[nodiscard]] Height may_be_committed() const override { return highest_prepared_; }
  [[nodiscard]] bool agreement_waits() const override;
  [[nodiscard]] Duration patience_limit() const override { return timeout(); }
  // Catch-up
  void encode_standing(std::vector<uint8_t>& out) const override;
  void ask_again() override { request_missing(); }
  void answer_standing(uint32_t peer, const Message& status, std::span<const uint8_t> standing,
                       bool responder) override;
  // Log
  [[nodiscard]] bool read_record(const LogRecordRef& record, Ticket ticket) override;
  [[nodiscard]] Ticket logged_at(const Block& block) const override;
  void rewrite_log() override;
  [[nodiscard]] Ticket needed_from() const override;
  // Inspection
  void describe(EngineStatus& status) const override;
  void encode_protocol_state(Writer& out) const override;
  [[nodiscard]] Bytes protocol_memory() const override;
  [[nodiscard]] bool is_sent_before_durable() const override;
  [[nodiscard]] bool is_checkpoint_unproven() const override;
  [[nodiscard]] bool is_duplicate_ordered() const override;

  // --- engine.cpp
  void begin_epoch();
  [[nodiscard]] Ref<Message> new_own(MessageType type, Lane lane) const;
  void accept_own(const MessageRef& message);
  [[nodiscard]] static bool is_copy(const Message& one, const Message& other);
  [[nodiscard]] bool is_arriving(uint32_t sender, const Message& view_change) const;

  // --- membership_queries.cpp: who is who, and what makes a quorum
  [[nodiscard]] uint32_t primary_of(View view) const {
    return voters()[static_cast<size_t>(view.value() % voters().size())];
  }
  [[nodiscard]] bool is_primary() const { return primary_of(view_) == self(); }
  [[nodiscard]] bool has_vote() const { return is_member() && weight_of(self()) > 0; }
  [[nodiscard]] uint64_t votes_needed() const;
  [[nodiscard]] bool may_bind() const;
  [[nodiscard]] bool is_prepared_proof(const PreparedProof& proof) const;
  void append_proof(const PreparedProof& proof, ClaimList& claims) const;

  // --- slots
  [[nodiscard]] Height high() const { return low_ + window_; }
  [[nodiscard]] Slot* slot_at(Height height);
  [[nodiscard]] Slot& slot(Height height) {
    return slots_[static_cast<size_t>(height.value() % window_)];
  }
  [[nodiscard]] const Slot& slot(Height height) const {
    return slots_[static_cast<size_t>(height.value() % window_)];
  }
  [[nodiscard]] VoteTable& votes_of(Slot& slot, const Message& message) {
    return message.type == static_cast<uint8_t>(MessageType::kPrepare) ? slot.prepares
                                                                       : slot.commits;
  }

  // --- normal_case.cpp (OSDI'99 §4.2)
  [[nodiscard]] bool admit_for_view(const MessageRef& message);
  [[nodiscard]] bool wants_vote(uint32_t sender, const MessageRef& message);
  void accept_vote(uint32_t sender, const MessageRef& message);
  [[nodiscard]] bool wants_proposal(uint32_t sender, const MessageRef& message);
  void accept_proposal(const MessageRef& message);
  [[nodiscard]] bool is_valid_proposal(const Message& proposal, const Slot& slot);
  void note_proposal(Slot& slot, const MessageRef& proposal);
  [[nodiscard]] Height last_height() const;
  void accept_in_order();
  [[nodiscard]] bool accepts(const Slot& slot, const Block& block);
  [[nodiscard]] bool index_payloads(const Block& block);
  void unindex_payloads(const Block& block);
  void bind(Slot& slot, const BlockRef& block);
  void note_bound(const Block& block);
  void weigh(Slot& slot, VoteTable& votes);
  void check_prepared(Slot& slot);
  void check_committed(Slot& slot);
  [[nodiscard]] CertificateRef make_certificate(MessageType type, const Slot& slot,
                                                const VoteTable& votes) const;
  void vote(MessageType type, const Slot& slot, Ticket after);
  void propose_if_due();
  [[nodiscard]] bool may_propose() const;
  [[nodiscard]] bool propose_block();

  // --- commit.cpp
  void advance_commits();

  // --- watermarks.cpp (§4.3)
  void raise_low(const Checkpoint& checkpoint);
  void log_proven();
  Ticket persist_view();
  void persist_for(Slot& slot, Ref<LogRecord> record, Ticket& ticket);

  // --- view_change.cpp (§4.4)
  [[nodiscard]] Duration timeout() const { return backed_off(attempts_); }
  [[nodiscard]] bool something_waits() const;
  void arm_view_timer();
  void on_view_timer();
  void start_view_change(View view);
  void send_view_change();
  [[nodiscard]] bool wants_view_change(uint32_t sender, const MessageRef& message);
  void accept_view_change(uint32_t sender, const MessageRef& message);
  [[nodiscard]] bool is_wanted(const Message& view_change);
  [[nodiscard]] ViewChange* missing_place(const Message& view_change);
  [[nodiscard]] bool is_valid(const Message& message, const ViewChangeBody& body) const;
  void keep_view_change(const ViewChange& view_change, uint32_t position);
  void follow_view_changes();
  [[nodiscard]] uint64_t view_change_weight(View view, bool exactly) const;

  // --- new_view.cpp (§4.4, TOCS'02 §4.4)
  void make_new_view();
  [[nodiscard]] bool wants_new_view(uint32_t sender, const MessageRef& message);
  void accept_new_view(const MessageRef& message);
  void take_new_view(const MessageRef& message, std::vector<ViewChangeName> names);
  void try_enter_view();
  [[nodiscard]] bool is_due(View view) const;
  [[nodiscard]] bool is_complete(const NewView& offer) const;
  [[nodiscard]] std::optional<NewView> take_offer_below(View limit);
  [[nodiscard]] bool choose(const NewView& offer, std::vector<Choice>& choices);
  void suppress_duplicates(View view, std::vector<Choice>& choices);
  void suppress_changes(View view, std::vector<Choice>& choices);
  void make_null(View view, Choice& choice) const;
  void enter_view(NewView offer, const std::vector<Choice>& choices);
  void bind_choice(const Choice& choice);

  // --- fetching.cpp
  void request_missing();
  void request_missing_of(const NewView& offer);
  void receive_fetch(const Message& message);
  [[nodiscard]] MessageRef find_view_change(View view, const FetchBody::Item& item) const;
  [[nodiscard]] bool is_named(const Block& block) const;
  [[nodiscard]] bool wants_body(const Message& message);
  void accept_body(const BlockRef& block);

  // --- catch_up.cpp
  void resend_view_material(uint32_t peer, const Message& status, const Standing& standing);
  void resend_view_change(uint32_t peer);
  void resend_votes(uint32_t peer, const Message& status, const Standing& standing, bool responder);
  void resend_slot(uint32_t peer, const Slot& slot, uint8_t flags, bool responder);

  // --- evidence.cpp
  void show_proposal(Slot& slot);

  // --- recovery.cpp
  void begin_reading();
  [[nodiscard]] bool read_view_record(const LogRecord& record);
  [[nodiscard]] bool read_checkpoint_record(const LogRecord& record);
  [[nodiscard]] bool restore_bindings();
  void restore_binding(Slot& slot, const Digest& digest, const Signature& signature);
  void say_again();

  uint64_t window_ = 0;

  // Views.
  View view_;         // entered, or asked for while in_view_change_
  View active_view_;  // whose votes the slots hold
  bool in_view_change_ = false;
  std::vector<ViewChange> view_changes_;  // by position: the one for the highest view
  std::optional<NewView> new_view_;       // of the view entered last, for peers that come later
  // By the position of their primaries: until this replica has all that they name, and enters the
  // view. One for each, or a lying primary of a later view could keep those of earlier ones out.
  std::vector<std::optional<NewView>> offers_;
  bool new_view_made_ = false;  // by this replica, for view_
  uint32_t attempts_ = 0;       // views tried since the last progress
  Ticket view_ticket_;          // of the newest view record
  std::optional<TimePoint> work_since_;
  TimePoint last_progress_;
  std::optional<TimePoint> view_change_quorum_at_;
  std::optional<TimePoint> head_added_;  // of the payload that has waited longest
  TimePoint head_since_;
  bool escalated_ = false;      // passed the waiting payloads on to everybody in this wait
  bool disk_was_full_ = false;  // and something has to be tried again
  bool replay_ = false;         // an epoch has begun: what came too early is due

  // Heights.
  std::vector<Slot> slots_;
  Height low_;                // low watermark
  CertificateRef low_proof_;  // of the checkpoint there; null if the epoch began after it
  Height accepted_;           // all heights up to here are bound in the active view, or final
  Height highest_prepared_;
  Height proven_logged_;    // highest in a checkpoint record that the log still holds
  Height change_bound_at_;  // a bound block that changes the membership; 0: none that is unfinal
  int64_t last_bound_time_ = 0;

  DigestIndex in_flight_;  // payloads of bound blocks that are not final
  std::vector<Peer> peers_;
  uint32_t fetch_turn_ = 0;
  bool reading_ = false;
  Recovered recovered_;
};

}  // namespace govchain::consensus::pbft
