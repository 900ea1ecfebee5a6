#include "analysis/command/simulate_options.h"

#include <algorithm>
#include <iostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "analysis/experiments/objectives.h"
#include "scenarios/diagnostic.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {

namespace {

constexpr uint32_t kMostThreads = 1'024;

// A name out of a few; CLI11's own check would not say which is the nearest.
std::string check_choice(const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return {};
  std::string message = "\"" + scenarios::printable(value) + "\" is none of";
  for (const std::string& one : known) message += " " + one;
  if (const auto nearest = scenarios::nearest_name(value, known)) {
    message += "; did you mean " + *nearest + "?";
  }
  return message;
}

}  // namespace

void add_simulate_options(CLI::App& command, SimulateOptions& options) {
  command.add_option("SCENARIO", options.scenario, "scenario file")->required();
  command.add_option("--seed", options.seed, "of every random stream, instead of the scenario's")
      ->type_name("N");
  command
      .add_option("--set", options.overrides,
                  "change a value of the scenario, by JSON pointer; may be given again")
      ->type_name("POINTER=VALUE")
      ->allow_extra_args(false);
  command.add_option("--threads", options.threads, "default: as many as the machine has")
      ->type_name("N")
      ->check(CLI::Range(1U, kMostThreads));
  command
      .add_option("--network", options.network,
                  "network model: fifo, or SimGrid's: simgrid, simgrid-uncapped, simgrid-lv08")
      ->type_name("NAME")
      ->check([](const std::string& value) {
        return check_choice(value, {"fifo", "simgrid", "simgrid-uncapped", "simgrid-lv08"});
      });
  command.add_option("--crypto", options.crypto, "modelled or real signatures")
      ->type_name("NAME")
      ->check([](const std::string& value) {
        return check_choice(value, {"modelled", "real"});
      });
  command.add_option("--load", options.load, "exact transactions or cohorts")
      ->type_name("NAME")
      ->check([](const std::string& value) {
        return check_choice(value, {"exact", "cohort"});
      });
  command.add_option("--profile", options.profile, "machine profile of every host")
      ->type_name("FILE");
  command.add_option("--trace", options.trace, "write a Chrome trace of the run")
      ->type_name("FILE");
  command.add_option("--out", options.out, "folder for results; default: out/<scenario>")
      ->type_name("DIR");
  command.add_flag("--json", options.json, "print the result as JSON");
  command.add_flag("--quiet", options.quiet, "no progress, no warnings");
}

std::optional<scenarios::Scenario> load_with_options(const SimulateOptions& options,
                                                     CommandContext& context) {
  scenarios::LoadOptions load;
  load.home = context.home;
  load.overrides = options.overrides;
  load.profile = options.profile;
  if (options.seed) load.named.emplace_back("--seed", *options.seed);
  if (options.crypto) load.named.emplace_back("--crypto", *options.crypto);
  if (options.network) load.named.emplace_back("--network", *options.network);
  if (options.load) load.named.emplace_back("--load", *options.load);
  auto scenario = scenarios::load_scenario(options.scenario, load);
  if (!scenario) {
    fail(context, scenario.error(), kExitUsage);
    return std::nullopt;
  }
  if (const auto known = check_objectives(*scenario); !known) {
    fail(context, known.error(), kExitUsage);
    return std::nullopt;
  }
  if (!options.quiet) {
    for (const std::string& warning : scenario->warnings) std::cerr << warning << "\n";
  }
  return *std::move(scenario);
}

uint32_t threads_of(const SimulateOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

std::string output_folder(const SimulateOptions& options, const scenarios::Scenario& scenario) {
  return options.out.empty() ? "out/" + scenario.id : options.out;
}

}  // namespace govchain::analysis
