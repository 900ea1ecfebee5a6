#pragma once
// A running replica: the loop of consensus/engine.h on a thread of its own, with a thread that
// writes (storage_thread.h), one that executes (execution_thread.h), one that keeps states
// (snapshot_thread.h), and a pool that signs and verifies (crypto_pool.h). Peers are reached
// through a Transport.
//
// What carries a ticket waits in the loop until the storage thread has said that it is durable.
// What a client may see is said only of blocks that are final, durable and executed here.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "consensus/engine.h"
#include "consensus/node/host/crypto_pool.h"
#include "consensus/node/host/execution_thread.h"
#include "consensus/node/host/mailbox.h"
#include "consensus/node/host/snapshot_thread.h"
#include "consensus/node/host/state_fetch.h"
#include "consensus/node/host/storage_thread.h"
#include "consensus/node/journal/input_journal.h"
#include "consensus/node/transport/transport.h"
#include "consensus/protocol_settings.h"

namespace govchain::consensus::node {

// Why a replica no longer acts.
enum class StopReason : uint8_t { kRemoved, kStorageFailed, kSoftwareOutdated };

// What a replica tells those who serve its clients and watch it: on its loop's thread.
class ReplicaListener {
 public:
  virtual ~ReplicaListener() = default;
  // Blocks in order of height; heights that a fetched state overtook are left out.
  virtual void on_final(const StoredBlock& stored, std::span<const Receipt> receipts) = 0;
  // A fetched state stands for all blocks up to here: whether they held a payload, and what became
  // of it, is not known here.
  virtual void on_overtaken(Height height) = 0;
  virtual void on_refused(const PayloadRef& payload, RefusalReason reason) = 0;
  // State at `height` or later, which the execution thread has, answers the read.
  virtual void on_read_ready(Token token, Height height) = 0;
  virtual void on_read_refused(Token token) = 0;
  virtual void on_checkpoint(const Checkpoint& checkpoint) = 0;
  virtual void on_evidence(const effect::EvidenceFound& evidence) = 0;
  virtual void on_membership(const Membership& membership) = 0;
  virtual void on_stopped(StopReason reason, const std::string& explanation) = 0;
  // The disk is full, or has room again.
  virtual void on_disk_full(bool full) = 0;
  // The journal of inputs could not be written and has ended; the replica goes on without it.
  virtual void on_journal_failed(const Error& error) = 0;

 protected:
  ReplicaListener() = default;
  ReplicaListener(const ReplicaListener&) = default;
  ReplicaListener& operator=(const ReplicaListener&) = default;
};

struct ReplicaParts {
  Protocol protocol = Protocol::kPbft;
  EngineConfig engine;  // chain, self and genesis included; the seed must differ at every start
  ProtocolSettings settings;
  SignatureScheme scheme = SignatureScheme::kEd25519;
  SignerMaker signer;
  PayloadCheck payload_check;
  unsigned crypto_threads = 1;
  StorageParts storage;
  SnapshotParts snapshots;
  SnapshotPolicy snapshot_policy;
  ExecutionThread::Genesis genesis;
  StateFetchSettings fetch;
  bool archive = false;                   // every block is kept
  std::unique_ptr<InputJournal> journal;  // of this life; null: none is kept
};

// What a replica begins with: read from its parts before anything runs.
struct RecoveredReplica {
  RecoveredState engine;
  std::unique_ptr<Application> state;
  std::shared_ptr<const StateVersion> stored;  // the same as the records have it; null: they do not
};
// The stored state, the blocks above it, and the records of the log. Ends what a crash left undone
// of an installation. kCorrupt if no state and blocks fit together; what is damaged is named.
[[nodiscard]] Result<RecoveredReplica> recover(const ReplicaParts& parts);

class Replica final : private TransportListener,
                      private StorageListener,
                      private SnapshotListener,
                      private ExecutionListener {
 public:
  // Nothing runs before start(). The listener must outlive it.
  Replica(ReplicaParts parts, RecoveredReplica recovered, ReplicaListener& listener);
  ~Replica() override;
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // For Transport::start().
  [[nodiscard]] TransportListener& transport_listener() { return *this; }
  // `transport` is used from now on, and is destroyed before the replica.
  void start(Transport& transport);
  // Ends the loop, then the threads; what was handed to the log is written. No call of the
  // transport or the listener after it returns, and none of the replica but the destructor's.
  void stop();

  // --- From any thread
  void propose(PayloadRef payload);
  void read(Token token);
  void reconfigure(MembershipChange change);
  void query(ExecutionThread::Query query);
  // Whether the signatures of a payload's clients are good, told on a thread of the crypto pool.
  // Whoever asks bounds how much is asked for.
  void check(PayloadRef payload, std::function<void(bool good)> taker);
  // On the loop's thread, soon.
  struct Look {
    EngineStatus status;
    EngineCounters counters;
    Bytes credit;
    Bytes memory;
    uint64_t messages_dropped = 0;  // of peers, because too many waited for the loop
  };
  void look(std::function<void(const Look&)> taker);
  // Engine::membership_changes(), on the replica's loop.
  void membership_changes(std::function<void(std::vector<StoredBlock>)> taker);
  // Payload bytes that it would take now; as of the last step.
  [[nodiscard]] Bytes credit() const { return Bytes(credit_.load(std::memory_order_relaxed)); }

 private:
  // Waits for a ticket.
  struct Gated {
    enum class Kind : uint8_t { kSend, kBroadcast, kCommit, kCheckpoint, kTruncate };
    Kind kind = Kind::kSend;
    Ticket after;
    ReplicaId to;
    MessageRef message;
    StoredBlock stored;
    Checkpoint checkpoint;
    Ticket before;
  };
  struct Timer {
    TimerId id;
    TimePoint deadline;
  };
  struct Outcome {
    Height height;
    std::vector<Receipt> receipts;
  };

  // --- TransportListener
  void on_message(ReplicaId from, MessageRef message) override;
  void on_bulk(ReplicaId from, std::span<const uint8_t> bytes) override;
  void on_up(ReplicaId peer) override;
  void on_down(ReplicaId peer) override;
  void on_dropped(ReplicaId peer) override;
  void on_writable(ReplicaId peer) override;
  // --- StorageListener
  void on_persisted(Ticket durable) override;
  void on_append_refused(Ticket ticket, bool disk_full, const Error& error) override;
  void on_loaded(input::Loaded loaded) override;
  void on_store_reset(const Checkpoint& checkpoint) override;
  void on_store_failed(const Error& error) override;
  // --- ExecutionListener
  void on_executed(Height height, const Digest& state_root, std::vector<Receipt> receipts) override;
  void on_checked(const Checkpoint& checkpoint, bool matches) override;
  void on_installed(const Checkpoint& checkpoint) override;
  // --- SnapshotListener
  void on_snapshot_due(Height height) override;
  void on_snapshot(Height height) override;
  void on_snapshots_failed(const Error& error) override;

  // --- The loop (replica.cpp)
  void run();
  void take(Mailbox::Item& item);
  void fire_timers();
  void tell_wall_time();
  [[nodiscard]] std::optional<Mailbox::Clock::time_point> next_deadline() const;
  void step();
  void write_journal(TimePoint at);
  [[nodiscard]] TimePoint now() const;
  void fail(StopReason reason, const std::string& explanation);

  void note_connection(ReplicaId peer, bool up);

  // --- Effects (replica_effects.cpp)
  void carry_out_effects();
  void carry_out(effect::Persist& persist);
  void carry_out(effect::Truncate& truncate);
  void carry_out(effect::Load& load);
  void carry_out(effect::Send& send);
  void carry_out(effect::Broadcast& broadcast);
  void carry_out(effect::SetTimer& set);
  void carry_out(effect::CancelTimer& cancel);
  void carry_out(effect::Verify& verify);
  void carry_out(effect::VerifyClaims& verify);
  void carry_out(effect::VerifyPayloads& verify);
  void carry_out(effect::Sign& sign);
  void carry_out(effect::Execute& execute);
  void carry_out(effect::Commit& commit);
  void carry_out(effect::CheckpointStable& stable);
  void carry_out(effect::FetchState& fetch);
  void carry_out(effect::InstallSnapshot& install);
  void carry_out(effect::EvidenceFound& evidence);
  void carry_out(effect::ReadReady& ready);
  void carry_out(effect::ReadRefused& refused);
  void carry_out(effect::Refused& refused);
  void carry_out(effect::MembershipActive& active);
  void carry_out(effect::Stopped& stopped);
  void carry_out(effect::Metric& metric);
  void gate(Gated gated);
  void release(Gated& gated);
  void release_durable();

  // --- State (replica_state.cpp)
  void executed(Height height, const Digest& state_root, std::vector<Receipt> receipts);
  void answer();
  void answer_reads();
  void take_state_word(ReplicaId from, StateWord word);
  void serve_state(ReplicaId to, const StateRequest& request);
  void pursue(StateFetch::Progress progress);
  void installed(const Checkpoint& checkpoint);
  void allow_due_state();
  void drop_blocks_below(Height state);

  ReplicaParts parts_;
  ReplicaListener& listener_;
  const Mailbox::Clock::time_point started_;
  Mailbox mailbox_;
  Transport* transport_ = nullptr;
  std::unique_ptr<RecoveredReplica> recovered_;  // until start()

  // Of the loop.
  std::unique_ptr<Engine> engine_;
  EffectSink sink_;
  std::vector<Mailbox::Item> items_;
  std::vector<Input> inputs_;
  std::vector<Timer> timers_;
  TimePoint wall_time_due_;
  std::vector<Gated> gated_;
  Ticket last_ticket_;
  Ticket durable_;
  bool disk_full_ = false;
  bool stopped_ = false;
  std::vector<StorageCommand> commands_;
  std::vector<effect::Verify> verifications_;
  std::shared_ptr<const KeyBook> keys_;
  Membership membership_;
  std::vector<ReplicaId> peers_;  // of the active membership, without oneself
  StateFetch fetch_;
  Height executed_height_;
  Height checkpoint_height_;          // stored
  std::optional<Height> state_due_;   // to be written once its checkpoint is durable
  std::deque<StoredBlock> released_;  // final and durable, not yet answered
  std::deque<Outcome> outcomes_;      // executed, not yet answered
  std::vector<effect::ReadReady> waiting_reads_;
  std::set<ReplicaId> connected_;
  std::atomic<uint64_t> credit_{0};

  // Threads, which use all of the above.
  std::unique_ptr<StorageThread> storage_;
  std::unique_ptr<SnapshotThread> snapshot_thread_;
  std::unique_ptr<ExecutionThread> execution_;
  std::unique_ptr<CryptoPool> crypto_;
  std::thread loop_;
};

}  // namespace govchain::consensus::node
