#pragma once
// The data sets in scenarios/data, as the models want them. Every figure keeps where it stands, so
// that a report can lead back to its row. All errors name file, line and column.

#include <string>
#include <vector>

#include "consensus/result.h"
#include "models/cost/price.h"
#include "models/demand/service_case.h"
#include "models/network/backbone.h"
#include "models/places/place.h"
#include "scenarios/scenario.h"
#include "sim/host/machine_profile.h"

namespace govchain::scenarios {

struct PriceData {
  std::vector<models::Price> prices;  // items of prices.json, then those of assumptions.json
  models::Price discount_rate;
  models::PriceBase base;
  models::ExchangeRates exchange_rates;
  models::Deflator deflator;
};

struct ServiceRow {
  models::ServiceCase service;
  std::string name;  // as in the file
  std::vector<Figure> figures;
};

struct SettingFigure {
  Figure figure;
  double minimum = 0;
  double maximum = 0;
};

struct NetworkData {
  std::vector<models::Backbone> backbones;
  std::vector<models::MeasuredRoundTrip> measured;
};

// `home` is the folder that holds scenarios/.
// The 34 units; with the platforms inside them (XPCC) if `with_platforms`.
[[nodiscard]] consensus::Result<std::vector<models::Place>> load_places(const std::string& home,
                                                                        bool with_platforms);
[[nodiscard]] consensus::Result<NetworkData> load_networks(const std::string& home);
[[nodiscard]] consensus::Result<PriceData> load_prices(const std::string& home);
// service_cases.json joined with the service rules of assumptions.json.
[[nodiscard]] consensus::Result<std::vector<ServiceRow>> load_services(const std::string& home);
[[nodiscard]] consensus::Result<std::vector<SettingFigure>> load_settings(const std::string& home);
// 24 weights of a day's hours.
[[nodiscard]] consensus::Result<std::vector<double>> load_hourly_profile(const std::string& home,
                                                                         Figure& figure);

// scenarios/data/profiles/ID.json, or any file in that form. Errors: kNotFound with the nearest id.
[[nodiscard]] consensus::Result<sim::MachineProfile> load_profile(const std::string& home,
                                                                  const std::string& id);
[[nodiscard]] consensus::Result<sim::MachineProfile> load_profile_file(const std::string& path);
[[nodiscard]] std::vector<std::string> profile_ids(const std::string& home);

// "administrative approval" to "administrative-approval".
[[nodiscard]] std::string service_id(const std::string& name);

}  // namespace govchain::scenarios
