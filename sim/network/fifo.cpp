#include "sim/network/fifo.h"

#include <algorithm>

namespace govchain::sim {

FifoNetwork::FifoNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink)
    : ConnectedNetwork(spec, kernel, sink) {
  const TimePoint window_end = TimePoint::since_start(spec.duration);
  for (const HostSpec& host : spec.hosts) {
    nics_.emplace_back(host.profile.nic, window_begin_, window_end);
  }
  trunks_.assign(2 * spec.network.trunks.size(),
                 TrunkDirection{TimePoint{}, BusyTime(window_begin_, window_end)});
}

void FifoNetwork::broadcast(const Parcel& parcel, std::span<const ReplicaIndex> receivers,
                            TimePoint first, Duration spacing) {
  const Endpoint& from = endpoints_[parcel.from];
  Departure departure{parcel, from, nics_[from.host].rate().time_for(parcel.size)};
  TimePoint ready = first;
  if (chains_[from.chain].disturbed) {
    for (const ReplicaIndex to : receivers) {
      disturbed_copy(departure, to, ready);
      ready += spacing;
    }
  } else {
    for (const ReplicaIndex to : receivers) {
      copy(departure, to, ready);
      ready += spacing;
    }
  }
  finish(departure);
}

void FifoNetwork::copy(Departure& departure, ReplicaIndex to, TimePoint ready) {
  const Endpoint& from = departure.from;
  const Endpoint& peer = endpoint_of(from.chain, to);
  if (peer.host == from.host) {
    record_arrival(departure, to, ready);
    return;
  }
  const Route& route = routes_.between(from.place, peer.place);
  Nic& nic = nics_[from.host];
  if (!route.exists || nic.backlog(departure.parcel.lane, ready) > kMaxBacklog) {
    drop(from, to);
    return;
  }
  const TimePoint connected = connect(chains_[from.chain], from, to, ready, route);
  TimePoint last_bit = nic.transmit(departure.parcel.lane, ready, departure.serialisation);
  last_bit = std::max(last_bit, connected + departure.serialisation);
  if (ready >= window_begin_) {
    chains_[from.chain].traffic.window_bytes += departure.parcel.size;
  }
  travel(departure, to, last_bit, route, true, Duration::zero());
}

void FifoNetwork::travel(Departure& departure, ReplicaIndex to, TimePoint last_bit,
                         const Route& route, bool keeps_order, Duration held_back) {
  const Endpoint& from = departure.from;
  Duration extra = held_back;
  if (route.jitter->kind != Jitter::Kind::kNone) extra += draw_jitter(route, jitter_of(from));
  if (route.loss > 0) {
    extra += draw_retransmissions(from, departure.parcel.size, departure.serialisation, route);
  }
  if (route.shared) {
    start_hops(departure, to, last_bit, route, extra);
    return;
  }
  TimePoint arrival = last_bit + route.delay + extra;
  if (keeps_order) arrival = in_order(from, to, departure.parcel.lane, arrival);
  record_arrival(departure, to, arrival);
}

void FifoNetwork::record_arrival(Departure& departure, ReplicaIndex to, TimePoint at) {
  if (departure.shared == nullptr) {
    departure.shared_index = transmissions_.take();
    departure.shared = &transmissions_[departure.shared_index];
    departure.shared->parcel = departure.parcel;
    departure.shared->origin = kernel_.now();
    departure.shared->serialisation = departure.serialisation;
  }
  departure.shared->add_arrival(at, to);
}

void FifoNetwork::finish(Departure& departure) {
  if (departure.shared == nullptr) return;
  std::vector<uint64_t>& arrivals = departure.shared->arrivals;
  if (!std::is_sorted(arrivals.begin(), arrivals.end())) {
    sorter_.sort(arrivals);
  }
  schedule_transmission(departure.shared_index);
}

void FifoNetwork::schedule_transmission(uint32_t index) {
  Transmission& transmission = transmissions_[index];
  transmission.sequence = kernel_.reserve_sequence();
  kernel_.schedule_reserved(transmission.arrival_time(0), transmission.sequence,
                            static_cast<uint32_t>(EventKind::kArrival), index);
}

void FifoNetwork::start_hops(Departure& departure, ReplicaIndex to, TimePoint last_bit,
                             const Route& route, Duration extra) {
  const uint32_t index = transmissions_.take();
  Transmission& transmission = transmissions_[index];
  transmission.parcel = departure.parcel;
  transmission.origin = kernel_.now();
  transmission.serialisation = departure.serialisation;
  transmission.receiver = to;
  transmission.at_place = departure.from.place;
  transmission.destination = endpoint_of(departure.from.chain, to).place;
  transmission.way = route.trunks;
  transmission.last_bit = last_bit;
  transmission.first_bit = last_bit - departure.serialisation;
  transmission.extra_delay = extra;
  kernel_.schedule(transmission.first_bit, static_cast<uint32_t>(EventKind::kHop), index);
}

void FifoNetwork::transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) {
  const uint32_t index = transmissions_.take();
  Transmission& transmission = transmissions_[index];
  transmission.parcel = Parcel{};
  transmission.parcel.kind = Parcel::Kind::kTransfer;
  transmission.parcel.cookie = cookie;
  transmission.parcel.size = size;
  transmission.origin = kernel_.now();
  transmission.serialisation = Duration::zero();
  const Route& route = routes_.between(from, to);
  if (!route.exists) {
    // It waits at the edge, as a client's connection would, until the end of the run.
    transmissions_.give(index);
    return;
  }
  transmission.at_place = from;
  transmission.destination = to;
  transmission.way = route.trunks;
  transmission.first_bit = kernel_.now();
  transmission.last_bit = kernel_.now();
  transmission.extra_delay = from == to ? route.delay : Duration::zero();
  transmission.extra_delay += draw_jitter(route, transfer_jitter_[from]);
  kernel_.schedule(transmission.first_bit, static_cast<uint32_t>(EventKind::kHop), index);
}

void FifoNetwork::dispatch(EventKind kind, uint32_t index) {
  switch (kind) {
    case EventKind::kArrival:
      arrive(index);
      break;
    case EventKind::kHop:
      hop(index);
      break;
    case EventKind::kPeerWritable:
      tell_writable(index);
      break;
    default:
      GOVCHAIN_ASSERT(false);
  }
}

EndpointIndex FifoNetwork::next_receiver(uint32_t index) {
  const Transmission& transmission = transmissions_[index];
  if (transmission.parcel.kind == Parcel::Kind::kTransfer ||
      transmission.next >= transmission.arrivals.size()) {
    return 0;
  }
  return chains_[endpoints_[transmission.parcel.from].chain].first_endpoint +
         transmission.arrival_receiver(transmission.next);
}

void FifoNetwork::arrive(uint32_t index) {
  Transmission& transmission = transmissions_[index];
  const TimePoint now = kernel_.now();
  const size_t begin = transmission.next;
  size_t end = begin + 1;
  const size_t count = transmission.arrivals.size();
  while (end < count && transmission.arrival_time(end) == now) ++end;
  transmission.next = end;
  // Re-armed first: the new event takes the place of this one in a single descent.
  if (end < count) {
    kernel_.schedule_reserved(transmission.arrival_time(end), transmission.sequence,
                              static_cast<uint32_t>(EventKind::kArrival), index);
  }
  if (transmission.parcel.kind == Parcel::Kind::kTransfer) {
    const uint64_t cookie = transmission.parcel.cookie;
    transmissions_.give(index);
    sink_.deliver_transfer(cookie);
    return;
  }
  for (size_t i = begin; i < end; ++i) {
    deliver(transmission, transmission.arrival_receiver(i), now);
  }
  if (end == count) transmissions_.give(index);
}

void FifoNetwork::deliver(const Transmission& transmission, ReplicaIndex to, TimePoint at) {
  const Endpoint& from = endpoints_[transmission.parcel.from];
  Chain& chain = chains_[from.chain];
  const Endpoint& peer = endpoint_of(from.chain, to);
  if (chain.disturbed && !hears(chain, from.replica, to)) {
    drop(from, to);
    return;
  }
  TimePoint in_memory = at;
  if (peer.host != from.host) {
    Nic& nic = nics_[peer.host];
    if (!nic.rate().is_unlimited()) {
      in_memory =
          nic.receive(at, transmission.serialisation,
                      serialisation_at(peer.host, transmission.parcel.size,
                                       transmission.serialisation, nics_[from.host].rate()));
    }
  }
  ++chain.traffic.messages;
  if (at >= window_begin_) ++chain.traffic.window_messages;
  sink_.deliver(transmission.parcel, chain.first_endpoint + to, in_memory,
                in_memory - transmission.origin);
}

Duration FifoNetwork::serialisation_at(HostIndex host, Bytes size, Duration known,
                                       Rate known_rate) const {
  const Rate rate = nics_[host].rate();
  // Nearly all machines of a world have the same card, and a division per message would show.
  return rate == known_rate ? known : rate.time_for(size);
}

void FifoNetwork::hop(uint32_t index) {
  Transmission& transmission = transmissions_[index];
  while (transmission.next_trunk < transmission.way.size()) {
    const TrunkIndex trunk = transmission.way[transmission.next_trunk];
    const TrunkSpec& spec = spec_.network.trunks[trunk];
    if (!routes_.is_up(trunk)) {
      transmissions_.give(index);
      return;
    }
    if (!spec.rate.is_unlimited()) {
      TrunkDirection& direction = trunks_[2 * trunk + (spec.a == transmission.at_place ? 0U : 1U)];
      const Duration serialisation = spec.rate.time_for(transmission.parcel.size);
      const TimePoint begin = std::max(direction.free, transmission.first_bit);
      direction.free = begin + serialisation;
      direction.busy.add(begin, direction.free);
      transmission.first_bit = begin;
      transmission.last_bit = std::max(direction.free, transmission.last_bit);
      transmission.serialisation = std::max(transmission.serialisation, serialisation);
    }
    transmission.at_place = routes_.other_end(trunk, transmission.at_place);
    transmission.first_bit += spec.delay;
    transmission.last_bit += spec.delay;
    ++transmission.next_trunk;
    if (transmission.first_bit > kernel_.now() &&
        transmission.next_trunk < transmission.way.size()) {
      kernel_.schedule(transmission.first_bit, static_cast<uint32_t>(EventKind::kHop), index);
      return;
    }
  }
  leave_trunks(index);
}

void FifoNetwork::leave_trunks(uint32_t index) {
  Transmission& transmission = transmissions_[index];
  TimePoint arrival = std::max(transmission.last_bit + transmission.extra_delay, kernel_.now());
  if (transmission.parcel.kind != Parcel::Kind::kTransfer) {
    arrival = in_order(endpoints_[transmission.parcel.from], transmission.receiver,
                       transmission.parcel.lane, arrival);
  }
  transmission.add_arrival(arrival, transmission.receiver);
  schedule_transmission(index);
}

void FifoNetwork::set_trunk(TrunkIndex trunk, bool up) { routes_.set_trunk(trunk, up); }

void FifoNetwork::report(std::vector<ResourceUse>& resources) const {
  for (size_t host = 0; host < nics_.size(); ++host) {
    if (nics_[host].rate().is_unlimited()) continue;
    const std::string& name = spec_.hosts[host].name;
    resources.push_back({"host " + name + " nic out", nics_[host].out_utilisation()});
    resources.push_back({"host " + name + " nic in", nics_[host].in_utilisation()});
  }
  for (size_t trunk = 0; trunk < spec_.network.trunks.size(); ++trunk) {
    if (spec_.network.trunks[trunk].rate.is_unlimited()) continue;
    const double there = trunks_[2 * trunk].busy.share(1);
    const double back = trunks_[2 * trunk + 1].busy.share(1);
    resources.push_back({"trunk " + spec_.network.trunks[trunk].name, std::max(there, back)});
  }
}

}  // namespace govchain::sim
