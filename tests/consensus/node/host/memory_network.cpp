#include "tests/consensus/node/host/memory_network.h"

#include <utility>

#include "consensus/codec.h"

namespace govchain::consensus::node::testing {

class MemoryTransport final : public Transport {
 public:
  MemoryTransport(MemoryNetwork& network, ReplicaId self) : network_(network), self_(self) {}
  ~MemoryTransport() override { network_.disconnect(self_); }

  void send(ReplicaId to, const MessageRef& message) override {
    std::vector<uint8_t> bytes;
    encode_message(network_.chain_, *message, bytes);
    network_.send({self_, to, std::move(bytes), false});
  }
  void broadcast(std::span<const ReplicaId> to, const MessageRef& message) override {
    for (const ReplicaId peer : to) send(peer, message);
  }
  [[nodiscard]] bool send_bulk(ReplicaId to, std::vector<uint8_t> bytes) override {
    network_.send({self_, to, std::move(bytes), true});
    return true;
  }
  void set_peers(std::vector<PeerAddress> /*peers*/) override {}
  [[nodiscard]] uint16_t port() const override { return 0; }
  [[nodiscard]] TransportCounters counters() const override { return {}; }
  [[nodiscard]] Bytes queued() const override { return {}; }

 private:
  MemoryNetwork& network_;
  ReplicaId self_;
};

MemoryNetwork::MemoryNetwork(ChainId chain) : chain_(chain), thread_([this] { run(); }) {}

MemoryNetwork::~MemoryNetwork() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  sent_.notify_one();
  thread_.join();
}

std::unique_ptr<Transport> MemoryNetwork::connect(ReplicaId self, TransportListener& listener) {
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& [peer, other] : listeners_) {
    other->on_up(self);
    listener.on_up(peer);
  }
  listeners_[self] = &listener;
  return std::make_unique<MemoryTransport>(*this, self);
}

void MemoryNetwork::disconnect(ReplicaId self) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(self);
  for (const auto& [peer, other] : listeners_) other->on_down(self);
}

void MemoryNetwork::cut_off(ReplicaId machine, bool cut) {
  const std::lock_guard lock(listeners_mutex_);
  if (cut) {
    cut_.insert(machine);
  } else {
    cut_.erase(machine);
  }
}

void MemoryNetwork::send(Parcel parcel) {
  {
    const std::lock_guard lock(mutex_);
    parcels_.push_back(std::move(parcel));
  }
  sent_.notify_one();
}

void MemoryNetwork::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    sent_.wait(lock, [this] { return ending_ || !parcels_.empty(); });
    if (ending_) return;
    const Parcel parcel = std::move(parcels_.front());
    parcels_.pop_front();
    lock.unlock();
    deliver(parcel);
    lock.lock();
  }
}

void MemoryNetwork::deliver(const Parcel& parcel) {
  const std::lock_guard lock(listeners_mutex_);
  const auto found = listeners_.find(parcel.to);
  if (found == listeners_.end() || cut_.contains(parcel.from) || cut_.contains(parcel.to)) return;
  if (parcel.bulk) return found->second->on_bulk(parcel.from, parcel.bytes);
  Result<MessageRef> message = decode_message(chain_, HashAlgorithm::kSha256, parcel.bytes);
  GOVCHAIN_ASSERT(message.ok());
  found->second->on_message(parcel.from, std::move(*message));
}

}  // namespace govchain::consensus::node::testing
