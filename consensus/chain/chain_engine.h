#pragma once
// What Byzantine protocols that grow one chain of certified blocks have in common: payloads of
// clients, commitment and execution, checkpoints, catch-up, state transfer, linearizable reads,
// membership by epochs, evidence, and recovery from the log. A protocol derives from it and adds
// how a block is agreed upon: proposals, votes, and what to do when a leader fails.
//
// The protocol is called through the virtual functions below, and calls the protected ones. Each
// part stands in a file of its own: life.cpp (inputs, timers, signing), verification.cpp,
// commit.cpp, requests.cpp, checkpoints.cpp, catch_up.cpp, state_transfer.cpp, reads.cpp,
// epochs.cpp, evidence.cpp, recovery.cpp, inspection.cpp. README.md tells how to write an engine on
// it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/chain/messages.h"
#include "consensus/chain/records.h"
#include "consensus/chain/settings.h"
#include "consensus/codec.h"
#include "consensus/digest_index.h"
#include "consensus/engine.h"
#include "consensus/mempool.h"
#include "consensus/position_set.h"
#include "consensus/quorum.h"
#include "consensus/vote_table.h"

namespace govchain::consensus::chain {

// Named bounds of what peers and clients can make a replica keep.
inline constexpr size_t kMaxCatchUpBlocks = 64;      // committed blocks that wait for their turn
inline constexpr size_t kMaxPendingReads = 4'096;    // more are refused
inline constexpr size_t kMaxOrderedNotices = 4'096;  // payloads that peers call already ordered
inline constexpr uint32_t kMaxPendingPerPeer = 64;   // verifications under way for one peer
inline constexpr size_t kMaxFuturePerPeer = 64;      // messages of a later height or epoch
inline constexpr size_t kMaxNamedPerPeer = 4;        // proposals that wait for their payloads
inline constexpr size_t kMaxHeldBlocks = 32;     // whole proposals kept for those who lack bodies
inline constexpr size_t kMaxFormerMembers = 64;  // removed members that are told of it
inline constexpr size_t kMaxBlamed = 64;         // equivocations remembered, not to be told twice
inline constexpr size_t kRemembered = kMaxRequestPayloads;  // ordered payloads known after a crash
inline constexpr size_t kCachedBlocks = 32;                 // committed blocks kept for laggards
inline constexpr size_t kCheckpointEntries = 4;             // checkpoints voted for at a time

class ChainEngine : public Engine {
 public:
  void step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) final;
  [[nodiscard]] Bytes credit() const final;
  [[nodiscard]] EngineStatus status() const final;
  [[nodiscard]] const EngineCounters& counters() const final { return counters_; }
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

  // ------------------------------------------------------------------ what a protocol adds: life

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

  // --------------------------------------------------------------- what a protocol adds: messages

  // A message of a protocol's own type, of the present epoch, whose sender is the member at
  // `sender`; it may have been passed on by somebody else (its signature has to prove it, then).
  // True if it is well-formed and wanted, so that its signature is worth verifying; if not, count
  // it (counters()) or keep it for later (hold_future).
  [[nodiscard]] virtual bool wants(uint32_t sender, const MessageRef& message) = 0;
  // Its signature, and all claims inside it, are good; or it is this replica's own. Time has passed
  // since wants().
  virtual void accept(uint32_t sender, const MessageRef& message) = 0;
  // Appends the signed statements inside the body or block (certificates) that must be verified
  // besides the message's own signature.
  virtual void append_claims(const Message& message, ClaimList& claims) const = 0;
  // Whether a statement that this replica has just signed may still leave it: false if it has
  // promised something else meanwhile.
  [[nodiscard]] virtual bool is_current(const Message& own) const = 0;
  // This replica's own statement leaves when `after` is durable: to everybody, and is accepted here
  // as everybody else's. A protocol whose votes go to one replica overrides it.
  virtual void send_own(const MessageRef& message, Ticket after);
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

  // ------------------------------------------------------------------ what a protocol adds: chain

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
  [[nodiscard]] virtual Duration patience_limit() const { return config_.base_timeout; }

  // -------------------------------------------------------------- what a protocol adds: catch-up

  // What it has of the height under way, in its own encoding; and the answer to somebody else's:
  // send (again) what that replica lacks. `responder`: this replica is among the few that are asked
  // for bodies.
  virtual void encode_standing(std::vector<uint8_t>& out) const = 0;
  // With a status message after which nothing was committed: whatever else it lacks is asked for.
  virtual void ask_again() {}
  virtual void answer_standing(uint32_t peer, const Message& status,
                               std::span<const uint8_t> standing, bool responder) = 0;

  // ------------------------------------------------------------------- what a protocol adds: log

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

  // ------------------------------------------------------------ what a protocol adds: inspection

  virtual void describe(EngineStatus& status) const = 0;  // proposed height and the like
  virtual void encode_protocol_state(Writer& out) const = 0;
  [[nodiscard]] virtual Bytes protocol_memory() const = 0;

  // Planted bugs in the shared part; false in the production archive.
  [[nodiscard]] virtual bool is_sent_before_durable() const { return false; }
  [[nodiscard]] virtual bool is_checkpoint_unproven() const { return false; }
  [[nodiscard]] virtual bool is_duplicate_ordered() const { return false; }

  // ========================================================================== what it is given

  [[nodiscard]] const EngineConfig& config() const { return config_; }
  [[nodiscard]] const Membership& membership() const { return membership_; }
  [[nodiscard]] Epoch epoch() const { return membership_.epoch; }
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
  // Must not vote: disk full, stopped, not a member, or a member without weight.
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
  static void append_claims(const Certificate& certificate, ClaimList& claims);
  // Header filled: protocol, sender, epoch, view(), height committed().
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
  [[nodiscard]] int64_t last_block_time() const { return last_block_time_; }
  void verify_payloads(const BlockRef& block);
  // The state is being replaced by a checkpoint's: nothing may be committed until it has been.
  [[nodiscard]] bool is_installing() const { return transfer_ && transfer_->installing; }
  // The next block is final. Logs, emits Commit and Execute; then on_committed().
  void commit_block(const BlockRef& block, const CertificateRef& certificate);
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

  struct PendingSign {
    Token token;
    MessageRef draft;
    Ticket after;
  };
  struct PendingVerification {
    enum class Kind : uint8_t {
      kMessage,
      kConflict,
      kBlock,
      kEpochChange,
      kCheckpoint,
      kPayloads,  // of a block that is proposed
      kRequest,   // payloads that another replica passes on
    };
    Token token;
    Kind kind = Kind::kMessage;
    uint32_t peer = 0;  // position of who caused it
    Epoch epoch;        // in which that position counts
    MessageRef message;
    MessageRef other;            // conflict: the first message
    CertificateRef certificate;  // block, checkpoint
    BlockRef block;              // payloads, epoch change; request: holds its payloads, no more
    bool flag = false;           // block: last of its answer; checkpoint: blocks are gone
  };
  struct CatchUpBlock {
    StoredBlock stored;
    uint32_t peer = 0;
    bool last = false;
  };
  struct PendingLoad {
    Token token;
    uint32_t peer = 0;  // kNobody: for the window of ordered payloads
    Epoch epoch;
  };
  struct OrderedNotice {
    Digest digest;
    PositionSet peers;
    uint64_t weight = 0;
  };
  struct Blamed {
    ReplicaId culprit;
    uint8_t type = 0;
    View view;
    Height height;
    friend bool operator==(const Blamed&, const Blamed&) = default;
  };
  struct Peer {
    std::vector<MessageRef> future;
    Height committed;  // as last told
    Epoch epoch;       // as last told
    Height served;     // committed height for which it was last answered
    std::optional<TimePoint> served_at;
    bool loading = false;
    uint32_t verifications = 0;
  };
  struct FormerMember {
    ReplicaId replica;
    Height served;  // committed height for which it was last answered
    std::optional<TimePoint> served_at;
  };
  struct CheckpointEntry {
    Height height;
    Epoch epoch;      // whose members vote
    VoteTable votes;  // by position in that epoch
  };
  struct StateTransfer {
    Checkpoint checkpoint;
    bool fetched = false;
    bool installing = false;
    std::vector<Digest> ordered;  // as the peer says that could not give the blocks
  };
  // A proposal that names payloads which are not all here.
  struct NamedProposal {
    MessageRef message;
    uint32_t peer = 0;
  };
  // Membership of one epoch, and the block that brought it (null for genesis).
  struct EpochStart {
    Membership membership;
    Height from;  // first height that its members agree upon
    StoredBlock change;
  };
  struct ReadyAt {
    Token token;
    Height height;
    TimePoint asked;
  };
  struct CommittedTicket {
    Height height;
    Ticket ticket;
    Ticket needed;  // the first record without which it cannot be restored
  };

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
  void receive_payload_reply(uint32_t peer, const Message& message);

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
  void on_status_timer();
  [[nodiscard]] Ref<Message> make_status(uint32_t responder);
  void receive_status(uint32_t peer, const Message& message);
  void resend_checkpoints(uint32_t peer, const StatusBody& body);
  void serve_blocks(uint32_t peer, Height first);
  void on_loaded_for_peer(uint32_t peer, const input::Loaded& input);
  void receive_status_of_former_member(ReplicaId from, const Message& message);
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
  void start_state_transfer(std::vector<Digest> ordered);
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
  std::vector<NamedProposal> named_;   // in order of arrival
  std::vector<BlockRef> held_blocks_;  // proposed and not final, the newest last
  std::vector<PayloadRef> fetched_;    // for these, and not in the mempool
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
  Height committed_at_tick_;
  uint32_t farewell_ticks_ = 0;  // of a removed member that still helps others over the boundary
  Height window_high_;           // the window of ordered payloads is rebuilt downwards from here
  uint32_t window_chunk_ = 16;   // blocks asked for at a time
  uint64_t window_blocks_ = 0;   // read so far

  // Reads.
  std::vector<Token> reads_waiting_;      // for the next round
  std::vector<Token> reads_asked_;        // in this round
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

}  // namespace govchain::consensus::chain
