#pragma once
// Machines with the replicas of one chain.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/protocols.h"
#include "tests/consensus/node/host/machine.h"

namespace govchain::consensus::node::testing {

class Network {
 public:
  explicit Network(const MachineSettings& settings) : wires_(ChainId(7)) {
    for (uint32_t i = 0; i < settings.replicas; ++i) {
      machines_.push_back(std::make_unique<Machine>(wires_, settings, ReplicaId(i)));
    }
  }
  void start_all() {
    for (const auto& machine : machines_) {
      if (machine->is_running()) continue;
      const Status started = machine->start();
      ASSERT_TRUE(started.ok()) << started.error().where << ": " << started.error().message;
    }
  }
  // At one replica, until a block holds it there.
  Digest order(uint32_t at, uint64_t number) {
    const PayloadRef payload = make(number);
    machines_[at]->replica().propose(payload);
    EXPECT_TRUE(machines_[at]->wait_until_answered(payload->digest));
    return payload->digest;
  }
  static PayloadRef make(uint64_t number) {
    const std::string text = "transaction " + std::to_string(number);
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    return make_payload(HashAlgorithm::kSha256, bytes, 1);
  }
  // The highest that any of them has.
  [[nodiscard]] Height final_height() const {
    Height height;
    for (const auto& machine : machines_) height = std::max(height, machine->final_height());
    return height;
  }
  Machine& operator[](size_t index) { return *machines_[index]; }
  [[nodiscard]] size_t size() const { return machines_.size(); }
  MemoryNetwork& wires() { return wires_; }

 private:
  MemoryNetwork wires_;
  std::vector<std::unique_ptr<Machine>> machines_;
};

[[nodiscard]] inline MachineSettings settings_for(const ProtocolTraits& protocol) {
  MachineSettings settings;
  settings.protocol = protocol.protocol;
  settings.replicas = protocol.faults == FaultModel::kCrash ? 3 : 4;
  return settings;
}

}  // namespace govchain::consensus::node::testing
