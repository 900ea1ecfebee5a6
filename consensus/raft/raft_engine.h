#pragma once
// One Raft replica. The class is declared here; its handlers stand in one file per part of the
// protocol: election.cpp, replication.cpp, proposals.cpp, commit.cpp, read_index.cpp,
// lease.cpp, named_entries.cpp, checkpoints.cpp, snapshot.cpp, membership.cpp, versions.cpp,
// witness.cpp, recovery.cpp; engine.cpp dispatches, inspection.cpp looks from outside.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/digest_index.h"
#include "consensus/engine.h"
#include "consensus/mempool.h"
#include "consensus/raft/checkpoint_votes.h"
#include "consensus/raft/configuration_history.h"
#include "consensus/raft/engine.h"
#include "consensus/raft/log.h"
#include "consensus/raft/messages.h"
#include "consensus/raft/mutant.h"
#include "consensus/raft/progress.h"
#include "consensus/raft/records.h"
#include "consensus/raft/status.h"

namespace govchain::consensus::raft {

// Named bounds of what peers and clients can make a replica keep.
inline constexpr uint64_t kMaxUnexecutedBlocks = 256;  // a leader stops proposing beyond
inline constexpr uint32_t kLoadBlocks = 64;            // asked of the block store at a time
inline constexpr uint64_t kMaxUnheardBeats =
    2;  // heartbeats without an acknowledgement, then probe
inline constexpr uint64_t kSnapshotRepeatBeats = 20;  // until a snapshot is announced once more
inline constexpr int64_t kOrphanTimeouts = 4;         // then others' payloads are passed on, too
inline constexpr uint32_t kCatchUpRounds = 10;        // §4.2.1; then the change is dropped
inline constexpr uint32_t kVersionPollTimeouts =
    10;                                       // election timeouts; then the upgrade is dropped
inline constexpr uint64_t kLeaseRounds = 32;  // older rounds of heartbeats give no lease
inline constexpr uint32_t kFailedElectionsPerStep = 4;  // then the timeouts double

// In whose words a leader asks a follower where its log ends, and tells it of a snapshot or of the
// base of a witness's log. Both may be far above what the follower knows, and its software too old
// for them: it has to be able to read that it is. So their layout is the same in every version, and
// what they speak of names its own, in a certificate or a membership.
inline constexpr ProtocolVersion kUniversalVersion = kOldestProtocolVersion;

class RaftEngine final : public Engine {
 public:
  RaftEngine(const EngineConfig& config, const RaftConfig& raft_config, RecoveredState recovered);
  RaftEngine& operator=(const RaftEngine&) = delete;

  void step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) override;
  [[nodiscard]] Bytes credit() const override;
  [[nodiscard]] EngineStatus status() const override;
  [[nodiscard]] const EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override;
  [[nodiscard]] Digest fingerprint() const override;
  [[nodiscard]] Bytes memory() const override;
  [[nodiscard]] RaftStatus raft_status() const;
  [[nodiscard]] Ref<Message> snapshot_message() const;
  TimePoint set_election_timeout(Duration timeout);

  RaftEngine(const RaftEngine&) = default;

 private:
  enum class TimerKind : uint8_t { kElection = 1, kHeartbeat = 2, kBatch = 3, kRetry = 4 };
  static constexpr size_t kTimers = 5;
  static_assert(kElectionTimer == TimerId(static_cast<uint64_t>(TimerKind::kElection)));

  // Of a follower that hears from a leader, or a leader itself: which of the peers' reads wait.
  struct PendingRead {
    bool local = true;
    ReplicaId reader;                          // whom to answer if not local
    uint64_t sequence = 0;                     // the reader's
    Token token;                               // the host's, if local
    Height index;                              // commit index when it arrived
    uint64_t round = 0;                        // confirmed by this round; 0: waits for the next one
    TimePoint valid_until = TimePoint::max();  // of the lease it rests on
  };
  struct ForwardedRead {
    Token token;
    uint64_t sequence = 0;
    TimePoint sent;
  };
  struct PendingVerification {
    Token token;
    enum class Kind : uint8_t { kVote, kProof, kSnapshot } kind = Kind::kVote;
    Height height;
    ReplicaId signer;
  };
  struct PendingSignature {
    Token token;
    Statement statement;
  };
  struct OwnRoot {
    Height height;
    Digest root;
  };
  // Of replicas that shall vote, as long as their logs are behind ours (§4.2.1).
  struct CatchUp {
    uint32_t round = 1;
    Height target;      // our last entry when the round began
    TimePoint began;    // the round
    bool over = false;  // a round was short enough: what is left is behind as any voter may be
  };
  // Of whose software knows a version that is asked for.
  struct VersionPoll {
    ProtocolVersion version = kOldestProtocolVersion;
    View term;
    Epoch epoch;
    TimePoint began;
    std::optional<TimePoint> asked;  // last
    std::vector<NodeId> ready;       // members, so no more than there are
  };
  struct SnapshotTransfer {
    enum class Stage : uint8_t { kVerifying, kFetching, kPersisting, kInstalling };
    Stage stage = Stage::kVerifying;
    Checkpoint checkpoint;
    View term;  // of the block at the checkpoint's height
    ConfigurationEntry configuration;
    std::vector<Digest> committed;  // payloads ordered up to there, newest last
    Height window_from;             // heights from here on are covered by `committed`
    Height leader_commit;           // and up to here, as the leader had committed that far
    Ticket ticket;                  // of the record that announces the installation
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
  void on(const input::ForgetLeader& input);
  void on(const input::PeerUp& input);
  void on(const input::PeerDown& input);
  void on(const input::PeerWritable& input);
  void on(const input::PeerDropped& input);
  void on(const input::SnapshotFetched& input);
  void on(const input::SnapshotInstalled& input);
  void on(const input::WallTime& input);
  void receive(ReplicaId from, const Message& message, const MessageRef& reference);
  void receive_request(ReplicaId from, const Message& message);
  void receive_from_leader(ReplicaId from, const Message& message, const MessageRef& reference);
  void receive_reply(ReplicaId from, const Message& message);
  void receive_untimed(ReplicaId from, const Message& message);
  void refuse_stale(ReplicaId from, const Message& message);
  [[nodiscard]] Ref<Message> new_message(MessageType type, Lane lane, Height height) const;
  void send(ReplicaId to, Ref<Message> message, Ticket after);
  void broadcast(Ref<Message> message, Ticket after);
  void set_timer(TimerKind kind, TimePoint deadline);
  void cancel_timer(TimerKind kind);
  [[nodiscard]] Token new_token();
  Ticket persist(Ref<LogRecord> record);
  void stop(bool storage_failed);
  [[nodiscard]] uint64_t random(uint64_t bound);
  [[nodiscard]] bool is_leader() const { return role_ == Role::kLeader; }
  [[nodiscard]] NodeId self_node() const { return node_id(config_.self); }
  [[nodiscard]] const confchange::Configuration& configuration() const {
    return configurations_.latest().configuration;
  }
  // Has payloads, knows the rules at its log's end, and is a voter; also one that its own latest
  // configuration leaves out, until that is committed: it may be the only one whose log lets it win
  // (dissertation §4.2.2).
  [[nodiscard]] bool promotable() const {
    if (witness_ || !knows(configurations_.latest().members.version)) return false;
    return configuration().votes(self_node()) ||
           configurations_.at(commit_).configuration.votes(self_node());
  }
  [[nodiscard]] int64_t wall_time() const;
  void encode_state(Writer& out) const;

  // --- election.cpp
  void arm_election();
  void heard_from_leader(ReplicaId leader);
  [[nodiscard]] bool hears_from_leader() const;
  void on_election_timer();
  void check_quorum();
  void campaign();
  void become_pre_candidate();
  void become_candidate(bool forced);
  void become_follower(View term, std::optional<ReplicaId> leader);
  void become_leader();
  void leave_leadership();
  void adopt_term(View term);
  void set_leader(ReplicaId leader);
  void save_hard_state();
  void request_votes(MessageType type, bool forced, Ticket after);
  void record_vote(NodeId node, bool granted);
  void tally();
  [[nodiscard]] bool is_up_to_date(const VoteRequestBody& body) const;
  void on_pre_vote_request(ReplicaId from, const Message& message);
  void on_vote_request(ReplicaId from, const Message& message);
  void on_vote_reply(ReplicaId from, const Message& message);
  void on_timeout_now(ReplicaId from);

  // --- replication.cpp
  [[nodiscard]] Progress fresh_progress() const;
  void replicate_to_all();
  void replicate_to(NodeId node, Progress& progress);
  void send_append(NodeId node, Progress& progress, BlockRef block, bool bare);
  bool send_next(NodeId node, Progress& progress);
  void load_for(Progress& progress);
  void on_loaded_for_peer(const input::Loaded& input);
  void broadcast_heartbeat();
  void on_heartbeat_timer();
  void announce_commit();
  void on_append(ReplicaId from, const Message& message);
  [[nodiscard]] static bool is_ordered(const Message& message, AppendBody& body);
  [[nodiscard]] bool is_log_closed();
  [[nodiscard]] bool agrees_at(Height height, View term) const;
  void append_from_leader(ReplicaId from, const Message& message, const BlockRef& block,
                          const AppendBody& body);
  [[nodiscard]] bool take_entry(const Message& message, const BlockRef& block,
                                Height leader_commit);
  void answer_append(ReplicaId to, Height height);
  void refuse_append(ReplicaId to, Height previous, View previous_term);
  void on_append_reply(ReplicaId from, const Message& message);
  void on_append_refused(NodeId node, Progress& progress, Height height,
                         const AppendReplyBody& body);
  void on_heartbeat(ReplicaId from, const Message& message);
  void on_heartbeat_reply(ReplicaId from, const Message& message);

  // --- named_entries.cpp
  [[nodiscard]] bool names_payloads() const {
    return config_.proposal_bodies == ProposalBodies::kByDigest &&
           configurations_.latest().members.version >= kProposalsByDigestSince;
  }
  [[nodiscard]] bool is_sent_by_names(const Progress& progress, const Block& block) const;
  void on_payload_query(ReplicaId from, const Message& message);
  void on_append_names(ReplicaId from, const MessageRef& reference);
  [[nodiscard]] BlockRef with_payloads(const Block& named) const;
  void take_named();

  // --- proposals.cpp
  Ticket append_to_log(BlockRef block);
  void truncate_log(Height from);
  void index_uncommitted(const Block& block);
  void unindex(const Block& block);
  void propose_if_due();
  [[nodiscard]] bool may_propose() const;
  void propose_block(std::vector<uint8_t> control, bool with_payloads);
  void admit(ReplicaId origin, const PayloadRef& payload, bool local);
  void forward(const PayloadRef& payload);
  void forward_pending(bool others_too = false);
  void on_forward(ReplicaId from, const Message& message);
  void on_retry_timer();

  // --- commit.cpp
  [[nodiscard]] std::optional<uint64_t> acknowledged_by(NodeId node) const;
  void commit_by_counting();
  void advance_commit(Height reached);
  template <typename Acknowledged>
  [[nodiscard]] uint64_t count_short(const Acknowledged& acknowledged) const;
  void commit_to(Height height);
  void note_committed(const BlockRef& block);
  void execute_committed();
  void advance_durable();

  // --- read_index.cpp
  void start_read(PendingRead read);
  void start_read_round();
  void settle_reads();
  void confirm_round(NodeId node, uint64_t round);
  void answer_read(const PendingRead& read, bool refused);
  void forward_read(Token token);
  void refuse_reads();
  void expire_forwarded_reads(bool all);
  void on_read_index(ReplicaId from, const Message& message);
  void on_read_index_reply(ReplicaId from, const Message& message);

  // --- lease.cpp
  void begin_round();
  void note_lease(Progress& progress, uint64_t round) const;
  [[nodiscard]] std::optional<TimePoint> lease_end() const;
  void promise_leader();
  [[nodiscard]] bool has_promised() const { return raft_.lease_reads && now_ < promised_until_; }

  // --- checkpoints.cpp
  void sign_checkpoint(Height height, const Digest& root);
  void on_checkpoint_vote(ReplicaId from, const Message& message, const MessageRef& reference);
  void on_checkpoint_proof(ReplicaId from, const Message& message);
  void broadcast_vote(const CheckpointVotes::Vote& vote, Height height, bool again);
  void send_checkpoint_proof(ReplicaId to);
  void count_checkpoint(Height height);
  void make_stable();
  void compact_log(Height previous_checkpoint);
  [[nodiscard]] std::vector<Digest> committed_window(uint32_t newest = UINT32_MAX) const;
  [[nodiscard]] bool is_proof(const Checkpoint& checkpoint, const Membership& members) const;
  [[nodiscard]] ClaimListRef claims_of(const Certificate& certificate) const;
  void resend_checkpoint_votes();

  // --- snapshot.cpp
  void send_snapshot(NodeId node, Progress& progress);
  void on_install_snapshot(ReplicaId from, const Message& message);
  void on_snapshot_verified(bool valid);
  void announce_installation();
  void abandon_transfer();
  void install_announced_snapshot();
  void finish_installation(const Digest& root);
  void settle_pending();
  void refuse_uncertain();

  // --- membership.cpp
  void try_reconfigure();
  void propose_change(const MembershipChange& change);
  void propose_configuration(ConfigurationControl control, ProtocolVersion version);
  [[nodiscard]] bool has_caught_up(const MembershipChange& change);
  [[nodiscard]] std::vector<NodeId> future_voters(const MembershipChange& change) const;
  void begin_catch_up(const MembershipChange& change);
  void end_catch_up();
  void drop_change();
  void want(const MembershipChange& change, Epoch epoch);
  void on_configuration_appended();
  void on_configuration_committed(Height height);
  void part_from(const Membership& before, const Membership& after, Height height);
  void leave_joint_if_due();
  void announce_membership(const Membership& membership, Height from);
  void forward_change();
  void on_reconfigure_message(ReplicaId from, const Message& message);
  void on_removed(ReplicaId from, const Message& message);
  void start_transfer(ReplicaId target);
  void continue_transfer();
  void send_timeout_now(ReplicaId heir);

  // --- versions.cpp
  [[nodiscard]] bool knows(ProtocolVersion version) const;
  [[nodiscard]] ProtocolVersion version_at(Height height) const;
  [[nodiscard]] bool is_supported(const MembershipChange& change);
  void on_version_query(ReplicaId from, const Message& message);
  void on_version_reply(ReplicaId from, const Message& message);
  void refuse_upgrade(Height height, Height leader_commit, ProtocolVersion version);
  void stop_outdated(Height from, ProtocolVersion version);
  [[nodiscard]] bool stop_if_log_is_ahead();

  // --- witness.cpp
  void mark_witnesses();
  [[nodiscard]] Height sendable(const Progress& progress) const;
  [[nodiscard]] uint64_t count_copies();
  void feed_witnesses();
  void send_witness_base(NodeId node, Progress& progress);
  [[nodiscard]] bool accepts_as_witness();
  Ticket append_as_witness(const Block& block);
  void commit_as_witness(Height height);
  void compact_as_witness();
  void on_witness_base(ReplicaId from, const Message& message);
  [[nodiscard]] bool recover_witness(const RecoveredState& recovered);
  void send_to_full(Ref<Message> message, Ticket after);

  // --- recovery.cpp
  struct Replayed;
  void recover(RecoveredState recovered);
  void finish_recovery(bool fresh);
  [[nodiscard]] bool replay(const RecoveredState& recovered, Replayed& replayed) const;
  [[nodiscard]] bool rebuild_log(const RecoveredState& recovered, const Replayed& replayed);
  void plan_window(const Replayed& replayed);
  void load_window();
  void load_window_chunk(Height low);
  void on_window_loaded(const input::Loaded& input);

  // Configuration.
  EngineConfig config_;
  RaftConfig raft_;
  Duration election_timeout_;
  Duration heartbeat_;

  // Of this step only.
  EffectSink* sink_ = nullptr;
  TimePoint now_;

  // Hard state (figure 2 of the paper): durable before anybody sees it.
  View term_;
  std::optional<ReplicaId> vote_;
  HardState saved_;           // as last written
  Ticket hard_state_ticket_;  // of that record
  Ticket self_vote_ticket_;   // a candidate counts its own vote when this is durable

  // Write-ahead log.
  Ticket last_ticket_;
  Ticket durable_ticket_;
  Ticket failed_ticket_;  // the disk is full until this is durable
  bool disk_full_ = false;
  bool stopped_ = false;
  bool storage_failed_ = false;
  bool begun_ = false;
  bool witness_ = false;  // for life

  // Log.
  Log log_;
  ConfigurationHistory configurations_;
  Height durable_height_;  // of our own log
  Height verified_;        // agrees with the leader of this term up to here
  Height commit_;
  Height emitted_;  // last height for which effect::Commit was emitted or the store has it
  Height execute_sent_;
  Height executed_;
  Digest executed_root_;
  int64_t last_block_time_ = 0;

  // Roles and elections.
  Role role_ = Role::kFollower;
  std::optional<ReplicaId> leader_;
  std::optional<TimePoint> leader_heard_;
  std::vector<std::pair<NodeId, bool>> votes_;
  uint32_t failed_elections_ = 0;
  Duration drawn_timeout_;
  TimePoint election_deadline_;
  uint64_t random_position_ = 0;
  std::optional<TimePoint> timers_[kTimers];

  // Leadership.
  ProgressMap progress_;
  Height term_start_;  // our no-op
  Height announced_commit_;
  // The last append built: usually it goes to every follower; the second one to every witness, the
  // third one to followers who should have the payloads.
  struct SharedAppend {
    MessageRef message;
    Height commit;  // the commit index in it
  };
  SharedAppend shared_appends_[3];
  bool has_witnesses_ = false;  // among those that we replicate to
  Height copied_;               // entries up to here have as many copies as are asked for
  std::optional<ReplicaId> transfer_target_;
  TimePoint transfer_deadline_;
  bool transfer_sent_ = false;

  // Proposals.
  Mempool mempool_;
  DigestIndex uncommitted_;        // payload -> low 32 bits of its height in the uncommitted log
  std::vector<MessageRef> named_;  // appends whose payloads are not all here, by height
  Height settle_refusals_;  // once committed so far, what is pending and known as ordered lies
                            // in a snapshot; 0 = nothing to settle
  int64_t wall_base_ = 0;
  TimePoint wall_base_at_;
  bool wall_known_ = false;

  // Reads.
  std::vector<PendingRead> reads_;
  std::vector<ForwardedRead> forwarded_reads_;
  uint64_t read_round_ = 0;
  uint64_t confirmed_round_ = 0;
  uint64_t read_sequence_ = 0;

  // Leases; nothing here moves unless RaftConfig::lease_reads.
  TimePoint promised_until_;            // nobody gets our vote before, but by the leader's own wish
  bool lease_given_up_ = false;         // of a leader that asked somebody to take over
  std::vector<TimePoint> rounds_sent_;  // by round, a ring

  // Checkpoints and snapshots.
  CheckpointVotes checkpoint_votes_;
  Checkpoint stable_;
  Checkpoint proven_;                          // as stable_, but perhaps ahead of our own execution
  std::optional<Checkpoint> proof_candidate_;  // being verified
  std::vector<PendingVerification> verifications_;
  std::vector<PendingSignature> signings_;
  std::vector<OwnRoot> own_roots_;  // of our own execution, above the stable checkpoint
  std::optional<SnapshotTransfer> transfer_;
  Ticket base_ticket_;  // of the record for the newest stable checkpoint
  Height store_from_;   // lowest height that our own block store may have

  // The window of committed payloads is rebuilt from the block store after a restart.
  Height window_from_{1};  // complete from here on
  Height window_bottom_;   // no block below is asked for
  Height window_chunk_;    // where the chunk being loaded begins
  Height window_low_;      // what was asked for last
  Token window_load_;
  uint64_t window_payloads_ = 0;

  // Membership.
  std::optional<MembershipChange> wanted_change_;
  Epoch wanted_epoch_;  // the change was asked for in this epoch
  std::optional<CatchUp> catch_up_;
  std::optional<VersionPoll> version_poll_;
  std::optional<Height> outdated_since_;  // by rules that this software does not know

  uint64_t next_token_ = 1;
  RecoveredState recovered_;  // until the first step
  EngineCounters counters_;
};

}  // namespace govchain::consensus::raft
