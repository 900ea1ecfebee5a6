// Samples, the result, and the closed forms that it must not break.

#include <algorithm>
#include <bit>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/protocols.h"
#include "sim/backlog_trend.h"
#include "sim/engine_counters.h"
#include "sim/world_runner.h"

namespace govchain::sim {

namespace {

constexpr Duration kPulseInterval = Duration::milliseconds(100);
constexpr size_t kManyReplicas = 64;
constexpr uint64_t kTurns = 10;

uint64_t bits_of(double value) { return std::bit_cast<uint64_t>(value); }

void encode(consensus::Writer& out, const std::string& text) {
  out.blob(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

void encode(consensus::Writer& out, const Histogram& histogram) {
  out.u64(histogram.count());
  out.u64(bits_of(histogram.mean_nanoseconds()));
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    out.i64(bucket.upper.nanoseconds());
    out.u64(bucket.count);
  }
}

void encode(consensus::Writer& out, const ChainResult& chain) {
  encode(out, chain.name);
  encode(out, chain.protocol);
  const TransactionCounts& counts = chain.transactions;
  for (const uint64_t value : {uint64_t{chain.replicas},
                               bits_of(chain.offered_per_second),
                               counts.submitted,
                               counts.committed,
                               counts.refused,
                               counts.timed_out,
                               counts.in_flight,
                               chain.blocks,
                               chain.highest_view,
                               chain.messages,
                               chain.network_bytes.count(),
                               bits_of(chain.cpu_utilisation),
                               chain.storage.count(),
                               bits_of(chain.backlog_slope),
                               bits_of(chain.backlog_slope_error),
                               uint64_t{chain.saturated},
                               bits_of(chain.shares.queue),
                               bits_of(chain.shares.network),
                               bits_of(chain.shares.cpu),
                               bits_of(chain.shares.disk),
                               bits_of(chain.shares.quorum)}) {
    out.u64(value);
  }
  const consensus::EngineCounters& c = chain.counters;
  for (const uint64_t value :
       {c.malformed, c.oversize, c.unauthorised, c.forged, c.stale, c.future, c.duplicate,
        c.conflicting, c.accepted, c.proposals, c.committed_blocks, c.view_changes, c.checkpoints,
        c.state_transfers, c.block_catch_ups, c.recoveries, c.evidence, c.membership_changes}) {
    out.u64(value);
  }
  encode(out, chain.latency);
  encode(out, chain.decision);
  for (const double backlog : chain.backlog_series) out.u64(bits_of(backlog));
}

std::string hex(const consensus::Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest.bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

}  // namespace

TransactionCounts& TransactionCounts::operator+=(const TransactionCounts& other) {
  submitted += other.submitted;
  committed += other.committed;
  refused += other.refused;
  timed_out += other.timed_out;
  in_flight += other.in_flight;
  return *this;
}

void WorldRunner::on_sample() {
  book_->expire(kernel_.now());
  Sample sample;
  for (const ChainRuntime& chain : chains_) sample.backlog.push_back(book_->backlog(chain.index));
  samples_.push_back(std::move(sample));
  const TimePoint next = kernel_.now() + sample_interval_;
  if (next <= TimePoint::since_start(spec_.duration)) {
    kernel_.schedule(next, static_cast<uint32_t>(EventKind::kSample), 0);
  }
  if (kernel_.now() < next_pulse_) return;
  next_pulse_ = kernel_.now() + kPulseInterval;
  // Looking at an engine costs time that grows with its state, so large worlds take turns.
  const uint64_t turns = replicas_.size() > kManyReplicas ? kTurns : 1;
  ++pulses_;
  for (size_t index = pulses_ % turns; index < replicas_.size(); index += turns) {
    const std::unique_ptr<ReplicaHost>& replica = replicas_[index];
    if (!replica->is_up()) continue;
    for (Observer* observer : observers_) {
      observer->on_sample(replica->address(), kernel_.now(), *replica->engine());
    }
  }
  for (const ChainRuntime& chain : chains_) pulse(chain);
}

void WorldRunner::pulse(const ChainRuntime& chain) {
  ChainPulse pulse;
  pulse.chain = chain.index;
  pulse.now = kernel_.now();
  pulse.calm_since = calm_since(chain);
  pulse.quorum_up = quorum_up(chain);
  const TransactionBook::Waiting waiting = book_->waiting(chain.index);
  pulse.waiting = waiting.transactions;
  pulse.oldest_waiting = waiting.oldest;
  pulse.committed_blocks = chain.committed_height;
  for (Observer* observer : observers_) observer->on_pulse(pulse);
}

// What lasts to the end of the run and leaves a quorum alone is no reason to wait for its end.
TimePoint WorldRunner::calm_since(const ChainRuntime& chain) const {
  TimePoint calm = last_fault_end_;
  for (size_t index = 0; index < spec_.faults.size(); ++index) {
    if (!fault_active_[index]) continue;
    const FaultSpec& fault = spec_.faults[index];
    const bool disturbs =
        fault.kind == FaultSpec::Kind::kClog || fault.kind == FaultSpec::Kind::kLoss ||
        fault.kind == FaultSpec::Kind::kDuplicate || fault.kind == FaultSpec::Kind::kReorder ||
        fault.kind == FaultSpec::Kind::kSlowDisk;
    if (disturbs || fault.duration != Duration::max()) return TimePoint::max();
    calm = std::max(calm, TimePoint::since_start(fault.at));
  }
  for (ReplicaIndex replica = 0; replica < chain.spec->replicas.size(); ++replica) {
    const ReplicaHost& host = *replicas_[chain.first_endpoint + replica];
    if (host.will_restart()) return TimePoint::max();
    calm = std::max(calm, host.last_change());
  }
  return calm;
}

void WorldRunner::finish() {
  book_->expire(kernel_.now());
  book_->close();
  for (ChainRuntime& chain : chains_) finish_chain(chain);
  for (size_t host = 0; host < spec_.hosts.size(); ++host) {
    if (spec_.hosts[host].machine) continue;
    result_.resources.push_back(
        {"host " + spec_.hosts[host].name + " cpu", cpus_[host].utilisation()});
    result_.resources.push_back(
        {"host " + spec_.hosts[host].name + " disk",
         run_queues_[host] ? flushes_[host].utilisation() : disks_[host].utilisation()});
  }
  for (size_t host = 0; host < spec_.hosts.size(); ++host) {
    if (!run_queues_[host]) continue;
    for (const auto& [role, share] : run_queues_[host]->shares_by_role()) {
      result_.resources.push_back({"host " + spec_.hosts[host].name + " threads " + role, share});
    }
  }
  network_->report(result_.resources);
  std::stable_sort(
      result_.resources.begin(), result_.resources.end(),
      [](const ResourceUse& a, const ResourceUse& b) { return a.utilisation > b.utilisation; });
  result_.violations = checkers_->violations();
  cross_check();
  result_.digest = digest();
}

void WorldRunner::finish_chain(ChainRuntime& chain) {
  ChainResult& result = result_.chains[chain.index];
  const double window = (spec_.duration - spec_.warmup).to_seconds();
  result.offered_per_second = static_cast<double>(result.transactions.submitted) / window;
  result.counters = chain.counters;
  uint64_t highest_view = chain.highest_view;
  for (ReplicaIndex replica = 0; replica < result.replicas; ++replica) {
    const ReplicaHost& host = *replicas_[chain.first_endpoint + replica];
    result.storage = std::max(result.storage, host.written_in_window());
    result.cpu_utilisation = std::max(result.cpu_utilisation, cpus_[host.machine()].utilisation());
    result.view_changes = std::max(result.view_changes, host.view_changes());
    if (!host.is_up()) continue;
    add_counters(result.counters, host.engine()->counters());
    highest_view = std::max(highest_view, host.engine()->status().view.value());
  }
  result.highest_view = highest_view;
  result.blocks = chain.window_blocks;
  result.decision = decisions_.of(chain.index);
  const ChainTraffic& traffic = network_->traffic(chain.index);
  result.messages = traffic.window_messages;
  result.network_bytes = traffic.window_bytes;
  result.backlog_interval = sample_interval_;
  for (const Sample& sample : samples_) {
    result.backlog_series.push_back(static_cast<double>(sample.backlog[chain.index]));
  }
  fit_backlog(spec_.warmup, result);
}

void WorldRunner::violation(std::string rule, std::string detail) {
  result_.violations.push_back(Violation{std::move(rule), std::move(detail), kernel_.now()});
}

void WorldRunner::cross_check() {
  constexpr double kRounding = 1e-9;
  for (const ResourceUse& use : result_.resources) {
    if (use.utilisation > 1 + kRounding) {
      violation("closed-form utilisation", use.name + " was busy for more than all of the time");
    }
  }
  for (const ChainRuntime& chain : chains_) {
    check_bandwidth_bound(chain);
    check_latency_bound(chain);
  }
}

// A leader sends every body itself: throughput <= B / (s (n-1)). Over the whole run, without the
// blocks that may still have been on their way to the last replicas when the last commit was seen.
void WorldRunner::check_bandwidth_bound(const ChainRuntime& chain) {
  const auto replicas = chain.spec->replicas.size();
  const ChainResult& result = result_.chains[chain.index];
  const bool one_leader =
      result.counters.view_changes == 0 && spec_.faults.empty() && spec_.adversaries.empty();
  if (replicas < 2 || !one_leader) return;
  Rate fastest = Rate::bits_per_second(1);
  for (const ReplicaSpec& replica : chain.spec->replicas) {
    const HostSpec& host = spec_.hosts[replica.host];
    const auto shared =
        std::count_if(chain.spec->replicas.begin(), chain.spec->replicas.end(),
                      [&](const ReplicaSpec& other) { return other.host == replica.host; });
    if (host.profile.nic.is_unlimited() || shared > 1) return;
    fastest = std::max(fastest, host.profile.nic);
  }
  const uint64_t on_the_way =
      chain.spec->engine.max_block_bytes.count() * chain.spec->engine.max_in_flight;
  if (chain.committed_payload.count() <= on_the_way) return;
  const uint64_t copies = replicas - 1 - chain.spec->witnesses.size();
  const Bytes sent = Bytes((chain.committed_payload.count() - on_the_way) * copies);
  if (fastest.time_for(sent) > chain.last_commit.since_start()) {
    violation("closed-form leader bandwidth",
              chain.spec->name + " committed more bytes than its leader can have sent");
  }
}

// The least time that word takes between places: directly, or by way of replicas in other places,
// since routes need not be the shortest and replicas pass on what they hear (Floyd & Warshall).
std::vector<Duration> WorldRunner::least_delays() const {
  const size_t places = spec_.network.places.size();
  std::vector<Duration> least(places * places);
  for (PlaceIndex from = 0; from < places; ++from) {
    for (PlaceIndex to = 0; to < places; ++to) {
      least[from * places + to] = network_->base_delay(from, to);
    }
  }
  for (size_t over = 0; over < places; ++over) {
    for (size_t from = 0; from < places; ++from) {
      for (size_t to = 0; to < places; ++to) {
        Duration& way = least[from * places + to];
        way = std::min(way, least[from * places + over] + least[over * places + to]);
      }
    }
  }
  return least;
}

// Nothing is final at its ingress before a quorum can have heard of it and answered: no latency is
// below the round trip to the nearest replicas that complete a quorum.
void WorldRunner::check_latency_bound(const ChainRuntime& chain) {
  if (!spec_.faults.empty() || spec_.network.jitter.kind == Jitter::Kind::kNormal) return;
  // Requests can make the quorum smaller than the genesis membership says.
  if (!spec_.requests.empty()) return;
  const auto replicas = static_cast<ReplicaIndex>(chain.spec->replicas.size());
  // Besides the ingress itself.
  const uint64_t needed =
      consensus::quorum_of(consensus::traits_of(chain.spec->protocol).faults, replicas) - 1;
  if (!chain.spec->weights.empty() || !chain.spec->witnesses.empty() || needed == 0) return;
  const std::vector<Duration> least = least_delays();
  const size_t places = spec_.network.places.size();
  for (ReplicaIndex ingress = 0; ingress < replicas; ++ingress) {
    const Duration smallest = book_->smallest_latency(chain.first_endpoint + ingress);
    if (smallest == Duration::max()) continue;
    const HostSpec& home = spec_.hosts[chain.spec->replicas[ingress].host];
    std::vector<Duration> round_trips;
    for (ReplicaIndex peer = 0; peer < replicas; ++peer) {
      if (peer == ingress) continue;
      const HostIndex host = chain.spec->replicas[peer].host;
      if (host == chain.spec->replicas[ingress].host) {
        round_trips.push_back(Duration::zero());
        continue;
      }
      const PlaceIndex there = spec_.hosts[host].place;
      const PlaceSpec& place = spec_.network.places[home.place];
      if (there == home.place && place.local_jitter.kind == Jitter::Kind::kNormal) {
        round_trips.push_back(Duration::zero());
        continue;
      }
      round_trips.push_back(least[home.place * places + there] +
                            least[there * places + home.place]);
    }
    std::sort(round_trips.begin(), round_trips.end());
    if (smallest < round_trips[needed - 1]) {
      violation("closed-form latency", chain.spec->name +
                                           ": a transaction was final faster than light could "
                                           "have gone to a quorum and back");
    }
  }
}

std::string WorldRunner::digest() const {
  std::vector<uint8_t> bytes;
  consensus::Writer out(bytes);
  for (const ChainRuntime& chain : chains_) {
    encode(out, result_.chains[chain.index]);
    out.u64(chain.committed_height);
    out.digest(chain.history);
  }
  for (const ServiceResult& service : result_.services) {
    encode(out, service.name);
    out.u64(service.submitted);
    out.u64(service.completed);
    out.u64(service.refused);
    encode(out, service.latency);
  }
  for (const ResourceUse& use : result_.resources) {
    encode(out, use.name);
    out.u64(bits_of(use.utilisation));
  }
  for (const Violation& broken : result_.violations) {
    encode(out, broken.rule);
    encode(out, broken.detail);
    out.i64(broken.at.nanoseconds());
  }
  return hex(consensus::hash(consensus::HashAlgorithm::kSha256, bytes));
}

}  // namespace govchain::sim
