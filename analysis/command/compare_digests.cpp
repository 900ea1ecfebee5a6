// govchain compare-digests RUN RUN

#include "analysis/experiments/compare_digests.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/command/commands.h"

namespace govchain::analysis {

namespace {

struct Options {
  std::vector<std::string> runs;
  bool json = false;
};

void print_json(const RunDifference& difference) {
  nlohmann::ordered_json json{{"same", difference.same},
                              {"digests", {difference.digest_a, difference.digest_b}},
                              {"same_scenario", difference.same_scenario},
                              {"same_model_version", difference.same_model_version},
                              {"first_figure", difference.first_figure},
                              {"first_event", nullptr}};
  if (difference.events_differ) {
    json["first_event"] = {{"number", difference.event},
                           {"events", {difference.event_a, difference.event_b}}};
  }
  std::cout << json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

void print_text(const RunDifference& difference) {
  if (difference.same) {
    std::cout << "the same: digest " << difference.digest_a << "\n";
    return;
  }
  std::cout << "different: digests " << difference.digest_a.substr(0, 16) << " and "
            << difference.digest_b.substr(0, 16) << "\n";
  if (!difference.same_scenario) std::cout << "the scenarios or seeds differ\n";
  if (!difference.same_model_version) std::cout << "the versions of the model differ\n";
  if (difference.events_differ) {
    const auto shown = [](const std::string& event) {
      return event.empty() ? std::string("(the run has ended)") : event;
    };
    std::cout << "first event that differs, number " << difference.event << ":\n  "
              << shown(difference.event_a) << "\n  " << shown(difference.event_b) << "\n";
  } else if (difference.events_compared) {
    std::cout << "all " << difference.event
              << " events of the traces agree: what differs is the content of blocks\n";
  } else {
    std::cout << "no events to compare: a run was moved away from its scenario.json\n";
  }
  if (!difference.first_figure.empty()) {
    std::cout << "first figure that differs: " << difference.first_figure << "\n";
  }
}

void compare(const Options& options, CommandContext& context) {
  const auto difference =
      compare_digests(options.runs[0], options.runs[1], context.home, context.stop);
  if (!difference) return fail(context, difference.error(), kExitUsage);
  options.json ? print_json(*difference) : print_text(*difference);
  if (difference->same) return;
  const bool comparable = difference->same_scenario && difference->same_model_version;
  context.exit_code = comparable ? kExitFailed : kExitInconclusive;
}

}  // namespace

void add_compare_digests_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("compare-digests", "the first event in which two runs differ");
  command->footer("  govchain compare-digests out/pbft-wan other/pbft-wan");
  command->add_option("RUN", options->runs, "folders that govchain run wrote")
      ->required()
      ->expected(2);
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, &context] { compare(*options, context); });
}

}  // namespace govchain::analysis
