#pragma once
// Demand: cases per year by service and place, and transactions per second at the peak.
//
//   cases(s, p)  = rate(s) / 1000 * population(p) * adoption(s, p)
//   rate(s)      = triangular(low, mid, high) at the chosen quantile; mid if none is chosen
//   adoption     = share of tier(p) for services anchored on a leading city; for nationally
//   anchored
//                  ones the same shares divided by their population mean, so that the national
//                  total stays the observed one
//   peak factor  = peak hour / mean hour * working day / mean day * peak month / mean month
//
// Volumes overlap in the sources, so: approvals less the registrations that are modelled apart, and
// data sharing less the calls of all other services (not below zero; then the calls are the
// demand).

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/result.h"
#include "models/demand/service_case.h"
#include "models/places/place.h"

namespace govchain::models {

struct AdoptionByTier {
  double very_high = 1;
  double high = 1;
  double medium = 1;
  double none = 1;
  [[nodiscard]] double of(CapabilityTier tier) const;
};

struct DemandSettings {
  std::optional<double> level_quantile;  // 0..1 of the triangular distribution; unset: mid
  double scale = 1;                      // multiplies everything (growth, what-if)
  AdoptionByTier adoption;
  std::vector<double> hourly_share;  // 24 shares of a day; scaled to sum 1
  double working_day_factor = 1;     // mean working day over mean day
  double month_factor = 1;           // busiest month over mean month
  double flash_factor = 1;           // a policy deadline on top of the usual peak
  // Access records folded into one Merkle root before they are written.
  double records_per_root = 100;
  // Calls that leave the province, and those that go to a ministry.
  double cross_province_share = 0.05;
  double ministry_share = 0.1;
  double gravity_scale_kilometres = 200;  // attraction ~ population / (distance + scale)
};

// kInvalid with the field at fault: negative rates, low > mid, shares outside 0..1, …
[[nodiscard]] consensus::Status check_demand(const std::vector<ServiceCase>& services,
                                             const DemandSettings& settings);

// Inverse distribution function of the triangular distribution. `quantile` in 0..1.
[[nodiscard]] double triangular_quantile(double low, double mid, double high, double quantile);

// Peak hour over mean hour of a day with these shares (1 if empty).
[[nodiscard]] double hourly_peak_factor(const std::vector<double>& shares);

// Matrices are row-major, [from * n + to], rows sum to 1.
struct CallMatrices {
  size_t services = 0;
  size_t places = 0;               // provincial platforms, then one more column for the ministries
  std::vector<double> department;  // services x services, zero diagonal
  std::vector<double> province;    // places x (places + 1)
};

class Demand {
 public:
  // Errors as check_demand; kInvalid without places or services.
  static consensus::Result<Demand> make(std::vector<Place> places,
                                        std::vector<ServiceCase> services, DemandSettings settings);

  [[nodiscard]] const std::vector<Place>& places() const { return places_; }
  [[nodiscard]] const std::vector<ServiceCase>& services() const { return services_; }
  [[nodiscard]] const DemandSettings& settings() const { return settings_; }
  // After the double-counting rules.
  [[nodiscard]] double cases_per_year(size_t service, size_t place) const;
  [[nodiscard]] double cases_per_year(size_t service) const;
  [[nodiscard]] double cases_per_year() const;
  // Before them: what the sources print (the hub's 3,057 calls a second are this for data sharing).
  [[nodiscard]] double gross_cases_per_year(size_t service, size_t place) const;
  [[nodiscard]] double peak_factor() const { return peak_factor_; }
  // Cases per second in the peak hour.
  [[nodiscard]] double peak_cases(size_t service, size_t place) const;
  // Ledger transactions per case on the case's own chain (access records folded).
  [[nodiscard]] double own_writes(size_t service) const;
  [[nodiscard]] const CallMatrices& calls() const { return matrices_; }
  // Calls per second in the peak hour from all services of all places into (service, place);
  // place == places().size() means the ministries together, service is then ignored.
  struct IncomingCalls {
    double reading = 0;
    double writing = 0;
  };
  // `same_place`: from other departments of the same place; else from other places.
  [[nodiscard]] IncomingCalls peak_incoming(size_t service, size_t place, bool same_place) const;
  // Share of (service, place)'s calls that stay within the place.
  [[nodiscard]] double local_call_share(size_t place) const;
  // … and that go to a ministry.
  [[nodiscard]] double ministry_call_share(size_t place) const;

 private:
  Demand() = default;
  void count_cases();
  void fill_matrices();
  void count_calls();
  std::vector<Place> places_;
  std::vector<ServiceCase> services_;
  DemandSettings settings_;
  double peak_factor_ = 1;
  std::vector<double> gross_;  // [service * places + place]
  std::vector<double> net_;
  CallMatrices matrices_;
  std::vector<IncomingCalls> incoming_local_;  // [service * (places + 1) + place]
  std::vector<IncomingCalls> incoming_remote_;
};

}  // namespace govchain::models
