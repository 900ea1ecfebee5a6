#pragma once
// Live beside simulated, cell by cell.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "analysis/validate/score.h"
#include "consensus/result.h"
#include "scenarios/scenario.h"

namespace govchain::analysis::validate {

// What one run of a scenario gave.
using Measure = std::function<consensus::Result<Figures>(const scenarios::Scenario& scenario)>;

// Medians, least and most of several runs that had the same load (not empty): of those on a quiet
// machine, if there are any.
struct Repeated {
  uint32_t runs = 0;  // that count
  Figures median;
  Figures least;
  Figures most;
};
[[nodiscard]] Repeated summarise(std::vector<Figures> runs);

struct CampaignRequest {
  std::vector<Configuration> design;
  // The scenario that a configuration is laid over, and how it is loaded; its profile is the
  // calibrated machine.
  std::function<std::string(const Configuration&)> scenario_of;
  scenarios::LoadOptions load;
  std::string free_profile;  // file of the machine without costs
  Measure live;
  Measure simulate;
  // Live runs of each cell; while the search for saturation doubles the rate there is one.
  uint32_t repetitions = 1;
  std::vector<LoadLevel> levels{std::begin(kLoadLevels), std::end(kLoadLevels)};
  size_t most_cells = SIZE_MAX;  // so many, and the campaign ends well
  // Cells of an earlier campaign on this machine: what was measured live is not measured again.
  std::vector<Cell> measured;
  double first_rate = 250;    // transactions per second with which the search for saturation begins
  double highest_rate = 1e6;  // where it gives up
  const std::atomic<bool>* stop = nullptr;
  // Before each live run: cells done, cells in all, what is measured now.
  std::function<void(size_t done, size_t all, const std::string& now)> progress;
  // After each cell, so that what was measured is not lost with the rest.
  std::function<consensus::Status(const std::vector<Cell>& so_far)> keep;
};

// Of a configuration the saturated cell comes first: the rate is doubled until the chain no longer
// keeps up, simulated (which costs little) and then live, where it may have to go on. The other
// cells are offered their share of what was then committed live. Errors: of a scenario that does
// not load, of a run, kExhausted if stopped.
[[nodiscard]] consensus::Result<std::vector<Cell>> run_campaign(const CampaignRequest& request);

// Each scenario under its own load: a cell each, in the order given. `request.design` and
// `request.scenario_of` do not count.
[[nodiscard]] consensus::Result<std::vector<Cell>> run_scenarios(
    const CampaignRequest& request, const std::vector<std::string>& paths);

}  // namespace govchain::analysis::validate
