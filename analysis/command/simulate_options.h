#pragma once
// Options that every simulating command takes, and what they do to a scenario.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/command/command.h"
#include "scenarios/scenario.h"

namespace govchain::analysis {

struct SimulateOptions {
  std::string scenario;  // file
  std::optional<std::string> seed;
  std::vector<std::string> overrides;  // POINTER=VALUE
  uint32_t threads = 0;                // 0: as many as the machine has
  std::optional<std::string> network;
  std::optional<std::string> crypto;
  std::optional<std::string> load;
  std::string profile;
  std::string trace;
  std::string out;  // empty: out/<id of the scenario>
  bool json = false;
  bool quiet = false;
};

// Adds SCENARIO and the options; `options` must live as long as the command.
void add_simulate_options(CLI::App& command, SimulateOptions& options);

// The scenario with the options applied, its warnings printed (unless quiet). On an error it is
// printed, the exit code set, and nothing returned.
[[nodiscard]] std::optional<scenarios::Scenario> load_with_options(const SimulateOptions& options,
                                                                   CommandContext& context);

[[nodiscard]] uint32_t threads_of(const SimulateOptions& options);
[[nodiscard]] std::string output_folder(const SimulateOptions& options,
                                        const scenarios::Scenario& scenario);

}  // namespace govchain::analysis
