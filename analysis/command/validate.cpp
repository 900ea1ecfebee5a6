// govchain validate

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "analysis/calibrate/machine.h"
#include "analysis/command/command.h"
#include "analysis/command/commands.h"
#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"
#include "analysis/command/terminal.h"
#include "analysis/command/validate_published.h"
#include "analysis/report/report.h"
#include "analysis/validate/kept.h"
#include "analysis/validate/measures.h"
#include "analysis/validate/result.h"
#include "scenarios/data_loader.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

constexpr uint32_t kMostRepetitions = 100;
constexpr uint32_t kMostCells = 80;

struct Options {
  std::vector<std::string> scenarios;
  std::string profile;
  std::vector<std::string> protocols;
  std::vector<uint32_t> replicas;
  std::vector<std::string> levels;
  uint32_t most_cells = kMostCells;
  uint32_t repetitions = 1;
  std::vector<std::string> overrides;
  std::string out;  // empty: out/validation, out/published
  bool published = false;
  bool resume = false;
  bool json = false;
  bool quiet = false;
};

// The load of the design's cells: calls of the evidence contract are as long as is asked for.
constexpr const char* kMix =
    R"(/chains/0/load/mix=[{"service":"evidence","share":1,"workload":"evidence"}])";

const std::vector<std::string>& level_names() {
  static const std::vector<std::string> names{"20", "50", "80", "saturation"};
  return names;
}

Result<std::vector<validate::Configuration>> design_of(const Options& options) {
  std::vector<consensus::Protocol> protocols;
  std::vector<std::string> known;
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    known.emplace_back(traits->name);
    const bool wanted =
        options.protocols.empty() || std::find(options.protocols.begin(), options.protocols.end(),
                                               traits->name) != options.protocols.end();
    if (wanted) protocols.push_back(traits->protocol);
  }
  for (const std::string& name : options.protocols) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto nearest = scenarios::nearest_name(name, known);
    return Error{
        ErrorCode::kInvalid,
        "no protocol \"" + name + "\"" + (nearest ? "; did you mean " + *nearest + "?" : ""),
        "--protocol"};
  }
  std::vector<validate::Configuration> design = validate::fractional_design(protocols);
  if (!options.replicas.empty()) {
    std::erase_if(design, [&](const validate::Configuration& one) {
      return std::find(options.replicas.begin(), options.replicas.end(), one.replicas) ==
             options.replicas.end();
    });
    if (design.empty()) {
      return Error{ErrorCode::kInvalid, "no configuration of the design has so many", "--replicas"};
    }
  }
  return design;
}

// Saturation always: the others are shares of it.
std::vector<validate::LoadLevel> levels_of(const Options& options) {
  std::vector<validate::LoadLevel> levels{validate::LoadLevel::kSaturation};
  for (size_t i = 0; i < level_names().size() - 1; ++i) {
    const bool wanted = options.levels.empty() ||
                        std::find(options.levels.begin(), options.levels.end(), level_names()[i]) !=
                            options.levels.end();
    if (wanted) levels.push_back(validate::kLoadLevels[i]);
  }
  return levels;
}

Status write_results(const std::string& folder, const std::string& json) {
  Status done = write_atomically(folder + "/index.html", render_report(json));
  if (done) done = write_atomically(folder + "/result.json", json);
  return done;
}

std::string machine_text(const Machine& machine) {
  return machine.processor + ", " + std::to_string(machine.cores) + " cores, " + machine.kernel;
}

ExitCode code_of(const validate::ValidationResult& result) {
  const bool comparable =
      std::all_of(result.cells.begin(), result.cells.end(), validate::is_comparable);
  if (!comparable || result.cells.empty()) return kExitInconclusive;
  return validate::within(validate::score(result.cells), result.limits) ? kExitOk : kExitObjective;
}

class Validation {
 public:
  Validation(const Options& options, CommandContext& context)
      : options_(options),
        context_(context),
        command_(command_line(context)),
        progress_("validate", options.quiet) {}

  void run() {
    const auto profile = scenarios::load_profile_file(options_.profile);
    if (!profile) return fail(context_, profile.error(), kExitUsage);
    result_.profile = profile->id;
    result_.machine = machine_text(this_machine("."));
    result_.changes = options_.overrides;
    result_.complete = false;
    if (const Status ready = prepare(); !ready) {
      return fail(context_, ready.error(), exit_code_for(ready.error()));
    }
    if (profile->measurements == nullptr) {
      return fail(context_,
                  {ErrorCode::kInvalid,
                   "has no measurements; govchain calibrate --out FILE makes a profile with them",
                   options_.profile},
                  kExitUsage);
    }
    Result<std::vector<validate::Cell>> cells =
        options_.scenarios.empty() ? validate::run_campaign(request_)
                                   : validate::run_scenarios(request_, options_.scenarios);
    progress_.clear();
    if (!cells) return explain(cells.error());
    result_.cells = *std::move(cells);
    result_.complete = true;
    finish();
  }

 private:
  [[nodiscard]] Status prepare() {
    if (options_.scenarios.empty()) {
      Result<std::vector<validate::Configuration>> design = design_of(options_);
      if (!design) return design.error();
      request_.design = *std::move(design);
      request_.load.overrides.emplace_back(kMix);
    }
    request_.scenario_of = [this](const validate::Configuration& configuration) {
      return context_.home + "/scenarios/live/" +
             std::string(consensus::traits_of(configuration.protocol).name) + ".json";
    };
    request_.load.home = context_.home;
    request_.load.profile = options_.profile;
    request_.load.overrides.insert(request_.load.overrides.end(), options_.overrides.begin(),
                                   options_.overrides.end());
    request_.free_profile = context_.home + "/scenarios/data/profiles/free.json";
    request_.levels = levels_of(options_);
    request_.most_cells = options_.most_cells;
    request_.repetitions = options_.repetitions;
    request_.stop = context_.stop;
    live_.profile = options_.profile;
    live_.stop = context_.stop;
    live_.progress = [this](const char* stage) { progress_.tell(share_, now_ + ", " + stage); };
    request_.live = validate::measure_live(live_);
    request_.simulate = validate::measure_simulated(context_.stop);
    request_.progress = [this](size_t done, size_t all, const std::string& now) {
      share_ = static_cast<double>(done) / static_cast<double>(std::max<size_t>(all, 1));
      now_ = now;
      progress_.tell(share_, now);
    };
    request_.keep = [this](const std::vector<validate::Cell>& cells) {
      result_.cells = cells;
      result_.links = live_.links;
      return write_results(options_.out, validate::validation_json(result_, command_));
    };
    return options_.resume ? take_up() : consensus::success();
  }

  [[nodiscard]] Status take_up() {
    Result<std::vector<validate::Cell>> cells =
        validate::read_measured(options_.out + "/result.json", result_);
    if (!cells) return cells.error();
    request_.measured = *std::move(cells);
    return consensus::success();
  }

  void explain(const Error& error) {
    if (context_.stop->load()) {
      const std::string kept = result_.cells.empty() ? "nothing was measured"
                                                     : "what was measured is in " + options_.out +
                                                           ", and --resume goes on with it";
      return fail(context_, {ErrorCode::kExhausted, "stopped; " + kept, {}}, kExitFailed);
    }
    // A chain that forked is no matter of accuracy.
    const ExitCode code = error.code == ErrorCode::kCorrupt ? kExitViolation : exit_code_for(error);
    fail(context_, error, code);
  }

  void finish() {
    result_.links = live_.links;
    const std::string json = validate::validation_json(result_, command_);
    const Status written = write_results(options_.out, json);
    if (!written) return fail(context_, written.error(), kExitFailed);
    if (options_.json) {
      std::cout << json;
    } else {
      std::cout << validate::validation_text(result_, {terminal_columns(), use_colour()});
      std::cout << "report " << options_.out << "/index.html   data " << options_.out
                << "/result.json\n";
    }
    context_.exit_code = code_of(result_);
  }

  const Options& options_;
  CommandContext& context_;
  const std::string command_;
  Progress progress_;
  double share_ = 0;
  std::string now_;
  validate::LiveMeasure live_;
  validate::CampaignRequest request_;
  validate::ValidationResult result_;
};

void run(Options options, CommandContext& context) {
  if (options.out.empty()) options.out = options.published ? "out/published" : "out/validation";
  if (options.published) {
    if (!options.profile.empty() || !options.scenarios.empty() || options.resume) {
      return fail(context,
                  {ErrorCode::kInvalid,
                   "takes no scenarios and no --profile or --resume: each published figure has a "
                   "scenario with a machine of its own",
                   "--published"},
                  kExitUsage);
    }
    return validate_published({options.out, options.json, options.quiet}, context);
  }
  if (options.profile.empty()) {
    return fail(
        context,
        {ErrorCode::kInvalid,
         "is missing: this machine, as govchain calibrate --out FILE has measured it", "--profile"},
        kExitUsage);
  }
  Validation(options, context).run();
}

}  // namespace

void add_validate_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "validate",
      "live beside simulated: how far the simulator is from real processes on this machine. Each "
      "scenario under its own load; without one, a design of up to 80 cells over protocols, "
      "replicas, payloads, signatures, delays and loads. Wants the machine for itself. With "
      "--published, what others have published beside simulated.");
  command->footer(
      "  govchain calibrate --out here.json\n"
      "  govchain validate scenarios/live/pbft.json --profile here.json --repetitions 3\n"
      "  govchain validate --profile here.json --protocol pbft,raft --max-cells 16\n"
      "  govchain validate --published\n"
      "  govchain validate --profile here.json --out out/validation --resume");
  command->add_option("scenarios", options->scenarios, "scenarios that can run live")
      ->type_name("SCENARIO");
  command
      ->add_option("--profile", options->profile,
                   "this machine, as govchain calibrate has measured it")
      ->type_name("FILE");
  command->add_flag("--published", options->published,
                    "figures that others have published (scenarios/published) beside simulated");
  command->add_option("--protocol", options->protocols, "of the design, these; default: all")
      ->type_name("NAME,…")
      ->delimiter(',');
  command
      ->add_option("--replicas", options->replicas,
                   "of the design, the configurations with so many replicas; default: all")
      ->type_name("N,…")
      ->delimiter(',');
  command
      ->add_option("--level", options->levels,
                   "loads of the design, in per cent of saturation, which is always measured: 20, "
                   "50, 80, saturation; default: all")
      ->type_name("LEVEL,…")
      ->delimiter(',')
      ->check(CLI::IsMember(level_names()));
  command->add_option("--max-cells", options->most_cells, "end after so many cells")
      ->type_name("N")
      ->check(CLI::Range(1U, kMostCells));
  command
      ->add_option("--repetitions", options->repetitions,
                   "live runs of each cell; figures are medians")
      ->type_name("N")
      ->check(CLI::Range(1U, kMostRepetitions));
  command->add_option("--set", options->overrides, "change of the scenarios; repeatable")
      ->type_name("POINTER=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("--out", options->out,
                   "folder for results; default: out/validation, or out/published")
      ->type_name("DIR");
  command->add_flag("--resume", options->resume,
                    "take what was measured live from the folder's result.json, and simulate anew");
  command->add_flag("--json", options->json, "print the result as JSON");
  command->add_flag("--quiet", options->quiet, "no progress");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace govchain::analysis
