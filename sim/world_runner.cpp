#include "sim/world_runner.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <sys/resource.h>

#include "consensus/protocols.h"

namespace govchain::sim {

using consensus::Result;

namespace {

// The longest stretch between two looks at RunOptions::stop and calls of progress.
constexpr int64_t kSlices = 100;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

uint64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1'024U;
}

}  // namespace

Result<WorldResult> run_world(const WorldSpec& spec, const RunOptions& options) {
  const consensus::Status checked = check_world(spec);
  if (!checked) return checked.error();
  WorldRunner runner(spec, options);
  if (const consensus::Status built = runner.build(); !built) return built.error();
  return runner.run();
}

WorldRunner::WorldRunner(const WorldSpec& spec, const RunOptions& options)
    : spec_(spec), options_(options), decisions_(chains_) {}

consensus::Status WorldRunner::build() {
  const WorldSpec& spec = spec_;
  const TimePoint begin = TimePoint::since_start(spec.warmup);
  const TimePoint end = TimePoint::since_start(spec.duration);
  for (const HostSpec& host : spec.hosts) {
    cpus_.emplace_back(host.profile.cores, begin, end);
    disks_.emplace_back(host.profile.disk, begin, end);
    flushes_.emplace_back(RandomStream(spec.seed, RandomPurpose::kDisk, flushes_.size()), begin,
                          end);
  }
  set_up_machines();
  set_up_chains();
  for (const std::string& name : spec.services) {
    result_.services.emplace_back().name = name;
  }
  book_.emplace(spec, result_.chains, result_.services);
  Result<std::unique_ptr<Network>> network = make_network(spec, kernel_, *this);
  if (!network) return network.error();
  network_ = *std::move(network);
  checkers_ = make_checkers(spec);
  observers_.push_back(checkers_.get());
  observers_.push_back(&decisions_);
  if (options_.observer != nullptr) observers_.push_back(options_.observer);
  if (!options_.trace_path.empty()) {
    trace_ = std::make_unique<ChromeTrace>(options_.trace_path);
    observers_.push_back(trace_.get());
  }
  fabric_ = std::make_unique<Fabric>(Fabric{spec_, options_, kernel_, *network_, cpus_, disks_,
                                            run_queues_, flushes_, observers_, *book_, *this,
                                            chains_, replicas_});
  for (const ChainRuntime& chain : chains_) {
    for (ReplicaIndex replica = 0; replica < chain.spec->replicas.size(); ++replica) {
      replicas_.push_back(std::make_unique<ReplicaHost>(
          *fabric_, ReplicaAddress{chain.index, replica}, chain.first_endpoint + replica));
    }
  }
  is_ingress_.assign(replicas_.size(), !spec.agents.empty());
  agents_ = std::make_unique<AgentDesk>(*fabric_, result_.services);
  set_up_loads();
  set_up_faults();
  set_up_requests();
  return consensus::success();
}

WorldRunner::~WorldRunner() = default;

// Machines that were measured share out their cores thread by thread.
void WorldRunner::set_up_machines() {
  run_queues_.resize(spec_.hosts.size());
  for (uint32_t host = 0; host < spec_.hosts.size(); ++host) {
    const HostSpec& spec = spec_.hosts[host];
    if (spec.machine || spec.profile.measurements == nullptr) continue;
    run_queues_[host] =
        std::make_unique<RunQueue>(kernel_, cpus_[host], host * RunQueue::kMostCores,
                                   ProcessorModel::wake_costs(*spec.profile.measurements));
  }
}

void WorldRunner::set_up_chains() {
  EndpointIndex next = 0;
  for (ChainIndex index = 0; index < spec_.chains.size(); ++index) {
    const ChainSpec& spec = spec_.chains[index];
    ChainRuntime chain;
    chain.spec = &spec;
    chain.index = index;
    chain.first_endpoint = next;
    chain.id = consensus::ChainId(uint64_t{index} + 1);
    const auto scheme =
        spec_.crypto == CryptoMode::kReal ? spec.scheme : consensus::SignatureScheme::kModelled;
    for (uint32_t replica = 0; replica < spec.replicas.size(); ++replica) {
      const consensus::ReplicaId id(replica);
      consensus::Member member;
      member.id = id;
      member.weight = spec.weights.empty() ? 1 : spec.weights[replica];
      if (std::binary_search(spec.witnesses.begin(), spec.witnesses.end(), replica)) {
        member.role = consensus::MemberRole::kWitness;
      }
      member.key = consensus::make_signer(scheme, spec_.seed, chain.id, id)->public_key();
      chain.genesis.members.push_back(member);
    }
    chain.genesis.version = spec.engine.genesis.version;
    chain.verifier = consensus::make_verifier(scheme);
    for (const LoadSpec& load : spec_.loads) {
      if (load.chain != index || !load.clients_on || !run_queues_[*load.clients_on]) continue;
      constexpr size_t kAtOnce = 64;
      chain.client_process =
          std::make_unique<Worker>(*run_queues_[*load.clients_on], "clients", kAtOnce,
                                   run_queues_[*load.clients_on]->add_process());
      break;
    }
    next += static_cast<EndpointIndex>(spec.replicas.size());
    ChainResult& result = result_.chains.emplace_back();
    result.name = spec.name;
    result.protocol = consensus::traits_of(spec.protocol).name;
    result.replicas = static_cast<uint32_t>(spec.replicas.size());
    chains_.push_back(std::move(chain));
  }
}

Result<WorldResult> WorldRunner::run() {
  const auto wall_start = std::chrono::steady_clock::now();
  const double cpu_start = cpu_seconds();
  std::vector<consensus::Membership> genesis;
  for (const ChainRuntime& chain : chains_) genesis.push_back(chain.genesis);
  for (Observer* observer : observers_) observer->on_begin(spec_, genesis);

  sample_interval_ = std::max(spec_.duration / 200, Duration::milliseconds(1));
  sample_interval_ = std::min(sample_interval_, Duration::milliseconds(100));
  kernel_.schedule(TimePoint{}, static_cast<uint32_t>(EventKind::kSample), 0);
  for (const std::unique_ptr<ReplicaHost>& replica : replicas_) replica->start();
  agents_->start();

  const Duration slice = std::max(spec_.duration / kSlices, Duration::nanoseconds(1));
  const TimePoint end = TimePoint::since_start(spec_.duration);
  for (TimePoint until = TimePoint{} + slice; !stopped_; until += slice) {
    kernel_.run_until(std::min(until, end), *this);
    if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) {
      stopped_ = true;
    }
    if (options_.progress) {
      options_.progress(
          static_cast<double>(kernel_.now().nanoseconds()) / static_cast<double>(end.nanoseconds()),
          kernel_.events());
    }
    if (until >= end) break;
  }
  if (stopped_) {
    return consensus::Error{consensus::ErrorCode::kExhausted, "the run was stopped", spec_.name};
  }
  for (Observer* observer : observers_) observer->on_end(kernel_.now());
  finish();
  WorkDone& work = result_.work;
  work.events = kernel_.events();
  for (const ChainRuntime& chain : chains_) {
    work.messages += network_->traffic(chain.index).messages;
  }
  work.cpu_seconds = cpu_seconds() - cpu_start;
  work.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_start).count();
  work.peak_memory_bytes = peak_memory();
  return std::move(result_);
}

void WorldRunner::dispatch(uint32_t kind, uint32_t index) {
  switch (static_cast<EventKind>(kind)) {
    case EventKind::kArrival:
    case EventKind::kHop:
    case EventKind::kPeerWritable:
      network_->dispatch(static_cast<EventKind>(kind), index);
      break;
    case EventKind::kReplicaLoop:
      replicas_[index]->on_loop_event();
      break;
    case EventKind::kReplicaTimer:
      replicas_[index]->on_timer_event();
      break;
    case EventKind::kDiskDone:
      replicas_[index]->on_disk_event();
      break;
    case EventKind::kRestart:
      replicas_[index]->on_restart_event();
      break;
    case EventKind::kFetchTimeout:
      replicas_[index]->on_fetch_timeout();
      break;
    case EventKind::kLoad:
      on_load(index);
      break;
    case EventKind::kFaultBegin:
      begin_fault(index);
      break;
    case EventKind::kFaultEnd:
      end_fault(index);
      break;
    case EventKind::kAgentTimer:
      agents_->on_timer(index);
      break;
    case EventKind::kAdversary:
      start_adversary(index);
      break;
    case EventKind::kRequest:
      start_request(index);
      break;
    case EventKind::kSample:
      on_sample();
      break;
    case EventKind::kSnapshotDone:
      replicas_[index]->on_snapshot_done();
      break;
    case EventKind::kRetry:
      on_retry(index);
      break;
    case EventKind::kCore:
      run_queues_[index / RunQueue::kMostCores]->on_event(index % RunQueue::kMostCores);
      break;
  }
}

void WorldRunner::deliver(const Parcel& parcel, EndpointIndex to, TimePoint at, Duration transit) {
  replicas_[to]->deliver(parcel, at, transit);
}

void WorldRunner::deliver_transfer(uint64_t cookie) { agents_->on_transferred(cookie); }

void WorldRunner::peer_dropped(EndpointIndex from, EndpointIndex peer) {
  replicas_[from]->give(
      consensus::input::PeerDropped{consensus::ReplicaId(replicas_[peer]->address().replica)},
      kernel_.now());
}

void WorldRunner::peer_writable(EndpointIndex from, EndpointIndex peer) {
  replicas_[from]->give(
      consensus::input::PeerWritable{consensus::ReplicaId(replicas_[peer]->address().replica)},
      kernel_.now());
}

}  // namespace govchain::sim
