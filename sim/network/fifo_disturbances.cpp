// What faults do to messages: who hears whom, what is lost, comes twice or late, and what is held.

#include <algorithm>
#include <utility>

#include "sim/network/fifo.h"

namespace govchain::sim {

void FifoNetwork::disturbed_copy(Departure& departure, ReplicaIndex to, TimePoint ready) {
  const Endpoint& from = departure.from;
  Chain& chain = chains_[from.chain];
  const Disturbance& disturbance = chain.disturbance;
  if (!hears(chain, from.replica, to)) {
    drop(from, to);
    return;
  }
  const bool concerned = disturbance.concerned.empty() || disturbance.concerned[from.replica] ||
                         disturbance.concerned[to];
  // Always three numbers, so that the stream does not depend on which disturbance is on.
  RandomStream& stream = loss_[chain.first_endpoint + from.replica];
  const bool lost = stream.chance(disturbance.loss);
  const bool twice = stream.chance(disturbance.duplicate);
  const bool late = stream.chance(disturbance.reorder);
  if (concerned && lost) return;
  const TimePoint unclogged = unclogged_at(chain, from.replica, to);
  if (unclogged > ready) return clogged_copy(departure, to, ready, unclogged);
  if (!concerned) {
    copy(departure, to, ready);
    return;
  }
  const Endpoint& peer = endpoint_of(from.chain, to);
  const Route& route = routes_.between(from.place, peer.place);
  const int copies = twice ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (!late || peer.host == from.host || !route.exists) {
      copy(departure, to, ready);
      continue;
    }
    const Duration held = Duration::nanoseconds(
        stream.between(0, std::max<int64_t>(disturbance.reorder_spread.nanoseconds(), 0)));
    const TimePoint last_bit =
        nics_[from.host].transmit(departure.parcel.lane, ready, departure.serialisation);
    if (ready >= window_begin_) chain.traffic.window_bytes += departure.parcel.size;
    travel(departure, to, last_bit, route, false, held);
  }
}

// It leaves its sender as ever, and something on the way keeps it, in order, until it lets all go.
void FifoNetwork::clogged_copy(Departure& departure, ReplicaIndex to, TimePoint ready,
                               TimePoint unclogged) {
  const Endpoint& from = departure.from;
  const Endpoint& peer = endpoint_of(from.chain, to);
  if (peer.host == from.host) return record_arrival(departure, to, unclogged);
  const Route& route = routes_.between(from.place, peer.place);
  if (!route.exists) return drop(from, to);
  const TimePoint last_bit =
      nics_[from.host].transmit(departure.parcel.lane, ready, departure.serialisation);
  if (ready >= window_begin_) {
    chains_[from.chain].traffic.window_bytes += departure.parcel.size;
  }
  travel(departure, to, last_bit, route, true, std::max(unclogged - last_bit, Duration::zero()));
}

bool FifoNetwork::hears(const Chain& chain, ReplicaIndex from, ReplicaIndex to) const {
  const Disturbance& disturbance = chain.disturbance;
  return std::all_of(disturbance.partitions.begin(), disturbance.partitions.end(),
                     [&](const std::vector<bool>& side) { return side[from] == side[to]; }) &&
         std::all_of(disturbance.unheard.begin(), disturbance.unheard.end(),
                     [&](const std::vector<bool>& cut) { return !cut[from] || cut[to]; });
}

TimePoint FifoNetwork::unclogged_at(const Chain& chain, ReplicaIndex from, ReplicaIndex to) const {
  TimePoint until;
  for (const Disturbance::Clog& clog : chain.disturbance.clogs) {
    if (clog.concerned[from] || clog.concerned[to]) until = std::max(until, clog.until);
  }
  return until;
}

void FifoNetwork::set_disturbance(ChainIndex chain, Disturbance disturbance) {
  chains_[chain].disturbed = !disturbance.partitions.empty() || !disturbance.unheard.empty() ||
                             !disturbance.clogs.empty() || disturbance.loss > 0 ||
                             disturbance.duplicate > 0 || disturbance.reorder > 0;
  chains_[chain].disturbance = std::move(disturbance);
}

}  // namespace govchain::sim
