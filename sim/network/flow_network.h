#pragma once
// A back end whose messages are flows: each gets its share of all links of its way at once, as a
// simulator of flows says (flow_model.h), instead of its turn on one after the other.
//
// What a flow does not know is done here, with the same draws as in every back end: connections,
// order within a lane of one, jitter, loss, disturbances, and the bound of a NIC's queue.

#include <deque>
#include <vector>

#include "consensus/result.h"
#include "sim/network/connected.h"
#include "sim/network/flow_model.h"

namespace govchain::sim {

// Hosts as in the world, then one for each place, between which transfers flow. Links: of each
// place its local delay, of each host its card out and in, of each trunk both directions.
// Errors: kUnsupported if that takes more routes than anybody has memory for.
[[nodiscard]] consensus::Result<FlowPlatform> flow_platform(const WorldSpec& spec);

class FlowNetwork final : public ConnectedNetwork {
 public:
  // `flows` is the world's alone, and outlives it.
  FlowNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink, FlowModel& flows);

  void broadcast(const Parcel& parcel, std::span<const ReplicaIndex> receivers, TimePoint first,
                 Duration spacing) override;
  void transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) override;
  void dispatch(EventKind kind, uint32_t index) override;
  [[nodiscard]] EndpointIndex next_receiver(uint32_t index) override;
  // Routes are fixed: a world whose trunks fail is refused (check_world).
  void set_trunk(TrunkIndex trunk, bool up) override;
  void report(std::vector<ResourceUse>& resources) const override;

 private:
  // One message or transfer under way.
  struct Flight {
    Parcel parcel;
    ReplicaIndex to = 0;
    PlaceIndex from_place = 0;  // of a transfer
    PlaceIndex to_place = 0;
    TimePoint origin;
    Duration extra;        // jitter, retransmissions, what a disturbance holds back
    TimePoint not_before;  // the arrival
    bool keeps_order = false;
    bool ended = false;
  };
  struct Use {
    Rate rate;
    Bytes bytes;  // in the measured window
  };

  void copy(const Parcel& parcel, ReplicaIndex to, TimePoint ready);
  void disturbed_copy(const Parcel& parcel, ReplicaIndex to, TimePoint ready);
  // Nothing of it is held back, and it keeps its order, unless these say so.
  struct Hold {
    Duration extra;
    TimePoint not_before;
    bool keeps_order = true;
  };
  void send_off(const Parcel& parcel, ReplicaIndex to, TimePoint ready, const Hold& hold);
  [[nodiscard]] uint32_t take_flight();
  void begin(uint32_t index);
  void tick();
  void ask_for_tick(TimePoint at);
  void end_flow(uint32_t index);
  void arrive_at(uint32_t index, TimePoint at);
  void arrive(uint32_t index);
  void count(const Flight& flight);
  [[nodiscard]] std::deque<uint32_t>& order_of(const Flight& flight);

  // Not a flight's: time for the flow model to go on.
  static constexpr uint32_t kTick = UINT32_MAX;

  FlowModel& flows_;
  uint64_t started_ = 0;
  TimePoint tick_at_ = TimePoint::max();
  std::vector<uint64_t> ended_;
  std::deque<Flight> flights_;
  std::vector<uint32_t> free_;
  std::vector<Bytes> outstanding_;  // per host: handed to its card, not at their receivers
  // Per chain and connection and lane: flights in the order of sending.
  std::vector<std::vector<std::deque<uint32_t>>> order_;
  std::vector<Use> nics_out_;  // per host
  std::vector<Use> nics_in_;
  std::vector<Use> trunks_;  // [2 * trunk + (0: from a to b)]
};

}  // namespace govchain::sim
