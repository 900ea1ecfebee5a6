#include "scenarios/data_loader.h"

#include <algorithm>

#include <fmt/format.h>

#include "scenarios/data_file.h"

namespace govchain::scenarios {

using consensus::Result;

namespace {

models::CapabilityTier tier_of(DataFile& file, const JsonNode& row) {
  const std::string name = file.text(row, "egov_tier_2019", "");
  if (name.empty()) return models::CapabilityTier::kNone;
  if (name == "very_high") return models::CapabilityTier::kVeryHigh;
  if (name == "high") return models::CapabilityTier::kHigh;
  if (name == "medium") return models::CapabilityTier::kMedium;
  file.fail(row, "egov_tier_2019: expected very_high, high, medium or null");
  return models::CapabilityTier::kNone;
}

models::Place place_of_row(DataFile& file, const JsonNode& row) {
  models::Place place;
  place.id = file.text(row, "iso");
  place.name_zh = file.text(row, "name_zh");
  place.name_en = file.text(row, "name_en");
  place.seat = {file.number(row, "lat"), file.number(row, "lon")};
  place.population = file.count(row, "population_2020");
  place.gdp_100m_yuan = file.number(row, "gdp_2019_100m_cny", 0);
  place.prefectures = static_cast<uint32_t>(file.number(row, "prefectures_2023", 0));
  place.counties = static_cast<uint32_t>(file.number(row, "counties_2023", 0));
  place.capability_score = file.number(row, "egov_capability_2019", 0);
  place.tier = tier_of(file, row);
  place.backbone_node = file.text(row, "chinanet_node", "");
  // Where prices.json quotes tier-1 racks: Beijing, Shanghai, Guangdong.
  const bool first = place.id == "CN-BJ" || place.id == "CN-SH" || place.id == "CN-GD";
  place.rack_price_tier = first ? 1 : 2;
  return place;
}

models::Backbone backbone_of(DataFile& file, const Member& graph) {
  models::Backbone backbone;
  backbone.name = graph.key;
  std::vector<uint64_t> ids;
  for (const JsonNode& row : file.list(graph.value, "nodes")) {
    models::BackboneNode node;
    node.label = file.text(row, "label");
    const auto latitude = file.optional_number(row, "lat");
    const auto longitude = file.optional_number(row, "lon");
    if (latitude && longitude) node.position = models::GeoPoint{*latitude, *longitude};
    ids.push_back(file.count(row, "id"));
    backbone.nodes.push_back(std::move(node));
  }
  const auto index = [&](const JsonNode& row, const char* key) {
    const auto found = std::find(ids.begin(), ids.end(), file.count(row, key));
    if (found == ids.end()) {
      file.fail(row, fmt::format("{}: no node with this id", key));
      return uint32_t{0};
    }
    return static_cast<uint32_t>(found - ids.begin());
  };
  for (const JsonNode& row : file.list(graph.value, "edges")) {
    models::BackboneLink link;
    link.a = index(row, "source");
    link.b = index(row, "target");
    link.capacity =
        sim::Rate::bits_per_second(static_cast<uint64_t>(file.number(row, "capacity_bps", 0)));
    link.label = file.text(row, "label", "");
    backbone.links.push_back(std::move(link));
  }
  return backbone;
}

bool begins_with_one_of(const std::string& id, std::initializer_list<const char*> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const char* prefix) { return id.starts_with(prefix); });
}

// The note of prices.json: hardware and bandwidth do not follow consumer prices; labour, services
// and buildings do. Rented computing and electricity follow neither wages nor rents.
models::Deflation deflation_of(const std::string& id) {
  const bool fixed = begins_with_one_of(
      id, {"server.", "storage.", "switch.", "net.", "security.", "hsm.", "ups.", "line.", "cloud.",
           "power", "pue", "chain.baas", "chain.bsn", "life."});
  return fixed ? models::Deflation::kNone : models::Deflation::kConsumerPrices;
}

models::Price price_of_row(DataFile& file, const JsonNode& row, const std::string& pointer,
                           const JsonNode* vat_rates) {
  models::Price price;
  price.id = file.text(row, "id");
  price.item = file.text(row, "item");
  price.low = file.optional_number(row, "low");
  price.mid = file.number(row, "mid");
  price.high = file.optional_number(row, "high");
  price.unit = file.text(row, "unit");
  price.currency = file.text(row, "currency");
  price.price_year = static_cast<int>(file.count(row, "price_year"));
  price.vat = file.text(row, "vat");
  price.source = file.text(row, "source");
  const std::string basis = file.text(row, "range_basis", "");
  if (!basis.empty()) price.source += "; range: " + basis;
  price.quality = file.text(row, "quality");
  price.origin = file.origin(pointer);
  price.deflation = deflation_of(price.id);
  if (vat_rates != nullptr) {
    const char* group = "services_software_cloud";
    if (begins_with_one_of(price.id, {"server.", "storage.", "switch.", "net.", "security.", "hsm.",
                                      "ups.", "power"})) {
      group = "goods";
    } else if (begins_with_one_of(price.id, {"line.", "room."})) {
      group = "telecom_basic_and_construction";
    }
    price.vat_rate = file.number(*vat_rates, group);
  }
  return price;
}

void read_exchange_rates(DataFile& file, PriceData& data) {
  const JsonNode* rates = file.member(file.root(), "exchange_rates", JsonNode::Type::kObject);
  if (rates == nullptr) return;
  for (const JsonNode& row : file.list(*rates, "rates")) {
    const int year = static_cast<int>(file.count(row, "year"));
    for (const Member& member : row.members) {
      if (member.key == "year" || !member.value.is_number()) continue;
      data.exchange_rates.rows.push_back({year, member.key, member.value.number});
    }
  }
}

void read_deflator(DataFile& file, PriceData& data) {
  const JsonNode* deflator = file.member(file.root(), "deflator", JsonNode::Type::kObject);
  if (deflator == nullptr) return;
  for (const JsonNode& row : file.list(*deflator, "years")) {
    data.deflator.rows.push_back(
        {static_cast<int>(file.count(row, "year")), file.number(row, "to_2024")});
  }
}

void read_discount_rate(DataFile& file, PriceData& data) {
  const JsonNode* row = file.member(file.root(), "discount_rate", JsonNode::Type::kObject);
  if (row == nullptr) return;
  models::Price& price = data.discount_rate;
  price.id = "discount_rate";
  price.item = "real discount rate";
  price.low = file.optional_number(*row, "low");
  price.mid = file.number(*row, "mid");
  price.high = file.optional_number(*row, "high");
  price.unit = "share per year";
  price.currency = "none";
  price.price_year = data.base.price_year;
  price.vat = "ex";
  price.source = file.text(*row, "source");
  price.quality = file.text(*row, "quality");
  price.origin = file.origin("/discount_rate");
}

Result<std::vector<models::Price>> assumed_prices(const std::string& home) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/assumptions.json");
  if (!file) return file.error();
  std::vector<models::Price> prices;
  for (const JsonNode& row : file->list(file->root(), "prices")) {
    prices.push_back(price_of_row(*file, row, "/prices/" + std::to_string(prices.size()), nullptr));
  }
  if (file->failure()) return *file->failure();
  return prices;
}

// What service_cases.json does not say.
struct ServiceRule {
  std::string service;
  models::ServiceCase values;
  std::string pointer;
};

Result<std::vector<ServiceRule>> service_rules(const std::string& home) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/assumptions.json");
  if (!file) return file.error();
  std::vector<ServiceRule> rules;
  const JsonNode* section = file->member(file->root(), "service_rules", JsonNode::Type::kObject);
  if (section == nullptr) return *file->failure();
  for (const JsonNode& row : file->list(*section, "rows")) {
    ServiceRule rule;
    rule.service = file->text(row, "service");
    const std::string scope = file->text(row, "scope");
    if (scope != "national" && scope != "leader")
      file->fail(row, "scope: expected national or leader");
    rule.values.scope =
        scope == "leader" ? models::AnchorScope::kLeader : models::AnchorScope::kNational;
    rule.values.writing_call_share = file->number(row, "writing_call_share");
    rule.values.execution_factor = file->number(row, "execution_factor");
    rule.values.person_share = file->number(row, "person_share");
    rule.values.minutes_by_hand = file->number(row, "minutes_by_hand");
    rule.values.provider_weight = file->number(row, "provider_weight");
    rule.values.counts_calls = file->flag(row, "counts_calls");
    rule.values.contains_registrations = file->flag(row, "contains_registrations");
    rule.values.is_registration = file->flag(row, "is_registration");
    rule.pointer =
        "scenarios/data/assumptions.json/service_rules/rows/" + std::to_string(rules.size());
    rules.push_back(std::move(rule));
  }
  if (file->failure()) return *file->failure();
  return rules;
}

// The figures of one service, for the table of assumptions.
void add_figures(DataFile& file, const JsonNode& row, const std::string& pointer,
                 const std::string& rules_pointer, ServiceRow& out) {
  const models::ServiceCase& service = out.service;
  const std::string prefix = "demand." + service.id + ".";
  const std::string rate_basis = file.text(row, "rate_basis", "");
  const std::string needs_basis = file.text(row, "needs_basis", "");
  const auto quality = [](const std::string& basis) {
    return basis.find("judgement") == std::string::npos ? "derived" : "judgement";
  };
  const auto add = [&](const char* id, const char* what, double value, const char* unit,
                       const std::string& basis, const std::string& origin) -> Figure& {
    out.figures.push_back(
        {prefix + id, out.name + ": " + what, value, {}, {}, unit, basis, quality(basis), origin});
    return out.figures.back();
  };
  const std::string here = file.origin(pointer);
  Figure& rate = add("cases_per_1000_year", "cases", service.mid, "per 1,000 inhabitants and year",
                     rate_basis, here + "/per_1000_inhabitants_year");
  rate.low = service.low;
  rate.high = service.high;
  add("ledger_writes", "ledger writes", service.ledger_writes, "per case", needs_basis,
      here + "/ledger_writes");
  add("reads", "ledger reads", service.reads, "per case", needs_basis, here + "/reads");
  add("calls", "calls to other departments", service.calls, "per case", needs_basis,
      here + "/cross_department_calls");
  add("payload_bytes", "business bytes of a write", static_cast<double>(service.payload.count()),
      "bytes", needs_basis, here + "/payload_bytes");
  const std::string rules = "judgement: assumptions.json, service_rules";
  add("writing_call_share", "calls that change something", service.writing_call_share,
      "share of calls", rules, rules_pointer + "/writing_call_share");
  add("execution_factor", "cost of a contract call", service.execution_factor,
      "of the machine profile's", rules, rules_pointer + "/execution_factor");
  add("person_share", "blocked cases behind which a person waits", service.person_share,
      "share of cases", rules, rules_pointer + "/person_share");
  add("minutes_by_hand", "clerk's minutes for a call that cannot be made", service.minutes_by_hand,
      "minutes", rules, rules_pointer + "/minutes_by_hand");
  add("provider_weight", "how often other departments call it", service.provider_weight, "relative",
      rules, rules_pointer + "/provider_weight");
}

}  // namespace

std::string service_id(const std::string& name) {
  std::string id;
  for (const char letter : name) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    id += letter == ' ' ? '-' : upper ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  return id;
}

Result<std::vector<models::Place>> load_places(const std::string& home, bool with_platforms) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/provinces.json");
  if (!file) return file.error();
  std::vector<models::Place> places;
  for (const JsonNode& row : file->list(file->root(), "provinces")) {
    places.push_back(place_of_row(*file, row));
  }
  std::vector<models::EmbeddedPlatform> embedded;
  for (const JsonNode& row : file->list(file->root(), "platforms_extra")) {
    models::EmbeddedPlatform platform;
    platform.within = file->text(row, "within");
    platform.id = models::platform_id(file->text(row, "id"), platform.within);
    platform.name_zh = file->text(row, "name_zh");
    platform.name_en = file->text(row, "name_en");
    platform.population = file->count(row, "population");
    platform.tier = tier_of(*file, row);
    embedded.push_back(std::move(platform));
  }
  if (file->failure()) return *file->failure();
  if (!with_platforms) return places;
  return models::with_embedded_platforms(std::move(places), embedded);
}

Result<NetworkData> load_networks(const std::string& home) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/topology.json");
  if (!file) return file.error();
  NetworkData data;
  const JsonNode* graphs = file->member(file->root(), "graphs", JsonNode::Type::kObject);
  if (graphs == nullptr) return *file->failure();
  for (const Member& graph : graphs->members) data.backbones.push_back(backbone_of(*file, graph));
  for (const JsonNode& row : file->list(file->root(), "rtt_measured")) {
    data.measured.push_back({file->text(row, "a"), file->text(row, "b"), file->number(row, "km"),
                             file->number(row, "rtt_ms_avg"), file->flag(row, "cross_border"),
                             file->text(row, "quality")});
  }
  if (file->failure()) return *file->failure();
  return data;
}

Result<PriceData> load_prices(const std::string& home) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/prices.json");
  if (!file) return file.error();
  PriceData data;
  const JsonNode* base = file->member(file->root(), "base", JsonNode::Type::kObject);
  if (base != nullptr) {
    data.base.currency = file->text(*base, "currency");
    data.base.price_year = static_cast<int>(file->count(*base, "price_year"));
  }
  read_exchange_rates(*file, data);
  read_deflator(*file, data);
  read_discount_rate(*file, data);
  const JsonNode* vat_rates = file->member(file->root(), "vat_rates", JsonNode::Type::kObject);
  for (const JsonNode& row : file->list(file->root(), "items")) {
    data.prices.push_back(
        price_of_row(*file, row, "/items/" + std::to_string(data.prices.size()), vat_rates));
  }
  if (file->failure()) return *file->failure();
  Result<std::vector<models::Price>> assumed = assumed_prices(home);
  if (!assumed) return assumed.error();
  for (models::Price& price : *assumed) data.prices.push_back(std::move(price));
  return data;
}

Result<std::vector<ServiceRow>> load_services(const std::string& home) {
  const Result<std::vector<ServiceRule>> rules = service_rules(home);
  if (!rules) return rules.error();
  Result<DataFile> file = DataFile::open(home, "scenarios/data/service_cases.json");
  if (!file) return file.error();
  std::vector<ServiceRow> rows;
  for (const JsonNode& row : file->list(file->root(), "cases")) {
    ServiceRow out;
    out.name = file->text(row, "service");
    const auto rule = std::find_if(rules->begin(), rules->end(),
                                   [&](const ServiceRule& one) { return one.service == out.name; });
    if (rule == rules->end()) {
      file->fail(row, "no rule for the service \"" + out.name + "\" in assumptions.json");
      break;
    }
    models::ServiceCase& service = out.service;
    service = rule->values;
    service.id = service_id(out.name);
    service.name = out.name;
    const JsonNode* rate = file->member(row, "per_1000_inhabitants_year", JsonNode::Type::kObject);
    if (rate == nullptr) break;
    service.low = file->number(*rate, "low");
    service.mid = file->number(*rate, "mid");
    service.high = file->number(*rate, "high");
    service.ledger_writes = file->number(row, "ledger_writes");
    service.reads = file->number(row, "reads");
    service.calls = file->number(row, "cross_department_calls");
    service.payload = sim::Bytes(file->count(row, "payload_bytes"));
    add_figures(*file, row, "/cases/" + std::to_string(rows.size()), rule->pointer, out);
    rows.push_back(std::move(out));
  }
  if (file->failure()) return *file->failure();
  return rows;
}

Result<std::vector<SettingFigure>> load_settings(const std::string& home) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/assumptions.json");
  if (!file) return file.error();
  std::vector<SettingFigure> settings;
  for (const JsonNode& row : file->list(file->root(), "settings")) {
    SettingFigure setting;
    setting.figure.id = file->text(row, "id");
    setting.figure.value = file->number(row, "value");
    setting.figure.unit = file->text(row, "unit");
    setting.figure.source = file->text(row, "source");
    setting.figure.quality = file->text(row, "quality");
    setting.figure.origin = file->origin("/settings/" + std::to_string(settings.size()));
    setting.minimum = file->number(row, "minimum");
    setting.maximum = file->number(row, "maximum");
    settings.push_back(std::move(setting));
  }
  if (file->failure()) return *file->failure();
  return settings;
}

Result<std::vector<double>> load_hourly_profile(const std::string& home, Figure& figure) {
  Result<DataFile> file = DataFile::open(home, "scenarios/data/service_cases.json");
  if (!file) return file.error();
  std::vector<double> shares;
  size_t index = 0;
  for (const JsonNode& row : file->list(file->root(), "volumes")) {
    if (file->text(row, "id") == "us.hourly_visits") {
      for (const JsonNode& share : file->list(row, "derived_share_of_day")) {
        shares.push_back(share.number);
      }
      figure = {"demand.hourly_share",
                "busiest hour over mean hour",
                file->number(row, "derived_peak_to_mean"),
                {},
                {},
                "ratio",
                file->text(row, "source") + "; no hourly profile of a Chinese service is published",
                file->text(row, "quality"),
                file->origin("/volumes/" + std::to_string(index) + "/derived_share_of_day")};
    }
    ++index;
  }
  if (shares.size() != 24)
    file->fail(file->root(), "us.hourly_visits: expected 24 shares of a day");
  if (file->failure()) return *file->failure();
  return shares;
}

}  // namespace govchain::scenarios
