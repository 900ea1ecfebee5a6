#include "models/cost/price.h"

#include <gtest/gtest.h>

namespace govchain::models {
namespace {

const ExchangeRates kRates{{{2011, "AUD", 6.6773}, {2021, "USD", 6.4508}}};
const Deflator kDeflator{{{2011, 1.2554}, {2021, 1.0244}, {2024, 1.0}}};

Price price(const std::string& currency, int year, double mid) {
  Price result;
  result.id = "item";
  result.mid = mid;
  result.currency = currency;
  result.price_year = year;
  result.vat = "unknown";
  result.source = "tender";
  result.quality = "tender";
  return result;
}

TEST(Price, ForeignPriceIsConvertedInItsOwnYearAndThenDeflated) {
  // The Victoria Police interfaces: 150,000 AUD of 2011 are the 1.26 million CNY of 2024 that
  // prices.json states.
  Price interface = price("AUD", 2011, 150'000);
  interface.deflation = Deflation::kConsumerPrices;
  const auto base = to_base(interface, {}, kRates, kDeflator);
  ASSERT_TRUE(base);
  EXPECT_NEAR(base->mid, 1'260'000, 5'000);
}

TEST(Price, HardwareIsConvertedButNotDeflated) {
  const auto base = to_base(price("USD", 2021, 500), {}, kRates, kDeflator);
  ASSERT_TRUE(base);
  EXPECT_DOUBLE_EQ(base->mid, 500 * 6.4508);
}

TEST(Price, TaxIsTakenOutOnlyWhereThePriceIncludesIt) {
  Price taxed = price("CNY", 2024, 113);
  taxed.vat_rate = 0.13;
  EXPECT_DOUBLE_EQ(to_base(taxed, {}, kRates, kDeflator)->mid, 113);
  taxed.vat = "in";
  EXPECT_NEAR(to_base(taxed, {}, kRates, kDeflator)->mid, 100, 1e-9);
}

TEST(Price, MissingBoundEqualsTheMiddle) {
  Price open = price("CNY", 2024, 300);
  open.low = 100;
  const auto base = to_base(open, {}, kRates, kDeflator);
  EXPECT_DOUBLE_EQ(base->low, 100);
  EXPECT_DOUBLE_EQ(base->high, 300);
}

TEST(Price, MissingRateOrDeflatorIsNamedWithItsOrigin) {
  Price unknown = price("GBP", 2021, 1);
  unknown.origin = "prices.json /items/3";
  const auto rate = to_base(unknown, {}, kRates, kDeflator);
  ASSERT_FALSE(rate);
  EXPECT_NE(rate.error().message.find("GBP for 2021"), std::string::npos);
  EXPECT_EQ(rate.error().where, "prices.json /items/3");
  Price old = price("CNY", 1999, 1);
  old.deflation = Deflation::kConsumerPrices;
  EXPECT_FALSE(to_base(old, {}, kRates, kDeflator));
}

TEST(Price, BoundsThatDoNotAscendAreRefused) {
  Price wrong = price("CNY", 2024, 10);
  wrong.low = 11;
  EXPECT_FALSE(to_base(wrong, {}, kRates, kDeflator));
}

TEST(Price, JudgementIsRecognisedInQualityAndInSource) {
  Price one = price("CNY", 2024, 1);
  EXPECT_FALSE(to_base(one, {}, kRates, kDeflator)->judgement);
  one.quality = "judgement: two offers";
  EXPECT_TRUE(to_base(one, {}, kRates, kDeflator)->judgement);
  one.quality = "tender";
  one.source = "general knowledge, unverified here";
  EXPECT_TRUE(to_base(one, {}, kRates, kDeflator)->judgement);
}

}  // namespace
}  // namespace govchain::models
