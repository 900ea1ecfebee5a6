// govchain plan SCENARIO

#include "analysis/experiments/plan.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"
#include "analysis/command/simulate_options.h"
#include "analysis/command/terminal.h"
#include "analysis/report/report.h"
#include "scenarios/diagnostic.h"
#include "scenarios/nearest_name.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

struct Options {
  SimulateOptions simulate;
  std::vector<std::string> deployments;
  std::vector<std::string> uncertain;
  std::string from = "interconnected";
  std::string against = "national";
  int years = 0;
};

Result<PlanOptions> plan_options(const Options& options) {
  PlanOptions plan;
  const auto kind = [](const std::string& option, const std::string& name) {
    Result<models::DeploymentKind> found = models::deployment_kind(name);
    if (found) return found;
    std::vector<std::string> known;
    for (const models::DeploymentKind one : models::kAllDeployments) {
      known.emplace_back(models::name_of(one));
    }
    const auto nearest = scenarios::nearest_name(name, known);
    return Result<models::DeploymentKind>(
        Error{ErrorCode::kInvalid,
              scenarios::printable(found.error().message) +
                  (nearest ? "; did you mean " + *nearest + "?" : ""),
              option});
  };
  if (!options.deployments.empty()) {
    plan.deployments.clear();
    for (const std::string& name : options.deployments) {
      const auto found = kind("--deployments", name);
      if (!found) return found.error();
      plan.deployments.push_back(*found);
    }
  }
  const auto from = kind("--from", options.from);
  if (!from) return from.error();
  const auto against = kind("--against", options.against);
  if (!against) return against.error();
  if (*from == *against) {
    return Error{ErrorCode::kInvalid, "--from and --against are both " + options.from, "--from"};
  }
  plan.from = *from;
  plan.against = *against;
  plan.threads = threads_of(options.simulate);
  return plan;
}

PlanInput plan_input(const Options& options, scenarios::Scenario scenario,
                     const CommandContext& context) {
  PlanInput input;
  input.scenario = options.simulate.scenario;
  input.scenario_id = scenario.id;
  input.summary = scenario.summary;
  input.scenario_hash = scenario.hash;
  input.command = command_line(context);
  input.national = *std::move(scenario.national);
  input.objectives = std::move(scenario.objectives);
  if (!options.uncertain.empty()) input.national.uncertain = options.uncertain;
  return input;
}

Error unknown_price(const std::string& name, const std::vector<models::Price>& prices) {
  std::vector<std::string> known{"none", "discount_rate"};
  for (const models::Price& price : prices) {
    known.push_back(price.id);
    known.push_back(price.id.substr(0, price.id.find('.')) + ".");
  }
  const auto nearest = scenarios::nearest_name(name, known);
  return Error{ErrorCode::kInvalid,
               "no price is called " + scenarios::printable(name) +
                   (nearest ? "; did you mean " + *nearest + "?" : "") +
                   " A group ends in a dot, as in line.",
               "--uncertain"};
}

// Ids or prefixes that no price has would silently make everything certain.
consensus::Status check_uncertain(const PlanInput& input, const Options& options) {
  for (const std::string& name : options.uncertain) {
    if (name == "none" || name == "discount_rate") continue;
    const auto& prices = input.national.prices;
    const bool known = std::any_of(prices.begin(), prices.end(), [&](const models::Price& price) {
      return price.id == name || (name.ends_with('.') && price.id.starts_with(name));
    });
    if (!known) return unknown_price(name, prices);
  }
  return consensus::success();
}

consensus::Status write_results(const std::string& folder, const std::string& json,
                                const std::string& resolved) {
  consensus::Status done = write_atomically(folder + "/scenario.json", resolved);
  if (done) done = write_atomically(folder + "/index.html", render_report(json));
  // Last, because it is what says that the plan is complete.
  if (done) done = write_atomically(folder + "/result.json", json);
  return done;
}

void print(const Options& options, const PlanInput& input, const PlanResult& result,
           const std::string& folder, const std::string& json) {
  if (options.simulate.json) {
    std::cout << json;
    return;
  }
  TextStyle style;
  style.columns = terminal_columns();
  style.bars = output_is_terminal();
  style.colour = use_colour();
  std::cout << plan_text(input, result, style)
            << fmt::format("\n  report  {0}/index.html\n  data    {0}/result.json\n", folder);
}

Result<PlanResult> simulate_plan(const PlanInput& input, PlanOptions request,
                                 const SimulateOptions& simulate, const CommandContext& context) {
  Progress progress("sizing", simulate.quiet || simulate.json);
  request.progress = [&](uint32_t done, uint32_t all, uint64_t worlds) {
    progress.update(all > 0 ? static_cast<double>(done) / all : 0, worlds, "worlds");
  };
  const auto run = [&](const sim::WorldSpec& world) {
    sim::RunOptions how;
    how.stop = context.stop;
    return sim::run_world(world, how);
  };
  return run_plan(input, request, run);
}

void plan(const Options& options, CommandContext& context) {
  const Result<PlanOptions> chosen = plan_options(options);
  if (!chosen) return fail(context, chosen.error(), kExitUsage);
  if (!options.simulate.trace.empty()) {
    return fail(context,
                {ErrorCode::kInvalid, "a plan simulates many worlds; trace one with govchain run",
                 "--trace"},
                kExitUsage);
  }
  SimulateOptions simulate = options.simulate;
  if (options.years > 0) simulate.overrides.push_back(fmt::format("/years={}", options.years));
  std::optional<scenarios::Scenario> scenario = load_with_options(simulate, context);
  if (!scenario) return;
  if (!scenario->national) {
    return fail(context,
                {ErrorCode::kInvalid,
                 "is one simulated world, not a plan of a nation; did you mean govchain run?",
                 simulate.scenario},
                kExitUsage);
  }
  const std::string folder = output_folder(simulate, *scenario);
  const std::string resolved = scenario->resolved;
  const PlanInput input = plan_input(options, *std::move(scenario), context);
  if (const auto checked = check_uncertain(input, options); !checked) {
    return fail(context, checked.error(), kExitUsage);
  }
  const Result<PlanResult> result = simulate_plan(input, *chosen, simulate, context);
  if (!result) {
    if (context.stop->load()) {
      return fail(context, {ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, result.error(), exit_code_for(result.error()));
  }
  const std::string json = plan_json(input, *result, true);
  if (const auto written = write_results(folder, json, resolved); !written) {
    return fail(context, written.error(), kExitFailed);
  }
  print(options, input, *result, folder, json);
  const bool missed = std::any_of(result->objectives.begin(), result->objectives.end(),
                                  [](const CheckedObjective& one) { return !one.met; });
  if (missed) context.exit_code = kExitObjective;
  if (!result->violations.empty()) {
    const sim::Violation& first = result->violations.front();
    fail(context,
         {ErrorCode::kCorrupt,
          fmt::format("{} checked rules were broken, first {}: {}", result->violations.size(),
                      first.rule, first.detail),
          {}},
         kExitViolation);
  }
}

}  // namespace

void add_plan_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("plan", "size and price every way of building the chains of a nation");
  command->footer(
      "  govchain plan scenarios/national.json\n"
      "  govchain plan scenarios/national.json --years 10 --out out/ten-years\n"
      "  govchain plan scenarios/national.json --deployments provincial,national --json\n"
      "  govchain plan scenarios/national.json --from isolated --uncertain chain.,line.");
  add_simulate_options(*command, options->simulate);
  command->add_option("--deployments", options->deployments, "show these only")
      ->type_name("ID,...")
      ->delimiter(',');
  command->add_option("--years", options->years, "years that are paid for")
      ->type_name("N")
      ->check(CLI::Range(1, 30));
  command->add_option("--from", options->from, "first end of the redundancy cost: interconnected")
      ->type_name("ID");
  command->add_option("--against", options->against, "its second end: national")->type_name("ID");
  command
      ->add_option("--uncertain", options->uncertain,
                   "prices that are drawn: ids, groups as in line., or none; default: all")
      ->type_name("ID,...")
      ->delimiter(',');
  command->callback([options, &context] { plan(*options, context); });
}

}  // namespace govchain::analysis
