// govchain scenario check|list|show|schema

#include "scenarios/scenario.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/terminal.h"
#include "analysis/experiments/objectives.h"
#include "scenarios/schema_check.h"

namespace govchain::analysis {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  bool json = false;
};

scenarios::LoadOptions load_options(const Options& options, const CommandContext& context) {
  scenarios::LoadOptions load;
  load.home = context.home;
  load.overrides = options.overrides;
  return load;
}

void check(const Options& options, CommandContext& context) {
  Json list = Json::array();
  for (const std::string& file : options.files) {
    auto scenario = scenarios::load_scenario(file, load_options(options, context));
    if (scenario) {
      if (const auto known = check_objectives(*scenario); !known) {
        scenario = consensus::Error{
            known.error().code, known.error().where + "  " + known.error().message, {}};
      }
    }
    if (!scenario) {
      fail(context, scenario.error(), kExitUsage);
      list.push_back(Json{{"path", file}, {"valid", false}, {"error", scenario.error().message}});
      continue;
    }
    for (const std::string& warning : scenario->warnings) std::cerr << warning << "\n";
    list.push_back(Json{{"path", file},
                        {"valid", true},
                        {"id", scenario->id},
                        {"kind", scenarios::name_of(scenario->kind)},
                        {"warnings", scenario->warnings}});
    if (!options.json) std::cout << file << ": ok, " << scenario->summary << "\n";
  }
  if (options.json) {
    std::cout << list.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  }
}

void list(const Options& options, CommandContext& context) {
  const auto entries = scenarios::list_scenarios(context.home);
  if (!entries) return fail(context, entries.error(), kExitUsage);
  if (options.json) {
    Json all = Json::array();
    for (const scenarios::ScenarioEntry& entry : *entries) {
      all.push_back(Json{{"id", entry.id}, {"path", entry.path}, {"summary", entry.summary}});
    }
    std::cout << all.dump(1) << "\n";
    return;
  }
  size_t width = 0;
  for (const scenarios::ScenarioEntry& entry : *entries) {
    width = std::max(width, display_width(entry.path));
  }
  const auto columns = static_cast<size_t>(terminal_columns());
  for (const scenarios::ScenarioEntry& entry : *entries) {
    std::string summary = entry.summary;
    const size_t room = columns > width + 12 ? columns - width - 2 : 10;
    if (output_is_terminal() && display_width(summary) > room) {
      while (display_width(summary) + 1 > room) {
        summary.pop_back();
        // Never half a character.
        while (!summary.empty() && (static_cast<unsigned char>(summary.back()) & 0xC0U) == 0x80U) {
          summary.pop_back();
        }
      }
      summary += "…";
    }
    std::cout << entry.path << std::string(width - display_width(entry.path) + 2, ' ') << summary
              << "\n";
  }
}

void show(const Options& options, CommandContext& context) {
  const auto scenario =
      scenarios::load_scenario(options.files.front(), load_options(options, context));
  if (!scenario) return fail(context, scenario.error(), kExitUsage);
  for (const std::string& warning : scenario->warnings) std::cerr << warning << "\n";
  std::cout << scenario->resolved;
}

void add_set(CLI::App& command, const std::shared_ptr<Options>& options) {
  command.add_option("--set", options->overrides, "change a value; may be given again")
      ->type_name("POINTER=VALUE")
      ->allow_extra_args(false);
}

}  // namespace

void add_scenario_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* scenario = program.add_subcommand("scenario", "check, list and print scenarios");
  scenario->require_subcommand(1);
  scenario->footer(
      "  govchain scenario list\n"
      "  govchain scenario check my.json\n"
      "  govchain scenario show scenarios/consensus/pbft-wan.json --set /seed=7\n"
      "  govchain scenario schema > scenario.schema.json");

  CLI::App* checking =
      scenario->add_subcommand("check", "validate files; exit code 2 if one is wrong");
  checking->footer(
      "  govchain scenario check my.json other.json\n"
      "  govchain scenario check my.json --set /chains/0/replicas=7");
  checking->add_option("SCENARIO", options->files, "scenario files")->required();
  checking->add_flag("--json", options->json, "for machines");
  add_set(*checking, options);
  checking->callback([options, &context] { check(*options, context); });

  CLI::App* listing = scenario->add_subcommand("list", "every scenario that ships, a line each");
  listing->footer("  govchain scenario list\n  govchain scenario list --json");
  listing->add_flag("--json", options->json, "for machines");
  listing->callback([options, &context] { list(*options, context); });

  CLI::App* showing =
      scenario->add_subcommand("show", "a scenario after extends, set and options, as JSON");
  showing->footer("  govchain scenario show scenarios/consensus/raft-wan.json");
  showing->add_option("SCENARIO", options->files, "scenario file")->required()->expected(1);
  // What it prints is JSON anyway; the option is taken because every command takes it.
  showing->add_flag("--json", options->json, "for machines (as without)");
  add_set(*showing, options);
  showing->callback([options, &context] { show(*options, context); });

  CLI::App* schema = scenario->add_subcommand("schema", "the JSON Schema of scenarios (draft-07)");
  schema->footer("  govchain scenario schema");
  schema->add_flag("--json", options->json, "for machines (as without)");
  schema->callback([] { std::cout << scenarios::scenario_schema(); });
}

}  // namespace govchain::analysis
