// "In steady state a step allocates nothing" (consensus/engine.h), for every engine there is: whole
// decisions under load, checkpoints included, counted inside step() alone.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/protocols.h"
#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/loopback.h"

namespace govchain::consensus::testing {
namespace {

class InsideSteps final : public StepObserver {
 public:
  void before_step(uint32_t /*replica*/) override { counter_.emplace(); }
  void after_step(uint32_t /*replica*/, std::span<const Effect> effects) override {
    allocations += counter_->count();
    for (const Effect& effect : effects) {
      checkpoints += std::holds_alternative<effect::CheckpointStable>(effect) ? 1 : 0;
    }
  }
  uint64_t allocations = 0;
  uint64_t checkpoints = 0;  // made stable, of all replicas

 private:
  std::optional<AllocationCounter> counter_;
};

struct Case {
  const ProtocolTraits* protocol;
  uint32_t replicas;
  uint64_t checkpoint_interval;
  uint32_t payloads_per_block;
  uint64_t warm_up;  // checkpoint intervals
};

// A chain and what its decisions cost.
class Measured {
 public:
  explicit Measured(const Case& parameters)
      : options_(options_of(parameters)),
        chain_(*parameters.protocol, parameters.replicas, options_, config_of(parameters), {},
               &inside_) {}

  InsideSteps measure(uint64_t decisions) {
    const uint64_t payloads = chain_.payloads();
    inside_ = {};
    EXPECT_TRUE(chain_.run(decisions));
    // HotStuff alone orders in every other view: a block of its own makes the one before final.
    EXPECT_GE(chain_.payloads() - payloads, decisions * options_.payloads_per_block / 2);
    return inside_;
  }

 private:
  static LoopbackOptions options_of(const Case& parameters) {
    LoopbackOptions options;
    options.payloads_per_block = parameters.payloads_per_block;
    options.payloads_ahead = 16 * options.payloads_per_block;
    return options;
  }
  static EngineConfig config_of(const Case& parameters) {
    EngineConfig config = Loopback::usual_config();
    config.checkpoint_interval = parameters.checkpoint_interval;
    return config;
  }
  LoopbackOptions options_;
  InsideSteps inside_;
  Loopback chain_;
};

void check(const Case& parameters) {
  Measured chain(parameters);
  // Until everything that has an end has reached it: the window of committed payloads, the log's
  // retained entries, the pools (PBFT's most slowly: how many of its heights are under way at a
  // time varies). Then the chain stands behind a checkpoint.
  const uint64_t interval = parameters.checkpoint_interval;
  (void)chain.measure(parameters.warm_up * interval + interval / 8);
  // What each decision allocates shows in every slice. What is left of the pools' growth shows in
  // few: less than once for ten decisions of a replica.
  constexpr uint64_t kSlices = 20;
  std::vector<uint64_t> slices;
  uint64_t sum = 0;
  for (uint64_t slice = 0; slice < kSlices; ++slice) {
    slices.push_back(chain.measure(interval / 32).allocations);
    sum += slices.back();
  }
  std::sort(slices.begin(), slices.end());
  EXPECT_EQ(slices[slices.size() / 2], 0U);
  EXPECT_LT(10 * sum, kSlices * (interval / 32) * parameters.replicas);
  // A checkpoint writes the payloads ordered last into one record, of 128 kB; such a record leaves
  // its room when it goes back to the pool (consensus/log_record.h), and gets a little again later.
  const InsideSteps around = chain.measure(3 * interval / 8);
  EXPECT_GE(around.checkpoints, parameters.replicas);
  EXPECT_LE(around.allocations, 48 * around.checkpoints);
}

class Allocation : public ::testing::TestWithParam<Case> {};

// On a thread of its own, because pools are a thread's: what other tests left in them would be
// reused here, and has not the room that these objects will have.
TEST_P(Allocation, DecisionsAllocateNothingAndACheckpointLittle) {
  std::thread([] { check(GetParam()); }).join();
}

// With few replicas the window of 65,536 payloads fills. With many the pools take longest: all
// replicas share them here, so what a proposal needs grows in thousands of messages that were votes
// (Tendermint's 64 take too long to be waited for, at 16,000 messages for every two of them).
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const ProtocolTraits* protocol : protocols()) {
    for (const uint32_t replicas : {1U, 4U}) all.push_back({protocol, replicas, 512, 64, 8});
  }
  all.push_back({find_protocol("pbft"), 64, 32, 8, 16});
  all.push_back({find_protocol("qbft"), 64, 32, 8, 16});
  all.push_back({find_protocol("hotstuff"), 64, 32, 8, 200});
  // More voters than an index is looked for among on the stack (consensus/quorum.h).
  for (const uint32_t replicas : {17U, 64U}) {
    all.push_back({find_protocol("raft"), replicas, 32, 8, 64});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engines, Allocation, ::testing::ValuesIn(cases()),
                         [](const auto& parameter) {
                           return std::string(parameter.param.protocol->name) + "_" +
                                  std::to_string(parameter.param.replicas);
                         });

}  // namespace
}  // namespace govchain::consensus::testing
