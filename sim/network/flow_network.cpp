#include "sim/network/flow_network.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::sim {

FlowNetwork::FlowNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink, FlowModel& flows)
    : ConnectedNetwork(spec, kernel, sink), flows_(flows), outstanding_(spec.hosts.size()) {
  for (const Chain& chain : chains_) {
    order_.emplace_back(chain.connections.size() * consensus::kLanes);
  }
  for (const HostSpec& host : spec.hosts) nics_out_.push_back({host.profile.nic, {}});
  nics_in_ = nics_out_;
  for (const TrunkSpec& trunk : spec.network.trunks)
    trunks_.resize(trunks_.size() + 2, {trunk.rate, {}});
}

void FlowNetwork::broadcast(const Parcel& parcel, std::span<const ReplicaIndex> receivers,
                            TimePoint first, Duration spacing) {
  const bool disturbed = chains_[endpoints_[parcel.from].chain].disturbed;
  TimePoint ready = first;
  for (const ReplicaIndex to : receivers) {
    if (disturbed) {
      disturbed_copy(parcel, to, ready);
    } else {
      copy(parcel, to, ready);
    }
    ready += spacing;
  }
}

void FlowNetwork::copy(const Parcel& parcel, ReplicaIndex to, TimePoint ready) {
  send_off(parcel, to, ready, Hold{});
}

void FlowNetwork::disturbed_copy(const Parcel& parcel, ReplicaIndex to, TimePoint ready) {
  const Endpoint& from = endpoints_[parcel.from];
  if (!hears(chains_[from.chain], from.replica, to)) return drop(from, to);
  const Fate fate = draw_fate(from, to);
  if (fate.lost) return;
  if (fate.unclogged > ready) {
    const Endpoint& peer = endpoint_of(from.chain, to);
    const Route& route = routes_.between(from.place, peer.place);
    const Duration way = peer.host == from.host || !route.exists ? Duration::zero() : route.delay;
    return send_off(parcel, to, ready, Hold{{}, fate.unclogged + way, true});
  }
  for (int i = 0; i < (fate.twice ? 2 : 1); ++i) {
    if (fate.late) {
      send_off(parcel, to, ready, Hold{held_back(from), {}, false});
    } else {
      copy(parcel, to, ready);
    }
  }
}

void FlowNetwork::send_off(const Parcel& parcel, ReplicaIndex to, TimePoint ready,
                           const Hold& hold) {
  const Endpoint& from = endpoints_[parcel.from];
  const Endpoint& peer = endpoint_of(from.chain, to);
  const bool is_same_host = peer.host == from.host;
  const Route& route = routes_.between(from.place, peer.place);
  const Rate card = spec_.hosts[from.host].profile.nic;
  if (!is_same_host && (!route.exists || card.time_for(outstanding_[from.host]) > kMaxBacklog)) {
    return drop(from, to);
  }
  const uint32_t index = take_flight();
  Flight& flight = flights_[index];
  flight.parcel = parcel;
  flight.to = to;
  flight.origin = kernel_.now();
  flight.not_before = hold.not_before;
  if (is_same_host) return arrive_at(index, std::max(ready, hold.not_before));
  const TimePoint connected = connect(chains_[from.chain], from, to, ready, route);
  flight.extra = hold.extra;
  if (route.jitter->kind != Jitter::Kind::kNone) {
    flight.extra += draw_jitter(route, jitter_of(from));
  }
  if (route.loss > 0) {
    flight.extra += draw_retransmissions(from, parcel.size, card.time_for(parcel.size), route);
  }
  if (ready >= window_begin_) chains_[from.chain].traffic.window_bytes += parcel.size;
  flight.keeps_order = hold.keeps_order;
  if (flight.keeps_order) order_of(flight).push_back(index);
  outstanding_[from.host] += parcel.size;
  const TimePoint start = std::max(ready, connected);
  if (start <= kernel_.now()) return begin(index);
  kernel_.schedule(start, static_cast<uint32_t>(EventKind::kHop), index);
}

void FlowNetwork::transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) {
  const Route& route = routes_.between(from, to);
  // Without a way it waits at the edge, as a client's connection would, until the end of the run.
  if (!route.exists) return;
  const uint32_t index = take_flight();
  Flight& flight = flights_[index];
  flight.parcel.kind = Parcel::Kind::kTransfer;
  flight.parcel.cookie = cookie;
  flight.parcel.size = size;
  flight.from_place = from;
  flight.to_place = to;
  flight.origin = kernel_.now();
  flight.extra = draw_jitter(route, transfer_jitter_[from]);
  if (from == to) return arrive_at(index, kernel_.now() + route.delay + flight.extra);
  begin(index);
}

uint32_t FlowNetwork::take_flight() {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(flights_.size()));
    flights_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  flights_[index] = Flight{};
  return index;
}

std::deque<uint32_t>& FlowNetwork::order_of(const Flight& flight) {
  const Endpoint& from = endpoints_[flight.parcel.from];
  const size_t connection = size_t{from.replica} * chains_[from.chain].replicas + flight.to;
  return order_[from.chain]
               [connection * consensus::kLanes + static_cast<size_t>(flight.parcel.lane)];
}

void FlowNetwork::begin(uint32_t index) {
  // What ends at this very time is told by the tick that comes behind.
  flows_.advance(kernel_.now(), ended_);
  const Flight& flight = flights_[index];
  constexpr unsigned kIndexBits = 32;
  const uint64_t id = started_++ << kIndexBits | index;
  const Bytes size = std::max(flight.parcel.size, Bytes(1));
  if (flight.parcel.kind == Parcel::Kind::kTransfer) {
    const auto hosts = static_cast<uint32_t>(spec_.hosts.size());
    flows_.start(id, hosts + flight.from_place, hosts + flight.to_place, size);
  } else {
    const Endpoint& from = endpoints_[flight.parcel.from];
    flows_.start(id, from.host, endpoint_of(from.chain, flight.to).host, size);
  }
  ask_for_tick(kernel_.now());
}

void FlowNetwork::ask_for_tick(TimePoint at) {
  if (at >= tick_at_) return;
  tick_at_ = at;
  kernel_.schedule(at, static_cast<uint32_t>(EventKind::kHop), kTick);
}

void FlowNetwork::tick() {
  // One that was asked for before an earlier one was.
  if (kernel_.now() != tick_at_) return;
  tick_at_ = TimePoint::max();
  flows_.advance(kernel_.now(), ended_);
  for (const uint64_t id : std::exchange(ended_, {})) end_flow(static_cast<uint32_t>(id));
  const TimePoint next = flows_.next_change();
  if (next != TimePoint::max()) ask_for_tick(std::max(next, kernel_.now()));
}

void FlowNetwork::end_flow(uint32_t index) {
  Flight& flight = flights_[index];
  count(flight);
  flight.not_before = std::max(flight.not_before, kernel_.now() + flight.extra);
  if (flight.parcel.kind == Parcel::Kind::kTransfer) return arrive_at(index, flight.not_before);
  const Endpoint& from = endpoints_[flight.parcel.from];
  outstanding_[from.host] = outstanding_[from.host] - flight.parcel.size;
  if (!flight.keeps_order) return arrive_at(index, flight.not_before);
  // TCP: what was sent before arrives before.
  flight.ended = true;
  std::deque<uint32_t>& order = order_of(flight);
  while (!order.empty() && flights_[order.front()].ended) {
    const uint32_t first = order.front();
    order.pop_front();
    const Parcel& parcel = flights_[first].parcel;
    const TimePoint at = std::max(flights_[first].not_before, kernel_.now());
    arrive_at(first, in_order(from, flights_[first].to, parcel.lane, at));
  }
}

void FlowNetwork::arrive_at(uint32_t index, TimePoint at) {
  kernel_.schedule(std::max(at, kernel_.now()), static_cast<uint32_t>(EventKind::kArrival), index);
}

void FlowNetwork::arrive(uint32_t index) {
  const Flight flight = std::move(flights_[index]);
  const TimePoint now = kernel_.now();
  flights_[index] = Flight{};
  free_.push_back(index);
  if (flight.parcel.kind == Parcel::Kind::kTransfer) {
    return sink_.deliver_transfer(flight.parcel.cookie);
  }
  const Endpoint& from = endpoints_[flight.parcel.from];
  Chain& chain = chains_[from.chain];
  if (chain.disturbed && !hears(chain, from.replica, flight.to)) return drop(from, flight.to);
  ++chain.traffic.messages;
  if (now >= window_begin_) ++chain.traffic.window_messages;
  sink_.deliver(flight.parcel, chain.first_endpoint + flight.to, now, now - flight.origin);
}

void FlowNetwork::dispatch(EventKind kind, uint32_t index) {
  switch (kind) {
    case EventKind::kArrival:
      return arrive(index);
    case EventKind::kHop:
      return index == kTick ? tick() : begin(index);
    case EventKind::kPeerWritable:
      return tell_writable(index);
    default:
      GOVCHAIN_ASSERT(false);
  }
}

EndpointIndex FlowNetwork::next_receiver(uint32_t index) {
  const Flight& flight = flights_[index];
  if (flight.parcel.kind == Parcel::Kind::kTransfer) return 0;
  return chains_[endpoints_[flight.parcel.from].chain].first_endpoint + flight.to;
}

void FlowNetwork::set_trunk(TrunkIndex /*trunk*/, bool up) { GOVCHAIN_ASSERT(up); }

// What a flow carried counts at its end.
void FlowNetwork::count(const Flight& flight) {
  const TimePoint now = kernel_.now();
  if (now < window_begin_ || now >= TimePoint::since_start(spec_.duration)) return;
  const Bytes size = flight.parcel.size;
  PlaceIndex here = flight.from_place;
  PlaceIndex there = flight.to_place;
  if (flight.parcel.kind != Parcel::Kind::kTransfer) {
    const Endpoint& from = endpoints_[flight.parcel.from];
    const Endpoint& to = endpoint_of(from.chain, flight.to);
    nics_out_[from.host].bytes += size;
    nics_in_[to.host].bytes += size;
    here = from.place;
    there = to.place;
  }
  for (const TrunkIndex trunk : routes_.between(here, there).trunks) {
    trunks_[2 * trunk + (spec_.network.trunks[trunk].a == here ? 0U : 1U)].bytes += size;
    here = routes_.other_end(trunk, here);
  }
}

void FlowNetwork::report(std::vector<ResourceUse>& resources) const {
  const double window = (spec_.duration - spec_.warmup).to_seconds();
  const auto share = [window](const Use& use) {
    return std::min(use.rate.time_for(use.bytes).to_seconds() / window, 1.0);
  };
  for (size_t host = 0; host < nics_out_.size(); ++host) {
    if (nics_out_[host].rate.is_unlimited()) continue;
    const std::string& name = spec_.hosts[host].name;
    resources.push_back({"host " + name + " nic out", share(nics_out_[host])});
    resources.push_back({"host " + name + " nic in", share(nics_in_[host])});
  }
  for (size_t trunk = 0; trunk < spec_.network.trunks.size(); ++trunk) {
    if (spec_.network.trunks[trunk].rate.is_unlimited()) continue;
    resources.push_back({"trunk " + spec_.network.trunks[trunk].name,
                         std::max(share(trunks_[2 * trunk]), share(trunks_[2 * trunk + 1]))});
  }
}

}  // namespace govchain::sim
