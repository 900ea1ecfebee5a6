// govchain run SCENARIO

#include "analysis/experiments/run.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"
#include "analysis/command/simulate_options.h"
#include "analysis/command/terminal.h"
#include "analysis/report/report.h"

namespace govchain::analysis {

namespace {

struct Options {
  SimulateOptions simulate;
  uint32_t replications = 1;
  double precision = 0;
};

consensus::Status write_results(const std::string& folder, const std::string& json,
                                const scenarios::Scenario& scenario) {
  consensus::Status done = write_atomically(folder + "/scenario.json", scenario.resolved);
  if (done) done = write_atomically(folder + "/index.html", render_report(json));
  // Last, because it is what says that the run is complete.
  if (done) done = write_atomically(folder + "/result.json", json);
  return done;
}

ExitCode code_of(const RunResult& result) {
  if (!result.violations.empty()) return kExitViolation;
  for (const CheckedObjective& objective : result.objectives) {
    if (!objective.met) return kExitObjective;
  }
  return kExitOk;
}

void run(const Options& options, CommandContext& context) {
  const SimulateOptions& simulate = options.simulate;
  const std::optional<scenarios::Scenario> scenario = load_with_options(simulate, context);
  if (!scenario) return;
  if (scenario->kind != scenarios::ScenarioKind::kConsensus) {
    return fail(context,
                {consensus::ErrorCode::kInvalid,
                 "is a plan of a nation, not one simulated world; did you mean govchain plan?",
                 simulate.scenario},
                kExitUsage);
  }
  if (!simulate.trace.empty()) {
    // Said before the run, not after it.
    const consensus::Status writable = write_atomically(simulate.trace, "");
    if (!writable) return fail(context, writable.error(), kExitFailed);
  }
  Progress progress(scenario->id, simulate.quiet);
  RunRequest request;
  request.replications = options.replications;
  request.precision = options.precision;
  request.threads = threads_of(simulate);
  request.trace_path = simulate.trace;
  request.stop = context.stop;
  request.progress = [&progress](double share, uint64_t events) {
    progress.update(share, events, "events");
  };
  const consensus::Result<RunResult> result = run_scenario(*scenario, request);
  progress.clear();
  if (!result) {
    if (context.stop->load()) {
      return fail(context, {consensus::ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, result.error(), exit_code_for(result.error()));
  }
  const std::string command = command_line(context);
  const std::string folder = output_folder(simulate, *scenario);
  const consensus::Status written =
      write_results(folder, run_json(*result, command, true), *scenario);
  if (!written) return fail(context, written.error(), kExitFailed);
  if (simulate.json) {
    std::cout << run_json(*result, command, true);
  } else {
    std::cout << run_text(*result, scenario->world, {terminal_columns(), use_colour()});
    std::cout << "report " << folder << "/index.html   data " << folder << "/result.json\n";
  }
  context.exit_code = code_of(*result);
}

}  // namespace

void add_run_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("run", "one simulation of a scenario as it stands");
  command->footer(
      "  govchain run scenarios/consensus/pbft-wan.json\n"
      "  govchain run scenarios/consensus/wan.json --set /chains/0/protocol=raft\n"
      "  govchain run my.json --replications 10 --threads 2 --json");
  add_simulate_options(*command, options->simulate);
  constexpr uint32_t kMostReplications = 10'000;
  command
      ->add_option("--replications", options->replications,
                   "with seeds from --seed on; intervals are Student's t (95 %)")
      ->type_name("N")
      ->check(CLI::Range(1U, kMostReplications));
  command
      ->add_option("--precision", options->precision,
                   "stop replicating when the interval is this share of the mean")
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0));
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace govchain::analysis
