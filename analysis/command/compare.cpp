// govchain compare SCENARIO

#include "analysis/experiments/compare.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"
#include "analysis/command/simulate_options.h"
#include "analysis/command/terminal.h"
#include "analysis/report/report.h"
#include "consensus/protocols.h"
#include "scenarios/diagnostic.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {

namespace {

struct Options {
  SimulateOptions simulate;
  std::vector<std::string> protocols;  // empty: all
  std::vector<uint32_t> replicas;      // empty: as in the scenario
  std::vector<std::string> loads;      // likewise
};

std::vector<std::string> known_protocols() {
  std::vector<std::string> names;
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    names.emplace_back(traits->name);
  }
  return names;
}

std::string check_protocol(const std::string& name) {
  const std::vector<std::string> known = known_protocols();
  if (consensus::find_protocol(name) != nullptr) return {};
  std::string message = "\"" + scenarios::printable(name) + "\" is none of";
  for (const std::string& one : known) message += " " + one;
  if (const auto nearest = scenarios::nearest_name(name, known)) {
    message += "; did you mean " + *nearest + "?";
  }
  return message;
}

// The scenario's schema has the bounds.
std::string check_load(const std::string& text) {
  double value = 0;
  if (CLI::detail::lexical_cast(text, value) && value > 0) return {};
  return "\"" + scenarios::printable(text) +
         "\" is not a number of transactions per second above 0";
}

std::vector<ComparePoint> points_of(const Options& options) {
  std::vector<ComparePoint> points;
  const std::vector<std::string> protocols =
      options.protocols.empty() ? known_protocols() : options.protocols;
  std::vector<std::optional<uint32_t>> replicas(options.replicas.begin(), options.replicas.end());
  if (replicas.empty()) replicas.emplace_back();
  std::vector<std::optional<std::string>> loads(options.loads.begin(), options.loads.end());
  if (loads.empty()) loads.emplace_back();
  for (const std::string& protocol : protocols) {
    for (const std::optional<uint32_t>& count : replicas) {
      for (const std::optional<std::string>& load : loads) {
        points.push_back({protocol, count, load});
      }
    }
  }
  return points;
}

// The scenario as it stands, made so for each point. Warnings are told once.
std::optional<std::vector<CompareCase>> cases_of(const Options& options, CommandContext& context) {
  std::vector<CompareCase> cases;
  for (const ComparePoint& point : points_of(options)) {
    SimulateOptions simulate = options.simulate;
    for (const std::string& change : point.overrides()) simulate.overrides.push_back(change);
    simulate.quiet = simulate.quiet || !cases.empty();
    std::optional<scenarios::Scenario> scenario = load_with_options(simulate, context);
    if (!scenario) return std::nullopt;
    if (scenario->kind != scenarios::ScenarioKind::kConsensus) {
      fail(context,
           {consensus::ErrorCode::kInvalid,
            "is a plan of a nation, not one simulated world; did you mean govchain plan?",
            simulate.scenario},
           kExitUsage);
      return std::nullopt;
    }
    cases.push_back({point, *std::move(scenario)});
  }
  return cases;
}

void run(const Options& options, CommandContext& context) {
  const std::optional<std::vector<CompareCase>> cases = cases_of(options, context);
  if (!cases) return;
  const scenarios::Scenario& scenario = cases->front().scenario;
  Progress progress(scenario.id, options.simulate.quiet);
  CompareRequest request;
  request.threads = threads_of(options.simulate);
  request.stop = context.stop;
  request.progress = [&progress](double share, uint64_t runs) {
    progress.update(share, runs, "runs");
  };
  const consensus::Result<CompareResult> result = compare(*cases, request);
  progress.clear();
  if (!result) {
    if (context.stop->load()) {
      return fail(context, {consensus::ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, result.error(), exit_code_for(result.error()));
  }
  const std::string json = compare_json(*result, command_line(context));
  const std::string folder = options.simulate.out.empty()
                                 ? "out/compare-" + scenario.id
                                 : output_folder(options.simulate, scenario);
  consensus::Status written = write_atomically(folder + "/index.html", render_report(json));
  if (written) written = write_atomically(folder + "/result.json", json);
  if (!written) return fail(context, written.error(), kExitFailed);
  if (options.simulate.json) {
    std::cout << json;
  } else {
    std::cout << compare_text(*result, {terminal_columns(), use_colour()});
    std::cout << "report " << folder << "/index.html   data " << folder << "/result.json\n";
  }
  for (const ComparedRun& one : result->runs) {
    if (!one.result.violations.empty()) context.exit_code = kExitViolation;
  }
}

}  // namespace

void add_compare_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("compare", "one scenario under several protocols, side by side");
  command->footer(
      "  govchain compare scenarios/consensus/wan.json\n"
      "  govchain compare scenarios/consensus/wan.json --protocols pbft,raft\n"
      "  govchain compare scenarios/consensus/lan.json --replicas 4,16 --loads 200,800");
  add_simulate_options(*command, options->simulate);
  command->add_option("--protocols", options->protocols, "default: all")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(check_protocol);
  constexpr uint32_t kMostReplicas = 1'000;
  command->add_option("--replicas", options->replicas, "default: as in the scenario")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::Range(1U, kMostReplicas));
  command
      ->add_option("--loads", options->loads,
                   "transactions per second; default: as in the scenario")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(check_load);
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace govchain::analysis
