#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "models/cost/valuation.h"
#include "sim/random.h"

namespace govchain::models {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

// FNV-1a: gives each price a random stream of its own that depends on its name only.
uint64_t stream_of(const std::string& id) {
  uint64_t value = 0xCBF29CE484222325U;
  for (const char character : id) {
    value = (value ^ static_cast<uint8_t>(character)) * 0x100000001B3U;
  }
  return value;
}

// Inverse of the triangular distribution function. std::sqrt is exact to the last bit everywhere
// (IEEE 754).
double triangular(const BasePrice& price, double uniform) {
  const double width = price.high - price.low;
  if (width <= 0) return price.mid;
  const double left = price.mid - price.low;
  if (uniform * width < left) return price.low + std::sqrt(uniform * width * left);
  return price.high - std::sqrt((1 - uniform) * width * (price.high - price.mid));
}

bool is_uncertain(const std::string& id, const std::vector<std::string>& uncertain) {
  if (uncertain.empty()) return true;
  return std::any_of(uncertain.begin(), uncertain.end(), [&](const std::string& name) {
    return name == id || (!name.empty() && name.back() == '.' && id.starts_with(name));
  });
}

std::vector<double> draw(const BasePrice& price, const ValuationSettings& settings) {
  if (!is_uncertain(price.id, settings.uncertain)) {
    return std::vector<double>(settings.draws, price.mid);
  }
  sim::RandomStream stream(settings.seed, sim::RandomPurpose::kExperiment, stream_of(price.id));
  std::vector<double> values(settings.draws);
  for (double& value : values) value = triangular(price, stream.uniform());
  return values;
}

// (1 + rate)^-t for whole and, by straight line between them, other t.
double discount(double rate, double time) {
  double factor = 1;
  double whole = 0;
  for (; whole + 1 <= time; whole += 1) factor /= 1 + rate;
  return factor * (1 - (time - whole) * rate / (1 + rate));
}

// Present values of one unit by year, for one draw.
struct Payments {
  std::span<double> years;
  double rate;
  double horizon;

  void pay(double time, double amount) {
    const size_t year = std::min(static_cast<size_t>(time), years.size() - 1);
    years[year] += amount * discount(rate, time);
  }
};

// One unit bought whenever the old one ends, from `first` on, with what remains at the horizon
// credited.
void renew(Payments& payments, double first, double life, double residual) {
  double bought = first;
  bool any = false;
  for (; bought < payments.horizon; bought += life) {
    payments.pay(bought, 1);
    any = true;
  }
  if (!any) return;
  const double age = payments.horizon - (bought - life);
  const double left = std::max(0.0, 1 - age / life);
  payments.pay(payments.horizon, -(residual + (1 - residual) * left));
}

}  // namespace

Result<Valuer> Valuer::make(std::vector<BasePrice> prices, ValuationSettings settings) {
  if (settings.years < 1 || settings.years > 50) {
    return Error{ErrorCode::kInvalid, "years must be 1 to 50", "/years"};
  }
  if (settings.draws < 1) return Error{ErrorCode::kInvalid, "at least one draw", "draws"};
  std::sort(prices.begin(), prices.end(),
            [](const BasePrice& a, const BasePrice& b) { return a.id < b.id; });
  for (size_t i = 0; i < prices.size(); ++i) {
    const BasePrice& price = prices[i];
    if (price.low > price.mid || price.mid > price.high) {
      return Error{
          ErrorCode::kInvalid, "price of " + price.id + ": low, mid and high must ascend", {}};
    }
    if (i > 0 && prices[i - 1].id == price.id) {
      return Error{ErrorCode::kInvalid, "two prices are called " + price.id, {}};
    }
  }
  Valuer valuer;
  valuer.prices_ = std::move(prices);
  valuer.settings_ = std::move(settings);
  for (const BasePrice& price : valuer.prices_)
    valuer.drawn_.push_back(draw(price, valuer.settings_));
  valuer.discount_ = draw(valuer.settings_.discount_rate, valuer.settings_);
  const auto column_or = [&](const char* id, double fallback) {
    const std::vector<double>* found = valuer.column(id);
    return found != nullptr ? *found : std::vector<double>(valuer.settings_.draws, fallback);
  };
  if (valuer.column("life.server") == nullptr) {
    return Error{ErrorCode::kNotFound, "no price life.server: the life of hardware is needed", {}};
  }
  valuer.life_ = column_or("life.server", 0);
  valuer.residual_ = column_or("life.residual", 0);
  for (const double life : valuer.life_) {
    if (life < 0.25)
      return Error{ErrorCode::kInvalid, "life.server is below a quarter of a year", {}};
  }
  valuer.prepare_flows();
  return valuer;
}

const std::vector<double>* Valuer::column(const std::string& price) const {
  const auto found =
      std::lower_bound(prices_.begin(), prices_.end(), price,
                       [](const BasePrice& a, const std::string& id) { return a.id < id; });
  if (found == prices_.end() || found->id != price) return nullptr;
  return &drawn_[static_cast<size_t>(found - prices_.begin())];
}

std::vector<double> Valuer::draws_of(const std::string& price) const {
  const std::vector<double>* found = column(price);
  return found != nullptr ? *found : std::vector<double>{};
}

Result<Valuation> Valuer::value(const Bill& bill) const {
  const auto years = static_cast<size_t>(settings_.years);
  Valuation valuation;
  valuation.prepare(years, settings_.draws);
  // Ages of existing stock are few: the flow of each is worked out once.
  std::map<double, Flow> replacements;
  std::vector<double> amounts(years);
  for (const BillLine& line : bill.lines) {
    const std::vector<double>* price = column(line.item);
    const std::vector<double>* share = line.share.empty() ? nullptr : column(line.share);
    const std::string& absent = price == nullptr ? line.item : line.share;
    if (price == nullptr || (share == nullptr && !line.share.empty())) {
      return Error{ErrorCode::kNotFound, "no price " + absent, line.category + ": " + line.basis};
    }
    const bool hardware = line.timing == Timing::kHardware;
    const double kept = hardware ? std::min(line.existing, line.quantity) : 0;
    const Flow* replacement = nullptr;
    if (kept > 0) {
      const double age = line.existing_age_years;
      replacement = &replacements.try_emplace(age, hardware_flow(age)).first->second;
    }
    const Flow& flow = flows_[static_cast<size_t>(line.timing)];
    Valuation::LineSink sink = valuation.line(line, judgement(line.item) || judgement(line.share));
    for (uint32_t d = 0; d < settings_.draws; ++d) {
      const double each = (*price)[d] * (share != nullptr ? (*share)[d] : 1.0);
      for (size_t year = 0; year < years; ++year) {
        amounts[year] = (line.quantity - kept) * each * flow[d * years + year];
        if (replacement != nullptr) amounts[year] += kept * each * (*replacement)[d * years + year];
      }
      sink.add(d, amounts);
    }
  }
  valuation.finish();
  return valuation;
}

bool Valuer::judgement(const std::string& price) const {
  return std::any_of(prices_.begin(), prices_.end(),
                     [&](const BasePrice& p) { return p.id == price && p.judgement; });
}

void Valuer::prepare_flows() {
  const auto years = static_cast<size_t>(settings_.years);
  Flow once(settings_.draws * years, 0.0);
  Flow yearly(settings_.draws * years, 0.0);
  for (uint32_t d = 0; d < settings_.draws; ++d) {
    once[d * years] = 1;
    for (size_t year = 0; year < years; ++year) {
      yearly[d * years + year] = discount(discount_[d], static_cast<double>(year) + 0.5);
    }
  }
  flows_[static_cast<size_t>(Timing::kHardware)] = hardware_flow(std::nullopt);
  flows_[static_cast<size_t>(Timing::kOnce)] = std::move(once);
  flows_[static_cast<size_t>(Timing::kYearly)] = std::move(yearly);
}

// Without an age: bought at the start. With one: there already, and bought when what is there ends.
Valuer::Flow Valuer::hardware_flow(std::optional<double> age) const {
  const auto years = static_cast<size_t>(settings_.years);
  Flow flow(settings_.draws * years, 0.0);
  for (uint32_t d = 0; d < settings_.draws; ++d) {
    const double first = age ? std::max(0.0, life_[d] - *age) : 0.0;
    Payments payments{std::span(flow).subspan(d * years, years), discount_[d],
                      static_cast<double>(years)};
    renew(payments, first, life_[d], residual_[d]);
  }
  return flow;
}

namespace {

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  std::vector<double> result(values.size());
  for (size_t rank = 0; rank < order.size(); ++rank)
    result[order[rank]] = static_cast<double>(rank);
  return result;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  const double mean = (n - 1) / 2;  // of ranks
  double product = 0;
  double square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    product += (a[i] - mean) * (b[i] - mean);
    square += (a[i] - mean) * (a[i] - mean);
  }
  return square > 0 ? product / square : 0;
}

// Means of `amounts` over the tenth of the draws where `driver` is lowest and where it is highest.
std::pair<double, double> tails(const std::vector<double>& driver_ranks,
                                const std::vector<double>& amounts) {
  const auto n = static_cast<double>(amounts.size());
  double low = 0;
  double low_count = 0;
  double high = 0;
  double high_count = 0;
  for (size_t i = 0; i < amounts.size(); ++i) {
    if (driver_ranks[i] < n / 10) {
      low += amounts[i];
      low_count += 1;
    } else if (driver_ranks[i] >= n - n / 10) {
      high += amounts[i];
      high_count += 1;
    }
  }
  return {low_count > 0 ? low / low_count : 0, high_count > 0 ? high / high_count : 0};
}

}  // namespace

std::vector<Influence> Valuer::influences(const std::vector<double>& draws) const {
  std::vector<Influence> result;
  if (draws.size() != settings_.draws || draws.size() < 10) return result;
  const std::vector<double> amount_ranks = ranks(draws);
  double total = 0;
  const auto consider = [&](const std::string& id, const std::vector<double>& values) {
    if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; })) return;
    const std::vector<double> price_ranks = ranks(values);
    const double rho = correlation(price_ranks, amount_ranks);
    const auto [low, high] = tails(price_ranks, draws);
    result.push_back(Influence{id, rho * rho, low, high});
    total += rho * rho;
  };
  for (size_t i = 0; i < prices_.size(); ++i) consider(prices_[i].id, drawn_[i]);
  consider("discount_rate", discount_);
  for (Influence& influence : result) influence.share = total > 0 ? influence.share / total : 0;
  std::sort(result.begin(), result.end(), [](const Influence& a, const Influence& b) {
    return a.share != b.share ? a.share > b.share : a.price < b.price;
  });
  return result;
}

}  // namespace govchain::models
