#include "models/cost/valuation.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::models {

namespace {

double mean(const std::vector<double>& draws) {
  double sum = 0;
  for (const double value : draws) sum += value;
  return draws.empty() ? 0 : sum / static_cast<double>(draws.size());
}

// Linear interpolation between order statistics (Hyndman and Fan's type 7).
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double share_of(double part, double whole) { return whole != 0 ? part / whole : 0; }

}  // namespace

Range range_of(std::vector<double> draws) {
  Range range;
  if (draws.empty()) return range;
  range.mid = Money::from_yuan(mean(draws));
  std::sort(draws.begin(), draws.end());
  range.low = Money::from_yuan(quantile(draws, 0.05));
  range.high = Money::from_yuan(quantile(draws, 0.95));
  return range;
}

std::vector<double> subtract(const std::vector<double>& a, const std::vector<double>& b) {
  GOVCHAIN_ASSERT(a.size() == b.size());
  std::vector<double> result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}

Range difference(const Valuation& a, const Valuation& b) {
  return range_of(subtract(a.draws(), b.draws()));
}

double share_cheaper(const Valuation& a, const Valuation& b) {
  GOVCHAIN_ASSERT(a.draws().size() == b.draws().size());
  double cheaper = 0;
  for (size_t i = 0; i < a.draws().size(); ++i) cheaper += a.draws()[i] < b.draws()[i] ? 1 : 0;
  return share_of(cheaper, static_cast<double>(a.draws().size()));
}

void Valuation::prepare(size_t years, uint32_t draws) {
  totals_.assign(draws, 0.0);
  years_.resize(years);
  for (size_t year = 0; year < years; ++year) {
    years_[year].id = std::to_string(year + 1);
    years_[year].draws.assign(draws, 0.0);
  }
}

Valuation::Series& Valuation::series(std::vector<Series>& all, const std::string& id) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Series& s) { return s.id == id; });
  if (found != all.end()) return *found;
  all.push_back(Series{id, std::vector<double>(totals_.size(), 0.0), 0});
  return all.back();
}

Valuation::LineSink Valuation::line(const BillLine& line, bool judgement) {
  static constexpr const char* kLevels[] = {"national", "provincial", "county", "public"};
  // Looked up one after the other: each may add an element to its own vector only.
  Series& category = series(categories_, line.category);
  Series& place = series(places_, line.place);
  Series& level = series(levels_, kLevels[static_cast<size_t>(line.level)]);
  return LineSink{*this, category, place, level, judgement};
}

void Valuation::LineSink::add(uint32_t draw, const std::vector<double>& amounts) {
  double sum = 0;
  for (size_t year = 0; year < amounts.size(); ++year) {
    valuation.years_[year].draws[draw] += amounts[year];
    sum += amounts[year];
  }
  valuation.totals_[draw] += sum;
  category.draws[draw] += sum;
  place.draws[draw] += sum;
  level.draws[draw] += sum;
  if (judgement) {
    const double part = sum / static_cast<double>(valuation.totals_.size());
    valuation.judgement_ += part;
    category.judgement += part;
    place.judgement += part;
    level.judgement += part;
  }
}

void Valuation::finish() {
  const auto by_id = [](const Series& a, const Series& b) { return a.id < b.id; };
  std::sort(categories_.begin(), categories_.end(), by_id);
  std::sort(places_.begin(), places_.end(), by_id);
  std::sort(levels_.begin(), levels_.end(), by_id);
}

Range Valuation::total() const { return range_of(totals_); }

std::vector<Range> Valuation::by_year() const {
  std::vector<Range> result;
  result.reserve(years_.size());
  for (const Series& year : years_) result.push_back(range_of(year.draws));
  return result;
}

std::vector<Valuation::Part> Valuation::parts(const std::vector<Series>& all) {
  std::vector<Part> result;
  result.reserve(all.size());
  for (const Series& one : all) {
    result.push_back(Part{one.id, range_of(one.draws), share_of(one.judgement, mean(one.draws))});
  }
  return result;
}

std::vector<Valuation::Part> Valuation::by_category() const { return parts(categories_); }
std::vector<Valuation::Part> Valuation::by_place() const { return parts(places_); }
std::vector<Valuation::Part> Valuation::by_level() const { return parts(levels_); }
double Valuation::judgement_share() const { return share_of(judgement_, mean(totals_)); }

}  // namespace govchain::models
