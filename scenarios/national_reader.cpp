#include "scenarios/national_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "scenarios/consensus_reader.h"
#include "scenarios/data_loader.h"
#include "scenarios/nearest_name.h"
#include "scenarios/protocol_reader.h"

namespace govchain::scenarios {

namespace {

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(name, known);
  return nearest ? "did you mean \"" + *nearest + "\"?" : "";
}

class NationalReader {
 public:
  NationalReader(const Reader& root, std::string home, std::string profile)
      : root_(root), home_(std::move(home)), profile_(std::move(profile)) {}

  NationalScenario read() {
    using Step = void (NationalReader::*)();
    for (const Step step : {&NationalReader::read_head, &NationalReader::read_places,
                            &NationalReader::read_network, &NationalReader::read_services,
                            &NationalReader::read_levels, &NationalReader::read_demand,
                            &NationalReader::read_deployment, &NationalReader::read_hardware,
                            &NationalReader::read_settings, &NationalReader::read_prices}) {
      (this->*step)();
      if (root_.log().error) break;
    }
    return std::move(out_);
  }

 private:
  models::NationSpec& nation() { return out_.nation; }

  // A data file that cannot be used is nobody's key.
  void refuse_data(const consensus::Error& error) {
    if (root_.log().error) return;
    const std::string where = error.where.empty() ? "" : error.where + ": ";
    root_.log().error = Diagnostic{{}, {}, where + error.message, {}, {}};
  }

  std::string origin(const Reader& reader, const std::string& key) const {
    const JsonNode* node = reader.find(key);
    const std::string file = node != nullptr ? place_of(node->at) : "";
    return file + " " + reader.pointer() + "/" + escape_token(key);
  }

  void read_head() {
    nation().name = root_.text("id");
    root_.integer("seed", nation().seed);
    root_.integer("years", nation().years);
    root_.integer("first_year", out_.first_year);
    root_.integer("draws", out_.draws);
    out_.uncertain = root_.texts("uncertain");
  }

  void read_places() {
    const auto all = load_places(home_, true);
    if (!all) return refuse_data(all.error());
    std::vector<std::string> known;
    for (const models::Place& place : *all) known.push_back(place.id);
    const JsonNode* wanted = root_.find("platforms");
    if (wanted != nullptr && wanted->is_array()) {
      std::vector<std::string> chosen = root_.texts("platforms");
      for (const std::string& id : chosen) {
        if (std::find(known.begin(), known.end(), id) == known.end()) {
          return root_.refuse("platforms",
                              "no platform \"" + id + "\" in scenarios/data/provinces.json",
                              did_you_mean(id, known));
        }
        if (std::count(chosen.begin(), chosen.end(), id) > 1) {
          return root_.refuse("platforms", "\"" + id + "\" is there twice");
        }
      }
      for (const models::Place& place : *all) {
        if (std::find(chosen.begin(), chosen.end(), place.id) != chosen.end()) {
          nation().places.push_back(place);
        }
      }
      return;
    }
    const bool everything = wanted != nullptr && wanted->text == "all";
    for (const models::Place& place : *all) {
      if (everything || models::is_mainland(place.id)) nation().places.push_back(place);
    }
  }

  void read_network() {
    const Reader network = root_.object("network", "national.network");
    const auto data = load_networks(home_);
    if (!data) return refuse_data(data.error());
    const std::string name = network.text("backbone", "Chinanet");
    for (const models::Backbone& backbone : data->backbones) {
      if (backbone.name == name) nation().backbone = backbone;
    }
    if (nation().backbone.nodes.empty()) {
      return network.refuse("backbone", "no such graph in scenarios/data/topology.json");
    }
    if (name != "Chinanet") {
      // provinces.json names Chinanet's nodes; on another graph every place hangs on the nearest.
      for (models::Place& place : nation().places) place.backbone_node.clear();
    }
    const auto fit = models::fit_latency(data->measured);
    if (!fit) return refuse_data(fit.error());
    models::NetworkSettings& settings = nation().network;
    settings.fit = *fit;
    network.rate_mbps("trunk_mbps", settings.trunk_rate);
    network.rate_mbps("access_mbps", settings.access_rate);
    network.milliseconds("local_delay_ms", settings.local_delay);
    settings.jitter = read_jitter(network.object("jitter", "jitter"));
    network.number("loss", settings.loss);
    figure("network.rtt_intercept", "round trip at no distance", fit->intercept_milliseconds, "ms",
           "least squares over the mainland pairs of topology.json rtt_measured", "derived",
           "scenarios/data/topology.json/rtt_measured");
    figure("network.rtt_slope", "round trip by distance", fit->milliseconds_per_kilometre,
           "ms per km", "least squares over the mainland pairs of topology.json rtt_measured",
           "derived", "scenarios/data/topology.json/rtt_measured");
    for (const char* key : {"trunk_mbps", "access_mbps", "local_delay_ms", "loss"}) {
      const JsonNode* node = network.find(key);
      if (node == nullptr || !node->is_number()) continue;
      figure("network." + std::string(key), "network setting of the scenario", node->number,
             std::string(key).ends_with("mbps") ? "Mbps"
             : std::string(key).ends_with("ms") ? "ms"
                                                : "share",
             network.text("basis", "judgement: set in the scenario"), "judgement",
             origin(network, key));
    }
  }

  void figure(std::string id, std::string what, double value, std::string unit, std::string source,
              std::string quality, std::string where) {
    out_.figures.push_back({std::move(id),
                            std::move(what),
                            value,
                            {},
                            {},
                            std::move(unit),
                            std::move(source),
                            std::move(quality),
                            std::move(where)});
  }

  void read_services() {
    auto rows = load_services(home_);
    if (!rows) return refuse_data(rows.error());
    std::vector<std::string> known;
    for (const ServiceRow& row : *rows) known.push_back(row.service.id);
    const std::vector<std::string> wanted = root_.texts("services");
    for (const std::string& name : wanted) {
      if (std::find(known.begin(), known.end(), service_id(name)) == known.end()) {
        return root_.refuse("services",
                            "no service \"" + name + "\" in scenarios/data/service_cases.json",
                            did_you_mean(service_id(name), known));
      }
    }
    for (ServiceRow& row : *rows) {
      const bool chosen =
          wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](auto& name) {
            return service_id(name) == row.service.id;
          });
      if (!chosen) continue;
      nation().services.push_back(row.service);
      for (Figure& one : row.figures) out_.figures.push_back(std::move(one));
    }
  }

  static void read_level(const Reader& level, models::ServiceLevel& out) {
    level.milliseconds("latency_p99_ms", out.latency_p99);
    level.number("availability", out.availability);
    level.seconds("recovery_point_seconds", out.recovery_point);
    level.seconds("recovery_time_seconds", out.recovery_time);
    level.integer("replica_failures", out.replica_failures);
    level.integer("site_failures", out.site_failures);
  }

  void read_levels() {
    const Reader section = root_.object("service_level", "national.service_level");
    models::ServiceLevel common;
    read_level(section.object("default", "level"), common);
    const Reader by_service = section.object("services", "by_service");
    std::vector<std::string> known;
    for (const models::ServiceCase& service : nation().services) {
      known.push_back(service.id);
      models::ServiceLevel level = common;
      if (by_service.exists() && by_service.node()->find(service.id) != nullptr) {
        read_level(by_service.object(service.id, "level"), level);
      }
      nation().levels.push_back(level);
      const std::string where = "scenario /service_level";
      figure("service_level." + service.id + ".latency_p99", service.name + ": p99 owed",
             level.latency_p99.to_milliseconds(), "ms", "service level of the scenario",
             "parameter", where);
      figure("service_level." + service.id + ".availability", service.name + ": availability owed",
             level.availability, "share of the year", "service level of the scenario", "parameter",
             where);
    }
    if (!by_service.exists()) return;
    for (const Member& member : by_service.node()->members) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        by_service.refuse(member.key, "no service of this name in the scenario",
                          did_you_mean(member.key, known));
      }
    }
  }

  void read_demand() {
    const Reader demand = root_.object("demand", "national.demand");
    if (const JsonNode* quantile = demand.find("level_quantile")) {
      nation().demand.level_quantile = quantile->number;
    }
    Figure profile;
    auto shares = load_hourly_profile(home_, profile);
    if (!shares) return refuse_data(shares.error());
    nation().demand.hourly_share = *std::move(shares);
    if (const JsonNode* own = demand.find("hourly_share")) {
      nation().demand.hourly_share.clear();
      double total = 0;
      for (const JsonNode& share : own->elements) {
        nation().demand.hourly_share.push_back(share.number);
        total += share.number;
      }
      if (total <= 0) return demand.refuse("hourly_share", "all weights are 0");
      profile = {"demand.hourly_share",
                 "busiest hour over mean hour",
                 models::hourly_peak_factor(nation().demand.hourly_share),
                 {},
                 {},
                 "ratio",
                 demand.text("source", "set in the scenario"),
                 "judgement",
                 origin(demand, "hourly_share")};
    }
    out_.figures.push_back(std::move(profile));
    for (const models::Place& place : nation().places) {
      figure("place." + place.id + ".population", place.name_en + ": inhabitants",
             static_cast<double>(place.population), "persons",
             "Seventh National Population Census, 2020-11-01", "official, via a secondary copy",
             "scenarios/data/provinces.json/provinces");
    }
  }

  void read_deployment() {
    const Reader section = root_.object("deployment", "national.deployment");
    models::DeploymentSettings& settings = nation().deployment;
    settings.protocol = protocol_of(section, settings.protocol);
    if (section.text("adapters", "pairs") == "hub")
      settings.adapters = models::AdapterTopology::kHub;
    if (section.text("signatures", "ed25519") == "sm2") {
      nation().signatures = consensus::SignatureScheme::kSm2;
    }
    nation().exact_transactions = section.text("transactions", "cohort") == "exact";
    section.seconds("peak_duration_seconds", settings.peak_duration);
    section.seconds("peak_warmup_seconds", settings.peak_warmup);
    section.milliseconds("cohort_interval_ms", settings.cohort_interval);
    section.milliseconds("batch_delay_ms", settings.batch_delay);
    section.integer("block_transactions", settings.max_block_transactions);
    section.integer("block_overhead_bytes", settings.block_overhead_bytes);
    section.integer("transaction_overhead_bytes", settings.transaction_overhead_bytes);
    if (settings.peak_warmup >= settings.peak_duration) {
      section.refuse("peak_warmup_seconds", "nothing is left to measure of peak_duration_seconds");
    }
    if (nation().exact_transactions && section.has("cohort_interval_ms")) {
      section.warn("cohort_interval_ms", "has no effect: transactions is exact");
    }
  }

  void read_hardware() {
    const Reader section = root_.object("hardware", "national.hardware");
    nation().hardware.price = section.text("price", nation().hardware.price);
    const auto standard = load_profile(home_, "server-general");
    if (!standard) return refuse_data(standard.error());
    const MachineReader machines{home_, profile_};
    nation().hardware.profile = machines.read(section.object("machine", "machine"), *standard);
    figure("hardware.cores", "cores of one server", nation().hardware.profile.cores, "cores",
           nation().hardware.profile.description, "judgement",
           "scenarios/data/profiles/" + nation().hardware.profile.id + ".json");
  }

  void read_settings() {
    auto settings = load_settings(home_);
    if (!settings) return refuse_data(settings.error());
    const Reader section = root_.object("settings", "settings");
    std::vector<std::string> known;
    for (SettingFigure& setting : *settings) {
      known.push_back(setting.figure.id);
      if (section.exists() && section.node()->find(setting.figure.id) != nullptr) {
        override_setting(section, setting);
      }
      const consensus::Status done =
          models::set_setting(nation(), setting.figure.id, setting.figure.value);
      if (!done) {
        if (section.exists() && section.node()->find(setting.figure.id) != nullptr) {
          return section.refuse(setting.figure.id, done.error().message);
        }
        return refuse_data(done.error());
      }
      out_.figures.push_back(std::move(setting.figure));
    }
    if (!section.exists()) return;
    for (const Member& member : section.node()->members) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        return section.refuse(member.key,
                              "no setting of this name in scenarios/data/assumptions.json",
                              did_you_mean(member.key, known));
      }
    }
  }

  void override_setting(const Reader& section, SettingFigure& setting) {
    const JsonNode* node = section.node()->find(setting.figure.id);
    Figure& figure = setting.figure;
    figure.origin = origin(section, figure.id);
    if (node->is_number()) {
      figure.value = node->number;
      figure.source = "set in the scenario instead of: " + figure.source;
      figure.quality = "scenario";
    } else {
      const Reader object(section.log(), node, "figure", section.pointer() + "/" + figure.id);
      object.number("value", figure.value);
      figure.source = object.text("source", object.text("basis", "set in the scenario"));
      figure.quality = object.text("quality", "scenario");
    }
    if (figure.value < setting.minimum || figure.value > setting.maximum) {
      section.refuse(figure.id, fmt::format("{:g} is outside {:g} to {:g}", figure.value,
                                            setting.minimum, setting.maximum));
    }
  }

  void read_prices() {
    auto data = load_prices(home_);
    if (!data) return refuse_data(data.error());
    const Reader base = root_.object("price_base", "national.price_base");
    data->base.currency = base.text("currency", data->base.currency);
    base.integer("price_year", data->base.price_year);
    rebase_deflator(*data);
    const Reader section = root_.object("prices", "prices");
    const std::vector<Member> none;
    for (const Member& member : section.exists() ? section.node()->members : none) {
      override_price(section.object(member.key, "price"), member.key, *data);
    }
    const auto listed = [&](const std::string& id) {
      return std::any_of(data->prices.begin(), data->prices.end(),
                         [&](const models::Price& price) { return price.id == id; });
    };
    if (!listed(nation().hardware.price)) {
      std::vector<std::string> known;
      for (const models::Price& price : data->prices) known.push_back(price.id);
      return root_.object("hardware", "national.hardware")
          .refuse("price", "no price of this id", did_you_mean(nation().hardware.price, known));
    }
    check_uncertain(*data);
    check_currencies(section, *data);
    for (const models::Price& price : data->prices) {
      out_.figures.push_back({price.id, price.item, price.mid, price.low, price.high, price.unit,
                              price.source, price.quality, price.origin});
    }
    const models::Price& rate = data->discount_rate;
    out_.figures.push_back({rate.id, rate.item, rate.mid, rate.low, rate.high, rate.unit,
                            rate.source, rate.quality, rate.origin});
    out_.prices = std::move(data->prices);
    out_.discount_rate = std::move(data->discount_rate);
    out_.base = data->base;
    out_.exchange_rates = std::move(data->exchange_rates);
    out_.deflator = std::move(data->deflator);
  }

  // The series leads to 2024; another base year divides by what that year's factor is.
  static void rebase_deflator(PriceData& data) {
    double base = 1;
    for (const models::Deflator::Row& row : data.deflator.rows) {
      if (row.year == data.base.price_year) base = row.to_base;
    }
    for (models::Deflator::Row& row : data.deflator.rows) row.to_base /= base;
  }

  void override_price(const Reader& entry, const std::string& id, PriceData& data) {
    const auto known = std::find_if(data.prices.begin(), data.prices.end(),
                                    [&](const models::Price& price) { return price.id == id; });
    models::Price fresh;
    fresh.id = id;
    fresh.item = id;
    fresh.unit = "CNY";
    fresh.currency = "CNY";
    fresh.vat = "unknown";
    fresh.price_year = data.base.price_year;
    const bool discount = id == "discount_rate";
    if (discount) fresh = data.discount_rate;
    if (known != data.prices.end()) fresh = *known;
    models::Price price = fresh;
    price.item = entry.text("item", fresh.item);
    price.mid = entry.value("mid", fresh.mid);
    price.low.reset();
    price.high.reset();
    if (const JsonNode* low = entry.find("low")) price.low = low->number;
    if (const JsonNode* high = entry.find("high")) price.high = high->number;
    price.unit = entry.text("unit", fresh.unit);
    price.currency = entry.text("currency", fresh.currency);
    entry.integer("price_year", price.price_year);
    price.vat = entry.text("vat", fresh.vat);
    if (entry.has("deflation")) {
      price.deflation = entry.text("deflation") == "none" ? models::Deflation::kNone
                                                          : models::Deflation::kConsumerPrices;
    }
    price.source = entry.text("source", entry.text("basis", "set in the scenario"));
    price.quality = entry.text("quality", "scenario");
    price.origin =
        (entry.node() != nullptr ? place_of(entry.node()->at) : "") + " " + entry.pointer();
    if (price.low.value_or(price.mid) > price.mid || price.high.value_or(price.mid) < price.mid) {
      entry.refuse("", "low, mid and high must ascend");
    }
    if (discount) {
      data.discount_rate = std::move(price);
    } else if (known != data.prices.end()) {
      *known = std::move(price);
    } else {
      data.prices.push_back(std::move(price));
    }
  }

  // What cannot be converted is found here, not when the plan is valued.
  static void check_currencies(const Reader& section, const PriceData& data) {
    for (const models::Price& price : data.prices) {
      const auto base = models::to_base(price, data.base, data.exchange_rates, data.deflator);
      const bool own = section.exists() && section.node()->find(price.id) != nullptr;
      if (!base && own) {
        const Reader entry = section.object(price.id, "price");
        return entry.refuse(entry.has("currency") ? "currency" : "", base.error().message);
      }
    }
  }

  void check_uncertain(const PriceData& data) {
    std::vector<std::string> known{"none", "discount_rate"};
    for (const models::Price& price : data.prices) known.push_back(price.id);
    for (const std::string& name : out_.uncertain) {
      const bool found = std::any_of(known.begin(), known.end(), [&](const std::string& id) {
        return name == id || (name.ends_with('.') && id.starts_with(name));
      });
      if (!found) {
        root_.refuse("uncertain", "no price \"" + name + "\"", did_you_mean(name, known));
      }
    }
  }

  const Reader& root_;
  std::string home_;
  std::string profile_;
  NationalScenario out_;
};

}  // namespace

NationalScenario read_national(const Reader& root, const std::string& home,
                               const std::string& profile) {
  return NationalReader(root, home, profile).read();
}

}  // namespace govchain::scenarios
