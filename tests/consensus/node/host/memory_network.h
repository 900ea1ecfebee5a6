#pragma once
// A network in memory between replicas of one process: every message goes through the codec, and a
// thread of its own delivers it. Machines can be cut off.

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "consensus/node/transport/transport.h"

namespace govchain::consensus::node::testing {

class MemoryNetwork {
 public:
  explicit MemoryNetwork(ChainId chain);
  // After all transports.
  ~MemoryNetwork();
  MemoryNetwork(const MemoryNetwork&) = delete;
  MemoryNetwork& operator=(const MemoryNetwork&) = delete;

  [[nodiscard]] std::unique_ptr<Transport> connect(ReplicaId self, TransportListener& listener);
  // Nothing goes to or from it while it is cut off.
  void cut_off(ReplicaId machine, bool cut);

 private:
  friend class MemoryTransport;
  struct Parcel {
    ReplicaId from;
    ReplicaId to;
    std::vector<uint8_t> bytes;
    bool bulk = false;
  };
  void send(Parcel parcel);
  void disconnect(ReplicaId self);
  void run();
  void deliver(const Parcel& parcel);

  const ChainId chain_;
  std::mutex mutex_;  // of the queue
  std::condition_variable sent_;
  std::deque<Parcel> parcels_;
  bool ending_ = false;
  std::mutex listeners_mutex_;  // held while one is told something
  std::map<ReplicaId, TransportListener*> listeners_;
  std::set<ReplicaId> cut_;
  std::thread thread_;
};

}  // namespace govchain::consensus::node::testing
