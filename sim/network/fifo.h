#pragma once
// The default back end: every NIC and every trunk direction is a first-come first-served server,
// connections keep order, cut-through everywhere.

#include <vector>

#include "sim/network/arrival_sort.h"
#include "sim/network/connected.h"
#include "sim/network/nic.h"
#include "sim/network/transmission.h"

namespace govchain::sim {

class FifoNetwork final : public ConnectedNetwork {
 public:
  FifoNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink);

  void broadcast(const Parcel& parcel, std::span<const ReplicaIndex> receivers, TimePoint first,
                 Duration spacing) override;
  void transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) override;
  void dispatch(EventKind kind, uint32_t index) override;
  [[nodiscard]] EndpointIndex next_receiver(uint32_t index) override;
  void set_trunk(TrunkIndex trunk, bool up) override;
  void report(std::vector<ResourceUse>& resources) const override;

 private:
  struct TrunkDirection {
    TimePoint free;
    BusyTime busy;
  };
  // What is the same for all copies of one broadcast.
  struct Departure {
    const Parcel& parcel;
    const Endpoint& from;
    Duration serialisation;
    Transmission* shared = nullptr;
    uint32_t shared_index = 0;
  };

  void copy(Departure& departure, ReplicaIndex to, TimePoint ready);
  void disturbed_copy(Departure& departure, ReplicaIndex to, TimePoint ready);
  void clogged_copy(Departure& departure, ReplicaIndex to, TimePoint ready, TimePoint unclogged);
  // How this copy fares between its NIC's last bit and its arrival; nothing if it vanishes.
  void travel(Departure& departure, ReplicaIndex to, TimePoint last_bit, const Route& route,
              bool keeps_order, Duration held_back);
  void start_hops(Departure& departure, ReplicaIndex to, TimePoint last_bit, const Route& route,
                  Duration extra);
  void record_arrival(Departure& departure, ReplicaIndex to, TimePoint at);
  void finish(Departure& departure);
  void schedule_transmission(uint32_t index);

  void arrive(uint32_t index);
  void deliver(const Transmission& transmission, ReplicaIndex to, TimePoint at);
  void hop(uint32_t index);
  void leave_trunks(uint32_t index);
  [[nodiscard]] Duration serialisation_at(HostIndex host, Bytes size, Duration known,
                                          Rate known_rate) const;

  std::vector<Nic> nics_;
  std::vector<TrunkDirection> trunks_;  // [2 * trunk + (0: from a to b)]
  TransmissionPool transmissions_;
  ArrivalSorter sorter_;
};

}  // namespace govchain::sim
