#include "analysis/validate/campaign.h"

#include <utility>

#include <fmt/format.h>

namespace govchain::analysis::validate {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

class Campaign {
 public:
  explicit Campaign(const CampaignRequest& request) : request_(request) {}

  Result<std::vector<Cell>> run() {
    for (const Configuration& configuration : request_.design) {
      const Result<double> saturation = measure_saturation(configuration);
      if (!saturation) return explain(configuration, saturation.error());
      for (const LoadLevel level : kLoadLevels) {
        if (level == LoadLevel::kSaturation) continue;
        const Status measured = measure_cell(configuration, level, share_of(level) * *saturation);
        if (!measured) return explain(configuration, measured.error());
      }
    }
    return std::move(cells_);
  }

 private:
  [[nodiscard]] static Error explain(const Configuration& configuration, const Error& error) {
    return {error.code, describe(configuration) + ": " + error.message, error.where};
  }

  [[nodiscard]] Result<scenarios::Scenario> load(const Configuration& configuration, double rate,
                                                 const std::string& profile) const {
    scenarios::LoadOptions options = request_.load;
    for (std::string& one : overrides_of(configuration))
      options.overrides.push_back(std::move(one));
    options.overrides.push_back(fmt::format("/chains/0/load/rate_per_second={:.6g}", rate));
    if (!profile.empty()) options.profile = profile;
    return scenarios::load_scenario(request_.scenario_of(configuration), options);
  }
  [[nodiscard]] Result<Figures> measure(const Measure& how, const Configuration& configuration,
                                        double rate, const std::string& profile = {}) const {
    if (request_.stop != nullptr && request_.stop->load()) {
      return Error{ErrorCode::kExhausted, "stopped", {}};
    }
    const Result<scenarios::Scenario> scenario = load(configuration, rate, profile);
    if (!scenario) return scenario.error();
    return how(*scenario);
  }
  void tell(const Configuration& configuration, LoadLevel level) const {
    if (!request_.progress) return;
    request_.progress(cells_.size(), request_.design.size() * std::size(kLoadLevels),
                      describe(configuration) + ", " + name_of(level));
  }
  [[nodiscard]] Status keep(Cell cell) {
    cells_.push_back(std::move(cell));
    return request_.keep ? request_.keep(cells_) : consensus::success();
  }

  // The rate at which the simulated chain, and from there on the live one, does not keep up.
  [[nodiscard]] Result<double> measure_saturation(const Configuration& configuration) {
    Cell cell;
    cell.name = describe(configuration);
    cell.configuration = configuration;
    cell.level = LoadLevel::kSaturation;
    cell.offered = request_.first_rate;
    for (const Measure* how : {&request_.simulate, &request_.live}) {
      if (how == &request_.live) tell(configuration, LoadLevel::kSaturation);
      Figures& figures = how == &request_.live ? cell.live : cell.simulated;
      while (true) {
        const Result<Figures> measured = measure(*how, configuration, cell.offered);
        if (!measured) return measured.error();
        figures = *measured;
        if (figures.throughput < kKeepsUp * cell.offered) break;
        cell.offered *= 2;
        if (cell.offered > request_.highest_rate) {
          return Error{ErrorCode::kUnsupported,
                       "keeps up with any load: nothing limits it that could be compared",
                       {}};
        }
      }
    }
    // Both at the same offered load: live may have needed more to be saturated.
    const Result<Figures> simulated = measure(request_.simulate, configuration, cell.offered);
    if (!simulated) return simulated.error();
    cell.simulated = *simulated;
    const Result<Figures> free =
        measure(request_.simulate, configuration, cell.live.throughput, request_.free_profile);
    if (!free) return free.error();
    cell.free = *free;
    const double saturation = cell.live.throughput;
    if (saturation <= 0) {
      return Error{ErrorCode::kUnsupported, "committed nothing live under overload", {}};
    }
    const Status kept = keep(std::move(cell));
    if (!kept) return kept.error();
    return saturation;
  }

  [[nodiscard]] Status measure_cell(const Configuration& configuration, LoadLevel level,
                                    double rate) {
    tell(configuration, level);
    Cell cell;
    cell.name = describe(configuration);
    cell.configuration = configuration;
    cell.level = level;
    cell.offered = rate;
    const Result<Figures> live = measure(request_.live, configuration, rate);
    if (!live) return live.error();
    cell.live = *live;
    const Result<Figures> simulated = measure(request_.simulate, configuration, rate);
    if (!simulated) return simulated.error();
    cell.simulated = *simulated;
    const Result<Figures> free =
        measure(request_.simulate, configuration, rate, request_.free_profile);
    if (!free) return free.error();
    cell.free = *free;
    return keep(std::move(cell));
  }

  const CampaignRequest& request_;
  std::vector<Cell> cells_;
};

}  // namespace

Result<std::vector<Cell>> run_campaign(const CampaignRequest& request) {
  return Campaign(request).run();
}

}  // namespace govchain::analysis::validate
