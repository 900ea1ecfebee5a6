#include "models/deployment/bill.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace govchain::models {

namespace {

constexpr double kHoursPerYear = 8'760;
constexpr double kMonths = 12;
constexpr double kMegabit = 1e6;
constexpr double kTerabyte = 1e12;

class BillMaker {
 public:
  BillMaker(const NationSpec& nation, const Configuration& configuration)
      : nation_(nation), configuration_(configuration) {}

  void start_place(size_t place) {
    centre_ = place == nation_.places.size();
    place_ = centre_ ? "CN" : nation_.places[place].id;
    rack_ = "rack.tier" + std::to_string(centre_ ? 1 : nation_.places[place].rack_price_tier);
  }

  void add_infrastructure(const PlaceInfrastructure& at) {
    const std::string& server = nation_.hardware.price;
    hardware(server, at.servers, existing_servers(at.servers), "servers, sized");
    hardware("storage.nvme_tb", at.storage_bytes / kTerabyte, 0, "ledger growth over the horizon");
    hardware("switch.dc_tor", at.switches, 0, "per chain or pooled room");
    add("hsm.server", "", "security", Timing::kHardware, at.cipher_machines,
        "cipher machines per chain or pooled room");
    for (const auto& [item, quantity] : {std::pair<std::string, double>{server, at.servers},
                                         {"switch.dc_tor", at.switches},
                                         {"hsm.server", at.cipher_machines}}) {
      add(item, "maintenance.hardware_share", "maintenance", Timing::kYearly, quantity,
          "yearly share of the purchase price");
    }
    add(rack_, "", "rooms", Timing::kYearly, at.racks * kMonths, "rack-months");
    add("power.kwh", "pue", "energy", Timing::kYearly, at.average_watts / 1000 * kHoursPerYear,
        "mean power of the servers, times power usage effectiveness");
    add("line.local_mbps", "", "network", Timing::kYearly, at.local_line_bps / kMegabit * kMonths,
        "between rooms, peak with headroom");
    add("line.interprovince_mbps", "", "network", Timing::kYearly,
        at.wide_line_bps / kMegabit * kMonths, "to other places, peak with headroom");
    add("labour.ops_outsourced_year", "ops.staff_per_100_servers", "operations", Timing::kYearly,
        at.servers / 100, "staff that grows with the servers");
  }

  void add_builds() {
    const DeploymentSettings& settings = nation_.deployment;
    const double done = nation_.stock.builds_done_share;
    const double projects = here(configuration_.project_builds);
    const double shared = here(configuration_.platform_builds) * settings.platform_build_factor +
                          here(configuration_.service_builds) * settings.service_build_factor +
                          here(configuration_.onboardings) * settings.onboarding_build_factor +
                          here(configuration_.hub_builds) * settings.hub_build_factor;
    // What exists of separate chains is sunk, but is supported like the rest.
    build("chain.project_build", "builds", projects * (1 - done) + shared, projects + shared,
          "chain projects or their equivalents");
    add("chain.licence", "", "builds", Timing::kOnce, here(configuration_.networks),
        "platform licence or vendor support per network");
    build("adapter.build", "adapters", here(configuration_.adapters), here(configuration_.adapters),
          "adapters between chains");
    build("adapter.build", "adapters", here(configuration_.interface_builds),
          here(configuration_.interface_builds), "conformance to the mandated interface");
    const double gateways = here(configuration_.gateway_builds) * settings.gateway_build_factor;
    build("adapter.build", "adapters", gateways, gateways, "gateways");
    add("djcp.level3", "", "security", Timing::kYearly, here(configuration_.graded_systems),
        "graded protection, level 3, every year");
    add("miping.level3", "", "security", Timing::kYearly, here(configuration_.graded_systems),
        "cryptography assessment, every year");
    add("training.person_day", "", "training", Timing::kOnce,
        here(configuration_.members) * settings.training_days_per_member, "members trained");
  }

  void add_operation() {
    const DeploymentSettings& settings = nation_.deployment;
    add("labour.ops_outsourced_year", "", "operations", Timing::kYearly,
        here(configuration_.operations) * settings.desk_persons, "round-the-clock desks");
    add("labour.ops_outsourced_year", "", "operations", Timing::kYearly,
        here(configuration_.supported_systems) * settings.persons_per_system,
        "application support of each system");
    add("labour.ops_outsourced_year", "", "operations", Timing::kYearly,
        here(configuration_.people_on_site) * settings.persons_on_site,
        "people on site under a central operation");
  }

  void add_service(const PlaceService& service) {
    add("manual.minute", "manual.effort", "manual_handling", Timing::kYearly,
        service.cases.minutes_by_hand, "calls that a clerk makes", GovernmentLevel::kCounty);
    add("unserved.case", "", "unserved_cases", Timing::kYearly, service.cases.unserved,
        "machine calls that nobody makes", GovernmentLevel::kPublic);
    add("incident.case", "", "incidents", Timing::kYearly,
        (service.cases.on_chain + service.cases.by_hand) * (1 - service.availability),
        "cases that meet an outage", GovernmentLevel::kPublic);
  }

  [[nodiscard]] Bill take() { return std::move(bill_); }

 private:
  [[nodiscard]] double here(const Spread& spread) const {
    return centre_ ? spread.centre : spread.each_place;
  }

  // Servers that are there already: those of separate chains, or the spare ones of them that a
  // shared deployment may take over.
  [[nodiscard]] double existing_servers(double wanted) const {
    const double chains =
        centre_ ? nation_.deployment.ministries : static_cast<double>(nation_.services.size());
    const bool separate = configuration_.arrangement.tenancy == Tenancy::kDedicated;
    const double there =
        chains * nation_.stock.servers_per_chain * (separate ? 1 : nation_.stock.spare_share);
    return std::min(wanted, there);
  }

  void hardware(const std::string& item, double quantity, double existing,
                const std::string& basis) {
    add(item, "", "hardware", Timing::kHardware, quantity, basis);
    if (quantity == 0) return;
    bill_.lines.back().existing = existing;
    bill_.lines.back().existing_age_years = existing > 0 ? nation_.stock.age_years : 0;
  }

  // `supported` of it are kept up every year; `quantity` are paid for at the start, with
  // supervision and acceptance test as shares of their price.
  void build(const std::string& item, const std::string& category, double quantity,
             double supported, const std::string& basis) {
    add(item, "", category, Timing::kOnce, quantity, basis);
    add(item, "supervision.share", category, Timing::kOnce, quantity, "supervision of " + basis);
    add(item, "audit.third_party_test", category, Timing::kOnce, quantity,
        "acceptance test of " + basis);
    add(item, "maintenance.software_share", category == "builds" ? "software_support" : category,
        Timing::kYearly, supported, "support of " + basis);
  }

  void add(const std::string& item, const std::string& share, const std::string& category,
           Timing timing, double quantity, const std::string& basis) {
    add(item, share, category, timing, quantity, basis,
        centre_ ? GovernmentLevel::kNational : GovernmentLevel::kProvincial);
  }
  void add(const std::string& item, const std::string& share, const std::string& category,
           Timing timing, double quantity, const std::string& basis, GovernmentLevel level) {
    if (quantity == 0) return;
    bill_.lines.push_back({.item = item,
                           .share = share,
                           .category = category,
                           .place = place_,
                           .level = level,
                           .timing = timing,
                           .quantity = quantity,
                           .existing = 0,
                           .existing_age_years = 0,
                           .basis = basis});
  }

  const NationSpec& nation_;
  const Configuration& configuration_;
  bool centre_ = false;
  std::string place_;
  std::string rack_;
  Bill bill_;
};

bool is_about_service(const BillLine& line) {
  static constexpr std::array<std::string_view, 3> kAbout = {"manual_handling", "unserved_cases",
                                                             "incidents"};
  return std::find(kAbout.begin(), kAbout.end(), line.category) != kAbout.end();
}

}  // namespace

Bill make_bill(const NationSpec& nation, const Configuration& configuration,
               const std::vector<PlaceInfrastructure>& infrastructure,
               const std::vector<PlaceService>& service) {
  BillMaker maker(nation, configuration);
  for (size_t place = 0; place <= nation.places.size(); ++place) {
    maker.start_place(place);
    maker.add_infrastructure(infrastructure[place]);
    maker.add_builds();
    maker.add_operation();
    maker.add_service(service[place]);
  }
  return maker.take();
}

Bill bill_without_projects(const NationSpec& nation, const Bill& isolated,
                           const std::vector<PlaceService>& without) {
  const double existing = nation.stock.builds_done_share;
  Bill bill;
  for (BillLine line : isolated.lines) {
    if (is_about_service(line) || line.timing == Timing::kOnce) continue;
    line.quantity *= existing;
    if (line.quantity == 0) continue;
    if (line.timing == Timing::kHardware) {
      line.existing = line.quantity;
      line.existing_age_years = nation.stock.age_years;
    }
    bill.lines.push_back(std::move(line));
  }
  const Configuration nothing;
  BillMaker maker(nation, nothing);
  for (size_t place = 0; place < without.size(); ++place) {
    maker.start_place(place);
    maker.add_service(without[place]);
  }
  const Bill service = maker.take();
  bill.lines.insert(bill.lines.end(), service.lines.begin(), service.lines.end());
  return bill;
}

}  // namespace govchain::models
