// How soon a replica that is behind gets what it lacks.

#include <vector>

#include <gtest/gtest.h>

#include "consensus/message.h"
#include "consensus/protocols.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::chain {
namespace {

using pbft::testing::Cluster;
using pbft::testing::ClusterOptions;

std::vector<Protocol> chain_protocols() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->faults == FaultModel::kByzantine) found.push_back(traits->protocol);
  }
  return found;
}

class CatchUp : public ::testing::TestWithParam<Protocol> {
 protected:
  static ClusterOptions options() {
    ClusterOptions options;
    options.protocol = GetParam();
    options.engine.batch_delay = Duration::zero();
    options.engine.base_timeout = Duration::seconds(2);
    options.engine.max_timeout = Duration::seconds(4);
    options.engine.checkpoint_interval = 4;
    return options;
  }
};

// A quorum has signed a state that replica 3 is not at: it does not wait for as long as who only
// fears that something was lost.
TEST_P(CatchUp, WhoIsBehindAProvenCheckpointAsksSoon) {
  Cluster world(options());
  world.set_filter([](uint32_t /*from*/, uint32_t to, const Message& message) {
    return to != 3 || message.type == kCheckpointStatement;
  });
  const auto ordered = [&] { return world.status(0).committed >= Height(4); };
  for (uint64_t number = 1; !ordered() && number < 20; ++number) {
    world.propose(0, number);
    (void)world.run_until([&] { return world.is_committed(number); }, Duration::seconds(20));
  }
  ASSERT_TRUE(ordered());
  ASSERT_EQ(world.status(3).committed, Height(0));
  world.set_filter(nullptr);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).committed >= Height(4); },
                              options().engine.base_timeout / 4));
}

INSTANTIATE_TEST_SUITE_P(Engines, CatchUp, ::testing::ValuesIn(chain_protocols()),
                         [](const auto& param) {
                           return std::string(traits_of(param.param).name);
                         });

}  // namespace
}  // namespace govchain::consensus::chain
