#include "models/deployment/nation.h"

#include <algorithm>
#include <string_view>

namespace govchain::models {

namespace {

using consensus::Error;
using consensus::ErrorCode;

constexpr std::array<std::string_view, 6> kNames = {
    "hub", "isolated", "standardised", "interconnected", "provincial", "national"};

Error invalid(const std::string& where, const std::string& message) {
  return Error{ErrorCode::kInvalid, message, where};
}

// Levenshtein distance, for the nearest known name of a mistyped one.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

consensus::Status check_level(const ServiceLevel& level, const std::string& service) {
  const std::string where = "service_level/" + service;
  if (level.latency_p99 <= sim::Duration::zero()) return invalid(where, "p99 must be positive");
  if (!(level.availability > 0 && level.availability < 1)) {
    return invalid(where, "availability must lie between 0 and 1");
  }
  if (level.recovery_point < sim::Duration::zero() || level.recovery_time < sim::Duration::zero()) {
    return invalid(where, "recovery point and time must not be negative");
  }
  if (level.replica_failures > 10 || level.site_failures > 10) {
    return invalid(where, "at most 10 failures can be covered");
  }
  return consensus::success();
}

consensus::Status check_hardware(const HardwareClass& hardware) {
  if (hardware.profile.cores == 0) return invalid("hardware/cores", "a server needs a core");
  if (hardware.price.empty()) return invalid("hardware/price", "the price id is missing");
  if (!(hardware.idle_watts >= 0 && hardware.busy_watts >= hardware.idle_watts)) {
    return invalid("hardware/busy_watts", "0 <= idle_watts <= busy_watts expected");
  }
  return consensus::success();
}

}  // namespace

std::string name_of(DeploymentKind kind) { return std::string(kNames[static_cast<size_t>(kind)]); }

consensus::Result<DeploymentKind> deployment_kind(const std::string& name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return kAllDeployments[i];
  }
  std::string known;
  for (const std::string_view known_name : kNames) {
    known += (known.empty() ? "" : ", ") + std::string(known_name);
  }
  return Error{ErrorCode::kNotFound,
               "unknown deployment \"" + name + "\"; expected one of " + known, "deployments"};
}

consensus::Status check_nation(const NationSpec& nation) {
  if (nation.places.empty()) return invalid("places", "a nation needs at least one place");
  if (nation.services.empty()) return invalid("services", "a nation needs at least one service");
  if (nation.levels.size() != nation.services.size()) {
    return invalid("service_level", "one service level per service expected");
  }
  if (nation.years < 1 || nation.years > 50) {
    return invalid("years", "a horizon of 1 to 50 years expected");
  }
  if (auto checked = check_demand(nation.services, nation.demand); !checked) return checked;
  for (size_t s = 0; s < nation.services.size(); ++s) {
    if (auto checked = check_level(nation.levels[s], nation.services[s].id); !checked) {
      return checked;
    }
  }
  if (auto checked = check_hardware(nation.hardware); !checked) return checked;
  const DeploymentSettings& deployment = nation.deployment;
  if (deployment.minimum_cores > nation.hardware.profile.cores) {
    return invalid("deployment/minimum_cores", "more than a server has");
  }
  if (deployment.peak_warmup >= deployment.peak_duration ||
      deployment.peak_warmup < sim::Duration::zero()) {
    return invalid("deployment/peak_warmup", "must be shorter than peak_duration");
  }
  if (const uint32_t steps = deployment.load_steps_per_decade;
      steps != 0 && steps != 10 && steps != 20) {
    return invalid("deployment/load_steps_per_decade", "expected 0 (exact), 10 or 20");
  }
  for (const SettingRow& row : setting_rows()) {
    const double value = row.get(nation);
    if (!(value >= row.minimum && value <= row.maximum)) {
      return invalid(row.id, "must lie in " + std::to_string(row.minimum) + " to " +
                                 std::to_string(row.maximum));
    }
  }
  return consensus::success();
}

consensus::Status set_setting(NationSpec& nation, const std::string& id, double value) {
  const SettingRow* nearest = nullptr;
  size_t nearest_distance = 0;
  for (const SettingRow& row : setting_rows()) {
    const size_t distance = edit_distance(id, row.id);
    if (nearest == nullptr || distance < nearest_distance) {
      nearest = &row;
      nearest_distance = distance;
    }
  }
  if (nearest == nullptr || nearest_distance > 0) {
    return Error{
        ErrorCode::kNotFound,
        "unknown setting \"" + id + "\"" +
            (nearest == nullptr ? "" : "; did you mean \"" + std::string(nearest->id) + "\"?"),
        id};
  }
  if (!(value >= nearest->minimum && value <= nearest->maximum)) {
    return invalid(id, "must lie in " + std::to_string(nearest->minimum) + " to " +
                           std::to_string(nearest->maximum));
  }
  nearest->set(nation, value);
  return consensus::success();
}

}  // namespace govchain::models
