#pragma once
// One run: owns everything, hands events to whom they concern, and draws up the result. By file:
// world_runner.cpp set-up and dispatch, world_load.cpp clients, world_faults.cpp what goes wrong,
// world_requests.cpp readers and
// operators, world_results.cpp the result and its cross-checks.

#include <memory>
#include <optional>
#include <vector>

#include "sim/agent_desk.h"
#include "sim/checkers/checkers.h"
#include "sim/decision_times.h"
#include "sim/fabric.h"
#include "sim/load/arrivals.h"
#include "sim/replica_host.h"
#include "sim/trace/chrome_trace.h"

namespace govchain::sim {

class WorldRunner final : public NetworkSink, public ClientSide {
 public:
  WorldRunner(const WorldSpec& spec, const RunOptions& options);
  ~WorldRunner() override;
  // Everything that the run needs; once, before run(). Errors: those of make_network.
  [[nodiscard]] consensus::Status build();
  [[nodiscard]] consensus::Result<WorldResult> run();

  // For Kernel::run_until.
  void dispatch(uint32_t kind, uint32_t index);
  void prefetch(uint32_t kind, uint32_t index, bool near) {
    EndpointIndex endpoint = index;
    if (static_cast<EventKind>(kind) == EventKind::kArrival) {
      endpoint = network_->next_receiver(index);
    } else if (static_cast<EventKind>(kind) != EventKind::kReplicaLoop) {
      return;
    }
    if (near) {
      replicas_[endpoint]->prefetch_engine();
    } else {
      replicas_[endpoint]->prefetch();
    }
  }
  // Asked after every event: a hundredth of a large run can take minutes, and nobody who pressed
  // Ctrl-C waits for them.
  [[nodiscard]] bool stopped() const {
    return stopped_ || (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed));
  }

  // --- NetworkSink
  void deliver(const Parcel& parcel, EndpointIndex to, TimePoint at, Duration transit) override;
  void deliver_transfer(uint64_t cookie) override;
  void peer_dropped(EndpointIndex from, EndpointIndex peer) override;
  void peer_writable(EndpointIndex from, EndpointIndex peer) override;

  // --- ClientSide
  void on_answered(ReplicaAddress who, const consensus::Block& block,
                   std::span<const consensus::Receipt> receipts, const PathCost& path, size_t first,
                   size_t last) override;
  void on_checkpoint(ReplicaAddress who, const consensus::Checkpoint& checkpoint) override;
  void on_refused(EndpointIndex at, const consensus::Payload& payload) override;
  void on_duplicate(EndpointIndex at, const consensus::Payload& payload) override;
  void on_skipped(ReplicaAddress who, const consensus::Block& block) override;
  void on_read(consensus::Token token, const consensus::Application* state) override;

 private:
  // One load under way.
  struct Source {
    const LoadSpec* spec = nullptr;
    EndpointIndex ingress = 0;
    std::optional<Arrivals> arrivals;
    std::optional<RandomStream> payload_stream;
    std::optional<RandomStream> retry_stream;
    uint64_t ordinal = 0;
    Bytes bytes_each;
    TimePoint next_event;  // without the access delay; a cohort's end
  };
  // A client who will ask again, unless it has its answer by then.
  struct Retry {
    consensus::PayloadRef payload;
    uint32_t source = 0;
    uint32_t tries = 0;
  };
  struct Sample {
    std::vector<uint64_t> backlog;  // per chain
  };

  void set_up_machines();
  void set_up_chains();
  void set_up_loads();
  void set_up_faults();

  // --- world_load.cpp
  void on_load(uint32_t index);
  void ask_next(uint32_t index, bool refused);
  void submit_exact(Source& source, TimePoint intended);
  void hand_in(const Source& source, const consensus::PayloadRef& payload);
  void expect_answer(Source& source, const consensus::PayloadRef& payload);
  void schedule_retry(uint32_t index);
  void on_retry(uint32_t index);
  void ordered(TransactionBook::Index entry);
  void submit_cohort(Source& source);
  void submit_cohort_part(Source& source, std::vector<TimePoint> intended);
  void schedule_load(uint32_t index);
  [[nodiscard]] Bytes transaction_size(Source& source);

  // --- world_faults.cpp
  void begin_fault(uint32_t index);
  void end_fault(uint32_t index);
  void start_adversary(uint32_t index);
  void lose_place(const FaultSpec& fault, TimePoint end);
  void refresh_disturbance(ChainIndex chain);
  void apply_trunk(TrunkIndex trunk);
  [[nodiscard]] bool quorum_up(const ChainRuntime& chain) const;
  template <typename Call>
  void for_group(const FaultSpec& fault, Call&& call);

  // --- world_requests.cpp
  void set_up_requests();
  void start_request(uint32_t index);

  // --- world_results.cpp
  void on_sample();
  void pulse(const ChainRuntime& chain);
  void finish();
  void finish_chain(ChainRuntime& chain);
  [[nodiscard]] TimePoint calm_since(const ChainRuntime& chain) const;
  void cross_check();
  void check_bandwidth_bound(const ChainRuntime& chain);
  [[nodiscard]] std::vector<Duration> least_delays() const;
  void check_latency_bound(const ChainRuntime& chain);
  void violation(std::string rule, std::string detail);
  [[nodiscard]] std::string digest() const;

  [[nodiscard]] EndpointIndex endpoint(ChainIndex chain, ReplicaIndex replica) const {
    return chains_[chain].first_endpoint + replica;
  }

  const WorldSpec& spec_;
  const RunOptions& options_;
  Kernel kernel_;
  WorldResult result_;
  std::vector<Cpu> cpus_;
  std::vector<Disk> disks_;
  std::vector<std::unique_ptr<RunQueue>> run_queues_;
  std::vector<Flushes> flushes_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<CheckerSuite> checkers_;
  std::unique_ptr<ChromeTrace> trace_;
  std::vector<Observer*> observers_;
  std::vector<ChainRuntime> chains_;
  DecisionTimes decisions_;
  std::optional<TransactionBook> book_;
  std::vector<std::unique_ptr<ReplicaHost>> replicas_;
  std::unique_ptr<Fabric> fabric_;
  std::unique_ptr<AgentDesk> agents_;
  std::vector<Source> sources_;
  std::vector<Retry> retries_;
  std::vector<uint32_t> unused_retries_;
  std::vector<bool> is_ingress_;      // per endpoint: a load or an agent submits here
  std::vector<bool> fault_active_;    // per fault
  std::vector<uint32_t> trunk_cuts_;  // per trunk: active faults that cut it
  TimePoint last_fault_end_;
  TimePoint next_pulse_;
  uint64_t pulses_ = 0;
  Duration sample_interval_;
  std::vector<Sample> samples_;
  bool stopped_ = false;
};

// kInvalid with the field if the description contradicts itself.
[[nodiscard]] consensus::Status check_world(const WorldSpec& spec);

}  // namespace govchain::sim
