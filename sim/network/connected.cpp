#include "sim/network/connected.h"

#include <algorithm>
#include <utility>

#include "sim/distribution.h"

namespace govchain::sim {

ConnectedNetwork::ConnectedNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink)
    : spec_(spec),
      kernel_(kernel),
      sink_(sink),
      routes_(spec.network),
      window_begin_(TimePoint::since_start(spec.warmup)) {
  for (ChainIndex index = 0; index < spec.chains.size(); ++index) {
    Chain chain;
    chain.first_endpoint = static_cast<EndpointIndex>(endpoints_.size());
    chain.replicas = static_cast<uint32_t>(spec.chains[index].replicas.size());
    chain.connections.assign(size_t{chain.replicas} * chain.replicas,
                             Connection{kNotConnected, {}});
    for (ReplicaIndex replica = 0; replica < chain.replicas; ++replica) {
      const HostIndex host = spec.chains[index].replicas[replica].host;
      endpoints_.push_back(Endpoint{index, replica, host, spec.hosts[host].place});
      const uint64_t entity = uint64_t{index} << 32U | replica;
      jitter_.emplace_back(spec.seed, RandomPurpose::kJitter, entity);
      loss_.emplace_back(spec.seed, RandomPurpose::kLoss, entity);
    }
    chains_.push_back(std::move(chain));
  }
  constexpr uint64_t kPlaceStreams = uint64_t{1} << 63U;
  for (size_t place = 0; place < spec.network.places.size(); ++place) {
    transfer_jitter_.emplace_back(spec.seed, RandomPurpose::kJitter, kPlaceStreams | place);
  }
  dropped_.resize(endpoints_.size());
}

void ConnectedNetwork::send(const Parcel& parcel, ReplicaIndex to, TimePoint first) {
  broadcast(parcel, std::span(&to, 1), first, Duration::zero());
}

ConnectedNetwork::Fate ConnectedNetwork::draw_fate(const Endpoint& from, ReplicaIndex to) {
  const Chain& chain = chains_[from.chain];
  const Disturbance& disturbance = chain.disturbance;
  const bool concerned = disturbance.concerned.empty() || disturbance.concerned[from.replica] ||
                         disturbance.concerned[to];
  // Always three numbers, so that the stream does not depend on which disturbance is on.
  RandomStream& stream = loss_of(from);
  const bool lost = stream.chance(disturbance.loss);
  const bool twice = stream.chance(disturbance.duplicate);
  const bool late = stream.chance(disturbance.reorder);
  return {concerned && lost, concerned && twice, concerned && late,
          unclogged_at(chain, from.replica, to)};
}

Duration ConnectedNetwork::held_back(const Endpoint& from) {
  const Duration spread = chains_[from.chain].disturbance.reorder_spread;
  return Duration::nanoseconds(
      loss_of(from).between(0, std::max<int64_t>(spread.nanoseconds(), 0)));
}

TimePoint ConnectedNetwork::connect(Chain& chain, const Endpoint& from, ReplicaIndex to,
                                    TimePoint ready, const Route& route) {
  Connection& connection = chain.connections[size_t{from.replica} * chain.replicas + to];
  if (connection.ready_at == kNotConnected) {
    const TimePoint done =
        ready + route.delay * (2 * int64_t{spec_.network.connection_setup_round_trips});
    connection.ready_at = done;
    Connection& back = chain.connections[size_t{to} * chain.replicas + from.replica];
    if (back.ready_at == kNotConnected) back.ready_at = done;
  }
  return connection.ready_at;
}

Duration ConnectedNetwork::draw_jitter(const Route& route, RandomStream& stream) const {
  const Jitter& jitter = *route.jitter;
  switch (jitter.kind) {
    case Jitter::Kind::kNone:
      return Duration::zero();
    case Jitter::Kind::kNormal:
      return std::max(draw_normal(stream, Duration::zero(), jitter.spread), -route.delay);
    case Jitter::Kind::kExponential:
      return draw_exponential(stream, jitter.spread);
    case Jitter::Kind::kLogNormal:
      return draw_log_normal(stream, jitter.spread, jitter.shape);
  }
  return Duration::zero();
}

// Each loss costs a timeout, the next twice as much (RFC 6298), and the bytes once more.
Duration ConnectedNetwork::draw_retransmissions(const Endpoint& from, Bytes size,
                                                Duration serialisation, const Route& route) {
  RandomStream& stream = loss_of(from);
  Duration total;
  Duration timeout = spec_.network.retransmission_timeout;
  for (int attempt = 0; attempt < kMaxRetransmissions && stream.chance(route.loss); ++attempt) {
    total += timeout + serialisation;
    timeout = timeout * 2;
    if (kernel_.now() >= window_begin_) chains_[from.chain].traffic.window_bytes += size;
  }
  return total;
}

bool ConnectedNetwork::hears(const Chain& chain, ReplicaIndex from, ReplicaIndex to) const {
  const Disturbance& disturbance = chain.disturbance;
  return std::all_of(disturbance.partitions.begin(), disturbance.partitions.end(),
                     [&](const std::vector<bool>& side) { return side[from] == side[to]; }) &&
         std::all_of(disturbance.unheard.begin(), disturbance.unheard.end(),
                     [&](const std::vector<bool>& cut) { return !cut[from] || cut[to]; });
}

TimePoint ConnectedNetwork::unclogged_at(const Chain& chain, ReplicaIndex from,
                                         ReplicaIndex to) const {
  TimePoint until;
  for (const Disturbance::Clog& clog : chain.disturbance.clogs) {
    if (clog.concerned[from] || clog.concerned[to]) until = std::max(until, clog.until);
  }
  return until;
}

void ConnectedNetwork::set_disturbance(ChainIndex chain, Disturbance disturbance) {
  chains_[chain].disturbed = !disturbance.partitions.empty() || !disturbance.unheard.empty() ||
                             !disturbance.clogs.empty() || disturbance.loss > 0 ||
                             disturbance.duplicate > 0 || disturbance.reorder > 0;
  chains_[chain].disturbance = std::move(disturbance);
}

void ConnectedNetwork::drop(const Endpoint& from, ReplicaIndex to) {
  const Chain& chain = chains_[from.chain];
  const EndpointIndex sender = chain.first_endpoint + from.replica;
  std::vector<ReplicaIndex>& dropped = dropped_[sender];
  if (std::find(dropped.begin(), dropped.end(), to) != dropped.end()) return;
  // The first one for this peer: tell the engine, and look again after a while.
  if (dropped.empty()) {
    constexpr Duration kRetry = Duration::seconds(1);
    kernel_.schedule(kernel_.now() + kRetry, static_cast<uint32_t>(EventKind::kPeerWritable),
                     sender);
  }
  dropped.push_back(to);
  sink_.peer_dropped(sender, chain.first_endpoint + to);
}

void ConnectedNetwork::tell_writable(EndpointIndex endpoint) {
  const std::vector<ReplicaIndex> peers = std::exchange(dropped_[endpoint], {});
  for (const ReplicaIndex peer : peers) {
    sink_.peer_writable(endpoint, chains_[endpoints_[endpoint].chain].first_endpoint + peer);
  }
}

void ConnectedNetwork::reset_connections(EndpointIndex endpoint) {
  const Endpoint& self = endpoints_[endpoint];
  Chain& chain = chains_[self.chain];
  for (ReplicaIndex peer = 0; peer < chain.replicas; ++peer) {
    chain.connections[size_t{self.replica} * chain.replicas + peer].ready_at = kNotConnected;
    chain.connections[size_t{peer} * chain.replicas + self.replica].ready_at = kNotConnected;
  }
}

Duration ConnectedNetwork::base_delay(PlaceIndex from, PlaceIndex to) const {
  return routes_.between(from, to).delay;
}

bool ConnectedNetwork::reachable(EndpointIndex from, EndpointIndex to) const {
  const Endpoint& a = endpoints_[from];
  const Endpoint& b = endpoints_[to];
  const Chain& chain = chains_[a.chain];
  if (chain.disturbed &&
      (!hears(chain, a.replica, b.replica) || !hears(chain, b.replica, a.replica))) {
    return false;
  }
  return a.host == b.host || routes_.between(a.place, b.place).exists;
}

const ChainTraffic& ConnectedNetwork::traffic(ChainIndex chain) const {
  return chains_[chain].traffic;
}

}  // namespace govchain::sim
