#pragma once
// Prices as their sources print them, and their conversion to the base of a plan.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "consensus/result.h"

namespace govchain::models {

// How a price moves over time. Hardware and bandwidth do not follow consumer prices.
enum class Deflation : uint8_t { kNone, kConsumerPrices };

// One item of prices.json (or of a scenario's override). Ratios and lives are "prices" too: they
// have bounds, a source and a quality like the others.
struct Price {
  std::string id;
  std::string item;
  std::optional<double> low;
  double mid = 0;
  std::optional<double> high;
  std::string unit;      // "CNY per server", "share of build price", "years"
  std::string currency;  // ISO 4217, or "none" for ratios
  int price_year = 0;
  std::string vat;      // "in", "ex", "unknown"
  double vat_rate = 0;  // taken out where vat is "in"; "unknown" is left as it is and said so
  Deflation deflation = Deflation::kNone;
  std::string source;
  std::string quality;
  std::string origin;  // file and JSON pointer, so that a report can lead back to the row
};

struct PriceBase {
  std::string currency = "CNY";
  int price_year = 2024;
};

struct ExchangeRates {
  struct Row {
    int year = 0;
    std::string currency;
    double cny_per_unit = 0;
  };
  std::vector<Row> rows;
};

struct Deflator {
  struct Row {
    int year = 0;
    double to_base = 1;
  };
  std::vector<Row> rows;
};

// A price in yuan of the base year (or a ratio), with low <= mid <= high. A missing bound equals
// mid.
struct BasePrice {
  std::string id;
  double low = 0;
  double mid = 0;
  double high = 0;
  bool judgement = false;  // quality or source begins with "judgement" or is "weak"
};

// Foreign prices are converted at the rate of their own year and then deflated. Errors: kNotFound
// if a rate or a deflator of the price's year is missing, kInvalid if low > mid or mid > high.
[[nodiscard]] consensus::Result<BasePrice> to_base(const Price& price, const PriceBase& base,
                                                   const ExchangeRates& rates,
                                                   const Deflator& deflator);

}  // namespace govchain::models
