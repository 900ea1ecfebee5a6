#include "models/demand/demand.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Dense>

#include "models/network/backbone.h"

namespace govchain::models {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kSecondsPerYear = 365.0 * 86'400.0;

Error invalid(const std::string& where, const std::string& message) {
  return Error{ErrorCode::kInvalid, message, where};
}

bool is_share(double value) { return value >= 0 && value <= 1; }

consensus::Status check_service(const ServiceCase& service) {
  const std::string where = "services/" + service.id;
  if (!(service.low >= 0 && service.low <= service.mid && service.mid <= service.high)) {
    return invalid(where, "yearly cases must satisfy 0 <= low <= mid <= high");
  }
  if (!(service.ledger_writes >= 0 && service.reads >= 0 && service.calls >= 0)) {
    return invalid(where, "writes, reads and calls of a case must not be negative");
  }
  if (!is_share(service.writing_call_share) || !is_share(service.person_share)) {
    return invalid(where, "writing_call_share and person_share must lie in 0..1");
  }
  if (!(service.execution_factor >= 0 && service.minutes_by_hand >= 0 &&
        service.provider_weight >= 0)) {
    return invalid(where,
                   "execution_factor, minutes_by_hand and provider_weight must not be "
                   "negative");
  }
  return consensus::success();
}

double rate_of(const ServiceCase& service, const DemandSettings& settings) {
  const double rate =
      settings.level_quantile
          ? triangular_quantile(service.low, service.mid, service.high, *settings.level_quantile)
          : service.mid;
  return rate * settings.scale;
}

// Adoption shares divided by their mean over the population: a national mean stays what it is.
double mean_adoption(const std::vector<Place>& places, const AdoptionByTier& adoption) {
  double weighted = 0;
  double people = 0;
  for (const Place& place : places) {
    weighted += adoption.of(place.tier) * static_cast<double>(place.population);
    people += static_cast<double>(place.population);
  }
  return people > 0 ? weighted / people : 1;
}

}  // namespace

double AdoptionByTier::of(CapabilityTier tier) const {
  switch (tier) {
    case CapabilityTier::kVeryHigh:
      return very_high;
    case CapabilityTier::kHigh:
      return high;
    case CapabilityTier::kMedium:
      return medium;
    case CapabilityTier::kNone:
      return none;
  }
  return none;
}

consensus::Status check_demand(const std::vector<ServiceCase>& services,
                               const DemandSettings& settings) {
  for (const ServiceCase& service : services) {
    if (auto checked = check_service(service); !checked) return checked;
  }
  const auto counting = std::count_if(services.begin(), services.end(),
                                      [](const ServiceCase& s) { return s.counts_calls; });
  if (counting > 1) return invalid("services", "only one service may count the calls of all");
  if (settings.level_quantile && !is_share(*settings.level_quantile)) {
    return invalid("demand/level_quantile", "must lie in 0..1");
  }
  const AdoptionByTier& adoption = settings.adoption;
  for (const double share : {adoption.very_high, adoption.high, adoption.medium, adoption.none}) {
    if (!(share > 0 && share <= 1)) return invalid("demand/adoption", "must lie in (0, 1]");
  }
  if (!is_share(settings.cross_province_share) || !is_share(settings.ministry_share) ||
      settings.cross_province_share + settings.ministry_share > 1) {
    return invalid("demand/cross_province_share",
                   "cross_province_share and ministry_share must lie in 0..1, so must their sum");
  }
  if (!(settings.scale >= 0 && settings.working_day_factor >= 1 && settings.month_factor >= 1 &&
        settings.flash_factor >= 1 && settings.records_per_root >= 1 &&
        settings.gravity_scale_kilometres > 0)) {
    return invalid("demand",
                   "scale must not be negative; working_day_factor, month_factor, "
                   "flash_factor and records_per_root must be at least 1; "
                   "gravity_scale_kilometres positive");
  }
  if (!settings.hourly_share.empty() && settings.hourly_share.size() != 24) {
    return invalid("demand/hourly_share", "expected 24 shares of a day, found " +
                                              std::to_string(settings.hourly_share.size()));
  }
  const bool shares_usable = std::all_of(settings.hourly_share.begin(), settings.hourly_share.end(),
                                         [](double share) { return share >= 0; });
  if (!shares_usable ||
      (!settings.hourly_share.empty() && hourly_peak_factor(settings.hourly_share) <= 0)) {
    return invalid("demand/hourly_share", "shares must not be negative and not all zero");
  }
  return consensus::success();
}

double triangular_quantile(double low, double mid, double high, double quantile) {
  if (high <= low) return mid;
  const double at_mode = (mid - low) / (high - low);
  if (quantile <= at_mode) return low + std::sqrt(quantile * (high - low) * (mid - low));
  return high - std::sqrt((1 - quantile) * (high - low) * (high - mid));
}

double hourly_peak_factor(const std::vector<double>& shares) {
  if (shares.empty()) return 1;
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (sum <= 0) return 0;
  return *std::max_element(shares.begin(), shares.end()) * static_cast<double>(shares.size()) / sum;
}

consensus::Result<Demand> Demand::make(std::vector<Place> places, std::vector<ServiceCase> services,
                                       DemandSettings settings) {
  if (places.empty()) return invalid("places", "a nation needs at least one place");
  if (services.empty()) return invalid("services", "a nation needs at least one service");
  if (auto checked = check_demand(services, settings); !checked) return checked.error();
  Demand demand;
  demand.places_ = std::move(places);
  demand.services_ = std::move(services);
  demand.settings_ = std::move(settings);
  demand.peak_factor_ = hourly_peak_factor(demand.settings_.hourly_share) *
                        demand.settings_.working_day_factor * demand.settings_.month_factor *
                        demand.settings_.flash_factor;
  demand.count_cases();
  demand.fill_matrices();
  demand.count_calls();
  return demand;
}

void Demand::count_cases() {
  const size_t places = places_.size();
  gross_.assign(services_.size() * places, 0);
  const double mean = mean_adoption(places_, settings_.adoption);
  for (size_t s = 0; s < services_.size(); ++s) {
    const double reference = services_[s].scope == AnchorScope::kNational
                                 ? mean
                                 : settings_.adoption.of(CapabilityTier::kVeryHigh);
    const double rate = rate_of(services_[s], settings_) / 1000;
    for (size_t p = 0; p < places; ++p) {
      gross_[s * places + p] = rate * static_cast<double>(places_[p].population) *
                               settings_.adoption.of(places_[p].tier) / reference;
    }
  }
  net_ = gross_;
  for (size_t p = 0; p < places; ++p) {
    double registrations = 0;
    for (size_t s = 0; s < services_.size(); ++s) {
      if (services_[s].is_registration) registrations += gross_[s * places + p];
    }
    double calls = 0;
    for (size_t s = 0; s < services_.size(); ++s) {
      double& cases = net_[s * places + p];
      if (services_[s].contains_registrations) cases = std::max(0.0, cases - registrations);
      if (!services_[s].counts_calls) calls += cases * services_[s].calls;
    }
    for (size_t s = 0; s < services_.size(); ++s) {
      double& cases = net_[s * places + p];
      if (services_[s].counts_calls) cases = std::max(0.0, cases - calls);
    }
  }
}

void Demand::fill_matrices() {
  const size_t services = services_.size();
  const size_t places = places_.size();
  matrices_.services = services;
  matrices_.places = places;
  matrices_.department.assign(services * services, 0);
  for (size_t from = 0; from < services; ++from) {
    double others = 0;
    for (size_t to = 0; to < services; ++to) {
      if (to != from) others += services_[to].provider_weight;
    }
    for (size_t to = 0; to < services; ++to) {
      double& share = matrices_.department[from * services + to];
      if (others > 0) {
        share = to == from ? 0 : services_[to].provider_weight / others;
      } else {
        share = to == from ? 1 : 0;  // nobody else to call
      }
    }
  }
  matrices_.province.assign(places * (places + 1), 0);
  const double cross = places > 1 ? settings_.cross_province_share : 0;
  for (size_t from = 0; from < places; ++from) {
    std::vector<double> attraction(places, 0);
    double sum = 0;
    for (size_t to = 0; to < places; ++to) {
      if (to == from) continue;
      attraction[to] = static_cast<double>(places_[to].population) /
                       (great_circle_kilometres(places_[from].seat, places_[to].seat) +
                        settings_.gravity_scale_kilometres);
      sum += attraction[to];
    }
    const double leaving = sum > 0 ? cross : 0;
    double* row = &matrices_.province[from * (places + 1)];
    for (size_t to = 0; to < places; ++to) {
      row[to] = to == from ? 1 - leaving - settings_.ministry_share
                           : (sum > 0 ? leaving * attraction[to] / sum : 0);
    }
    row[places] = settings_.ministry_share;
  }
}

void Demand::count_calls() {
  const auto services = static_cast<Eigen::Index>(services_.size());
  const auto places = static_cast<Eigen::Index>(places_.size());
  const Eigen::Map<const Matrix> department(matrices_.department.data(), services, services);
  const Eigen::Map<const Matrix> province(matrices_.province.data(), places, places + 1);
  Matrix reading(services, places);
  Matrix writing(services, places);
  for (Eigen::Index s = 0; s < services; ++s) {
    const ServiceCase& service = services_[static_cast<size_t>(s)];
    for (Eigen::Index p = 0; p < places; ++p) {
      const double calls =
          peak_cases(static_cast<size_t>(s), static_cast<size_t>(p)) * service.calls;
      writing(s, p) = calls * service.writing_call_share;
      reading(s, p) = calls - writing(s, p);
    }
  }
  // Calls arriving at provider t from place p, and from there to place q.
  const Matrix reading_from = department.transpose() * reading;
  const Matrix writing_from = department.transpose() * writing;
  Matrix leaving = province;
  for (Eigen::Index p = 0; p < places; ++p) leaving(p, p) = 0;
  const Matrix reading_remote = reading_from * leaving;
  const Matrix writing_remote = writing_from * leaving;
  const auto cells = static_cast<size_t>(services * (places + 1));
  incoming_local_.assign(cells, {});
  incoming_remote_.assign(cells, {});
  for (Eigen::Index t = 0; t < services; ++t) {
    for (Eigen::Index q = 0; q < places; ++q) {
      const auto cell = static_cast<size_t>(t * (places + 1) + q);
      const double staying = province(q, q);
      incoming_local_[cell] = {reading_from(t, q) * staying, writing_from(t, q) * staying};
      incoming_remote_[cell] = {reading_remote(t, q), writing_remote(t, q)};
    }
    IncomingCalls& ministries = incoming_remote_[static_cast<size_t>(places)];
    ministries.reading += reading_remote(t, places);
    ministries.writing += writing_remote(t, places);
  }
}

double Demand::cases_per_year(size_t service, size_t place) const {
  return net_[service * places_.size() + place];
}

double Demand::cases_per_year(size_t service) const {
  double sum = 0;
  for (size_t place = 0; place < places_.size(); ++place) sum += cases_per_year(service, place);
  return sum;
}

double Demand::cases_per_year() const {
  double sum = 0;
  for (size_t service = 0; service < services_.size(); ++service) sum += cases_per_year(service);
  return sum;
}

double Demand::gross_cases_per_year(size_t service, size_t place) const {
  return gross_[service * places_.size() + place];
}

double Demand::peak_cases(size_t service, size_t place) const {
  return cases_per_year(service, place) / kSecondsPerYear * peak_factor_;
}

double Demand::own_writes(size_t service) const {
  const ServiceCase& wanted = services_[service];
  return wanted.counts_calls ? wanted.ledger_writes / settings_.records_per_root
                             : wanted.ledger_writes;
}

Demand::IncomingCalls Demand::peak_incoming(size_t service, size_t place, bool same_place) const {
  const size_t row = place == places_.size() ? 0 : service;
  const size_t cell = row * (places_.size() + 1) + place;
  return same_place ? incoming_local_[cell] : incoming_remote_[cell];
}

double Demand::local_call_share(size_t place) const {
  return matrices_.province[place * (places_.size() + 1) + place];
}

double Demand::ministry_call_share(size_t place) const {
  return matrices_.province[place * (places_.size() + 1) + places_.size()];
}

}  // namespace govchain::models
