#pragma once
// Everything that a plan needs to know about the nation, in one plain struct: filled from a
// scenario and the data sets, complete, so that a plan is a function of it and of the simulator
// alone.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "models/demand/demand.h"
#include "models/network/backbone.h"
#include "models/places/place.h"
#include "sim/host/machine_profile.h"
#include "sim/world_spec.h"

namespace govchain::models {

enum class DeploymentKind : uint8_t {
  kHub,             // one central platform, no chain
  kIsolated,        // a chain per service and place, and per ministry; none reaches another
  kStandardised,    // the same chains behind one mandated interface
  kInterconnected,  // the same chains with adapters, gateways and two-phase calls
  kProvincial,      // one shared platform per province and one for the ministries, with gateways
  kNational,        // two tiers of one shared platform
};
inline constexpr std::array<DeploymentKind, 6> kAllDeployments = {
    DeploymentKind::kHub,          DeploymentKind::kIsolated,
    DeploymentKind::kStandardised, DeploymentKind::kInterconnected,
    DeploymentKind::kProvincial,   DeploymentKind::kNational};
// "hub", "isolated", …
[[nodiscard]] std::string name_of(DeploymentKind kind);
// Errors: kNotFound with the known names.
[[nodiscard]] consensus::Result<DeploymentKind> deployment_kind(const std::string& name);

// Adapters of `interconnected`: one for every pair of chains of different vendors in a place, or
// one for every chain to its place's exchange.
enum class AdapterTopology : uint8_t { kPairs, kHub };

// Hardware that planners buy; `price` is the id of one unit in the price list.
struct HardwareClass {
  std::string price = "server.general";
  sim::MachineProfile profile;  // with the cores, memory and network card of the whole server
  double idle_watts = 180;
  double busy_watts = 550;  // at full load
};

// Mean rates; sources in reliability.json. Hours and events per year.
struct ReliabilityFigures {
  double server_stops = 0.05;
  double server_repair_hours = 24;
  double spare_switch_hours = 1;  // restart on another server of the pool
  double process_crashes = 0.5;
  double planned_restarts = 4;
  double restart_minutes = 10;
  double network_card_stops = 0.005;
  double site_outages = 0.067;  // serious ones
  double site_outage_hours = 12;
  double region_outages = 0.005;
  double region_outage_hours = 48;
  double upgrades = 2;                // per chain and year
  double upgrade_failure = 0.05;      // probability that one interrupts the service
  double upgrade_failure_hours = 2;   // … for so long
  double trunk_cuts_per_1000_km = 3;  // per year
  double trunk_repair_hours = 5;
};

// How a deployment is built and run. All are stated assumptions (see setting_rows()).
struct DeploymentSettings {
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint32_t vendors = 5;  // that share the market of separate chains
  uint32_t ministries = 45;
  AdapterTopology adapters = AdapterTopology::kPairs;
  double schema_failure_standardised = 0.02;  // of connected calls: the record cannot be mapped
  double schema_failure_interconnected = 0.005;
  double schema_failure_provincial = 0.002;
  // Sizing.
  double utilisation_limit = 0.5;  // of a host's cores, network card and disk at the peak
  uint32_t minimum_cores = 2;      // smallest host or slice that can be had
  uint32_t maximum_shards = 8;
  uint32_t national_sites = 7;  // provinces that hold a replica of the national tier
  sim::Duration peak_duration = sim::Duration::seconds(20);  // simulated, warm-up included
  sim::Duration peak_warmup = sim::Duration::seconds(4);
  sim::Duration cohort_interval = sim::Duration::milliseconds(20);
  uint32_t load_steps_per_decade = 20;  // loads are rounded up to preferred numbers (ISO 3: 10 or
                                        // 20 a decade), so that equal worlds recur; 0: exact
  // Engine.
  sim::Duration batch_delay = sim::Duration::milliseconds(20);
  uint32_t max_block_transactions = 2'000;
  uint64_t block_overhead_bytes = 1'200;      // header, certificate and index of a stored block
  uint64_t transaction_overhead_bytes = 180;  // signature, identity and framing of a stored one
  // As procured.
  uint32_t minimum_servers_per_project = 7;
  double audited_utilisation = 0.15;  // mean of audited projects: over-specification is
                                      // utilisation_limit / audited_utilisation
  double audited_storage_utilisation = 0.3;
  // Equipment beside servers.
  double servers_per_rack = 10;
  double cipher_machines_per_chain = 2;  // dedicated chain
  double cipher_machines_per_room = 1;   // pooled room
  double switches_per_chain = 2;         // dedicated chain
  double servers_per_switch = 20;        // pooled, at least two a room
  double storage_copies = 2;             // mirrored drives
  double line_lot_megabits = 10;         // as procured, a line is a multiple of this
  double access_line_headroom = 2;       // bought over the peak rate
  // People.
  double desk_persons = 5;        // round-the-clock desk of one operation
  double persons_per_system = 1;  // application support of one independently run system
  double persons_on_site = 1;     // per place, where operation is central
  double training_days_per_member = 10;
  double assisted_minutes_share = 0.1;  // of a call by hand: confirming what the hub did
  double clerk_minutes_scale = 1;       // multiplies every service's minutes by hand
  double members_per_platform = 11;     // departments trained per provincial platform
  // Builds: equivalents of chain.project_build.
  double service_build_factor = 0.5;  // one service's contracts on a shared platform
  double platform_build_factor = 3;   // a shared platform against one chain project
  double onboarding_build_factor =
      0.1;                          // configuring one service in one place on a shared platform
  double gateway_build_factor = 1;  // a gateway against one adapter
  double hub_build_factor = 2;
};

struct StartingStock {
  double servers_per_chain = 0;  // already there in separate deployments
  double age_years = 0;
  double spare_share = 0;        // of them, free for shared deployments
  double builds_done_share = 0;  // of separate chains that exist already (sunk)
};

struct NationSpec {
  std::string name;
  uint64_t seed = 1;
  int years = 5;
  std::vector<Place> places;  // provincial platforms, embedded ones split out
  Backbone backbone;
  NetworkSettings network;
  std::vector<ServiceCase> services;
  std::vector<ServiceLevel> levels;  // one per service
  DemandSettings demand;
  DeploymentSettings deployment;
  HardwareClass hardware;
  ReliabilityFigures reliability;
  StartingStock stock;
  bool exact_transactions = false;  // real contracts and every transaction an object, not cohorts
  consensus::SignatureScheme signatures = consensus::SignatureScheme::kEd25519;
};

// kInvalid with the field at fault.
[[nodiscard]] consensus::Status check_nation(const NationSpec& nation);

// One number of a NationSpec that is an assumption: its id in scenarios/data/assumptions.json,
// where value, unit, source and quality stand, and how to get at it.
struct SettingRow {
  const char* id;
  double minimum;
  double maximum;
  double (*get)(const NationSpec&);
  void (*set)(NationSpec&, double);
};
[[nodiscard]] const std::vector<SettingRow>& setting_rows();
// Errors: kNotFound with the nearest known id, kInvalid outside the bounds.
[[nodiscard]] consensus::Status set_setting(NationSpec& nation, const std::string& id,
                                            double value);

}  // namespace govchain::models
