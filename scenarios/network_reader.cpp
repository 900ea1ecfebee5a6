// Places and what connects them.

#include <algorithm>

#include <fmt/format.h>

#include "models/network/backbone.h"
#include "scenarios/consensus_reader.h"
#include "scenarios/data_loader.h"
#include "scenarios/nearest_name.h"

namespace govchain::scenarios {

namespace {

std::vector<std::string> place_ids(const Reader& network) {
  std::vector<std::string> ids;
  for (const Reader& place : network.objects("places", "place")) ids.push_back(place.text("id"));
  return ids;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(name, known);
  return nearest ? "did you mean \"" + *nearest + "\"?" : "";
}

void read_places(const Reader& network, sim::NetworkSpec& spec) {
  std::vector<std::string> seen;
  for (const Reader& place : network.objects("places", "place")) {
    sim::PlaceSpec one;
    one.name = place.text("id");
    if (std::find(seen.begin(), seen.end(), one.name) != seen.end()) {
      place.refuse("id", "a second place with this id");
    }
    seen.push_back(one.name);
    place.milliseconds("local_delay_ms", one.local_delay);
    one.local_jitter = read_jitter(place.object("local_jitter", "jitter"));
    spec.places.push_back(std::move(one));
  }
}

// --- Every pair directly

struct PairSettings {
  sim::Duration delay;
  sim::Rate rate;
  double loss = 0;
  bool set = false;
  bool timed = false;  // has a delay of its own
};

// [a * places + b], a < b.
std::vector<PairSettings> pair_settings(const Reader& network,
                                        const std::vector<std::string>& ids) {
  PairSettings common;
  network.milliseconds("delay_ms", common.delay);
  network.rate_mbps("trunk_mbps", common.rate);
  network.number("loss", common.loss);
  std::vector<PairSettings> pairs(ids.size() * ids.size(), common);
  for (const Reader& delay : network.objects("delays", "delay")) {
    size_t ends[2] = {0, 0};
    const std::vector<std::string> names = delay.texts("between");
    for (size_t i = 0; i < names.size(); ++i) {
      const auto found = std::find(ids.begin(), ids.end(), names[i]);
      if (found == ids.end()) {
        delay.refuse("between", "no place \"" + names[i] + "\" in this network",
                     did_you_mean(names[i], ids));
        return pairs;
      }
      ends[i] = static_cast<size_t>(found - ids.begin());
    }
    if (ends[0] == ends[1]) {
      delay.refuse("between", "a place and itself; its own delay is local_delay_ms");
      return pairs;
    }
    PairSettings& pair =
        pairs[std::min(ends[0], ends[1]) * ids.size() + std::max(ends[0], ends[1])];
    if (pair.set) delay.refuse("between", "this pair is there twice");
    pair.set = true;
    delay.milliseconds("ms", pair.delay);
    pair.timed = delay.has("ms");
    delay.rate_mbps("mbps", pair.rate);
    delay.number("loss", pair.loss);
  }
  return pairs;
}

// A pair without a delay would be as near as one room.
void check_joined(const Reader& network, const std::vector<std::string>& ids,
                  const std::vector<PairSettings>& pairs) {
  for (size_t a = 0; a < ids.size(); ++a) {
    for (size_t b = a + 1; b < ids.size(); ++b) {
      if (pairs[a * ids.size() + b].timed) continue;
      network.refuse("delays", fmt::format("nothing says how far {} is from {}", ids[a], ids[b]),
                     "delay_ms is for all pairs that are not listed");
      return;
    }
  }
}

void connect_all_pairs(const Reader& network, sim::NetworkSpec& spec) {
  const std::vector<std::string> ids = place_ids(network);
  const size_t count = ids.size();
  if (count == 1) {
    for (const char* key : {"delay_ms", "trunk_mbps", "loss", "delays", "jitter"}) {
      if (network.has(key)) network.warn(key, "has no effect: there is only one place");
    }
  } else if (!network.has("delay_ms") && network.find("delays") == nullptr) {
    network.refuse("", "delay_ms is missing; there are several places and no backbone");
  }
  const std::vector<PairSettings> pairs = pair_settings(network, ids);
  if (!network.has("delay_ms")) check_joined(network, ids, pairs);
  spec.routes.assign(count * count, {});
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = a + 1; b < count; ++b) {
      const PairSettings& pair = pairs[a * count + b];
      const auto trunk = static_cast<sim::TrunkIndex>(spec.trunks.size());
      spec.trunks.push_back({ids[a] + "-" + ids[b], static_cast<sim::PlaceIndex>(a),
                             static_cast<sim::PlaceIndex>(b), pair.rate, pair.delay, pair.loss});
      spec.routes[a * count + b] = {trunk};
      spec.routes[b * count + a] = {trunk};
    }
  }
  spec.jitter = read_jitter(network.object("jitter", "jitter"));
}

// --- Over a backbone

void connect_backbone(const Reader& network, const std::string& home, sim::NetworkSpec& spec) {
  for (const char* key : {"delay_ms", "delays"}) {
    if (network.has(key)) {
      network.refuse(key, "delays follow from the backbone; use either",
                     "leave out one of the two");
    }
  }
  const auto all = load_places(home, true);
  const auto data = load_networks(home);
  if (!all || !data) {
    const consensus::Error& error = all ? data.error() : all.error();
    network.refuse("backbone", (error.where.empty() ? "" : error.where + ": ") + error.message);
    return;
  }
  std::vector<models::Place> chosen;
  std::vector<std::string> known;
  for (const models::Place& place : *all) known.push_back(place.id);
  for (const Reader& place : network.objects("places", "place")) {
    const std::string id = place.text("id");
    const auto found = std::find(known.begin(), known.end(), id);
    if (found == known.end()) {
      place.refuse("id", "no province \"" + id + "\" in scenarios/data/provinces.json",
                   did_you_mean(id, known));
      return;
    }
    chosen.push_back((*all)[static_cast<size_t>(found - known.begin())]);
  }
  const std::string name = network.text("backbone");
  if (name != "Chinanet") {
    // provinces.json names Chinanet's nodes; on another graph every place hangs on the nearest.
    for (models::Place& place : chosen) place.backbone_node.clear();
  }
  const auto graph =
      std::find_if(data->backbones.begin(), data->backbones.end(),
                   [&](const models::Backbone& backbone) { return backbone.name == name; });
  const auto fit = models::fit_latency(data->measured);
  if (graph == data->backbones.end() || !fit) {
    network.refuse("backbone",
                   fit ? "no such graph in scenarios/data/topology.json" : fit.error().message);
    return;
  }
  models::NetworkSettings settings;
  settings.fit = *fit;
  network.rate_mbps("trunk_mbps", settings.trunk_rate);
  network.rate_mbps("access_mbps", settings.access_rate);
  network.number("loss", settings.loss);
  settings.jitter = read_jitter(network.object("jitter", "jitter"));
  const auto national = models::NationalNetwork::make(*graph, chosen, settings);
  if (!national) {
    network.refuse("backbone", national.error().message);
    return;
  }
  std::vector<size_t> indices(chosen.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::vector<sim::PlaceSpec> own = std::move(spec.places);
  spec = national->network_for(indices);
  for (size_t i = 0; i < own.size(); ++i) {
    spec.places[i].name = own[i].name;
    spec.places[i].local_jitter = own[i].local_jitter;
    const Reader place = network.objects("places", "place")[i];
    if (place.has("local_delay_ms")) spec.places[i].local_delay = own[i].local_delay;
  }
}

}  // namespace

sim::Jitter read_jitter(const Reader& jitter) {
  sim::Jitter out;
  const std::string kind = jitter.text("kind", "none");
  jitter.milliseconds("spread_ms", out.spread);
  jitter.number("shape", out.shape);
  if (kind == "normal") out.kind = sim::Jitter::Kind::kNormal;
  if (kind == "exponential") out.kind = sim::Jitter::Kind::kExponential;
  if (kind == "log_normal") out.kind = sim::Jitter::Kind::kLogNormal;
  if (!jitter.exists()) return out;
  const bool shaped = kind == "log_normal";
  if (kind == "none" && jitter.has("spread_ms"))
    jitter.warn("spread_ms", "has no effect: kind is none");
  if (!shaped && jitter.has("shape"))
    jitter.warn("shape", "has no effect: only log_normal has one");
  if (kind != "none" && out.spread == sim::Duration::zero()) {
    jitter.refuse("", "spread_ms is missing or 0 for a jitter of kind " + kind);
  }
  return out;
}

// The schema knows the names.
sim::NetworkModel model_named(const std::string& name) {
  if (name == "simgrid") return sim::NetworkModel::kSimgrid;
  if (name == "simgrid-uncapped") return sim::NetworkModel::kSimgridUncapped;
  if (name == "simgrid-lv08") return sim::NetworkModel::kSimgridLv08;
  return sim::NetworkModel::kFifo;
}

sim::NetworkSpec read_network(const Reader& network, const std::string& home) {
  sim::NetworkSpec spec;
  read_places(network, spec);
  if (network.log().error) return spec;
  if (network.has("backbone")) {
    connect_backbone(network, home, spec);
  } else {
    if (network.has("access_mbps")) {
      network.refuse("access_mbps", "has no effect without a backbone");
    }
    connect_all_pairs(network, spec);
  }
  network.milliseconds("retransmission_timeout_ms", spec.retransmission_timeout);
  network.integer("connection_setup_round_trips", spec.connection_setup_round_trips);
  spec.model = model_named(network.text("model", "fifo"));
  return spec;
}

}  // namespace govchain::scenarios
