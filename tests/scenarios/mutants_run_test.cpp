// What the check lets pass must run: every shipped scenario, cut to a fraction of a second and
// changed at random, either names its fault or ends with every transaction accounted for.

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/random.h"
#include "sim/world.h"
#include "tests/scenarios/load_text.h"

namespace govchain::scenarios {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kMutants = 400;
constexpr double kSeconds = 0.25;

// All times in proportion, so that faults stay inside; few transactions.
void shrink(Json& node, double scale) {
  if (node.is_array()) {
    for (Json& element : node) shrink(element, scale);
  }
  if (!node.is_object()) return;
  for (auto& [key, value] : node.items()) {
    const bool time = key == "duration_seconds" || key == "warmup_seconds" || key == "at_seconds" ||
                      key == "from_seconds" || key == "until_seconds";
    if (time) {
      value = value.get<double>() * scale;
    } else if (key == "rate_per_second" || key == "per_second") {
      value = std::min(value.get<double>(), 200.0);
    } else {
      shrink(value, scale);
    }
  }
}

std::vector<Json> small_originals() {
  std::vector<Json> out;
  const auto entries = list_scenarios(home());
  EXPECT_TRUE(entries.ok());
  std::vector<std::string> paths = {fixture("everything_consensus.json")};
  for (const ScenarioEntry& entry : *entries) paths.push_back(home() + "/" + entry.path);
  for (const std::string& path : paths) {
    LoadOptions options;
    options.home = home();
    const auto scenario = load_scenario(path, options);
    EXPECT_TRUE(scenario.ok()) << path;
    if (!scenario || scenario->kind != ScenarioKind::kConsensus) continue;
    Json json = Json::parse(scenario->resolved);
    json.erase("extends");
    shrink(json, kSeconds / json["duration_seconds"].get<double>());
    out.push_back(std::move(json));
  }
  return out;
}

void collect(const Json& node, const Json::json_pointer& at, std::vector<Json::json_pointer>& out) {
  if (!at.empty()) out.push_back(at);
  if (node.is_object()) {
    for (const auto& [key, value] : node.items()) collect(value, at / key, out);
  } else if (node.is_array()) {
    for (size_t i = 0; i < node.size(); ++i) collect(node[i], at / i, out);
  }
}

Json mutated(Json json, sim::RandomStream& random) {
  static const std::vector<Json> kValues = {
      0,        1,     2,        3,   7,      13,     0.001,  0.5,
      1000,     1e-9,  60000,    "x", "raft", "pbft", true,   "cohort",
      "ledger", "sm2", Json({}), {0}, {1, 0}, "sm3",  "real", "unlimited"};
  for (uint64_t i = 0, changes = 1 + random.below(3); i < changes; ++i) {
    std::vector<Json::json_pointer> pointers;
    collect(json, Json::json_pointer(), pointers);
    const Json::json_pointer at = pointers[random.below(pointers.size())];
    Json& parent = json[at.parent_pointer()];
    Json& value = json[at];
    switch (random.below(5)) {
      case 0:
        value = kValues[random.below(kValues.size())];
        break;
      case 1:
        if (parent.is_object()) parent.erase(at.back());
        break;
      case 2:
        if (value.is_number()) value = value.get<double>() * (random.below(2) == 0 ? 10 : 0.1);
        break;
      case 3:
        if (value.is_number_integer()) value = value.get<int64_t>() + 1;
        break;
      default:
        if (value.is_array() && !value.empty()) value.push_back(Json(value.front()));
    }
  }
  return json;
}

// Valid, but nothing for a unit test.
bool is_large(const sim::WorldSpec& world) {
  double transactions = 0;
  double bytes = 0;
  for (const sim::LoadSpec& load : world.loads) {
    for (const sim::RateStep& step : load.rate) {
      transactions += step.per_second * world.duration.to_seconds();
      bytes += step.per_second * world.duration.to_seconds() *
               static_cast<double>(world.classes[load.transaction_class].payload.count());
    }
  }
  size_t replicas = 0;
  bool hasty = false;
  for (const sim::ChainSpec& chain : world.chains) {
    replicas += chain.replicas.size();
    hasty = hasty || chain.engine.base_timeout < sim::Duration::milliseconds(20);
  }
  return transactions > 5'000 || bytes > 1e7 || replicas > 40 || hasty ||
         world.duration > sim::Duration::seconds(3);
}

TEST(MutatedScenarios, WhatPassesTheCheckRunsToItsEnd) {
  const std::vector<Json> originals = small_originals();
  ASSERT_GT(originals.size(), 8U);
  uint32_t ran = 0;
  uint32_t refused = 0;
  for (uint64_t seed = 0; seed < kMutants; ++seed) {
    sim::RandomStream random(seed, sim::RandomPurpose::kTest, 3);
    const Json json = mutated(originals[seed % originals.size()], random);
    const auto scenario = load_text(json.dump(1));
    if (!scenario) {
      ++refused;
      EXPECT_TRUE(scenario.error().message.starts_with("my.json")) << scenario.error().message;
      continue;
    }
    if (scenario->kind != ScenarioKind::kConsensus || is_large(scenario->world)) continue;
    SCOPED_TRACE(seed);
    const auto result = sim::run_world(scenario->world, {});
    ASSERT_TRUE(result.ok()) << result.error().message;
    ++ran;
    for (const sim::ChainResult& chain : result->chains) {
      const sim::TransactionCounts& counts = chain.transactions;
      EXPECT_EQ(counts.submitted,
                counts.committed + counts.refused + counts.timed_out + counts.in_flight);
    }
  }
  EXPECT_GT(ran, kMutants / 5);
  EXPECT_GT(refused, kMutants / 4);
}

}  // namespace
}  // namespace govchain::scenarios
