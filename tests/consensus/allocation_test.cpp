// "In steady state a step allocates nothing" (consensus/engine.h), for every engine there is: whole
// decisions under load, checkpoints included, counted inside step() alone.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
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
};

class Allocation : public ::testing::TestWithParam<Case> {
 protected:
  Allocation()
      : chain_(*GetParam().protocol, GetParam().replicas, options(), config(), {}, &inside_) {}

  // What so many decisions cost.
  InsideSteps measure(uint64_t decisions) {
    const uint64_t payloads = chain_.payloads();
    inside_ = {};
    EXPECT_TRUE(chain_.run(decisions));
    // HotStuff alone orders in every other view: a block of its own makes the one before final.
    EXPECT_GE(chain_.payloads() - payloads, decisions * options().payloads_per_block / 2);
    return inside_;
  }

 private:
  static LoopbackOptions options() {
    LoopbackOptions options;
    options.payloads_per_block = 64;
    options.payloads_ahead = 1'024;
    return options;
  }
  static EngineConfig config() {
    EngineConfig config = Loopback::usual_config();
    config.checkpoint_interval = 512;
    return config;
  }
  InsideSteps inside_;
  Loopback chain_;
};

TEST_P(Allocation, DecisionsAllocateNothingAndACheckpointLittle) {
  // Until everything that has an end has reached it: the window of 65,536 committed payloads, the
  // log's retained entries, the pools (PBFT's most slowly: how many of its heights are under way at
  // a time varies). Then the chain stands behind a checkpoint.
  (void)measure(8 * 512 + 64);
  // What each decision allocates shows in every slice.
  std::vector<uint64_t> slices;
  for (int slice = 0; slice < 20; ++slice) slices.push_back(measure(16).allocations);
  std::sort(slices.begin(), slices.end());
  EXPECT_EQ(slices[slices.size() / 2], 0U);
  // A checkpoint writes the payloads ordered last into one record, of 128 kB; such a record leaves
  // its room when it goes back to the pool (consensus/log_record.h), and gets a little again later.
  const InsideSteps around = measure(192);
  EXPECT_GE(around.checkpoints, GetParam().replicas);
  EXPECT_LE(around.allocations, 48 * around.checkpoints);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const ProtocolTraits* protocol : protocols()) {
    for (const uint32_t replicas : {1U, 4U}) all.push_back({protocol, replicas});
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
