#include "analysis/validate/campaign.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "consensus/assert.h"

namespace govchain::analysis::validate {

namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

// Live runs for each repetition that is asked for, at most.
constexpr size_t kMostTries = 3;

// Of the measured window, by all loads.
double offered_by(const sim::WorldSpec& world) {
  double transactions = 0;
  for (const sim::LoadSpec& load : world.loads) {
    const Duration end = std::min(load.until, world.duration);
    for (size_t i = 0; i < load.rate.size(); ++i) {
      const Duration from = std::max(load.rate[i].from, world.warmup);
      const Duration until = i + 1 < load.rate.size() ? std::min(load.rate[i + 1].from, end) : end;
      if (until > from) transactions += load.rate[i].per_second * (until - from).to_seconds();
    }
  }
  return transactions / (world.duration - world.warmup).to_seconds();
}

class Campaign {
 public:
  explicit Campaign(const CampaignRequest& request) : request_(request) {}

  Result<std::vector<Cell>> run_design() {
    all_ = std::min(request_.design.size() * request_.levels.size(), request_.most_cells);
    for (const Configuration& configuration : request_.design) {
      if (is_full()) break;
      const Result<double> saturation = measure_saturation(configuration);
      if (!saturation) return explain(describe(configuration), saturation.error());
      for (const LoadLevel level : request_.levels) {
        if (level == LoadLevel::kSaturation || is_full()) continue;
        const Status measured = measure_level(configuration, level, share_of(level) * *saturation);
        if (!measured) return explain(describe(configuration), measured.error());
      }
    }
    return std::move(cells_);
  }

  Result<std::vector<Cell>> run_scenarios(const std::vector<std::string>& paths) {
    all_ = std::min(paths.size(), request_.most_cells);
    for (const std::string& path : paths) {
      if (is_full()) break;
      const Status measured = measure_scenario(path);
      if (!measured) return explain(path, measured.error());
    }
    return std::move(cells_);
  }

 private:
  // A scenario, on the machine that was calibrated and on one without costs.
  struct Situation {
    scenarios::Scenario calibrated;
    scenarios::Scenario free;
  };

  [[nodiscard]] static Error explain(const std::string& what, const Error& error) {
    return {error.code, what + ": " + error.message, error.where};
  }
  [[nodiscard]] bool is_full() const { return cells_.size() >= request_.most_cells; }

  [[nodiscard]] Result<Situation> load(const std::string& path,
                                       const std::vector<std::string>& overrides) const {
    scenarios::LoadOptions options = request_.load;
    options.overrides.insert(options.overrides.end(), overrides.begin(), overrides.end());
    Result<scenarios::Scenario> calibrated = scenarios::load_scenario(path, options);
    if (!calibrated) return calibrated.error();
    options.profile = request_.free_profile;
    Result<scenarios::Scenario> free = scenarios::load_scenario(path, options);
    if (!free) return free.error();
    return Situation{*std::move(calibrated), *std::move(free)};
  }
  [[nodiscard]] Result<Situation> load(const Configuration& configuration, double rate) const {
    std::vector<std::string> overrides = overrides_of(configuration);
    overrides.push_back(fmt::format("/chains/0/load/rate_per_second={:.6g}", rate));
    return load(request_.scenario_of(configuration), overrides);
  }

  [[nodiscard]] Result<Figures> measure(const Measure& how,
                                        const scenarios::Scenario& scenario) const {
    if (request_.stop != nullptr && request_.stop->load()) {
      return Error{ErrorCode::kExhausted, "stopped", {}};
    }
    return how(scenario);
  }
  [[nodiscard]] Result<Figures> measure(const Measure& how, const Configuration& configuration,
                                        double rate) const {
    const Result<Situation> situation = load(configuration, rate);
    if (!situation) return situation.error();
    return measure(how, situation->calibrated);
  }

  // Live and simulated, as often as is asked for; `first` was measured already.
  [[nodiscard]] Status fill(Cell& cell, const Situation& situation,
                            std::optional<Figures> first = std::nullopt) {
    const Cell* const known = find_measured(cell);
    if (known != nullptr) {
      cell.live = known->live;
      cell.live_least = known->live_least;
      cell.live_most = known->live_most;
      cell.repetitions = known->repetitions;
    } else {
      std::vector<Figures> runs;
      if (first) runs.push_back(*first);
      const uint32_t wanted = std::max(request_.repetitions, 1U);
      const auto quiet = [&runs] { return std::count_if(runs.begin(), runs.end(), was_quiet); };
      // What others disturb is done again, but not for ever.
      while (quiet() < wanted && runs.size() < size_t{wanted} * kMostTries) {
        const Result<Figures> live = measure(request_.live, situation.calibrated);
        if (!live) return live.error();
        runs.push_back(*live);
      }
      const Repeated repeated = summarise(std::move(runs));
      cell.repetitions = repeated.runs;
      cell.live = repeated.median;
      cell.live_least = repeated.least;
      cell.live_most = repeated.most;
    }
    const Result<Figures> simulated = measure(request_.simulate, situation.calibrated);
    if (!simulated) return simulated.error();
    cell.simulated = *simulated;
    return consensus::success();
  }
  // On a machine without costs nothing is ever overloaded, so it gets what was committed live.
  [[nodiscard]] Status fill_free(Cell& cell, const scenarios::Scenario& free) {
    const Result<Figures> figures = measure(request_.simulate, free);
    if (!figures) return figures.error();
    cell.free = *figures;
    return consensus::success();
  }

  [[nodiscard]] const Cell* find_measured(const Cell& wanted) const {
    constexpr double kSameRate = 1e-5;  // a rate is written with six digits
    for (const Cell& cell : request_.measured) {
      const bool same = cell.name == wanted.name && cell.level == wanted.level;
      if (!same) continue;
      if (wanted.level == LoadLevel::kSaturation) return &cell;
      if (std::abs(cell.offered - wanted.offered) <= kSameRate * wanted.offered) return &cell;
    }
    return nullptr;
  }

  void tell(const std::string& name, LoadLevel level) const {
    if (request_.progress) {
      request_.progress(cells_.size(), all_, name + ", " + name_of(level));
    }
  }
  [[nodiscard]] Status keep(Cell cell) {
    cells_.push_back(std::move(cell));
    return request_.keep ? request_.keep(cells_) : consensus::success();
  }

  // The rate at which the simulated chain, and from there on the live one, does not keep up;
  // `live` is what the last live run gave.
  [[nodiscard]] Status search(const Configuration& configuration, double& rate, Figures& live) {
    rate = request_.first_rate;
    for (const Measure* how : {&request_.simulate, &request_.live}) {
      while (true) {
        const Result<Figures> measured = measure(*how, configuration, rate);
        if (!measured) return measured.error();
        live = *measured;
        if (is_saturated(rate, live)) break;
        rate *= 2;
        if (rate > request_.highest_rate) {
          return Error{ErrorCode::kUnsupported,
                       "keeps up with any load: nothing limits it that could be compared",
                       {}};
        }
      }
    }
    return consensus::success();
  }

  [[nodiscard]] Result<double> measure_saturation(const Configuration& configuration) {
    Cell cell;
    cell.name = describe(configuration);
    cell.configuration = configuration;
    cell.level = LoadLevel::kSaturation;
    tell(cell.name, cell.level);
    std::optional<Figures> first;
    if (const Cell* const known = find_measured(cell)) {
      cell.offered = known->offered;
    } else {
      first.emplace();
      if (Status found = search(configuration, cell.offered, *first); !found) return found.error();
    }
    const Result<Situation> situation = load(configuration, cell.offered);
    if (!situation) return situation.error();
    if (Status filled = fill(cell, *situation, first); !filled) return filled.error();
    const double saturation = cell.live.throughput;
    if (saturation <= 0) {
      return Error{ErrorCode::kUnsupported, "committed nothing live under overload", {}};
    }
    const Result<Situation> kept_up = load(configuration, saturation);
    if (!kept_up) return kept_up.error();
    if (Status filled = fill_free(cell, kept_up->free); !filled) return filled.error();
    if (Status kept = keep(std::move(cell)); !kept) return kept.error();
    return saturation;
  }

  [[nodiscard]] Status measure_level(const Configuration& configuration, LoadLevel level,
                                     double rate) {
    Cell cell;
    cell.name = describe(configuration);
    cell.configuration = configuration;
    cell.level = level;
    cell.offered = rate;
    tell(cell.name, level);
    const Result<Situation> situation = load(configuration, rate);
    if (!situation) return situation.error();
    if (Status filled = fill(cell, *situation); !filled) return filled;
    if (Status filled = fill_free(cell, situation->free); !filled) return filled;
    return keep(std::move(cell));
  }

  [[nodiscard]] Status measure_scenario(const std::string& path) {
    const Result<Situation> situation = load(path, {"/chains/0/one_machine=true"});
    if (!situation) return situation.error();
    const sim::WorldSpec& world = situation->calibrated.world;
    if (situation->calibrated.kind != scenarios::ScenarioKind::kConsensus) {
      return Error{ErrorCode::kInvalid, "is a plan of a nation, not one chain", {}};
    }
    Cell cell;
    cell.name = situation->calibrated.id;
    cell.configuration.protocol = world.chains.front().protocol;
    cell.configuration.replicas = static_cast<uint32_t>(world.chains.front().replicas.size());
    cell.configuration.signature = world.chains.front().scheme;
    cell.level = LoadLevel::kAsGiven;
    cell.offered = offered_by(world);
    tell(cell.name, cell.level);
    if (Status filled = fill(cell, *situation); !filled) return filled;
    if (Status filled = fill_free(cell, situation->free); !filled) return filled;
    return keep(std::move(cell));
  }

  const CampaignRequest& request_;
  size_t all_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace

Repeated summarise(std::vector<Figures> runs) {
  GOVCHAIN_ASSERT(!runs.empty());
  // Runs that others disturbed count only where there is no other.
  if (std::any_of(runs.begin(), runs.end(), was_quiet)) {
    std::erase_if(runs, [](const Figures& one) { return !was_quiet(one); });
  }
  Repeated repeated;
  repeated.runs = static_cast<uint32_t>(runs.size());
  const auto each = [&]<typename Value>(Value Figures::*member) {
    std::vector<Value> values;
    for (const Figures& one : runs) values.push_back(one.*member);
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    repeated.least.*member = values.front();
    repeated.most.*member = values.back();
    repeated.median.*member = values.size() % 2 == 1
                                  ? values[middle]
                                  : values[middle - 1] + (values[middle] - values[middle - 1]) / 2;
  };
  each(&Figures::throughput);
  each(&Figures::p50);
  each(&Figures::p99);
  each(&Figures::load_made);
  each(&Figures::processor);
  each(&Figures::blocks_per_second);
  each(&Figures::others);
  return repeated;
}

Result<std::vector<Cell>> run_campaign(const CampaignRequest& request) {
  return Campaign(request).run_design();
}

Result<std::vector<Cell>> run_scenarios(const CampaignRequest& request,
                                        const std::vector<std::string>& paths) {
  return Campaign(request).run_scenarios(paths);
}

}  // namespace govchain::analysis::validate
