#pragma once
// How a campaign measures: processes on this machine, or the simulator.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "analysis/validate/campaign.h"

namespace govchain::analysis::validate {

struct LiveMeasure {
  std::string profile;  // as the command was given it; the load's process reads the scenario too
  const std::atomic<bool>* stop = nullptr;
  std::function<void(const char* stage)> progress;
  // How delays were made in any run.
  std::string links = "direct";
};

// A live run of the scenario, each transaction submitted alone: a simulated payload is one
// transaction. Errors: those of run_live, and kCorrupt of a run that broke a rule, with what the
// processes left kept. `state` must live as long as what is returned.
[[nodiscard]] Measure measure_live(LiveMeasure& state);
// One simulation. Errors: those of run_scenario, and kCorrupt if a rule was broken.
[[nodiscard]] Measure measure_simulated(const std::atomic<bool>* stop);

}  // namespace govchain::analysis::validate
