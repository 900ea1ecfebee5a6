// What faults do to messages: who hears whom, what is lost, comes twice or late, and what is held.

#include <algorithm>

#include "sim/network/fifo.h"

namespace govchain::sim {

void FifoNetwork::disturbed_copy(Departure& departure, ReplicaIndex to, TimePoint ready) {
  const Endpoint& from = departure.from;
  Chain& chain = chains_[from.chain];
  if (!hears(chain, from.replica, to)) {
    drop(from, to);
    return;
  }
  const Fate fate = draw_fate(from, to);
  if (fate.lost) return;
  if (fate.unclogged > ready) return clogged_copy(departure, to, ready, fate.unclogged);
  const Endpoint& peer = endpoint_of(from.chain, to);
  const Route& route = routes_.between(from.place, peer.place);
  const int copies = fate.twice ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (!fate.late || peer.host == from.host || !route.exists) {
      copy(departure, to, ready);
      continue;
    }
    const Duration held = held_back(from);
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

}  // namespace govchain::sim
