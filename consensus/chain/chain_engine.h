#pragma once
// What Byzantine protocols that grow one chain of certified blocks have in common: payloads of
// clients, commitment and execution, checkpoints, catch-up, state transfer, linearizable reads,
// membership by epochs, evidence, and recovery from the log. A protocol derives from it and adds
// how a block is agreed upon: proposals, votes, and what to do when a leader fails.
//
// The protocol is called through the virtual functions of chain_protocol.h, and calls the protected
// ones below. Each part stands in a file of its own: life.cpp (inputs, timers, signing),
// verification.cpp, commit.cpp, requests.cpp, checkpoints.cpp, catch_up.cpp, state_transfer.cpp,
// reads.cpp, epochs.cpp, versions.cpp, evidence.cpp, recovery.cpp, inspection.cpp; bodies.cpp,
// batches.cpp and missing_bytes.cpp where proposals name their payloads. README.md tells how to
// write an engine on it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/chain/availability.h"
#include "consensus/chain/batch_store.h"
#include "consensus/chain/catch_up_block.h"
#include "consensus/chain/chain_protocol.h"
#include "consensus/chain/checkpoint_entry.h"
#include "consensus/chain/committed_ticket.h"
#include "consensus/chain/doubtful_payload.h"
#include "consensus/chain/epoch_start.h"
#include "consensus/chain/limits.h"
#include "consensus/chain/messages.h"
#include "consensus/chain/missing_bytes.h"
#include "consensus/chain/peers.h"
#include "consensus/chain/pending.h"
#include "consensus/chain/ready_at.h"
#include "consensus/chain/records.h"
#include "consensus/chain/settings.h"
#include "consensus/chain/state_transfer.h"
#include "consensus/codec.h"
#include "consensus/digest_index.h"
#include "consensus/engine.h"
#include "consensus/mempool.h"
#include "consensus/position_set.h"
#include "consensus/quorum.h"
#include "consensus/vote_table.h"

namespace govchain::consensus::chain {

class ChainEngine : public ChainProtocol {
 public:
  void step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) final;
  [[nodiscard]] Bytes credit() const final;
  [[nodiscard]] EngineStatus status() const final;
  [[nodiscard]] const EngineCounters& counters() const final { return counters_; }
  [[nodiscard]] std::vector<StoredBlock> membership_changes() const final;
  [[nodiscard]] Digest fingerprint() const final;
  [[nodiscard]] Bytes memory() const final;

 protected:
  static constexpr uint32_t kNobody = UINT32_MAX;
  static constexpr uint32_t kFirstProtocolTimer = 4;  // a protocol's timers: 4 … 15
  static constexpr uint32_t kTimers = 16;

  ChainEngine(Protocol protocol, const EngineConfig& config, const ChainSettings& settings,
              RecoveredState recovered);
  ChainEngine(const ChainEngine&) = default;
  ChainEngine& operator=(const ChainEngine&) = delete;

  // --- what a protocol may override (chain_protocol.h)
  void send_own(const MessageRef& message, Ticket after) override;
  [[nodiscard]] Duration patience_limit() const override { return config_.base_timeout; }

  // ========================================================================== what it is given

  [[nodiscard]] const EngineConfig& config() const { return config_; }
  [[nodiscard]] const Membership& membership() const { return membership_; }
  [[nodiscard]] Epoch epoch() const { return membership_.epoch; }
  // Of the rules by which membership() agrees.
  [[nodiscard]] ProtocolVersion version() const { return membership_.version; }
  // The first height that membership() agrees upon.
  [[nodiscard]] Height epoch_since() const;
  [[nodiscard]] const ByzantineQuorum& quorum() const { return quorum_; }
  [[nodiscard]] uint32_t self() const { return self_; }  // kNobody while not a member
  [[nodiscard]] bool is_member() const { return self_ != kNobody; }
  [[nodiscard]] uint32_t members() const { return static_cast<uint32_t>(membership_.size()); }
  [[nodiscard]] uint32_t position_of(ReplicaId replica) const;
  [[nodiscard]] uint64_t weight_of(uint32_t position) const { return weights_[position]; }
  [[nodiscard]] ReplicaId id_of(uint32_t position) const {
    return membership_.members[position].id;
  }
  // Positions of members with weight, ascending.
  [[nodiscard]] const std::vector<uint32_t>& voters() const { return voters_; }
  // Of the signers; 0 if one is no member, or they are not ascending.
  [[nodiscard]] static uint64_t weight_of(const Certificate& certificate,
                                          const Membership& members);

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] EngineCounters& counters() { return counters_; }
  void emit_metric(MetricId id, uint64_t value);
  // advance() shall run (again).
  void touch() { dirty_ = true; }
  // Must not vote: disk full, stopped, not a member, or a member without weight. Software that is
  // too old has stopped.
  [[nodiscard]] bool may_vote() const;
  [[nodiscard]] bool is_disk_full() const { return disk_full_; }
  [[nodiscard]] bool is_stopped() const { return stopped_; }

  [[nodiscard]] Height committed() const { return committed_; }
  [[nodiscard]] Height executed() const { return executed_; }
  [[nodiscard]] TimePoint last_commit_at() const { return last_commit_at_; }
  // The last height of this epoch, if a change of membership is committed: nothing above it may be
  // agreed upon before the next epoch begins.
  [[nodiscard]] std::optional<Height> epoch_end() const { return epoch_end_; }
  // The last height of the epoch whose membership a block at `change` replaces.
  [[nodiscard]] Height end_of_epoch_after(Height change) const;

  // --- checkpoints: checkpoints.cpp, state_transfer.cpp
  // Proven and reached by this replica's own state.
  [[nodiscard]] const Checkpoint& stable_checkpoint() const { return stable_; }
  // Proven, perhaps ahead of this replica, and then perhaps of a later epoch.
  [[nodiscard]] const Checkpoint& proven_checkpoint() const { return proven_; }
  // Of a quorum of those who were members at its height; its signatures are not looked at.
  [[nodiscard]] bool is_checkpoint_proof(const Certificate& certificate) const;
  // A proven one that a message of the protocol's own brought, or its own log.
  void adopt_checkpoint(const Checkpoint& checkpoint);

  // --- messages: life.cpp
  // Position of the peer that brought the message at hand, which need not be its sender.
  [[nodiscard]] uint32_t from() const { return from_; }
  // Of one peer that may be under way at a time; kMaxPendingPerPeer if never called. Where votes
  // for many heights are: more.
  void allow_verifications(uint32_t per_peer) { verifications_per_peer_ = per_peer; }
  using ChainProtocol::append_claims;
  static void append_claims(const Certificate& certificate, ClaimList& claims);
  // Header filled: protocol, version(), sender, epoch, view(), height committed().
  [[nodiscard]] Ref<Message> new_message(uint8_t type, Lane lane) const;
  void send(uint32_t to, Ref<Message> message);
  void broadcast(Ref<Message> message);
  // A sealed message again, or one that others signed.
  void forward(uint32_t to, const MessageRef& message, Ticket after = Ticket());
  void forward_to_all(const MessageRef& message, Ticket after = Ticket());
  // Signs the draft's statement; send_own() follows, unless is_current() says no.
  void request_signature(Ref<Message> draft, Ticket after);
  void set_timer(uint32_t timer, TimePoint deadline);
  void cancel_timer(uint32_t timer);
  [[nodiscard]] std::optional<TimePoint> timer(uint32_t timer) const { return timers_[timer]; }
  [[nodiscard]] uint64_t random(uint64_t bound);
  // base_timeout, doubled `attempts` times, at most max_timeout.
  [[nodiscard]] Duration backed_off(uint32_t attempts) const;

  // Keeps a message of a later height or epoch, a bounded number for each peer; it is dispatched
  // again when replay_future() finds it due: at once for those up to `height`.
  void hold_future(uint32_t sender, const MessageRef& message);
  void replay_future(Height height);

  // --- log: life.cpp
  Ticket persist(Ref<LogRecord> record);
  [[nodiscard]] Ticket last_ticket() const { return last_ticket_; }

  // --- blocks: commit.cpp
  // Payloads wait and a batch is full, or its oldest payload has waited long enough; else a timer
  // is set for when it has. An approved change of membership is due at once, unless
  // `with_change` is false.
  [[nodiscard]] bool a_batch_came_too_late(Height next) const;
  [[nodiscard]] bool batch_is_due(bool with_change = true);
  // Whether there is anything to agree upon: payloads, or an approved change of membership.
  [[nodiscard]] bool work_waits() const;
  // Selects a batch, marks it in flight, and seals. `wall_floor`: the parent's wall time. Null if
  // everything selected turned out to be ordered already. An approved change of membership goes
  // into it, unless an unfinal ancestor has one.
  struct BlockWish {
    bool payloads = true;
    bool control = true;
  };
  [[nodiscard]] BlockRef make_block(Height height, View view, int64_t wall_floor, BlockWish wish);
  // What can be said of a proposed block by itself: digest and epoch, bounds, control.
  [[nodiscard]] bool is_well_formed(const Block& block) const;
  // A proposed block's time is near this replica's own clock.
  [[nodiscard]] bool is_timely(const Block& block) const;
  // None of its payloads is final, or in the block twice.
  [[nodiscard]] bool is_fresh(const Block& block) const;
  void mark_in_flight(const Block& block);
  void release_in_flight(Height from);
  [[nodiscard]] const Mempool& mempool() const { return mempool_; }
  // Whether proposals name their payloads in this epoch, by digest or certified.
  [[nodiscard]] bool names_payloads() const {
    return config_.proposal_bodies != ProposalBodies::kCarried &&
           version() >= kProposalsByDigestSince;
  }
  // Clients wait for something that a leader could order.
  [[nodiscard]] bool payloads_wait() const { return mempool_.ready_payloads() > 0; }
  // Whether a replica has the clients' signatures in a proposal verified itself. With certified
  // batches whoever acknowledged one has done so, and one of them is honest.
  [[nodiscard]] bool verifies_payloads() const {
    return config_.replicas_verify_payloads && !certifies();
  }
  [[nodiscard]] int64_t last_block_time() const { return last_block_time_; }
  void verify_payloads(const BlockRef& block);
  // The state is being replaced by a checkpoint's: nothing may be committed until it has been.
  [[nodiscard]] bool is_installing() const { return transfer_ && transfer_->installing; }
  // The next block is final. Logs, emits Commit and Execute; then on_committed(). If bytes of its
  // payloads are missing here it waits, and committed() with it, until they have been fetched: call
  // it again or not, as suits the protocol, but do not go on to the block after it.
  void commit_block(const BlockRef& agreed, const CertificateRef& certificate);
  [[nodiscard]] bool commit_waits() const { return waiting_commit_.has_value(); }
  // The newest committed blocks, ascending; at most kCachedBlocks, and none that the store has
  // dropped (EngineConfig::retained_blocks).
  [[nodiscard]] const std::vector<StoredBlock>& recent_blocks() const { return recent_; }

  // --- requests.cpp
  // Passes what this replica's clients wait for on (again): to the leader or, with `to_all`, to
  // everybody; at most `most` messages.
  void pass_on_own(bool to_all, uint32_t most = UINT32_MAX);

  // --- catch_up.cpp
  // Says where it stands at once, to one replica or to all.
  void send_status(uint32_t peer);
  void send_status_to_all();
  // What to wait before something is sent again for the `copies`-th time.
  [[nodiscard]] Duration patience(uint32_t copies) const;
  // What was said in vain so far was about something else: status messages come often again.
  void restart_patience() { quiet_ticks_ = 0; }

  // --- evidence.cpp
  // Two signed messages that no honest replica signs both: verified, then told.
  void suspect_conflict(const MessageRef& first, const MessageRef& second);

  void stop(bool storage_failed);

 private:
  // Timers of the shared part.
  static constexpr uint32_t kStatusTimer = 1;
  static constexpr uint32_t kBatchTimer = 2;
  static constexpr uint32_t kMissingTimer = 3;

  // --- life.cpp
  void begin();
  void pump();
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
  void on(const input::PeerUp& input);
  void on(const input::PeerDown& input);
  void on(const input::PeerWritable& input);
  void on(const input::PeerDropped& input);
  void on(const input::SnapshotFetched& input);
  void on(const input::SnapshotInstalled& input);
  void on(const input::WallTime& input);
  void on(const input::ForgetLeader& /*input*/) {}  // Raft's
  void dispatch(ReplicaId from, const MessageRef& message);
  void dispatch_own_kind(uint32_t peer, const MessageRef& message);
  void dispatch_common(uint32_t peer, const MessageRef& message);
  [[nodiscard]] Ref<Message> new_common(CommonType type, Lane lane) const;
  [[nodiscard]] Token new_token() { return Token(next_token_++); }
  [[nodiscard]] int64_t wall_time() const;
  void on_own_signed(const MessageRef& message, Ticket after);

  // --- verification.cpp
  void verify_message(uint32_t peer, uint32_t sender, const MessageRef& message);
  void verify_shown_block(uint32_t peer, uint32_t sender, const MessageRef& message);
  void verify_inside(uint32_t peer, uint32_t sender, const MessageRef& message,
                     Ref<ClaimList> claims);
  [[nodiscard]] bool verify_later(PendingVerification pending, ClaimListRef claims);
  void on_pending_verified(const PendingVerification& pending, bool valid);
  void on_message_verified(const MessageRef& message, bool valid);

  // --- commit.cpp
  void remember_ordered(const Block& block);
  void note_ordered(const Digest& digest);
  void learn_ordered(const std::vector<Digest>& digests);
  void cache(const StoredBlock& stored);
  void drop_unretained();

  // --- requests.cpp
  void admit(ReplicaId origin, const PayloadRef& payload, bool local);
  void send_request(Ref<Message> request, bool to_all);
  void offer_own();
  void receive_request(uint32_t peer, const Message& message);
  void verify_request(uint32_t peer, std::vector<PayloadRef> payloads);
  void on_request_verified(const PendingVerification& pending, bool valid);
  [[nodiscard]] bool holds_payloads(const Block& block) const;
  void receive_already_ordered(uint32_t peer, const Message& message);
  void doubt(const Digest& digest);
  [[nodiscard]] const DoubtfulPayload* find_doubtful(const Digest& digest) const;
  void give_up_doubtful();
  void forget_foreign_payloads();

  // --- bodies.cpp
  [[nodiscard]] PayloadRef find_payload(const Payload& named) const;
  [[nodiscard]] PayloadRef find_in_blocks(const Digest& digest) const;
  void hold_block(const BlockRef& block);
  [[nodiscard]] MessageRef with_bodies(const Message& message) const;
  void wait_for_bodies(uint32_t peer, const MessageRef& message);
  void ask_for_bodies(uint32_t peer, const Message& message);
  void ask_again_for_bodies();
  void take_whole_proposals();
  void receive_payload_query(uint32_t peer, const Message& message);
  void add_ordered(std::vector<PayloadRef>& found, Bytes size);
  void receive_payload_reply(uint32_t peer, const Message& message);

  // --- batches.cpp, own_batches.cpp
  // In this epoch, or since an upgrade in one of those to come.
  [[nodiscard]] bool has_batches() const {
    return config_.proposal_bodies == ProposalBodies::kCertified;
  }
  [[nodiscard]] bool certifies() const { return has_batches() && names_payloads(); }
  void begin_certifying();
  [[nodiscard]] uint64_t batch_life() const;
  [[nodiscard]] uint64_t availability_quorum() const;
  void resume_batches();
  void send_batches();
  void send_batch(std::vector<PayloadRef> payloads);
  void broadcast_batch(const HeldBatch& held);
  void acknowledge(HeldBatch& held);
  void on_acknowledgement_signed(const MessageRef& message, Ticket after);
  void receive_batch(uint32_t peer, const Message& message);
  [[nodiscard]] bool is_well_formed_batch(const Block& batch, const Message& message) const;
  [[nodiscard]] bool admit_batch(uint32_t peer, const Block& batch);
  [[nodiscard]] bool add_named(ReplicaId origin, const PayloadRef& payload);
  size_t tell_ordered(uint32_t peer, const Block& batch);
  void hold_batch(const BlockRef& batch);
  void on_batch_verified(const PendingVerification& pending, bool valid);
  void receive_acknowledgement(uint32_t peer, const MessageRef& message);
  void on_acknowledgement_verified(const MessageRef& message, bool valid);
  void count_acknowledgements(HeldBatch& held);
  void send_availability(const HeldBatch& held);
  void receive_availability(uint32_t peer, const Message& message);
  void learn_certificate(const BlockRef& batch, const CertificateRef& certificate);
  [[nodiscard]] bool own_batches_wait() const;
  [[nodiscard]] bool is_unanswered(const HeldBatch& held) const;
  [[nodiscard]] bool is_under_way(const HeldBatch& held) const;
  [[nodiscard]] bool is_waited_for(const Block& batch) const;
  void resend_own_batches();
  void forget_batches();
  void batch_anew(const Digest& digest);
  void forget_batch(const Digest& digest);
  void forget_ordered_batches(const Block& block);

  // --- certified_blocks.cpp
  void attach_availability(Block& block);
  void hold_back_expired(Height height);
  [[nodiscard]] bool is_available(const Block& block) const;
  void append_availability_claims(const Block& block, ClaimList& claims);
  void learn_availability(const Block& block);
  [[nodiscard]] std::optional<std::vector<CertifiedBatch>> batches_of(const Block& block) const;

  // --- missing_bytes.cpp
  [[nodiscard]] BlockRef whole_block(const BlockRef& block) const;
  [[nodiscard]] std::optional<Ticket> bytes_logged_at(const Block& block) const;
  void wait_for_bytes(const BlockRef& block, const CertificateRef& certificate);
  void want_bytes(const Block& block, Duration patience);
  void retry_commit();
  void ask_for_missing();
  [[nodiscard]] uint32_t next_holder(MissingBatch& missing) const;
  void ask_for_batch(uint32_t peer, const MissingBatch& missing);
  void take_bytes(uint32_t peer, const Message& message);
  void supply(const PayloadRef& body);

  // --- checkpoints.cpp
  [[nodiscard]] CheckpointEntry* checkpoint_entry(Height height);
  void receive_checkpoint(ReplicaId from, const MessageRef& message);
  void on_checkpoint_verified(const MessageRef& message, bool valid);
  void count_checkpoint(const CheckpointEntry& entry, const Digest& root);
  void sign_checkpoint();
  [[nodiscard]] Ticket committed_ticket(Height height) const;
  void make_stable_if_reached();
  void make_stable();
  void truncate_log();

  // --- catch_up.cpp
  [[nodiscard]] bool is_active() const;
  [[nodiscard]] Height reached_by_others() const;
  [[nodiscard]] bool is_behind() const;
  [[nodiscard]] Duration eagerness() const;
  void ask_soon();
  void on_status_timer();
  [[nodiscard]] Ref<Message> make_status(uint32_t responder);
  void receive_status(uint32_t peer, const Message& message);
  void resend_checkpoints(uint32_t peer, const StatusBody& body);
  void serve_blocks(uint32_t peer, Height first);
  void on_loaded_for_peer(uint32_t peer, const input::Loaded& input);
  void receive_status_of_former_member(ReplicaId from, const Message& message);
  [[nodiscard]] bool is_asked(const Message& status, uint32_t responder) const;
  [[nodiscard]] bool is_turn_to_tell(const Membership& then, uint32_t responder) const;
  [[nodiscard]] FormerMember& former_member(ReplicaId replica);
  [[nodiscard]] bool serve_from_memory(ReplicaId to, Height first);
  void send_block(ReplicaId to, const StoredBlock& stored, bool last);
  void receive_committed_block(uint32_t peer, const MessageRef& message);
  void on_block_verified(const PendingVerification& pending, bool valid);
  void apply_catch_up();

  // --- state_transfer.cpp
  // To who knows the memberships up to that of epoch `known`.
  void send_checkpoint_proof(ReplicaId to, Epoch known, bool blocks_gone);
  [[nodiscard]] std::vector<Digest> ordered_at_checkpoint() const;
  void receive_checkpoint_proof(uint32_t peer, const MessageRef& message);
  void continue_checkpoint_proof(uint32_t peer, const MessageRef& message);
  void on_epoch_change_verified(const PendingVerification& pending, bool valid);
  void on_checkpoint_proof_verified(const PendingVerification& pending, bool valid);
  void start_state_transfer(const Checkpoint& checkpoint, std::vector<Digest> ordered);
  void continue_state_transfer();

  // --- reads.cpp
  void start_read_round();
  void ask_reads();
  void receive_read_query(uint32_t peer, const Message& message);
  void receive_read_reply(uint32_t peer, const Message& message);
  void finish_read_round();
  void answer_reads();
  void refuse_old_reads();

  // --- epochs.cpp
  void approve();
  void receive_approval(uint32_t peer, const MessageRef& message);
  void on_approval_verified(const MessageRef& message, bool valid);
  void count_approvals();
  void resend_approval(uint32_t peer);
  [[nodiscard]] bool is_approvable(const Membership& target) const;
  void note_change(const StoredBlock& stored);
  void learn_epoch(const StoredBlock& stored);
  void find_epoch_end();
  [[nodiscard]] bool proves_change(const StoredBlock& change, const Membership& members) const;
  void enter_epochs();
  void use_membership(const Membership& membership);
  void leave_if_removed();
  [[nodiscard]] bool is_valid_control(const Block& block) const;
  [[nodiscard]] const Membership& members_at(Height height) const;
  [[nodiscard]] const Membership* members_of(Epoch epoch) const;

  // --- versions.cpp
  [[nodiscard]] bool knows(ProtocolVersion version) const;
  [[nodiscard]] bool is_of(const Statement& statement, const Membership& members) const;
  [[nodiscard]] ProtocolVersion version_of_message(Epoch epoch) const;
  void leave_if_outdated();

  // --- evidence.cpp
  void on_conflict_verified(const PendingVerification& pending, bool valid);

  // --- recovery.cpp
  struct RecoveredLog;
  void recover(RecoveredState recovered);
  [[nodiscard]] bool read_common_record(const LogRecordRef& record, Ticket ticket,
                                        RecoveredLog& log);
  [[nodiscard]] bool restore_commits(const RecoveredState& recovered, const RecoveredLog& log);
  void restore_block(const StoredBlock& stored);
  void read_committed_change(const RecoveredLog& log, const CertificateRef& certificate);
  [[nodiscard]] BlockRef find_body(const RecoveredLog& log, const Certificate& certificate) const;
  void load_window();
  void on_window_loaded(const input::Loaded& input);

  // --- inspection.cpp
  void encode_state(Writer& out) const;
  void encode_reads(Writer& out) const;
  void encode_pending(Writer& out) const;
  void encode_payloads(Writer& out) const;
  void encode_peers(Writer& out) const;
  void encode_chain(Writer& out) const;
  void encode_news(Writer& out) const;

  // Configuration.
  Protocol protocol_;
  EngineConfig config_;
  ChainSettings settings_;

  // Membership.
  Membership membership_;
  ByzantineQuorum quorum_;
  std::vector<uint32_t> voters_;
  std::vector<uint64_t> weights_;
  bool dense_ = false;  // ids are positions
  uint32_t self_ = 0;
  std::vector<EpochStart> epochs_;  // ascending; the last may lie ahead of this replica's height
  std::optional<Height> epoch_end_;
  Ticket epochs_ticket_;                       // makes all of epochs_ durable
  std::optional<Membership> wanted_;           // what the operator here asks for
  VoteTable approvals_;                        // of this epoch's members
  std::optional<MembershipControl> approved_;  // by a quorum, not yet committed
  std::optional<Height> outdated_since_;       // by rules that this software does not know

  // Of this step only.
  EffectSink* sink_ = nullptr;
  TimePoint now_;
  bool dirty_ = true;

  // Write-ahead log.
  Ticket last_ticket_;
  Ticket durable_ticket_;
  bool disk_full_ = false;
  bool stopped_ = false;
  bool begun_ = false;
  std::vector<CommittedTicket> committed_tickets_;  // above the stable checkpoint, ascending

  // Heights.
  Height committed_;
  Height executed_;
  Digest executed_root_;
  int64_t last_block_time_ = 0;
  TimePoint last_commit_at_;
  std::vector<StoredBlock> recent_;

  // Checkpoints.
  std::vector<CheckpointEntry> checkpoints_;
  Checkpoint stable_;  // proven and reached by this replica's own state
  Checkpoint proven_;  // proven, perhaps ahead of this replica

  // Payloads.
  Mempool mempool_;
  mutable DigestIndex seen_;     // scratch of is_fresh()
  std::vector<Digest> ordered_;  // ring of the last kRemembered payloads ordered
  size_t ordered_next_ = 0;
  TimePoint offer_due_;
  uint32_t offers_ = 0;  // of own payloads to everybody since something was ordered
  std::vector<OrderedNotice> ordered_notices_;
  std::vector<DoubtfulPayload> doubtful_;
  std::vector<NamedProposal> named_;   // in order of arrival
  std::vector<BlockRef> held_blocks_;  // proposed and not final, the newest last
  std::vector<PayloadRef> fetched_;    // for these, and not in the mempool
  BatchStore batches_;
  bool resumes_batches_ = false;               // there are some from before a crash
  std::vector<PayloadRef> unbatched_;          // of this replica's clients, in no batch at present
  std::vector<MissingBatch> missing_;          // in the order in which they were named
  std::optional<StoredBlock> waiting_commit_;  // the next block is final, and bytes are missing
  int64_t wall_base_ = 0;
  TimePoint wall_base_at_;
  bool wall_known_ = false;

  // Under way.
  std::vector<PendingSign> signing_;
  std::vector<PendingVerification> verifying_;
  std::vector<PendingLoad> loads_;
  std::vector<Peer> peers_;
  uint32_t verifications_per_peer_ = kMaxPendingPerPeer;
  std::vector<FormerMember> former_;
  std::vector<CatchUpBlock> catch_up_;  // verified, ascending by height
  std::optional<StateTransfer> transfer_;
  std::vector<Blamed> blamed_;  // ring
  size_t blamed_next_ = 0;
  bool announce_ = false;    // the epoch is new: say to all where we stand
  uint32_t from_ = kNobody;  // position of the peer whose message is being looked at
  uint32_t responder_ = 0;
  uint32_t quiet_ticks_ = 0;  // status messages since the last commit
  bool asked_soon_ = false;   // since it was found to be behind
  Height committed_at_tick_;
  uint32_t farewell_ticks_ = 0;  // of a removed member that still helps others over the boundary
  Height window_high_;           // the window of ordered payloads is rebuilt downwards from here
  uint32_t window_chunk_ = 16;   // blocks asked for at a time
  uint64_t window_blocks_ = 0;   // read so far

  // Reads.
  std::vector<Token> reads_waiting_;      // for the next round
  std::vector<Token> reads_asked_;        // in this round
  std::vector<ReadyAt> reads_confirmed_;  // until executed
  // Begins anywhere at each start: answers to the life before may still be on their way.
  uint64_t read_round_;
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

}  // namespace govchain::consensus::chain
