// The table of stated assumptions: every number of a NationSpec that
// scenarios/data/assumptions.json documents, by id.

#include <string>
#include <vector>

#include "models/deployment/nation.h"

namespace govchain::models {

const std::vector<SettingRow>& setting_rows() {
  static const std::vector<SettingRow> kRows = {
      {"demand.scale", 0, 1000, [](const NationSpec& nation) { return nation.demand.scale; },
       [](NationSpec& nation, double value) { nation.demand.scale = value; }},
      {"demand.adoption_very_high", 0, 1,
       [](const NationSpec& nation) { return nation.demand.adoption.very_high; },
       [](NationSpec& nation, double value) { nation.demand.adoption.very_high = value; }},
      {"demand.adoption_high", 0, 1,
       [](const NationSpec& nation) { return nation.demand.adoption.high; },
       [](NationSpec& nation, double value) { nation.demand.adoption.high = value; }},
      {"demand.adoption_medium", 0, 1,
       [](const NationSpec& nation) { return nation.demand.adoption.medium; },
       [](NationSpec& nation, double value) { nation.demand.adoption.medium = value; }},
      {"demand.adoption_none", 0, 1,
       [](const NationSpec& nation) { return nation.demand.adoption.none; },
       [](NationSpec& nation, double value) { nation.demand.adoption.none = value; }},
      {"demand.working_day_factor", 1, 7,
       [](const NationSpec& nation) { return nation.demand.working_day_factor; },
       [](NationSpec& nation, double value) { nation.demand.working_day_factor = value; }},
      {"demand.month_factor", 1, 12,
       [](const NationSpec& nation) { return nation.demand.month_factor; },
       [](NationSpec& nation, double value) { nation.demand.month_factor = value; }},
      {"demand.flash_factor", 1, 100,
       [](const NationSpec& nation) { return nation.demand.flash_factor; },
       [](NationSpec& nation, double value) { nation.demand.flash_factor = value; }},
      {"demand.records_per_root", 1, 1e+06,
       [](const NationSpec& nation) { return nation.demand.records_per_root; },
       [](NationSpec& nation, double value) { nation.demand.records_per_root = value; }},
      {"demand.cross_province_share", 0, 1,
       [](const NationSpec& nation) { return nation.demand.cross_province_share; },
       [](NationSpec& nation, double value) { nation.demand.cross_province_share = value; }},
      {"demand.ministry_share", 0, 1,
       [](const NationSpec& nation) { return nation.demand.ministry_share; },
       [](NationSpec& nation, double value) { nation.demand.ministry_share = value; }},
      {"demand.gravity_scale_kilometres", 1, 10000,
       [](const NationSpec& nation) { return nation.demand.gravity_scale_kilometres; },
       [](NationSpec& nation, double value) { nation.demand.gravity_scale_kilometres = value; }},
      {"deployment.vendors", 1, 1000,
       [](const NationSpec& nation) { return static_cast<double>(nation.deployment.vendors); },
       [](NationSpec& nation, double value) {
         nation.deployment.vendors = static_cast<uint32_t>(value);
       }},
      {"deployment.ministries", 0, 1000,
       [](const NationSpec& nation) { return static_cast<double>(nation.deployment.ministries); },
       [](NationSpec& nation, double value) {
         nation.deployment.ministries = static_cast<uint32_t>(value);
       }},
      {"deployment.schema_failure_standardised", 0, 1,
       [](const NationSpec& nation) { return nation.deployment.schema_failure_standardised; },
       [](NationSpec& nation, double value) {
         nation.deployment.schema_failure_standardised = value;
       }},
      {"deployment.schema_failure_interconnected", 0, 1,
       [](const NationSpec& nation) { return nation.deployment.schema_failure_interconnected; },
       [](NationSpec& nation, double value) {
         nation.deployment.schema_failure_interconnected = value;
       }},
      {"deployment.schema_failure_provincial", 0, 1,
       [](const NationSpec& nation) { return nation.deployment.schema_failure_provincial; },
       [](NationSpec& nation, double value) {
         nation.deployment.schema_failure_provincial = value;
       }},
      {"deployment.utilisation_limit", 0.05, 0.95,
       [](const NationSpec& nation) { return nation.deployment.utilisation_limit; },
       [](NationSpec& nation, double value) { nation.deployment.utilisation_limit = value; }},
      {"deployment.minimum_cores", 1, 1024,
       [](const NationSpec& nation) {
         return static_cast<double>(nation.deployment.minimum_cores);
       },
       [](NationSpec& nation, double value) {
         nation.deployment.minimum_cores = static_cast<uint32_t>(value);
       }},
      {"deployment.maximum_shards", 1, 64,
       [](const NationSpec& nation) {
         return static_cast<double>(nation.deployment.maximum_shards);
       },
       [](NationSpec& nation, double value) {
         nation.deployment.maximum_shards = static_cast<uint32_t>(value);
       }},
      {"deployment.national_sites", 4, 34,
       [](const NationSpec& nation) {
         return static_cast<double>(nation.deployment.national_sites);
       },
       [](NationSpec& nation, double value) {
         nation.deployment.national_sites = static_cast<uint32_t>(value);
       }},
      {"deployment.load_steps_per_decade", 0, 20,
       [](const NationSpec& nation) {
         return static_cast<double>(nation.deployment.load_steps_per_decade);
       },
       [](NationSpec& nation, double value) {
         nation.deployment.load_steps_per_decade = static_cast<uint32_t>(value);
       }},
      {"deployment.minimum_servers_per_project", 1, 1000,
       [](const NationSpec& nation) {
         return static_cast<double>(nation.deployment.minimum_servers_per_project);
       },
       [](NationSpec& nation, double value) {
         nation.deployment.minimum_servers_per_project = static_cast<uint32_t>(value);
       }},
      {"deployment.audited_utilisation", 0.01, 1,
       [](const NationSpec& nation) { return nation.deployment.audited_utilisation; },
       [](NationSpec& nation, double value) { nation.deployment.audited_utilisation = value; }},
      {"deployment.audited_storage_utilisation", 0.01, 1,
       [](const NationSpec& nation) { return nation.deployment.audited_storage_utilisation; },
       [](NationSpec& nation, double value) {
         nation.deployment.audited_storage_utilisation = value;
       }},
      {"deployment.servers_per_rack", 1, 60,
       [](const NationSpec& nation) { return nation.deployment.servers_per_rack; },
       [](NationSpec& nation, double value) { nation.deployment.servers_per_rack = value; }},
      {"deployment.cipher_machines_per_chain", 0, 100,
       [](const NationSpec& nation) { return nation.deployment.cipher_machines_per_chain; },
       [](NationSpec& nation, double value) {
         nation.deployment.cipher_machines_per_chain = value;
       }},
      {"deployment.cipher_machines_per_room", 0, 100,
       [](const NationSpec& nation) { return nation.deployment.cipher_machines_per_room; },
       [](NationSpec& nation, double value) {
         nation.deployment.cipher_machines_per_room = value;
       }},
      {"deployment.switches_per_chain", 0, 100,
       [](const NationSpec& nation) { return nation.deployment.switches_per_chain; },
       [](NationSpec& nation, double value) { nation.deployment.switches_per_chain = value; }},
      {"deployment.servers_per_switch", 1, 48,
       [](const NationSpec& nation) { return nation.deployment.servers_per_switch; },
       [](NationSpec& nation, double value) { nation.deployment.servers_per_switch = value; }},
      {"deployment.storage_copies", 1, 10,
       [](const NationSpec& nation) { return nation.deployment.storage_copies; },
       [](NationSpec& nation, double value) { nation.deployment.storage_copies = value; }},
      {"deployment.line_lot_megabits", 0.1, 10000,
       [](const NationSpec& nation) { return nation.deployment.line_lot_megabits; },
       [](NationSpec& nation, double value) { nation.deployment.line_lot_megabits = value; }},
      {"deployment.access_line_headroom", 1, 100,
       [](const NationSpec& nation) { return nation.deployment.access_line_headroom; },
       [](NationSpec& nation, double value) { nation.deployment.access_line_headroom = value; }},
      {"deployment.desk_persons", 0, 1000,
       [](const NationSpec& nation) { return nation.deployment.desk_persons; },
       [](NationSpec& nation, double value) { nation.deployment.desk_persons = value; }},
      {"deployment.persons_per_system", 0, 1000,
       [](const NationSpec& nation) { return nation.deployment.persons_per_system; },
       [](NationSpec& nation, double value) { nation.deployment.persons_per_system = value; }},
      {"deployment.persons_on_site", 0, 1000,
       [](const NationSpec& nation) { return nation.deployment.persons_on_site; },
       [](NationSpec& nation, double value) { nation.deployment.persons_on_site = value; }},
      {"deployment.training_days_per_member", 0, 1000,
       [](const NationSpec& nation) { return nation.deployment.training_days_per_member; },
       [](NationSpec& nation, double value) {
         nation.deployment.training_days_per_member = value;
       }},
      {"deployment.assisted_minutes_share", 0, 1,
       [](const NationSpec& nation) { return nation.deployment.assisted_minutes_share; },
       [](NationSpec& nation, double value) { nation.deployment.assisted_minutes_share = value; }},
      {"deployment.clerk_minutes_scale", 0, 100,
       [](const NationSpec& nation) { return nation.deployment.clerk_minutes_scale; },
       [](NationSpec& nation, double value) { nation.deployment.clerk_minutes_scale = value; }},
      {"deployment.members_per_platform", 1, 1000,
       [](const NationSpec& nation) { return nation.deployment.members_per_platform; },
       [](NationSpec& nation, double value) { nation.deployment.members_per_platform = value; }},
      {"deployment.service_build_factor", 0, 100,
       [](const NationSpec& nation) { return nation.deployment.service_build_factor; },
       [](NationSpec& nation, double value) { nation.deployment.service_build_factor = value; }},
      {"deployment.platform_build_factor", 0.1, 1000,
       [](const NationSpec& nation) { return nation.deployment.platform_build_factor; },
       [](NationSpec& nation, double value) { nation.deployment.platform_build_factor = value; }},
      {"deployment.onboarding_build_factor", 0, 10,
       [](const NationSpec& nation) { return nation.deployment.onboarding_build_factor; },
       [](NationSpec& nation, double value) { nation.deployment.onboarding_build_factor = value; }},
      {"deployment.gateway_build_factor", 0, 100,
       [](const NationSpec& nation) { return nation.deployment.gateway_build_factor; },
       [](NationSpec& nation, double value) { nation.deployment.gateway_build_factor = value; }},
      {"deployment.hub_build_factor", 0, 1000,
       [](const NationSpec& nation) { return nation.deployment.hub_build_factor; },
       [](NationSpec& nation, double value) { nation.deployment.hub_build_factor = value; }},
      {"reliability.server_stops", 0, 100,
       [](const NationSpec& nation) { return nation.reliability.server_stops; },
       [](NationSpec& nation, double value) { nation.reliability.server_stops = value; }},
      {"reliability.server_repair_hours", 0, 8760,
       [](const NationSpec& nation) { return nation.reliability.server_repair_hours; },
       [](NationSpec& nation, double value) { nation.reliability.server_repair_hours = value; }},
      {"reliability.spare_switch_hours", 0, 8760,
       [](const NationSpec& nation) { return nation.reliability.spare_switch_hours; },
       [](NationSpec& nation, double value) { nation.reliability.spare_switch_hours = value; }},
      {"reliability.process_crashes", 0, 1000,
       [](const NationSpec& nation) { return nation.reliability.process_crashes; },
       [](NationSpec& nation, double value) { nation.reliability.process_crashes = value; }},
      {"reliability.planned_restarts", 0, 1000,
       [](const NationSpec& nation) { return nation.reliability.planned_restarts; },
       [](NationSpec& nation, double value) { nation.reliability.planned_restarts = value; }},
      {"reliability.restart_minutes", 0, 10000,
       [](const NationSpec& nation) { return nation.reliability.restart_minutes; },
       [](NationSpec& nation, double value) { nation.reliability.restart_minutes = value; }},
      {"reliability.network_card_stops", 0, 100,
       [](const NationSpec& nation) { return nation.reliability.network_card_stops; },
       [](NationSpec& nation, double value) { nation.reliability.network_card_stops = value; }},
      {"reliability.site_outages", 0, 100,
       [](const NationSpec& nation) { return nation.reliability.site_outages; },
       [](NationSpec& nation, double value) { nation.reliability.site_outages = value; }},
      {"reliability.site_outage_hours", 0, 8760,
       [](const NationSpec& nation) { return nation.reliability.site_outage_hours; },
       [](NationSpec& nation, double value) { nation.reliability.site_outage_hours = value; }},
      {"reliability.region_outages", 0, 100,
       [](const NationSpec& nation) { return nation.reliability.region_outages; },
       [](NationSpec& nation, double value) { nation.reliability.region_outages = value; }},
      {"reliability.region_outage_hours", 0, 8760,
       [](const NationSpec& nation) { return nation.reliability.region_outage_hours; },
       [](NationSpec& nation, double value) { nation.reliability.region_outage_hours = value; }},
      {"reliability.upgrades", 0, 1000,
       [](const NationSpec& nation) { return nation.reliability.upgrades; },
       [](NationSpec& nation, double value) { nation.reliability.upgrades = value; }},
      {"reliability.upgrade_failure", 0, 1,
       [](const NationSpec& nation) { return nation.reliability.upgrade_failure; },
       [](NationSpec& nation, double value) { nation.reliability.upgrade_failure = value; }},
      {"reliability.upgrade_failure_hours", 0, 8760,
       [](const NationSpec& nation) { return nation.reliability.upgrade_failure_hours; },
       [](NationSpec& nation, double value) { nation.reliability.upgrade_failure_hours = value; }},
      {"reliability.trunk_cuts_per_1000_km", 0, 1000,
       [](const NationSpec& nation) { return nation.reliability.trunk_cuts_per_1000_km; },
       [](NationSpec& nation, double value) { nation.reliability.trunk_cuts_per_1000_km = value; }},
      {"reliability.trunk_repair_hours", 0, 8760,
       [](const NationSpec& nation) { return nation.reliability.trunk_repair_hours; },
       [](NationSpec& nation, double value) { nation.reliability.trunk_repair_hours = value; }},
      {"hardware.idle_watts", 0, 10000,
       [](const NationSpec& nation) { return nation.hardware.idle_watts; },
       [](NationSpec& nation, double value) { nation.hardware.idle_watts = value; }},
      {"hardware.busy_watts", 0, 10000,
       [](const NationSpec& nation) { return nation.hardware.busy_watts; },
       [](NationSpec& nation, double value) { nation.hardware.busy_watts = value; }},
      {"stock.servers_per_chain", 0, 1000,
       [](const NationSpec& nation) { return nation.stock.servers_per_chain; },
       [](NationSpec& nation, double value) { nation.stock.servers_per_chain = value; }},
      {"stock.age_years", 0, 50, [](const NationSpec& nation) { return nation.stock.age_years; },
       [](NationSpec& nation, double value) { nation.stock.age_years = value; }},
      {"stock.spare_share", 0, 1, [](const NationSpec& nation) { return nation.stock.spare_share; },
       [](NationSpec& nation, double value) { nation.stock.spare_share = value; }},
      {"stock.builds_done_share", 0, 1,
       [](const NationSpec& nation) { return nation.stock.builds_done_share; },
       [](NationSpec& nation, double value) { nation.stock.builds_done_share = value; }},
  };
  return kRows;
}

}  // namespace govchain::models
