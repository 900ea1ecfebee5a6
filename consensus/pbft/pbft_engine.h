#pragma once
// One PBFT replica. The class is declared here; its handlers stand in one file per part of the
// protocol: normal_case.cpp, commit.cpp, requests.cpp, checkpoint.cpp, view_change.cpp,
// new_view.cpp, catch_up.cpp, state_transfer.cpp, evidence.cpp, reads.cpp, recovery.cpp; engine.cpp
// dispatches.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/digest_index.h"
#include "consensus/engine.h"
#include "consensus/mempool.h"
#include "consensus/pbft/engine.h"
#include "consensus/pbft/messages.h"
#include "consensus/pbft/mutant.h"
#include "consensus/pbft/records.h"
#include "consensus/pbft/slot.h"
#include "consensus/quorum.h"

namespace govchain::consensus::pbft {

// Named bounds of what peers and clients can make a replica keep.
inline constexpr size_t kMaxCatchUpBlocks = 64;      // committed blocks that wait for their turn
inline constexpr size_t kMaxPendingReads = 4'096;    // more are refused
inline constexpr size_t kMaxOrderedNotices = 4'096;  // payloads that peers call already ordered
inline constexpr size_t kMaxPendingPerPeer = 64;     // verifications under way for one peer
inline constexpr size_t kRemembered = kMaxRequestPayloads;  // ordered payloads known after a crash
inline constexpr uint32_t kMaxBackoff = 16;                 // doublings of the timeout
inline constexpr int64_t kHeadPatience = 6;                 // timeouts a payload may head the queue

class PbftEngine final : public Engine {
 public:
  PbftEngine(const EngineConfig& config, const PbftConfig& settings, RecoveredState recovered);
  PbftEngine(const PbftEngine&) = default;
  PbftEngine& operator=(const PbftEngine&) = delete;

  void step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) override;
  [[nodiscard]] Bytes credit() const override;
  [[nodiscard]] EngineStatus status() const override;
  [[nodiscard]] const EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override;
  [[nodiscard]] Digest fingerprint() const override;
  [[nodiscard]] Bytes memory() const override;

 private:
  enum class TimerKind : uint8_t { kView = 1, kBatch = 2, kStatus = 3 };
  static constexpr size_t kTimers = 4;
  static constexpr uint32_t kNobody = UINT32_MAX;

  // A view-change message that verified, with its body decoded once.
  struct ViewChange {
    MessageRef message;
    std::shared_ptr<const ViewChangeBody> body;
  };
  // What the primary of a view has named, until this replica has all of it and enters the view; and
  // then for peers that come later.
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
  struct PendingSign {
    Token token;
    MessageRef draft;
    Ticket after;
  };
  struct PendingVerification {
    enum class Kind : uint8_t {
      kConflict,
      kRelay,
      kViewChange,
      kNewView,
      kBlock,
      kCheckpointProof,
      kPayloads
    };
    Token token;
    Kind kind = Kind::kConflict;
    uint32_t peer = 0;  // position of who caused it
    MessageRef message;
    MessageRef other;                            // conflict: the first message
    std::shared_ptr<const ViewChangeBody> body;  // view change
    CertificateRef certificate;                  // block, checkpoint proof
    Height height;
    bool flag = false;  // block: last of its answer; checkpoint proof: blocks are gone
  };
  struct CatchUpBlock {
    StoredBlock stored;
    uint32_t peer = 0;
    bool last = false;
  };
  struct PendingLoad {
    Token token;
    uint32_t peer = 0;  // kNobody: for the window of ordered payloads
  };
  struct OrderedNotice {
    Digest digest;
    PositionSet peers;
    uint64_t weight = 0;
  };
  struct Peer {
    MessageRef view_change_pending;  // being verified
    std::vector<MessageRef> future;  // of a view that is not active here yet
    Height committed;                // as last told
    Height served;                   // committed height for which it was last answered
    std::optional<TimePoint> served_at;
    TimePoint view_change_due;        // before this the own view-change is not sent to it again
    uint32_t view_change_copies = 0;  // sent so far beside the broadcast
    bool loading = false;
    size_t verifications = 0;
  };
  struct StateTransfer {
    Checkpoint checkpoint;
    bool fetched = false;
    bool installing = false;
    std::vector<Digest> ordered;  // as the peer says that could not give the blocks
  };

  // --- engine.cpp: life, dispatch, helpers
  void begin();
  void on(const input::MessageReceived& input);
  void on(const input::TimerFired& input);
  void on(const input::Persisted& input);
  void on(const input::PersistFailed& input);
  void on(const input::Loaded& input);
  void on(const input::Verified& input);
  void on(const input::Signed& input);
  void on(const input::Executed& input);
  void on(const input::Propose& input);
  void on(const input::ReadRequested& input);
  void on(const input::Reconfigure& input);
  void on(const input::ForgetLeader& /*input*/) {}
  void on(const input::PeerUp& input);
  void on(const input::PeerDown& input);
  void on(const input::PeerWritable& input);
  void on(const input::PeerDropped& input);
  void on(const input::SnapshotFetched& input);
  void on(const input::SnapshotInstalled& input);
  void on(const input::WallTime& input);
  void dispatch(ReplicaId from, const MessageRef& message);
  void dispatch_rare(uint32_t peer, const MessageRef& message);
  void pump();
  [[nodiscard]] Ref<Message> new_message(MessageType type, Lane lane) const;
  void send(ReplicaId to, Ref<Message> message);
  void request_signature(const MessageRef& draft, Ticket after);
  void on_own_message(const MessageRef& message, Ticket after);
  void set_timer(TimerKind kind, TimePoint deadline);
  void cancel_timer(TimerKind kind);
  [[nodiscard]] Token new_token();
  [[nodiscard]] bool verify_later(PendingVerification pending, ClaimListRef claims);
  void on_pending_verified(const PendingVerification& pending, bool valid);
  Ticket persist(Ref<LogRecord> record);
  void persist_for(Slot& slot, Ref<LogRecord> record, Ticket& ticket);
  void stop(bool storage_failed);
  [[nodiscard]] uint64_t random(uint64_t bound);
  [[nodiscard]] int64_t wall_time() const;
  void encode_state(Writer& out) const;

  // --- who is who
  [[nodiscard]] uint32_t position_of(ReplicaId replica) const;
  [[nodiscard]] uint64_t weight_of(uint32_t position) const { return weights_[position]; }
  [[nodiscard]] uint32_t primary_of(View view) const {
    return voters_[static_cast<size_t>(view.value() % voters_.size())];
  }
  [[nodiscard]] bool is_primary() const { return primary_of(view_) == self_; }
  [[nodiscard]] ReplicaId id_of(uint32_t position) const {
    return membership_.members[position].id;
  }
  [[nodiscard]] uint64_t quorum() const;
  [[nodiscard]] bool may_vote() const;
  [[nodiscard]] bool proves_commit(const Certificate& certificate, const Block& block) const;
  [[nodiscard]] bool is_checkpoint_proof(const Certificate& certificate) const;
  [[nodiscard]] bool is_prepared_proof(const PreparedProof& proof) const;
  [[nodiscard]] uint64_t weight_of(const Certificate& certificate) const;
  static void append_claims(const Certificate& certificate, ClaimList& claims);
  void append_claims(const PreparedProof& proof, ClaimList& claims) const;

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
  [[nodiscard]] bool admit_for_view(uint32_t peer, const MessageRef& message);
  void receive_vote(ReplicaId from, const MessageRef& message);
  void receive_pre_prepare(uint32_t peer, const MessageRef& message);
  [[nodiscard]] bool is_well_formed(const Message& proposal, const Slot& slot);
  void on_proposal_verified(const MessageRef& message, bool valid);
  void on_vote_verified(const MessageRef& message, bool valid);
  void note_proposal(Slot& slot, const MessageRef& proposal);
  void accept_in_order();
  [[nodiscard]] bool accepts(Slot& slot, const Block& block);
  [[nodiscard]] bool index_payloads(const Block& block);
  void unindex_payloads(const Block& block);
  void bind(Slot& slot, const BlockRef& block);
  void weigh(Slot& slot, VoteTable& votes);
  void check_prepared(Slot& slot);
  void check_committed(Slot& slot);
  void vote(MessageType type, const Slot& slot, Ticket after);
  void propose_if_due();
  void propose_block();

  // --- commit.cpp
  void advance_commits();
  void commit_block(const BlockRef& block, const CertificateRef& certificate);
  void remember_ordered(const Block& block);
  void learn_ordered(const std::vector<Digest>& digests);

  // --- requests.cpp
  void admit(ReplicaId origin, const PayloadRef& payload, bool local);
  void forward(const PayloadRef& payload);
  void pass_on_own(bool to_all, uint32_t most = UINT32_MAX);  // messages
  void offer_own();
  void send_request(Ref<Message> request, bool to_all);
  void receive_request(uint32_t peer, const Message& message);
  void receive_already_ordered(uint32_t peer, const Message& message);
  void forget_foreign_payloads();

  // --- checkpoint.cpp (§4.3)
  [[nodiscard]] CheckpointEntry* checkpoint_entry(Height height);
  void receive_checkpoint(ReplicaId from, const MessageRef& message);
  void on_checkpoint_verified(const MessageRef& message, bool valid);
  void count_checkpoint(CheckpointEntry& entry, const Digest& root);
  void adopt_checkpoint(const Checkpoint& checkpoint);
  void make_stable_if_reached();
  void make_stable();
  void truncate_log();
  void log_proven();
  Ticket persist_view();

  // --- view_change.cpp (§4.4)
  [[nodiscard]] Duration timeout() const;
  [[nodiscard]] bool work_waits() const;
  void arm_view_timer();
  void on_view_timer();
  void start_view_change(View view);
  void send_view_change();
  void receive_view_change(uint32_t peer, const MessageRef& message);
  [[nodiscard]] bool is_wanted(const Message& view_change) const;
  [[nodiscard]] bool is_valid(const Message& message, const ViewChangeBody& body) const;
  void on_view_change_verified(const PendingVerification& pending, bool valid);
  void keep_view_change(const ViewChange& view_change, uint32_t position);
  void follow_view_changes();
  [[nodiscard]] uint64_t view_change_weight(View view, bool exactly) const;

  // --- new_view.cpp (§4.4, TOCS'02 §4.4)
  void make_new_view();
  void receive_new_view(uint32_t peer, const MessageRef& message);
  void on_new_view_verified(const PendingVerification& pending, bool valid);
  void take_new_view(const MessageRef& message, std::vector<ViewChangeName> names);
  void try_enter_view();
  [[nodiscard]] bool choose(std::vector<Choice>& choices);
  void suppress_duplicates(std::vector<Choice>& choices);
  [[nodiscard]] BlockRef null_block(Height height, View view) const;
  void enter_view(const std::vector<Choice>& choices);
  void bind_choice(const Choice& choice);
  void replay_future();
  void request_missing();
  void receive_fetch(uint32_t peer, const Message& message);
  void receive_body(const Message& message);

  // --- catch_up.cpp
  [[nodiscard]] Duration status_interval() const;
  [[nodiscard]] bool is_active() const;
  void on_status_timer();
  [[nodiscard]] Ref<Message> make_status(uint32_t responder);
  void receive_status(uint32_t peer, const Message& message);
  void resend_view_material(uint32_t peer, const Message& message, const StatusBody& body);
  void resend_view_change(uint32_t peer);
  [[nodiscard]] Duration patience(uint32_t copies) const;
  void resend_votes(uint32_t peer, const Message& message, const StatusBody& body);
  void resend_slot(uint32_t peer, const Slot& slot, uint8_t flags, bool responder);
  void send_relay(uint32_t peer, const Slot& slot, bool with_block);
  void resend_checkpoints(uint32_t peer, const StatusBody& body);
  void serve_blocks(uint32_t peer, Height first);
  void send_block(uint32_t peer, const StoredBlock& stored, bool last);
  void receive_relay(uint32_t peer, const MessageRef& message);
  void on_relay_verified(const PendingVerification& pending, bool valid);
  void receive_committed_block(uint32_t peer, const MessageRef& message);
  void on_block_verified(const PendingVerification& pending, bool valid);
  void apply_catch_up();
  void on_loaded_for_peer(uint32_t peer, const input::Loaded& input);

  // --- state_transfer.cpp
  void send_checkpoint_proof(uint32_t peer, bool blocks_gone);
  [[nodiscard]] std::vector<Digest> ordered_at_checkpoint() const;
  void receive_checkpoint_proof(uint32_t peer, const MessageRef& message);
  void on_checkpoint_proof_verified(const PendingVerification& pending, bool valid);
  void start_state_transfer(std::vector<Digest> ordered);
  void continue_state_transfer();

  // --- evidence.cpp
  void suspect_conflict(Slot& slot, const MessageRef& first, const MessageRef& second);
  void on_conflict_verified(const PendingVerification& pending, bool valid);
  void show_proposal(Slot& slot);

  // --- reads.cpp
  void start_read_round();
  void receive_read_query(uint32_t peer, const Message& message);
  void receive_read_reply(uint32_t peer, const Message& message);
  void finish_read_round();
  void answer_reads();
  void refuse_old_reads();

  // --- recovery.cpp
  void recover(RecoveredState recovered);
  struct RecoveredLog;
  [[nodiscard]] bool restore_watermark(const RecoveredState& recovered);
  [[nodiscard]] bool read_record(const LogRecordRef& record, Ticket ticket, RecoveredLog& log);
  void restore_commits(const RecoveredState& recovered, const RecoveredLog& log);
  [[nodiscard]] bool restore_bindings(const RecoveredLog& log);
  void restore_binding(Slot& slot, const Digest& digest);
  void resume();
  void load_window();
  void on_window_loaded(const input::Loaded& input);

  // Configuration.
  EngineConfig config_;
  PbftConfig settings_;
  Membership membership_;
  ByzantineQuorum quorum_;
  std::vector<uint32_t> voters_;  // positions of members with weight: they take turns as primary
  // The membership's weights side by side, and whether ids are positions: both are looked up for
  // every vote, and a member is large because of its key.
  std::vector<uint64_t> weights_;
  bool dense_ = false;
  uint32_t self_ = 0;  // own position
  uint64_t window_ = 0;

  // Of this step only.
  EffectSink* sink_ = nullptr;
  TimePoint now_;
  bool dirty_ = true;  // something happened that may allow a proposal or move a timer

  // Write-ahead log.
  Ticket last_ticket_;
  Ticket durable_ticket_;
  Ticket view_ticket_;  // of the newest view record
  bool disk_full_ = false;
  bool stopped_ = false;
  bool storage_failed_ = false;
  bool begun_ = false;

  // Views.
  View view_;         // entered, or asked for while in_view_change_
  View active_view_;  // whose votes the slots hold
  bool in_view_change_ = false;
  std::vector<ViewChange> view_changes_;  // by position: the one for the highest view
  std::optional<NewView> new_view_;
  bool new_view_made_ = false;  // by this replica, for view_
  uint32_t attempts_ = 0;       // views tried since the last progress
  std::optional<TimePoint> work_since_;
  TimePoint last_progress_;
  std::optional<TimePoint> view_change_quorum_at_;
  std::optional<TimePoint> head_added_;  // of the payload that has waited longest
  TimePoint head_since_;
  bool escalated_ = false;  // passed the waiting payloads on to everybody in this wait

  // Heights.
  std::vector<Slot> slots_;
  Height low_;       // low watermark: height of the newest proven checkpoint
  Height accepted_;  // all heights up to here are bound in the active view, or final
  Height committed_;
  Height execute_sent_;
  Height executed_;
  Height highest_prepared_;
  Digest executed_root_;
  int64_t last_block_time_ = 0;

  // Checkpoints.
  std::vector<CheckpointEntry> checkpoints_;
  Checkpoint stable_;     // proven and reached by this replica's own state
  Checkpoint proven_;     // proven, perhaps ahead of this replica
  Height proven_logged_;  // highest in a checkpoint record that the log still holds

  // Payloads.
  Mempool mempool_;
  DigestIndex in_flight_;        // payloads of bound blocks that are not final
  std::vector<Digest> ordered_;  // ring of the last kRemembered payloads ordered
  size_t ordered_next_ = 0;
  TimePoint offer_due_;
  uint32_t offers_ = 0;  // of own payloads to everybody since something was ordered
  std::vector<OrderedNotice> ordered_notices_;
  int64_t wall_base_ = 0;
  TimePoint wall_base_at_;
  bool wall_known_ = false;

  // Under way.
  std::vector<PendingSign> signing_;
  std::vector<PendingVerification> verifying_;
  std::vector<PendingLoad> loads_;
  std::vector<Peer> peers_;
  std::vector<CatchUpBlock> catch_up_;  // verified, ascending by height
  std::optional<StateTransfer> transfer_;
  uint32_t responder_ = 0;
  uint32_t quiet_ticks_ = 0;  // status messages since the last commit or change of view
  Height committed_at_tick_;
  Height window_high_;          // the window of ordered payloads is rebuilt downwards from here
  uint32_t window_chunk_ = 16;  // blocks asked for at a time
  uint64_t window_blocks_ = 0;  // read so far

  // Reads.
  std::vector<Token> reads_waiting_;  // for the next round
  std::vector<Token> reads_asked_;    // in this round
  struct ReadyAt {
    Token token;
    Height height;
    TimePoint asked;
  };
  std::vector<ReadyAt> reads_confirmed_;  // until executed
  uint64_t read_round_ = 0;
  TimePoint read_round_at_;
  PositionSet read_repliers_;
  uint64_t read_weight_ = 0;
  Height read_height_;

  std::optional<TimePoint> timers_[kTimers];
  uint64_t random_position_ = 0;
  uint64_t next_token_ = 1;
  RecoveredState recovered_;  // until the first step
  EngineCounters counters_;
};

}  // namespace govchain::consensus::pbft
