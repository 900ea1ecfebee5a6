#pragma once
// What the world asks of a network back end. Endpoints are replicas, numbered through all chains; a
// chain's endpoints are consecutive and in the order of its replicas.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/message.h"
#include "consensus/result.h"
#include "sim/event_kind.h"
#include "sim/units.h"
#include "sim/world_result.h"
#include "sim/world_spec.h"

namespace govchain::sim {

using EndpointIndex = uint32_t;

// Where the time on the causal path that ended in something has gone so far.
struct PathCost {
  Duration network;
  Duration cpu;
  Duration disk;
};

// One thing on its way.
struct Parcel {
  enum class Kind : uint8_t {
    kMessage,   // between engines
    kRawBytes,  // what an adversary sends; must be decoded
    kBulk,      // state transfer between hosts; `cookie` says which
    kTransfer,  // an agent's bytes between places; `cookie` says which
  };
  Kind kind = Kind::kMessage;
  consensus::Lane lane = consensus::Lane::kVote;
  EndpointIndex from = 0;
  consensus::MessageRef message;
  std::shared_ptr<const std::vector<uint8_t>> bytes;
  uint64_t cookie = 0;
  Bytes size;
  PathCost path;
};

// Who gets what arrives.
class NetworkSink {
 public:
  virtual ~NetworkSink() = default;
  // The last byte is in the receiver's memory at `at`, which is now or later. `transit` is the time
  // since it was handed to the sender's NIC.
  virtual void deliver(const Parcel& parcel, EndpointIndex to, TimePoint at, Duration transit) = 0;
  virtual void deliver_transfer(uint64_t cookie) = 0;
  // The sender's host had to drop something for this peer; and may send again.
  virtual void peer_dropped(EndpointIndex from, EndpointIndex peer) = 0;
  virtual void peer_writable(EndpointIndex from, EndpointIndex peer) = 0;
};

// Disturbances of one chain's traffic, all faults that are active taken together.
struct Disturbance {
  // Per active partition, one flag per replica: same flag, same side.
  std::vector<std::vector<bool>> partitions;
  // Per active cut of one direction: replicas that those who are not among them do not hear.
  std::vector<std::vector<bool>> unheard;
  // Messages from and to these arrive no sooner than that.
  struct Clog {
    std::vector<bool> concerned;
    TimePoint until;
  };
  std::vector<Clog> clogs;
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  Duration reorder_spread;
  std::vector<bool>
      concerned;  // replicas whose messages are lost, duplicated, reordered; empty: all
};

struct ChainTraffic {
  uint64_t messages = 0;         // delivered in the whole run
  uint64_t window_messages = 0;  // delivered in the measured window
  Bytes window_bytes;            // sent in the window, retransmissions included
};

class Network {
 public:
  virtual ~Network() = default;
  // Copies leave for the `receivers` (replicas of the sender's chain) in this order; the i-th (from
  // 0) is handed to the NIC at first + i * spacing, not before now.
  virtual void broadcast(const Parcel& parcel, std::span<const ReplicaIndex> receivers,
                         TimePoint first, Duration spacing) = 0;
  virtual void send(const Parcel& parcel, ReplicaIndex to, TimePoint first) = 0;
  // From place to place, past all NICs.
  virtual void transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) = 0;
  virtual void dispatch(EventKind kind, uint32_t index) = 0;
  // Whom an arrival event will reach first; asked shortly before it happens, to warm the cache.
  [[nodiscard]] virtual EndpointIndex next_receiver(uint32_t index) = 0;

  virtual void set_disturbance(ChainIndex chain, Disturbance disturbance) = 0;
  virtual void set_trunk(TrunkIndex trunk, bool up) = 0;
  // All connections of this endpoint must be set up again.
  virtual void reset_connections(EndpointIndex endpoint) = 0;
  // Base one-way delay without load and jitter; Duration::max() if there is no way.
  [[nodiscard]] virtual Duration base_delay(PlaceIndex from, PlaceIndex to) const = 0;
  // Both ways.
  [[nodiscard]] virtual bool reachable(EndpointIndex from, EndpointIndex to) const = 0;
  [[nodiscard]] virtual const ChainTraffic& traffic(ChainIndex chain) const = 0;
  // NICs and trunks with their names and utilisation.
  virtual void report(std::vector<ResourceUse>& resources) const = 0;
};

class Kernel;
// As the world's network model says. Errors: those of load_simgrid and flow_platform.
[[nodiscard]] consensus::Result<std::unique_ptr<Network>> make_network(const WorldSpec& spec,
                                                                       Kernel& kernel,
                                                                       NetworkSink& sink);

}  // namespace govchain::sim
