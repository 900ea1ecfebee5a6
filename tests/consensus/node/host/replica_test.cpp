// Whole replicas: engine, log, store, state and threads, on a network in memory.

#include "consensus/node/host/replica.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/protocols.h"
#include "tests/consensus/node/host/network.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;
using testing::MachineSettings;
using testing::Network;
using testing::settings_for;

// Whether a state is written at every checkpoint, or so seldom that these tests see none but what
// peers ask for.
enum class States : uint8_t { kWritten, kHeld };

class Replicas : public ::testing::TestWithParam<std::tuple<const ProtocolTraits*, States>> {
 protected:
  static const ProtocolTraits& traits() { return *std::get<0>(GetParam()); }
  static MachineSettings settings() {
    MachineSettings settings = settings_for(traits());
    if (std::get<1>(GetParam()) == States::kHeld) settings.snapshot_policy = SnapshotPolicy{};
    return settings;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Replicas,
                         ::testing::Combine(::testing::ValuesIn(protocols()),
                                            ::testing::Values(States::kWritten, States::kHeld)),
                         [](const auto& test) {
                           const bool held = std::get<1>(test.param) == States::kHeld;
                           return std::string(std::get<0>(test.param)->name) +
                                  (held ? "_held" : "_written");
                         });

TEST_P(Replicas, OrderWhatIsProposedAnywhereAndAnswerIt) {
  Network network(settings());
  network.start_all();
  std::vector<Digest> ordered;
  constexpr uint64_t kPayloads = 12;
  for (uint64_t i = 0; i < kPayloads; ++i) {
    ordered.push_back(network.order(static_cast<uint32_t>(i % network.size()), i));
  }
  const Height height = network.final_height();
  for (size_t i = 0; i < network.size(); ++i) {
    ASSERT_TRUE(network[i].wait_until_final(height));
    EXPECT_EQ(network[i].payloads(), ordered) << "at " << i;
    EXPECT_FALSE(network[i].stopped());
  }
  EXPECT_TRUE(network[0].read() || network[1].read() || network[2].read());
}

// All at once, several times, in the middle of work: what a client has been told is in the chain of
// everybody afterwards, once.
TEST_P(Replicas, LoseNothingThatTheyAnsweredWhenThePowerFailsEverywhere) {
  Network network(settings());
  RandomSource random(traits().name.size());
  std::vector<Digest> answered;
  uint64_t number = 0;
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    network.start_all();
    for (uint64_t i = 0; i < 3; ++i) {
      answered.push_back(
          network.order(static_cast<uint32_t>(random.below(network.size())), number));
      ++number;
    }
    for (uint64_t i = 0; i < 5; ++i) {
      network[random.below(network.size())].replica().propose(Network::make(1'000 + number + i));
    }
    for (size_t i = 0; i < network.size(); ++i) network[i].kill(random);
  }
  network.start_all();
  answered.push_back(network.order(0, number));
  const Height height = network.final_height();
  for (size_t i = 0; i < network.size(); ++i) {
    ASSERT_TRUE(network[i].wait_until_final(height)) << "at " << i;
    std::vector<Digest> chain = network[i].payloads();
    for (const Digest& payload : answered) {
      EXPECT_EQ(std::count(chain.begin(), chain.end(), payload), 1) << "at " << i;
    }
  }
}

// Where states are written the others have pruned the blocks that it lacks, so it takes their
// state. Where none is written a replica needs its blocks to start again, and has them for others,
// too, unless its protocol gives up its log (Raft).
TEST_P(Replicas, FarBehindTakeTheStateOfOthersAndGoOn) {
  MachineSettings short_memory = settings();
  short_memory.checkpoint_interval = 2;
  short_memory.retained_blocks = 2;
  Network network(short_memory);
  RandomSource random(3);
  network.start_all();
  std::vector<Digest> ordered{network.order(0, 0)};
  const size_t last = network.size() - 1;
  network[last].kill(random);
  constexpr uint64_t kPayloads = 8;
  for (uint64_t i = 1; i <= kPayloads; ++i) ordered.push_back(network.order(0, i));
  network.start_all();
  if (traits().protocol == Protocol::kRaft || std::get<1>(GetParam()) == States::kWritten) {
    ASSERT_TRUE(network[last].wait_until_overtaken());
  }
  ordered.push_back(network.order(0, kPayloads + 1));
  ASSERT_TRUE(network[last].wait_until_final(network.final_height()));
  EXPECT_EQ(network[last].payloads(), ordered);
  // And it starts again from what it has taken.
  network[last].kill(random);
  network.start_all();
  ordered.push_back(network.order(static_cast<uint32_t>(last), kPayloads + 2));
  EXPECT_EQ(network[last].payloads(), ordered);
}

}  // namespace
}  // namespace govchain::consensus::node
