// The scenarios and data sets that ship.

#include <algorithm>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/demand/demand.h"
#include "scenarios/data_loader.h"
#include "tests/scenarios/load_text.h"

namespace govchain::scenarios {
namespace {

TEST(ShippedScenarios, AllLoadWithoutWarning) {
  const auto entries = list_scenarios(home());
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  std::set<std::string> ids;
  for (const ScenarioEntry& entry : *entries) {
    LoadOptions options;
    options.home = home();
    const auto scenario = load_scenario(home() + "/" + entry.path, options);
    ASSERT_TRUE(scenario.ok()) << scenario.error().message;
    EXPECT_TRUE(scenario->warnings.empty()) << scenario->warnings.front();
    EXPECT_TRUE(ids.insert(scenario->id).second) << "two scenarios named " << scenario->id;
    EXPECT_EQ(scenario->id, entry.id);
    EXPECT_LE(entry.summary.size(), 130U) << entry.path;
  }
  for (const char* name : {"scenarios/national.json",
                           "scenarios/province.json",
                           "scenarios/consensus/lan.json",
                           "scenarios/consensus/wan.json",
                           "scenarios/consensus/pbft-lan.json",
                           "scenarios/consensus/pbft-wan.json",
                           "scenarios/consensus/raft-lan.json",
                           "scenarios/consensus/raft-wan.json",
                           "scenarios/consensus/tendermint-lan.json",
                           "scenarios/consensus/tendermint-wan.json",
                           "scenarios/consensus/qbft-lan.json",
                           "scenarios/consensus/qbft-wan.json",
                           "scenarios/bench/pbft-128.json",
                           "scenarios/published/bft-simulator-4.json",
                           "scenarios/published/bft-simulator-16.json",
                           "scenarios/published/bft-simulator-64.json",
                           "scenarios/published/hotstuff-delay.json",
                           "scenarios/live/pbft.json",
                           "scenarios/live/raft.json",
                           "scenarios/live/tendermint.json",
                           "scenarios/live/qbft.json",
                           "scenarios/live/hotstuff.json"}) {
    EXPECT_TRUE(std::any_of(entries->begin(), entries->end(), [&](const ScenarioEntry& one) {
      return one.path == name;
    })) << name;
  }
}

TEST(ShippedScenarios, AResolvedOneIsTheSameScenario) {
  LoadOptions options;
  options.home = home();
  const auto raft = load_scenario(home() + "/scenarios/consensus/raft-wan.json", options);
  ASSERT_TRUE(raft.ok());
  const auto again = load_text(raft->resolved);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(raft->hash, again->hash);
  EXPECT_EQ(again->world.chains[0].protocol, consensus::Protocol::kRaft);
  EXPECT_EQ(again->world.chains[0].replicas.size(), 16U);
}

TEST(Data, PlacesAddUpToTheCensus) {
  const auto places = load_places(home(), true);
  ASSERT_TRUE(places.ok()) << places.error().message;
  EXPECT_EQ(places->size(), 35U);
  uint64_t mainland = 0;
  size_t platforms = 0;
  for (const models::Place& place : *places) {
    if (!models::is_mainland(place.id)) continue;
    mainland += place.population;
    ++platforms;
  }
  EXPECT_EQ(platforms, 32U);
  EXPECT_EQ(mainland, 1'409'778'724U);  // Seventh census, 31 provincial units
}

TEST(Data, NetworksHoldTheMeasuredPairs) {
  const auto data = load_networks(home());
  ASSERT_TRUE(data.ok()) << data.error().message;
  ASSERT_EQ(data->backbones.size(), 2U);
  EXPECT_EQ(data->backbones[0].nodes.size(), 42U);
  EXPECT_EQ(data->backbones[0].links.size(), 66U);
  const auto fit = models::fit_latency(data->measured);
  ASSERT_TRUE(fit.ok());
  EXPECT_NEAR(fit->intercept_milliseconds, 9.93, 0.01);  // topology.json rtt_fit_mainland
  EXPECT_NEAR(fit->milliseconds_per_kilometre, 0.01709, 1e-5);
}

TEST(Data, EveryPriceCanBeBroughtToTheBase) {
  const auto data = load_prices(home());
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_GE(data->prices.size(), 51U);
  std::set<std::string> ids;
  for (const models::Price& price : data->prices) {
    EXPECT_TRUE(ids.insert(price.id).second) << price.id;
    EXPECT_FALSE(price.source.empty()) << price.id;
    EXPECT_FALSE(price.quality.empty()) << price.id;
    const auto base = models::to_base(price, data->base, data->exchange_rates, data->deflator);
    EXPECT_TRUE(base.ok()) << price.id;
  }
}

// A figure's origin leads to the row that holds its value.
TEST(Data, OriginsLeadToTheValues) {
  LoadOptions options;
  options.home = home();
  const auto scenario = load_scenario(home() + "/scenarios/national.json", options);
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  size_t followed = 0;
  for (const Figure& figure : scenario->national->figures) {
    EXPECT_FALSE(figure.source.empty()) << figure.id;
    EXPECT_FALSE(figure.quality.empty()) << figure.id;
    const size_t end = figure.origin.find(".json/");
    if (!figure.origin.starts_with("scenarios/data/") || end == std::string::npos) continue;
    std::ifstream file(home() + "/" + figure.origin.substr(0, end + 5));
    const auto json = nlohmann::json::parse(file);
    const nlohmann::json::json_pointer pointer(figure.origin.substr(end + 5));
    ASSERT_TRUE(json.contains(pointer)) << figure.origin;
    const nlohmann::json& found = json[pointer];
    if (found.is_number()) {
      EXPECT_EQ(found.get<double>(), figure.value) << figure.origin;
    } else if (found.is_object() && found.contains("mid")) {
      EXPECT_EQ(found["mid"].get<double>(), figure.value) << figure.origin;
    } else if (found.is_object() && found.contains("value")) {
      EXPECT_EQ(found["value"].get<double>(), figure.value) << figure.origin;
    } else {
      continue;
    }
    ++followed;
  }
  EXPECT_GT(followed, 200U);
}

TEST(Data, EverySettingOfTheModelIsDocumentedOnce) {
  const auto settings = load_settings(home());
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  std::set<std::string> documented;
  for (const SettingFigure& setting : *settings) {
    EXPECT_TRUE(documented.insert(setting.figure.id).second) << setting.figure.id;
    EXPECT_LE(setting.minimum, setting.figure.value) << setting.figure.id;
    EXPECT_GE(setting.maximum, setting.figure.value) << setting.figure.id;
  }
  for (const models::SettingRow& row : models::setting_rows()) {
    EXPECT_TRUE(documented.contains(row.id)) << row.id;
  }
  EXPECT_EQ(documented.size(), models::setting_rows().size());
}

TEST(Data, ProfilesAreWholeAndNamedAfterTheirFiles) {
  for (const std::string& id : profile_ids(home())) {
    const auto profile = load_profile(home(), id);
    ASSERT_TRUE(profile.ok()) << profile.error().message;
    EXPECT_EQ(profile->id, id);
    if (id != "free") {
      EXPECT_GT(profile->costs.verify, sim::Duration::zero()) << id;
    }
  }
}

}  // namespace
}  // namespace govchain::scenarios
