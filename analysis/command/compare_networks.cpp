// govchain compare-networks SCENARIO

#include "analysis/experiments/compare_networks.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/simulate_options.h"
#include "analysis/report/report.h"

namespace govchain::analysis {

namespace {

using consensus::Error;
using consensus::ErrorCode;

std::optional<std::vector<NetworkCase>> cases_of(const SimulateOptions& options,
                                                 CommandContext& context) {
  if (options.network) {
    fail(context,
         {ErrorCode::kInvalid, "has no effect here: every model is simulated", "--network"},
         kExitUsage);
    return std::nullopt;
  }
  // Warnings are told once.
  const std::optional<scenarios::Scenario> as_it_stands = load_with_options(options, context);
  if (!as_it_stands) return std::nullopt;
  if (as_it_stands->kind != scenarios::ScenarioKind::kConsensus) {
    fail(context,
         {ErrorCode::kInvalid,
          "is a plan of a nation, not one simulated world; did you mean govchain plan?",
          options.scenario},
         kExitUsage);
    return std::nullopt;
  }
  std::vector<NetworkCase> cases;
  for (const std::string& network : network_models()) {
    SimulateOptions simulate = options;
    simulate.network = network;
    simulate.quiet = true;
    std::optional<scenarios::Scenario> scenario = load_with_options(simulate, context);
    if (!scenario) return std::nullopt;
    cases.push_back({network, *std::move(scenario)});
  }
  return cases;
}

void run(const SimulateOptions& options, CommandContext& context) {
  const std::optional<std::vector<NetworkCase>> cases = cases_of(options, context);
  if (!cases) return;
  const NetworksRequest request{threads_of(options), context.stop};
  const consensus::Result<NetworkComparison> comparison = compare_networks(*cases, request);
  if (!comparison) {
    if (context.stop->load()) {
      return fail(context, {ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, comparison.error(), exit_code_for(comparison.error()));
  }
  const std::string json = networks_json(*comparison, command_line(context));
  const std::string folder =
      options.out.empty() ? "out/networks-" + comparison->scenario : options.out;
  consensus::Status written = write_atomically(folder + "/index.html", render_report(json));
  if (written) written = write_atomically(folder + "/result.json", json);
  if (!written) return fail(context, written.error(), kExitFailed);
  if (options.json) {
    std::cout << json;
  } else {
    std::cout << networks_text(*comparison);
    std::cout << "report " << folder << "/index.html   data " << folder << "/result.json\n";
  }
  for (const NetworkFigures& one : comparison->networks) {
    if (one.violations > 0) context.exit_code = kExitViolation;
  }
}

}  // namespace

void add_compare_networks_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = program.add_subcommand(
      "compare-networks", "one scenario on every network model, beside the closed form");
  command->footer(
      "  govchain compare-networks scenarios/consensus/pbft-wan.json\n"
      "  govchain compare-networks my.json --set /chains/0/load/payload_bytes=16384 --json");
  add_simulate_options(*command, *options);
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace govchain::analysis
