#pragma once
// What a gateway sees of a world, reduced to what it can notice: two real ledgers that make a block
// from what was submitted and sign a checkpoint now and then, transfers that take time, and things
// that get lost. Deterministic by seed.

#include <functional>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "models/interconnect/gateway.h"
#include "tests/models/services/two_chains.h"

namespace govchain::models::testing {

struct FakeWorldSpec {
  uint64_t seed = 1;
  uint64_t checkpoint_interval = 2;
  uint32_t lost_per_mille = 0;        // transfers and submissions that vanish
  uint32_t duplicated_per_mille = 0;  // submissions that enter twice
  bool empty_blocks = true;           // chains make blocks when nothing was submitted
  bool bad_certificates = false;      // the source's replica shows forged checkpoints
  sim::Duration block_interval = sim::Duration::milliseconds(500);
};

class FakeWorld {
 public:
  static constexpr sim::ChainIndex kSource = 0;
  static constexpr sim::ChainIndex kTarget = 1;

  explicit FakeWorld(const FakeWorldSpec& spec);
  ~FakeWorld();
  FakeWorld(const FakeWorld&) = delete;
  FakeWorld& operator=(const FakeWorld&) = delete;

  // The agent's own context; events reach it until it is stopped.
  size_t add(std::unique_ptr<Gateway> agent);
  void stop(size_t agent);
  Gateway& gateway(size_t agent);

  void submit(sim::ChainIndex chain, const std::vector<uint8_t>& bytes);
  void run_until(sim::Duration end);

  [[nodiscard]] int64_t wall_time() const { return kStart + now_.nanoseconds(); }
  [[nodiscard]] const Ledger& ledger(sim::ChainIndex chain) const { return *chains_[chain].ledger; }

  struct Observation {
    sim::ServiceIndex service;
    sim::Duration latency;
    bool completed;
  };
  std::vector<Observation> observations;
  uint64_t transferred_bytes = 0;
  uint64_t verified_claims = 0;

 private:
  struct Submitted {
    std::vector<uint8_t> bytes;
    size_t agent;  // or none
    uint64_t cookie;
  };
  static constexpr size_t kNobodysAgent = SIZE_MAX;
  struct Chain {
    std::unique_ptr<Members> members;
    std::unique_ptr<Ledger> ledger;
    std::vector<Submitted> pool;
    consensus::Checkpoint checkpoint;
  };
  struct AgentSlot;
  class Context;

  void after(sim::Duration delay, std::function<void()> action);
  void make_block(sim::ChainIndex chain);
  bool lost() { return random_.below(1'000) < spec_.lost_per_mille; }
  void to_agent(size_t agent, const std::function<void(Gateway&, Context&)>& action);

  FakeWorldSpec spec_;
  Random random_;
  sim::TimePoint now_;
  uint64_t sequence_ = 0;
  std::map<std::pair<sim::TimePoint, uint64_t>, std::function<void()>> events_;
  std::vector<Chain> chains_;
  std::vector<std::unique_ptr<AgentSlot>> agents_;
};

}  // namespace govchain::models::testing
