#pragma once
// The bill of quantities: everything that a deployment needs, in countable things, each line naming
// the price that applies to it. Deployments make bills; valuation (models/cost/valuation.h) prices
// them. No price is hidden in code.

#include <cstdint>
#include <string>
#include <vector>

namespace govchain::models {

enum class Timing : uint8_t {
  kHardware,  // bought at the start, refreshed at the end of its life, residual value credited at
              // the horizon
  kOnce,      // paid at the start: builds, migration
  kYearly,    // paid every year of the horizon
};

// Who pays, for the split by level of government.
enum class GovernmentLevel : uint8_t { kNational, kProvincial, kCounty, kPublic };

struct BillLine {
  std::string item;  // id of the price of one unit
  std::string
      share;  // if set: id of a ratio that multiplies item price (maintenance.hardware_share, …)
  std::string category;  // id of the cost item in results: "hardware", "network", "adapters", …
  std::string place;     // ISO 3166-2 id, "CN" for the nation
  GovernmentLevel level = GovernmentLevel::kProvincial;
  Timing timing = Timing::kYearly;
  double quantity = 0;  // in the unit of the price, for yearly lines per year; staff in
                        // person-years, lines in Mbps-months
  double existing = 0;  // kHardware: how many are already there and need not be bought at the start
  double existing_age_years = 0;
  std::string basis;  // one phrase: where the quantity comes from
};

struct Bill {
  std::vector<BillLine> lines;
};

}  // namespace govchain::models
