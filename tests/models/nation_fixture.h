#pragma once
// Nations to test with: the one of the shipped data, and small ones that can be checked by hand.

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/deployment/nation.h"

namespace govchain::models::testing {

inline nlohmann::json data_file(const std::string& name) {
  std::ifstream file(std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/data/" + name);
  return nlohmann::json::parse(file);
}

inline std::string text_or_empty(const nlohmann::json& row, const char* key) {
  return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : "";
}
template <typename T>
T number_or_zero(const nlohmann::json& row, const char* key) {
  return row.contains(key) && row[key].is_number() ? row[key].get<T>() : T{};
}

inline CapabilityTier tier_of(const std::string& text) {
  if (text == "very_high") return CapabilityTier::kVeryHigh;
  if (text == "high") return CapabilityTier::kHigh;
  if (text == "medium") return CapabilityTier::kMedium;
  return CapabilityTier::kNone;
}

// All 34 units, XPCC split out.
inline std::vector<Place> all_places() {
  const nlohmann::json data = data_file("provinces.json");
  std::vector<Place> places;
  for (const auto& row : data["provinces"]) {
    Place place;
    place.id = row["iso"];
    place.name_zh = row["name_zh"];
    place.name_en = row["name_en"];
    place.seat = {row["lat"], row["lon"]};
    place.population = row["population_2020"];
    place.gdp_100m_yuan = number_or_zero<double>(row, "gdp_2019_100m_cny");
    place.prefectures = number_or_zero<uint32_t>(row, "prefectures_2023");
    place.counties = number_or_zero<uint32_t>(row, "counties_2023");
    place.tier = tier_of(text_or_empty(row, "egov_tier_2019"));
    place.backbone_node = text_or_empty(row, "chinanet_node");
    places.push_back(place);
  }
  std::vector<EmbeddedPlatform> embedded;
  for (const auto& row : data["platforms_extra"]) {
    embedded.push_back({platform_id(row["id"], row["within"]), row["name_zh"], row["name_en"],
                        row["within"], row["population"], tier_of(row["egov_tier_2019"])});
  }
  return with_embedded_platforms(places, embedded).value();
}

inline std::vector<Place> mainland_places() {
  std::vector<Place> places = all_places();
  std::erase_if(places, [](const Place& place) { return !is_mainland(place.id); });
  return places;
}

inline Backbone backbone(const std::string& name) {
  const nlohmann::json data = data_file("topology.json");
  Backbone graph;
  graph.name = name;
  for (const auto& node : data["graphs"][name]["nodes"]) {
    BackboneNode added{node["label"], std::nullopt};
    if (node["lat"].is_number()) added.position = GeoPoint{node["lat"], node["lon"]};
    graph.nodes.push_back(added);
  }
  for (const auto& link : data["graphs"][name]["edges"]) {
    graph.links.push_back({link["source"], link["target"], {}, text_or_empty(link, "label")});
  }
  return graph;
}

inline std::vector<MeasuredRoundTrip> measured_round_trips() {
  std::vector<MeasuredRoundTrip> pairs;
  const nlohmann::json data = data_file("topology.json");
  for (const auto& row : data["rtt_measured"]) {
    pairs.push_back({row["a"], row["b"], row["km"], row["rtt_ms_avg"],
                     row.contains("cross_border") && row["cross_border"].get<bool>(),
                     row["quality"]});
  }
  return pairs;
}

inline std::vector<ServiceCase> data_services() {
  const nlohmann::json rules = data_file("assumptions.json")["service_rules"]["rows"];
  std::vector<ServiceCase> services;
  const nlohmann::json data = data_file("service_cases.json");
  for (const auto& row : data["cases"]) {
    ServiceCase service;
    service.id = row["service"];
    service.name = row["service"];
    const auto& rate = row["per_1000_inhabitants_year"];
    service.low = rate["low"];
    service.mid = rate["mid"];
    service.high = rate["high"];
    service.ledger_writes = row["ledger_writes"];
    service.reads = row["reads"];
    service.calls = row["cross_department_calls"];
    service.payload = sim::Bytes(row["payload_bytes"].get<uint64_t>());
    for (const auto& rule : rules) {
      if (rule["service"] != row["service"]) continue;
      service.scope = rule["scope"] == "leader" ? AnchorScope::kLeader : AnchorScope::kNational;
      service.writing_call_share = rule["writing_call_share"];
      service.execution_factor = rule["execution_factor"];
      service.person_share = rule["person_share"];
      service.minutes_by_hand = rule["minutes_by_hand"];
      service.provider_weight = rule["provider_weight"];
      service.counts_calls = rule.value("counts_calls", false);
      service.contains_registrations = rule.value("contains_registrations", false);
      service.is_registration = rule.value("is_registration", false);
    }
    services.push_back(service);
  }
  return services;
}

inline sim::MachineProfile server_profile() {
  sim::MachineProfile profile;
  profile.id = "test-server";
  profile.cores = 64;
  profile.memory = sim::Bytes(256ULL << 30U);
  profile.nic = sim::Rate::bits_per_second(25'000'000'000);
  profile.costs = {.message_receive = sim::Duration::microseconds(8),
                   .message_send = sim::Duration::microseconds(5),
                   .per_kilobyte_network = sim::Duration::nanoseconds(600),
                   .sign = sim::Duration::microseconds(25),
                   .verify = sim::Duration::microseconds(60),
                   .hash_per_kilobyte = sim::Duration::microseconds(2),
                   .execute_transaction = sim::Duration::microseconds(40),
                   .admit_transaction = sim::Duration::microseconds(10),
                   .client_verify = sim::Duration::microseconds(60)};
  profile.disk = {.sync = sim::Duration::microseconds(200),
                  .write_rate = sim::Rate::bits_per_second(8'000'000'000),
                  .read_rate = sim::Rate::bits_per_second(16'000'000'000)};
  return profile;
}

// The nation of the shipped data and assumptions.
inline NationSpec data_nation() {
  NationSpec nation;
  nation.name = "national";
  nation.places = mainland_places();
  nation.backbone = backbone("Chinanet");
  nation.network.fit = fit_latency(measured_round_trips()).value();
  nation.network.trunk_rate = sim::Rate::bits_per_second(1'000'000'000);
  nation.network.access_rate = sim::Rate::bits_per_second(1'000'000'000);
  nation.services = data_services();
  nation.levels.assign(nation.services.size(), ServiceLevel{});
  nation.hardware.profile = server_profile();
  const nlohmann::json volumes = data_file("service_cases.json")["volumes"];
  for (const auto& row : volumes) {
    if (row["id"] == "us.hourly_visits") {
      nation.demand.hourly_share = row["derived_share_of_day"].get<std::vector<double>>();
    }
  }
  const nlohmann::json settings = data_file("assumptions.json")["settings"];
  for (const auto& row : settings) {
    (void)set_setting(nation, row["id"], row["value"]);
  }
  return nation;
}

// Six provinces of it, large and small: the same arithmetic in less time.
inline NationSpec regional_nation() {
  NationSpec nation = data_nation();
  std::erase_if(nation.places, [](const Place& place) {
    return place.id != "CN-BJ" && place.id != "CN-GD" && place.id != "CN-XZ" &&
           place.id != "CN-SC" && place.id != "CN-XJ-XPCC" && place.id != "CN-HI";
  });
  return nation;
}

// Two provinces and two services, round figures.
inline NationSpec small_nation() {
  NationSpec nation;
  nation.name = "small";
  Place east;
  east.id = "CN-SH";
  east.name_en = "East";
  east.seat = {31.2, 121.5};
  east.population = 2'000'000;
  east.tier = CapabilityTier::kVeryHigh;
  east.backbone_node = "East";
  Place west = east;
  west.id = "CN-SC";
  west.name_en = "West";
  west.seat = {30.7, 104.1};
  west.population = 1'000'000;
  west.tier = CapabilityTier::kHigh;
  west.backbone_node = "West";
  nation.places = {east, west};
  nation.backbone.name = "line";
  nation.backbone.nodes = {{"East", east.seat}, {"West", west.seat}};
  nation.backbone.links = {{0, 1, {}, "only"}};
  nation.network.fit = {.intercept_milliseconds = 8,
                        .milliseconds_per_kilometre = 0.02,
                        .pairs = 2,
                        .residual_milliseconds = 0};
  nation.network.trunk_rate = sim::Rate::bits_per_second(1'000'000'000);
  nation.network.access_rate = sim::Rate::bits_per_second(1'000'000'000);
  ServiceCase approval;
  approval.id = "approval";
  approval.name = "approval";
  approval.low = 500;
  approval.mid = 1000;
  approval.high = 2000;
  approval.scope = AnchorScope::kLeader;
  approval.ledger_writes = 3;
  approval.calls = 2;
  approval.writing_call_share = 0.5;
  approval.minutes_by_hand = 3;
  ServiceCase sharing;
  sharing.id = "sharing";
  sharing.name = "sharing";
  sharing.low = 5000;
  sharing.mid = 10'000;
  sharing.high = 20'000;
  sharing.ledger_writes = 1;
  sharing.calls = 1;
  sharing.person_share = 0.05;
  sharing.minutes_by_hand = 1;
  sharing.counts_calls = true;
  nation.services = {approval, sharing};
  nation.levels.assign(2, ServiceLevel{});
  nation.demand.adoption = {.very_high = 0.8, .high = 0.4, .medium = 0.4, .none = 0.4};
  nation.hardware.profile = server_profile();
  nation.deployment.ministries = 3;
  return nation;
}

}  // namespace govchain::models::testing
