// govchain live SCENARIO, and the load that it starts

#include "analysis/live/live.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"
#include "analysis/command/simulate_options.h"
#include "analysis/command/terminal.h"
#include "analysis/live/load_process.h"
#include "analysis/live/workplace.h"
#include "analysis/report/report.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;

constexpr uint32_t kMostInBatch = 10'000;
constexpr uint32_t kLongestBatchDelay = 60'000;  // milliseconds

struct Options {
  SimulateOptions simulate;
  uint32_t batch = 1;
  uint32_t batch_delay = 20;  // milliseconds
  live::ReadPlan reads;
  uint32_t samples = 0;  // seconds between two
  std::string beside;
  std::optional<double> swallow_after;  // seconds
};

void add_read_options(CLI::App& command, live::ReadPlan& reads, const std::string& group) {
  constexpr uint32_t kMostReads = 100'000;
  command
      .add_option("--reads", reads.per_second,
                  "linearizable reads a second beside the load; the history is checked")
      ->type_name("N")
      ->check(CLI::Range(0U, kMostReads))
      ->group(group);
  // A planted fault, for the tests of the checks.
  command.add_flag("--local-reads", reads.local)->group("");
}

live::Batching batching_of(uint32_t transactions, uint32_t milliseconds) {
  return {transactions, Duration::milliseconds(milliseconds)};
}

ExitCode code_of(const live::LiveResult& result) {
  if (!result.run.violations.empty()) return kExitViolation;
  if (result.load.achieved < live::kLeastAchieved) return kExitInconclusive;
  for (const CheckedObjective& objective : result.run.objectives) {
    if (!objective.met) return kExitObjective;
  }
  return kExitOk;
}

consensus::Status write_results(const std::string& folder, const std::string& json,
                                const scenarios::Scenario& scenario) {
  consensus::Status done = write_atomically(folder + "/scenario.json", scenario.resolved);
  if (done) done = write_atomically(folder + "/index.html", render_report(json));
  if (done) done = write_atomically(folder + "/result.json", json);
  return done;
}

// What no live run has.
std::optional<consensus::Error> misplaced(const SimulateOptions& options) {
  if (!options.trace.empty()) {
    return consensus::Error{consensus::ErrorCode::kUnsupported,
                            "a live run has no trace: nobody sees into its processes", "--trace"};
  }
  return std::nullopt;
}

void run_live_command(const Options& options, CommandContext& context) {
  const SimulateOptions& simulate = options.simulate;
  if (const auto error = misplaced(simulate)) return fail(context, *error, kExitUsage);
  const std::optional<scenarios::Scenario> scenario = load_with_options(simulate, context);
  if (!scenario) return;
  if (scenario->kind != scenarios::ScenarioKind::kConsensus) {
    return fail(
        context,
        {consensus::ErrorCode::kInvalid, "is a plan of a nation, not one chain", simulate.scenario},
        kExitUsage);
  }
  const consensus::Result<std::unique_ptr<live::Workplace>> place = live::Workplace::make();
  if (!place) return fail(context, place.error(), kExitFailed);
  Progress progress(scenario->id, simulate.quiet);
  live::LiveRequest request;
  request.program = live::own_program();
  request.folder = (*place)->path();
  request.profile = simulate.profile;
  request.forgetful = live::forgetful_library(request.program);
  request.batching = batching_of(options.batch, options.batch_delay);
  request.reads = options.reads;
  request.beside = options.beside;
  request.sample_every = Duration::seconds(options.samples);
  if (options.swallow_after) {
    constexpr double kNanoseconds = 1e9;
    request.swallow_after =
        Duration::nanoseconds(static_cast<int64_t>(*options.swallow_after * kNanoseconds));
  }
  request.stop = context.stop;
  request.progress = [&](double share, const char* stage) {
    progress.update(share, static_cast<uint64_t>(share * 100), stage);
  };
  const consensus::Result<live::LiveResult> result = live::run_live(*scenario, request);
  progress.clear();
  if (!result) {
    if (context.stop->load()) {
      return fail(context, {consensus::ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, result.error(), exit_code_for(result.error()));
  }
  const std::string json = live::live_json(*result, command_line(context));
  const std::string folder = output_folder(simulate, *scenario);
  const consensus::Status written = write_results(folder, json, *scenario);
  if (!written) return fail(context, written.error(), kExitFailed);
  if (simulate.json) {
    std::cout << json;
  } else {
    std::cout << live::live_text(*result, scenario->world, {terminal_columns(), use_colour()});
    std::cout << "data " << folder << "/result.json\n";
  }
  context.exit_code = code_of(*result);
  if (context.exit_code == kExitViolation) {
    (*place)->keep();
    std::cerr << "what the replicas left is in " << (*place)->path() << "\n";
  }
  if (context.exit_code == kExitInconclusive) {
    std::cerr << fmt::format(
        "only {:.1f} % of the load was made: this machine has no room for it, so the figures say "
        "little\n",
        result->load.achieved * 100);
  }
}

struct LoadOptions {
  SimulateOptions simulate;
  live::LoadProcess process;
  uint32_t batch = 1;
  uint32_t batch_delay = 20;
  uint32_t drain = 0;
};

void run_load_command(LoadOptions& options, CommandContext& context) {
  const std::optional<scenarios::Scenario> scenario = load_with_options(options.simulate, context);
  if (!scenario) return;
  options.process.batching = batching_of(options.batch, options.batch_delay);
  options.process.drain = Duration::milliseconds(options.drain);
  const consensus::Status done = live::run_load_process(options.process, *scenario, *context.stop);
  if (!done) fail(context, done.error(), exit_code_for(done.error()));
}

}  // namespace

void add_live_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "live", "a scenario's chain as real node processes on this machine, under its load");
  command->footer(
      "  govchain live scenarios/live/pbft.json\n"
      "  govchain live scenarios/live/pbft.json --json\n"
      "  govchain live scenarios/live/pbft.json --batch 100\n"
      "  govchain live scenarios/live/raft.json --reads 200\n"
      "  govchain live scenarios/live/raft.json --set /duration_seconds=600 --samples 9");
  add_simulate_options(*command, options->simulate);
  command
      ->add_option("--batch", options->batch,
                   "transactions of one department that travel under one signature")
      ->type_name("N")
      ->check(CLI::Range(1U, kMostInBatch));
  command
      ->add_option("--batch-delay", options->batch_delay,
                   "milliseconds that the oldest of a batch waits for more")
      ->type_name("MS")
      ->check(CLI::Range(0U, kLongestBatchDelay));
  add_read_options(*command, options->reads, "Options");
  constexpr uint32_t kDay = 86'400;
  command
      ->add_option("--samples", options->samples,
                   "seconds between two samples of what the replicas hold: memory, files, disk")
      ->type_name("S")
      ->check(CLI::Range(1U, kDay));
  command
      ->add_option("--beside", options->beside,
                   "a shell's command that runs while the load does, such as an attacker; it finds "
                   "GOVCHAIN_NETWORK, GOVCHAIN_REPLICA_PORTS and GOVCHAIN_CLIENT_PORTS")
      ->type_name("COMMAND");
  // A planted fault, for the tests of the checks.
  command->add_option("--swallow-syncs-after", options->swallow_after)->group("");
  command->callback([options, &context] { run_live_command(*options, context); });
}

void add_load_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App* command = program.add_subcommand("load", "the clients of govchain live");
  command->group("");  // for itself, not for people
  add_simulate_options(*command, options->simulate);
  command->add_option("--folder", options->process.network)->required();
  command->add_option("--records", options->process.records)->required();
  command->add_option("--ports", options->process.ports)->required();
  command->add_option("--batch", options->batch);
  command->add_option("--batch-delay", options->batch_delay);
  command->add_option("--drain", options->drain);
  add_read_options(*command, options->process.reads, "");
  command->callback([options, &context] { run_load_command(*options, context); });
}

}  // namespace govchain::analysis
