#include "analysis/validate/design.h"

#include <map>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "scenarios/scenario.h"

namespace govchain::analysis::validate {
namespace {

using consensus::Duration;
using consensus::Protocol;

std::vector<Protocol> all_protocols() {
  std::vector<Protocol> protocols;
  for (const auto* traits : consensus::protocols()) protocols.push_back(traits->protocol);
  return protocols;
}

// The position of n in a protocol's own list.
size_t size_class(const Configuration& configuration) {
  const bool raft = configuration.protocol == Protocol::kRaft;
  return (configuration.replicas - (raft ? 3 : 4)) / (raft ? 2 : 3);
}

TEST(FractionalDesign, HasAtMostEightyCellsAndNoConfigurationTwice) {
  const auto design = fractional_design(all_protocols());
  EXPECT_EQ(design.size() * std::size(kLoadLevels), 80U);
  for (size_t i = 0; i < design.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(design[i] == design[j]) << describe(design[i]);
  }
}

TEST(FractionalDesign, CoversEveryPairOfLevels) {
  std::map<std::tuple<int, uint64_t, uint64_t>, int> met;
  for (const Configuration& one : fractional_design(all_protocols())) {
    const uint64_t size = size_class(one);
    const uint64_t payload = one.payload.count();
    const auto signature = static_cast<uint64_t>(one.signature);
    const auto delay = static_cast<uint64_t>(one.link_delay.nanoseconds());
    ++met[{0, size, payload}];
    ++met[{1, size, signature}];
    ++met[{2, size, delay}];
    ++met[{3, payload, signature}];
    ++met[{4, payload, delay}];
    ++met[{5, signature, delay}];
  }
  // 3×3, 3×2, 3×3, 3×2, 3×3, 2×3
  EXPECT_EQ(met.size(), 45U);
}

TEST(FractionalDesign, GivesEveryProtocolEverySizeAndCalibratesOnItsSmallest) {
  for (const Protocol protocol : all_protocols()) {
    std::multiset<size_t> sizes;
    for (const Configuration& one : fractional_design(all_protocols())) {
      if (one.protocol != protocol) continue;
      sizes.insert(size_class(one));
      EXPECT_EQ(one.calibrates, size_class(one) == 0);
    }
    EXPECT_EQ(sizes, (std::multiset<size_t>{0, 0, 1, 2}));
  }
}

TEST(FractionalDesign, IsBalanced) {
  std::map<uint64_t, int> payloads;
  std::map<int, int> signatures;
  std::map<int64_t, int> delays;
  for (const Configuration& one : fractional_design(all_protocols())) {
    ++payloads[one.payload.count()];
    ++signatures[static_cast<int>(one.signature)];
    ++delays[one.link_delay.nanoseconds()];
  }
  for (const auto& [level, count] : payloads) EXPECT_TRUE(count == 6 || count == 7) << level;
  for (const auto& [level, count] : signatures) EXPECT_EQ(count, 10) << level;
  for (const auto& [level, count] : delays) EXPECT_TRUE(count == 6 || count == 7) << level;
}

TEST(FractionalDesign, MakesScenariosThatTheLoaderTakes) {
  for (const Configuration& one : fractional_design(all_protocols())) {
    scenarios::LoadOptions options;
    options.home = GOVCHAIN_SOURCE_DIR;
    options.overrides = overrides_of(one);
    const auto scenario = scenarios::load_scenario(
        std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/consensus/pbft-lan.json", options);
    ASSERT_TRUE(scenario) << describe(one) << ": " << scenario.error().message;
    const auto& chain = scenario->world.chains.at(0);
    EXPECT_EQ(chain.protocol, one.protocol);
    EXPECT_EQ(chain.scheme, one.signature);
  }
}

TEST(FractionalDesign, DescribesAConfigurationInOneLine) {
  Configuration one;
  one.protocol = Protocol::kRaft;
  one.replicas = 5;
  one.payload = consensus::Bytes(1'024);
  one.signature = consensus::SignatureScheme::kSm2;
  one.link_delay = Duration::milliseconds(5);
  EXPECT_EQ(describe(one), "raft n=5, 1 KiB, sm2, 5 ms");
  one.payload = consensus::Bytes(128);
  EXPECT_EQ(describe(one), "raft n=5, 128 B, sm2, 5 ms");
}

}  // namespace
}  // namespace govchain::analysis::validate
