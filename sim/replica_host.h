#pragma once
// One replica's host process: runs the loop of consensus/engine.h to the letter, on modelled cores,
// disk and network. Its parts by file: replica_host.cpp the loop, replica_effects.cpp what engines
// ask for, replica_outgoing.cpp what leaves and when, replica_adversary.cpp what an interceptor
// makes of it, replica_storage.cpp log, store, crash and recovery, replica_state.cpp execution,
// snapshots and state transfer.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "consensus/engine.h"
#include "consensus/memory_block_store.h"
#include "consensus/memory_log.h"
#include "sim/adversary/interceptor.h"
#include "sim/fabric.h"
#include "sim/inbox.h"
#include "sim/random.h"
#include "sim/replica_clock.h"
#include "sim/replica_threads.h"

namespace govchain::sim {

class ReplicaHost {
 public:
  // Inputs that one step takes at most: what has come in while the loop was busy.
  static constexpr size_t kMaxBatch = 32;
  // Messages that wait for the loop; more are dropped, as a full socket buffer would in the end.
  static constexpr size_t kMaxWaitingMessages = 1U << 17U;

  ReplicaHost(Fabric& fabric, ReplicaAddress address, EndpointIndex endpoint);
  ~ReplicaHost();
  ReplicaHost(const ReplicaHost&) = delete;
  ReplicaHost& operator=(const ReplicaHost&) = delete;

  void start();

  // Brings what the loop touches first towards the cache.
  void prefetch() const {
    constexpr size_t kLine = 64;
    constexpr size_t kHotLines = 8;
    const auto* const begin = reinterpret_cast<const std::byte*>(this);
    for (size_t line = 0; line < kHotLines; ++line) __builtin_prefetch(begin + line * kLine);
  }
  void prefetch_engine() const {
    if (!engine_) return;
    constexpr size_t kLine = 64;
    const auto* const begin = reinterpret_cast<const std::byte*>(engine_.get());
    for (size_t line = 0; line < 4; ++line) __builtin_prefetch(begin + line * kLine);
  }

  // --- Events of the world
  void deliver(const Parcel& parcel, TimePoint at, Duration transit);
  void on_loop_event();
  void on_timer_event();
  void on_disk_event();
  void on_restart_event();
  void on_fetch_timeout();
  void on_snapshot_done();
  void give(consensus::Input input, TimePoint at);
  // A client's transactions have reached this replica.
  void admit(const consensus::PayloadRef& payload);
  // A client wants a linearizable read; ignored while the replica is down.
  void read(consensus::Token token);

  // --- Faults
  void crash(bool torn_tail);
  void restart_at(TimePoint at);
  void crash_at_persist(uint64_t count, Duration down_for);
  void torn_crash_at_next_sync(Duration down_for);
  // A bit of what is durable in the log has turned: who restarts from it finds it and refuses.
  void rot();
  // From now on every restart is one from the disk as it is now.
  void copy_disk();
  void pause(TimePoint until);
  void set_drift(int64_t parts_per_billion);
  void set_disk_full(bool full);
  void set_disk_slowness(double factor);
  // From its next start on.
  void set_software(consensus::ProtocolVersion newest) { software_ = newest; }
  void set_interceptor(std::unique_ptr<Interceptor> interceptor, uint64_t stream);

  // --- A look from outside
  [[nodiscard]] bool is_up() const { return engine_ != nullptr; }
  [[nodiscard]] bool has_stopped() const { return stopped_ || outdated_; }
  [[nodiscard]] bool is_paused(TimePoint now) const { return paused_until_ > now; }
  [[nodiscard]] bool is_disk_full() const { return disk_full_; }
  [[nodiscard]] bool will_restart() const { return restart_at_ != TimePoint::max(); }
  // Of its last crash or restart.
  [[nodiscard]] TimePoint last_change() const { return last_change_; }
  [[nodiscard]] ReplicaAddress address() const { return address_; }
  [[nodiscard]] HostIndex host() const { return host_; }
  // Whose cores and disk it uses.
  [[nodiscard]] HostIndex machine() const { return machine_; }
  // Null where the machine was not measured.
  [[nodiscard]] const ProcessorModel* processor_model() const {
    return threads_ ? &threads_->model : nullptr;
  }
  [[nodiscard]] const consensus::Engine* engine() const { return engine_.get(); }
  [[nodiscard]] const consensus::Application* application() const {
    return engine_ ? application_.get() : nullptr;
  }
  [[nodiscard]] const consensus::Checkpoint& checkpoint() const { return store_.checkpoint(); }
  [[nodiscard]] const consensus::Membership& membership() const { return membership_; }
  [[nodiscard]] Bytes written_in_window() const { return written_in_window_; }
  // Of all its engines.
  [[nodiscard]] uint64_t view_changes() const {
    return view_changes_before_ + (engine_ ? engine_->counters().view_changes : 0);
  }
  [[nodiscard]] consensus::Height executed_height() const { return executed_height_; }

 private:
  class AdversaryOutbox;
  // The loop, where it shares cores with the threads around it (replica_threads.cpp).
  class Loop final : public Runnable {
   public:
    explicit Loop(ReplicaHost& host) : host_(host) {}
    [[nodiscard]] bool has_work() const override;
    [[nodiscard]] Duration begin() override;
    void end() override;

   private:
    ReplicaHost& host_;
  };

  struct Arrival {
    TimePoint at;
    EndpointIndex from = 0;
    TimePoint arrived;
    consensus::MessageRef message;
    PathCost path;
  };
  // An answer to an effect, or another input; or work whose result becomes one.
  struct Completion {
    enum class Kind : uint8_t { kInput, kExecute, kInstall };
    TimePoint at;
    Kind kind = Kind::kInput;
    bool take_snapshot = false;
    consensus::Input input;
    consensus::BlockRef block;
    PathCost path;
  };
  // The answer to effect::Verify: by far the most frequent one, so it has a queue of its own.
  struct Verification {
    TimePoint at;
    consensus::Token token;
    consensus::MessageRef message;
    bool valid = false;
    PathCost path;
  };
  // Waits for a ticket.
  struct Gated {
    GatedEffect kind = GatedEffect::kSend;
    consensus::Ticket after;
    TimePoint since;
    consensus::ReplicaId to;
    consensus::MessageRef message;
    consensus::BlockRef block;
    consensus::CertificateRef certificate;
    consensus::Ticket before;
    PathCost path;
  };
  struct Timer {
    consensus::TimerId id;
    TimePoint deadline;   // on the replica's own clock
    bool queued = false;  // has fired and waits for the loop
  };
  struct Snapshot {
    consensus::Height height;
    consensus::Digest root;
    SnapshotBytes bytes;
    TimePoint durable_at;
  };
  struct Released {
    consensus::BlockRef block;
    PathCost path;
  };
  struct ExecutedBlock {
    consensus::Height height;
    std::vector<consensus::Receipt> receipts;
  };
  struct Fetch {
    bool active = false;  // still asking
    consensus::Checkpoint checkpoint;
    uint32_t attempt = 0;  // places of the round gone by
    uint32_t asked = 0;    // peers that were really asked
    ReplicaIndex peer = 0;
    TimePoint gives_up_at;
    SnapshotBytes bytes;
    std::unique_ptr<consensus::Application> application;
  };

  // --- Thread by thread, on a machine that was measured (replica_threads.cpp)
  void make_threads();
  void wake_thread(TimePoint at);
  void receive_frame(const Parcel& parcel, consensus::MessageRef message, Duration transit);
  void send_frames(std::span<const ReplicaIndex> receivers, const Parcel& parcel);
  // The answer comes when one of the threads has done the work.
  void work_on(Worker& worker, Duration cost, consensus::Input answer);
  void verify_on_thread();
  void append_on_thread(consensus::Ticket ticket, Bytes size);
  void sync_appended();
  [[nodiscard]] Duration execution_time(const consensus::Block& block);
  void execute_on_thread(consensus::effect::Execute& execute_block);
  void await_disk(TimePoint until);
  void disk_done_on_thread();
  void snapshot_on_thread();
  void admit_on_thread(const consensus::PayloadRef& payload);
  void answer_on_thread(const Released& answered, const ExecutedBlock& results);
  void give_answer(size_t payloads, std::function<void()> heard);

  // --- The loop (replica_host.cpp)
  void wake(TimePoint at);
  void arm(TimePoint at);
  void run_loop();
  [[nodiscard]] bool collect();
  void take_arrival();
  void take_completion();
  void take_verification();
  void hand_over_verifications();
  [[nodiscard]] TimePoint next_due() const;
  void step();
  // An answer that the loop gets at `at`. The time until then is charged to the causal path: to the
  // CPU, unless the path is given.
  void complete_later(TimePoint at, consensus::Input input);
  void complete_later(TimePoint at, consensus::Input input, const PathCost& path);
  [[nodiscard]] Duration receive_cost(const consensus::Message& message) const;
  [[nodiscard]] consensus::MessageRef decode(const Parcel& parcel) const;

  // --- Effects (replica_effects.cpp)
  void carry_out_effects();
  void carry_out(consensus::Effect& effect);
  void carry_out(consensus::effect::Persist& persist);
  void carry_out(consensus::effect::Truncate& truncate);
  void carry_out(consensus::effect::Load& load);
  void carry_out(consensus::effect::Send& send);
  void carry_out(consensus::effect::Broadcast& broadcast);
  void carry_out(consensus::effect::SetTimer& set);
  void carry_out(consensus::effect::CancelTimer& cancel);
  void carry_out(consensus::effect::Verify& verify);
  void carry_out(consensus::effect::VerifyClaims& verify);
  void carry_out(consensus::effect::VerifyPayloads& verify);
  void carry_out(consensus::effect::Sign& sign);
  void carry_out(consensus::effect::Execute& execute);
  void carry_out(consensus::effect::Commit& commit);
  void carry_out(consensus::effect::CheckpointStable& stable);
  void carry_out(consensus::effect::FetchState& fetch);
  void carry_out(consensus::effect::InstallSnapshot& install);
  void carry_out(consensus::effect::EvidenceFound& evidence);
  void carry_out(consensus::effect::ReadReady& ready);
  void carry_out(consensus::effect::ReadRefused& refused);
  void carry_out(consensus::effect::Refused& refused);
  void carry_out(consensus::effect::MembershipActive& active);
  void carry_out(consensus::effect::Stopped& stopped);
  void carry_out(consensus::effect::Metric& metric);
  [[nodiscard]] bool verify(const consensus::MessageRef& message);
  [[nodiscard]] bool verify(const consensus::SignedStatement& claim) const;
  void put_in_store(const consensus::StoredBlock& stored);
  void note_proposal(consensus::Height height);
  [[nodiscard]] consensus::CertificateRef shared_certificate(
      const consensus::Block& block, const consensus::CertificateRef& certificate);
  void arm_timers();
  [[nodiscard]] bool take_timer(consensus::TimerId id);

  // --- What leaves (replica_outgoing.cpp)
  void gate(Gated gated);
  void release(Gated& gated);
  void release_durable();
  void transmit(const consensus::ReplicaId* to, const consensus::MessageRef& message,
                PathCost path);
  void put_on_wire(std::span<const ReplicaIndex> receivers, Parcel parcel);

  // --- An adversary in between (replica_adversary.cpp)
  [[nodiscard]] std::unique_ptr<consensus::Engine> make_twin(uint64_t seed) const;
  [[nodiscard]] bool intercept_received(consensus::ReplicaId from,
                                        const consensus::MessageRef& message);
  void intercept_sent(const consensus::ReplicaId* to, const consensus::MessageRef& message);

  // --- Storage (replica_storage.cpp)
  void restore_disk();
  [[nodiscard]] bool finds_rot();
  void kick_disk();
  void disk_done();
  void recover();
  [[nodiscard]] std::unique_ptr<consensus::Engine> make_engine(
      consensus::RecoveredState recovered) const;
  [[nodiscard]] consensus::EngineConfig engine_config(uint64_t seed) const;
  [[nodiscard]] std::unique_ptr<consensus::Application> make_application() const;
  void announce_connection(bool up);
  void count_written(Bytes size);

  // --- State (replica_state.cpp)
  void execute(Completion& completion);
  void release_commit(Gated& gated);
  void note_agents_transactions(const consensus::Block& block);
  void answer();
  void answer_reads();
  void take_snapshot(consensus::Height height, const consensus::Digest& root);
  void drop_snapshots_below(consensus::Height height);
  void install();
  void request_state();
  void on_bulk(const Parcel& parcel, TimePoint at);
  void serve_state(const Parcel& request);
  void take_state(const Parcel& response, TimePoint at);
  [[nodiscard]] Duration fetch_patience() const;
  void fetch_failed();
  [[nodiscard]] uint64_t execution_weight(const consensus::Block& block);

  [[nodiscard]] TimePoint now() const { return fabric_.kernel.now(); }
  [[nodiscard]] Cpu& cpu() { return fabric_.cpus[machine_]; }
  [[nodiscard]] Disk& disk() { return fabric_.disks[machine_]; }
  [[nodiscard]] const OperationCosts& costs() const { return costs_; }
  [[nodiscard]] ChainRuntime& chain() { return fabric_.chains[address_.chain]; }
  [[nodiscard]] const ChainRuntime& chain() const { return fabric_.chains[address_.chain]; }
  [[nodiscard]] consensus::ReplicaId self() const { return consensus::ReplicaId(address_.replica); }

  Fabric& fabric_;
  ReplicaAddress address_;
  EndpointIndex endpoint_;
  HostIndex host_;
  HostIndex machine_;
  OperationCosts costs_;
  // The loop, first, because every message touches it.
  std::unique_ptr<consensus::Engine> engine_;
  TimedRing<Arrival> arrivals_;
  TimedRing<Completion> completions_;
  TimedRing<Verification> verifications_;
  std::vector<Verification> step_verifications_;  // asked for by the current step
  TimePoint verified_at_;                         // when the last of these is done
  std::vector<consensus::Input> inputs_;
  Duration batch_cost_;
  PathCost cause_;         // of the effects of the current step
  TimePoint cause_since_;  // when its last input was ready
  bool batch_runs_ = false;
  TimePoint armed_at_ = TimePoint::max();
  TimePoint event_at_ = TimePoint::max();  // a loop event that is in the kernel's queue for certain
  TimePoint paused_until_;
  uint32_t loop_core_ = UINT32_MAX;

  std::unique_ptr<consensus::Signer> signer_;
  ReplicaClock clock_;

  std::unique_ptr<consensus::Application> application_;
  consensus::EffectSink sink_;
  consensus::Membership membership_;
  // Where keys are looked up: the chain's one copy of the genesis membership while that is in
  // force, so that many replicas do not crowd the cache with equal keys.
  const consensus::Membership* keys_ = nullptr;
  std::vector<ReplicaIndex> peers_;  // of the active membership, without oneself
  bool stopped_ = false;
  consensus::ProtocolVersion software_ = consensus::kNewestProtocolVersion;
  bool outdated_ = false;  // its software is too old for its chain; until it is restarted

  std::vector<Timer> timers_;
  TimePoint timer_armed_at_ = TimePoint::max();

  // Serial threads besides the loop.
  TimePoint send_free_;
  uint32_t send_core_ = UINT32_MAX;
  TimePoint execution_free_;
  uint32_t execution_core_ = UINT32_MAX;

  // On a machine that was measured, all of these instead.
  Loop loop_{*this};
  std::unique_ptr<ReplicaThreads> threads_;
  consensus::Ticket appended_;  // by the storage thread, and not synced yet

  // Storage.
  consensus::MemoryLog log_;
  consensus::MemoryBlockStore store_;
  std::vector<consensus::effect::Persist> refused_appends_;  // the disk was full
  std::vector<Gated> gated_;
  std::vector<Gated> gated_room_;  // empty; what release_durable() swaps with
  Bytes unsynced_;
  bool store_dirty_ = false;
  consensus::Ticket truncate_before_;
  PathCost persist_cause_;
  TimePoint persist_since_;
  consensus::Ticket sync_covers_;
  consensus::Height sync_covers_blocks_;
  TimePoint sync_done_at_ = TimePoint::max();  // max: no sync under way
  bool sync_writes_ = false;                   // on a thread: data first, then the flush
  bool disk_full_ = false;
  bool rotten_ = false;
  // An old copy that is put back whenever this replica restarts.
  struct DiskCopy {
    consensus::MemoryLog log;
    consensus::MemoryBlockStore store;
    std::deque<Snapshot> snapshots;
  };
  std::optional<DiskCopy> copy_;
  double disk_slowness_ = 1;
  uint64_t persists_until_crash_ = 0;
  Duration crash_down_for_;
  bool torn_crash_armed_ = false;
  TimePoint torn_crash_at_ = TimePoint::max();
  bool crashed_in_effects_ = false;
  TimePoint restart_at_ = TimePoint::max();
  TimePoint last_change_;
  Bytes written_in_window_;
  uint64_t view_changes_before_ = 0;  // of engines that have ended

  // State.
  consensus::Height executed_height_;
  consensus::ExecutionResult execution_result_;
  std::deque<Snapshot> snapshots_;
  // Of a machine that was measured, where not every checkpoint's state is written.
  Bytes executed_since_written_;
  std::deque<Released> released_;
  std::deque<ExecutedBlock> executed_;
  std::vector<consensus::effect::ReadReady> waiting_reads_;  // for the state to get that far
  Fetch fetch_;
  uint64_t incarnation_ = 0;

  std::unique_ptr<Interceptor> interceptor_;
  std::unique_ptr<RandomStream> adversary_stream_;
};

}  // namespace govchain::sim
