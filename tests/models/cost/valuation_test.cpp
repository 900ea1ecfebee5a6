#include "models/cost/valuation.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace govchain::models {
namespace {

BasePrice fixed(const std::string& id, double value) {
  return BasePrice{id, value, value, value, false};
}

ValuationSettings settings(int years, double rate, uint32_t draws = 400) {
  ValuationSettings result;
  result.years = years;
  result.discount_rate = fixed("discount_rate", rate);
  result.draws = draws;
  return result;
}

BillLine line(const std::string& item, Timing timing, double quantity) {
  BillLine result;
  result.item = item;
  result.category = item;
  result.place = "CN-GD";
  result.timing = timing;
  result.quantity = quantity;
  result.basis = "test";
  return result;
}

double yuan(Money money) { return money.to_yuan(); }

TEST(Valuation, OnceIsPaidAtTheStartAndYearlyInTheMiddleOfEachYear) {
  const auto valuer = Valuer::make(
      {fixed("build", 1000), fixed("life.server", 6), fixed("rent", 10)}, settings(2, 0.08));
  ASSERT_TRUE(valuer);
  const auto value =
      valuer->value(Bill{{line("build", Timing::kOnce, 3), line("rent", Timing::kYearly, 2)}});
  ASSERT_TRUE(value);
  const double first_half = 1 - 0.5 * 0.08 / 1.08;  // straight line between 1 and 1/1.08
  EXPECT_NEAR(yuan(value->by_year()[0].mid), 3000 + 20 * first_half, 0.01);
  EXPECT_NEAR(yuan(value->by_year()[1].mid), 20 * first_half / 1.08, 0.01);
  EXPECT_NEAR(yuan(value->total().mid), 3000 + 20 * first_half * (1 + 1 / 1.08), 0.02);
}

TEST(Valuation, HardwareIsRenewedAtItsLifeAndTheRestIsCredited) {
  // Life 6, horizon 9, no discounting: bought at 0 and 6; at 9 the second is half used.
  const auto valuer =
      Valuer::make({fixed("life.server", 6), fixed("server", 100)}, settings(9, 0.0));
  ASSERT_TRUE(valuer);
  const auto value = valuer->value(Bill{{line("server", Timing::kHardware, 1)}});
  EXPECT_NEAR(yuan(value->by_year()[0].mid), 100, 0.01);
  EXPECT_NEAR(yuan(value->by_year()[6].mid), 100, 0.01);
  EXPECT_NEAR(yuan(value->by_year()[8].mid), -50, 0.01);
}

TEST(Valuation, ExistingStockIsSunkAndOnlyItsReplacementIsPaid) {
  const auto valuer =
      Valuer::make({fixed("life.server", 6), fixed("server", 100)}, settings(5, 0.0));
  BillLine owned = line("server", Timing::kHardware, 1);
  owned.existing = 1;
  owned.existing_age_years = 1;  // lasts to the horizon
  EXPECT_NEAR(yuan(valuer->value(Bill{{owned}})->total().mid), 0, 0.01);
  owned.existing_age_years = 4;  // replaced after 2 years, 3 of 6 used at the horizon
  EXPECT_NEAR(yuan(valuer->value(Bill{{owned}})->total().mid), 50, 0.01);
  owned.existing = 5;  // more than needed counts as what is needed
  EXPECT_NEAR(yuan(valuer->value(Bill{{owned}})->total().mid), 50, 0.01);
}

TEST(Valuation, PartsAddUpToTheTotalInEveryDraw) {
  const auto valuer = Valuer::make(
      {{"a", 1, 2, 9, true}, {"b", 10, 20, 25, false}, {"life.server", 5, 6, 8, false}},
      settings(5, 0.08));
  BillLine guangdong = line("a", Timing::kYearly, 7);
  BillLine nation = line("b", Timing::kHardware, 3);
  nation.place = "CN";
  nation.level = GovernmentLevel::kNational;
  const auto value = valuer->value(Bill{{guangdong, nation, line("a", Timing::kOnce, 1)}});
  ASSERT_TRUE(value);
  const double total = yuan(value->total().mid);
  const auto sum = [](const auto& parts) {
    return std::accumulate(parts.begin(), parts.end(), 0.0,
                           [](double s, const auto& part) { return s + yuan(part.amount.mid); });
  };
  EXPECT_NEAR(sum(value->by_category()), total, 0.05);
  EXPECT_NEAR(sum(value->by_place()), total, 0.05);
  EXPECT_NEAR(sum(value->by_level()), total, 0.05);
  double years = 0;
  for (const Range& year : value->by_year()) years += yuan(year.mid);
  EXPECT_NEAR(years, total, 0.05);
  EXPECT_GT(value->judgement_share(), 0);
  EXPECT_LT(value->judgement_share(), 1);
}

TEST(Valuation, LowMidAndHighAscendWhenAPriceIsUncertainAndAgreeWhenNoneIs) {
  const std::vector<BasePrice> prices{{"a", 1, 2, 9, false}, {"life.server", 5, 6, 8, false}};
  ValuationSettings some = settings(5, 0.08, 4000);
  const Bill bill{{line("a", Timing::kYearly, 1000)}};
  const Range uncertain = Valuer::make(prices, some)->value(bill)->total();
  EXPECT_LT(uncertain.low, uncertain.mid);
  EXPECT_LT(uncertain.mid, uncertain.high);
  some.uncertain = {"none"};
  const Range certain = Valuer::make(prices, some)->value(bill)->total();
  EXPECT_EQ(certain.low, certain.mid);
  EXPECT_EQ(certain.mid, certain.high);
  some.uncertain = {"b."};
  EXPECT_EQ(Valuer::make(prices, some)->value(bill)->total().low, certain.low);
}

TEST(Valuation, MeanOfTheDrawsIsTheMeanOfTheTriangle) {
  const auto valuer =
      Valuer::make({{"a", 1, 2, 9, false}, fixed("life.server", 6)}, settings(1, 0.0, 20'000));
  const Range total = valuer->value(Bill{{line("a", Timing::kOnce, 1)}})->total();
  EXPECT_NEAR(yuan(total.mid), (1.0 + 2 + 9) / 3, 0.03);
  // Quantiles of the triangle by its closed form.
  EXPECT_NEAR(yuan(total.low), 1 + std::sqrt(0.05 * 8 * 1), 0.03);
  EXPECT_NEAR(yuan(total.high), 9 - std::sqrt(0.05 * 8 * 7), 0.05);
}

TEST(Valuation, ADrawOfOnePriceDoesNotDependOnTheOthers) {
  const BasePrice a{"a", 1, 2, 9, false};
  const auto alone = Valuer::make({a, fixed("life.server", 6)}, settings(5, 0.08));
  const auto among =
      Valuer::make({{"0", 3, 4, 5, false}, a, fixed("life.server", 6), {"z", 1, 1, 2, false}},
                   settings(5, 0.08));
  EXPECT_EQ(alone->draws_of("a"), among->draws_of("a"));
  EXPECT_NE(among->draws_of("a"), among->draws_of("z"));
}

TEST(Valuation, DifferenceIsTakenDrawByDraw) {
  const auto valuer =
      Valuer::make({{"a", 1, 2, 9, false}, fixed("life.server", 6)}, settings(1, 0.0));
  const auto more = valuer->value(Bill{{line("a", Timing::kOnce, 11)}});
  const auto less = valuer->value(Bill{{line("a", Timing::kOnce, 10)}});
  const Range one = valuer->value(Bill{{line("a", Timing::kOnce, 1)}})->total();
  const Range gap = difference(*more, *less);
  EXPECT_NEAR(yuan(gap.low), yuan(one.low), 0.02);
  EXPECT_NEAR(yuan(gap.mid), yuan(one.mid), 0.02);
  EXPECT_DOUBLE_EQ(share_cheaper(*less, *more), 1);
  EXPECT_DOUBLE_EQ(share_cheaper(*more, *less), 0);
}

TEST(Valuation, TheWidestPriceHasTheGreatestInfluence) {
  const auto valuer = Valuer::make(
      {{"narrow", 9, 10, 11, false}, {"wide", 1, 10, 30, false}, fixed("life.server", 6)},
      settings(1, 0.0, 2000));
  const auto value =
      valuer->value(Bill{{line("narrow", Timing::kOnce, 1), line("wide", Timing::kOnce, 1)}});
  const auto influences = valuer->influences(value->draws());
  ASSERT_EQ(influences.size(), 2U);
  EXPECT_EQ(influences[0].price, "wide");
  EXPECT_GT(influences[0].share, 0.9);
  EXPECT_LT(influences[0].low_amount, influences[0].high_amount);
}

TEST(Valuation, ALineWithoutPriceIsNamedWithItsBasis) {
  const auto valuer = Valuer::make({fixed("life.server", 6)}, settings(5, 0.08));
  const auto value = valuer->value(Bill{{line("gold", Timing::kOnce, 1)}});
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message, "no price gold");
  EXPECT_EQ(value.error().where, "gold: test");
}

TEST(Valuation, ADearerPriceNeverLowersAnAmount) {
  double before = 0;
  for (const double price : {10.0, 20.0, 40.0}) {
    const auto valuer = Valuer::make(
        {{"a", price / 2, price, price * 2, false}, fixed("life.server", 6)}, settings(5, 0.08));
    const double total = yuan(valuer->value(Bill{{line("a", Timing::kHardware, 4)}})->total().mid);
    EXPECT_GT(total, before);
    before = total;
  }
}

}  // namespace
}  // namespace govchain::models
