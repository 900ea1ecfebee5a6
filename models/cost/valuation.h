#pragma once
// Prices a bill: present value over the horizon, in real money of the base year, for one or many
// draws of the prices.
//
// Draws: each price is drawn from the triangular distribution on [low, high] with mode mid, by
// inversion (a square root is the only function it needs, so the bytes agree on every machine),
// with common random numbers: draw d of price p depends on (seed, d, p) only. So the difference of
// two bills in one draw uses the same prices, and one more price in one bill does not shift the
// others. `mid` of any amount is the mean over the draws, so that parts add up to sums; `low` and
// `high` are the 5 % and 95 % quantiles.
//
// Time: what is bought at the start is paid at time 0; yearly amounts are paid in the middle of
// their year; hardware is bought again at the end of its life, and what is left of its life at the
// horizon is credited in the last year, straight line down to the residual share. Stock that exists
// is sunk: neither its purchase nor its remaining value counts, only its replacement. Discounting:
// (1 + rate)^-t, between whole years by straight line.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "models/cost/bill.h"
#include "models/cost/money.h"
#include "models/cost/price.h"

namespace govchain::models {

struct ValuationSettings {
  int years = 5;
  BasePrice discount_rate;  // per year; drawn like a price
  uint64_t seed = 1;
  uint32_t draws = 2'000;
  // Ids (or prefixes ending in '.') of what is drawn; everything if empty, nothing if {"none"}:
  // then every draw is mid.
  std::vector<std::string> uncertain;
};

struct Range {
  Money low;   // 5 % quantile of the draws
  Money mid;   // mean of the draws
  Money high;  // 95 % quantile
};

// All amounts of one bill, draw by draw. Rows are draws.
class Valuation {
 public:
  [[nodiscard]] Range total() const;
  [[nodiscard]] std::vector<Range> by_year()
      const;  // one per year of the horizon; year 1 holds the initial purchases
  struct Part {
    std::string id;
    Range amount;
    double judgement_share = 0;  // of mid: how much rests on prices marked as judgement
  };
  [[nodiscard]] std::vector<Part> by_category() const;
  [[nodiscard]] std::vector<Part> by_place() const;
  [[nodiscard]] std::vector<Part> by_level() const;
  [[nodiscard]] double judgement_share() const;
  [[nodiscard]] const std::vector<double>& draws() const { return totals_; }  // yuan

 private:
  friend class Valuer;
  struct Series {
    std::string id;
    std::vector<double> draws;
    double judgement = 0;  // mean yuan that rest on judgement
  };
  // Takes one line's amounts, draw by draw, to everything that they add up in.
  struct LineSink {
    Valuation& valuation;
    Series& category;
    Series& place;
    Series& level;
    bool judgement = false;
    void add(uint32_t draw, const std::vector<double>& amounts);  // yuan by year
  };
  void prepare(size_t years, uint32_t draws);
  LineSink line(const BillLine& line, bool judgement);
  void finish();
  Series& series(std::vector<Series>& all, const std::string& id);
  static std::vector<Part> parts(const std::vector<Series>& all);

  std::vector<double> totals_;
  std::vector<Series> years_;
  std::vector<Series> categories_;
  std::vector<Series> places_;
  std::vector<Series> levels_;
  double judgement_ = 0;
};

// Range of (a - b), draw by draw.
[[nodiscard]] Range difference(const Valuation& a, const Valuation& b);
[[nodiscard]] Range range_of(std::vector<double> draws);
[[nodiscard]] std::vector<double> subtract(const std::vector<double>& a,
                                           const std::vector<double>& b);
// In which share of the draws `a` costs less than `b`.
[[nodiscard]] double share_cheaper(const Valuation& a, const Valuation& b);

// How much of the variance of `draws` goes along with each price: squared rank correlation,
// descending. Which input decides, without another run.
struct Influence {
  std::string price;
  double share = 0;        // of the variance, 0..1
  double low_amount = 0;   // mean amount in the tenth of the draws where the price is lowest, yuan
  double high_amount = 0;  // … where it is highest
};

class Valuer {
 public:
  // Errors: kInvalid if a price is unusable.
  static consensus::Result<Valuer> make(std::vector<BasePrice> prices, ValuationSettings settings);
  // Errors: kNotFound if a line names a price that there is none of (with the line's basis in
  // `where`).
  [[nodiscard]] consensus::Result<Valuation> value(const Bill& bill) const;
  [[nodiscard]] std::vector<Influence> influences(const std::vector<double>& draws) const;
  // The drawn values of one price; empty if there is no such price.
  [[nodiscard]] std::vector<double> draws_of(const std::string& price) const;

 private:
  Valuer() = default;
  [[nodiscard]] const std::vector<double>* column(const std::string& price) const;
  [[nodiscard]] bool judgement(const std::string& price) const;
  // Present value of one yuan per unit: [draw * years + year].
  using Flow = std::vector<double>;
  void prepare_flows();
  [[nodiscard]] Flow hardware_flow(std::optional<double> age) const;
  std::vector<BasePrice> prices_;           // ascending by id
  std::vector<std::vector<double>> drawn_;  // [price][draw]
  std::vector<double> discount_;            // per draw
  std::vector<double> life_;                // of servers, per draw, years
  std::vector<double> residual_;
  std::array<Flow, 3> flows_;  // by Timing
  ValuationSettings settings_;
};

}  // namespace govchain::models
