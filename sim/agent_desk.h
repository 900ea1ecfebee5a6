#pragma once
// Serves the agents of a world: carries what they submit and transfer, and tells them what they
// watch.

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sim/agent.h"
#include "sim/fabric.h"
#include "sim/random.h"

namespace govchain::sim {

class AgentDesk {
 public:
  AgentDesk(Fabric& fabric, std::vector<ServiceResult>& services);
  ~AgentDesk();
  void start();
  [[nodiscard]] bool watches(EndpointIndex endpoint) const { return !watchers_[endpoint].empty(); }

  void on_block(ReplicaAddress who, const consensus::Block& block,
                std::span<const consensus::Receipt> receipts);
  void on_checkpoint(ReplicaAddress who, const consensus::Checkpoint& checkpoint);
  void on_final(uint32_t agent, uint64_t cookie, consensus::Receipt receipt);
  void on_refused(uint32_t agent, uint64_t cookie);
  // `index` counts the agents' reads in the order in which they were asked.
  void on_read(uint64_t index, const consensus::Application* state);
  void on_transferred(uint64_t cookie);
  void on_timer(uint32_t index);

 private:
  class Context;
  // What travels between places on an agent's behalf.
  struct Transit {
    uint32_t agent = 0;
    uint64_t cookie = 0;
    enum class Kind : uint8_t { kTransfer, kSubmission, kRead };
    Kind kind = Kind::kTransfer;
    EndpointIndex replica = 0;  // where a submission or a read goes
    consensus::PayloadRef payload;
    consensus::Token token;
  };
  // Asked of a replica and perhaps never answered.
  struct PendingRead {
    uint32_t agent = 0;
    uint64_t cookie = 0;
  };
  struct PendingTimer {
    uint32_t agent = 0;
    uint64_t cookie = 0;
  };

  Fabric& fabric_;
  std::vector<ServiceResult>& services_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<std::vector<uint32_t>> watchers_;  // per endpoint
  std::vector<Transit> transits_;
  std::vector<uint32_t> free_transits_;
  std::vector<PendingRead> reads_;
  std::vector<PendingTimer> timers_;
  std::vector<uint32_t> free_timers_;
};

}  // namespace govchain::sim
