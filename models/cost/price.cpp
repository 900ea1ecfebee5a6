#include "models/cost/price.h"

#include <algorithm>

namespace govchain::models {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

// A quality that a reviewer must not mistake for a measurement.
bool rests_on_judgement(const Price& price) {
  for (const char* mark : {"judgement", "weak", "general knowledge"}) {
    if (price.quality.starts_with(mark) || price.source.starts_with(mark)) return true;
  }
  return false;
}

Result<double> exchange_rate(const Price& price, const PriceBase& base,
                             const ExchangeRates& rates) {
  if (price.currency == "none" || price.currency == base.currency) return 1.0;
  for (const ExchangeRates::Row& row : rates.rows) {
    if (row.year == price.price_year && row.currency == price.currency) return row.cny_per_unit;
  }
  return Error{ErrorCode::kNotFound,
               "no exchange rate of " + price.currency + " for " +
                   std::to_string(price.price_year) + ", the year of the price of " + price.id,
               price.origin};
}

Result<double> deflator_of(const Price& price, const PriceBase& base, const Deflator& deflator) {
  if (price.deflation == Deflation::kNone || price.currency == "none" ||
      price.price_year == base.price_year) {
    return 1.0;
  }
  for (const Deflator::Row& row : deflator.rows) {
    if (row.year == price.price_year) return row.to_base;
  }
  // A price of a later year than the series (quotations for the coming year) stands as it is.
  if (price.price_year > base.price_year) return 1.0;
  return Error{ErrorCode::kNotFound,
               "no deflator for " + std::to_string(price.price_year) +
                   ", the year of the price of " + price.id,
               price.origin};
}

}  // namespace

Result<BasePrice> to_base(const Price& price, const PriceBase& base, const ExchangeRates& rates,
                          const Deflator& deflator) {
  Result<double> rate = exchange_rate(price, base, rates);
  if (!rate) return rate.error();
  Result<double> factor = deflator_of(price, base, deflator);
  if (!factor) return factor.error();
  const double tax = price.vat == "in" ? 1 + price.vat_rate : 1.0;
  const double convert = *rate * *factor / tax;
  BasePrice result;
  result.id = price.id;
  result.low = price.low.value_or(price.mid) * convert;
  result.mid = price.mid * convert;
  result.high = price.high.value_or(price.mid) * convert;
  result.judgement = rests_on_judgement(price);
  if (result.low > result.mid || result.mid > result.high) {
    return Error{ErrorCode::kInvalid, "price of " + price.id + ": low, mid and high must ascend",
                 price.origin};
  }
  return result;
}

}  // namespace govchain::models
