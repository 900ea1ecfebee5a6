#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analysis/command/command.h"
#include "analysis/command/help.h"
#include "analysis/command/terminal.h"
#include "analysis/engines.h"
#include "analysis/model_version.h"
#include "scenarios/diagnostic.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {

namespace {

std::atomic<bool> stop_requested{false};
std::atomic<int> stop_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch such");

extern "C" void request_stop(int signal) {
  stop_signal.store(signal);
  stop_requested.store(true);
}

// Without SA_RESTART, so that waiting for a pipe ends too; and the second Ctrl-C does what it
// usually does, for somebody who will not wait.
void watch(int signal) {
  struct sigaction action {};
  action.sa_handler = request_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(signal, &action, nullptr);
}

// What a full disk swallowed must not end as success.
int finish_output(int code) {
  std::cout.flush();
  const bool written = std::cout.good() && std::fflush(stdout) == 0;
  if (!written && code != kExitUsage) {
    std::cerr << "standard output: cannot be written: " << std::strerror(errno) << "\n";
    return kExitFailed;
  }
  return code;
}

// Of a run that was stopped, as shells know it: 130 after Ctrl-C.
int stopped_code(int code) {
  constexpr int kSignalled = 128;
  return stop_requested.load() && code != kExitOk ? kSignalled + stop_signal.load() : code;
}

bool holds_scenarios(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "scenarios" / "data" / "provinces.json", ignored);
}

std::string find_home() {
  if (const char* home = std::getenv("GOVCHAIN_HOME")) return home;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const std::filesystem::path above = program.parent_path().parent_path();
    for (const std::filesystem::path& place : {above, above / "share" / "govchain"}) {
      if (holds_scenarios(place)) return place.string();
    }
  }
  std::filesystem::path folder = std::filesystem::current_path(error);
  while (!error && !folder.empty()) {
    if (holds_scenarios(folder)) return folder.string();
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
  }
  return ".";
}

std::string quoted(const std::string& argument) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+%@";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string::npos) return argument;
  std::string out = "'";
  for (const char letter : argument) {
    if (letter == '\'') {
      out += "'\\''";
    } else {
      out += letter;
    }
  }
  return out + "'";
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options({})) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  }
  return names;
}

std::string full_name(const CLI::App* app) {
  std::string name = app->get_name();
  while ((app = app->get_parent()) != nullptr) name = app->get_name() + " " + name;
  return name;
}

// The innermost command that the words name.
const CLI::App* innermost(const CLI::App& program) {
  const CLI::App* app = &program;
  for (;;) {
    const auto parsed = app->get_subcommands();
    if (parsed.empty()) return app;
    app = parsed.back();
  }
}

void suggest(const std::string& word, const std::vector<std::string>& known) {
  if (const auto nearest = scenarios::nearest_name(word, known)) {
    std::cerr << "; did you mean " << *nearest << "?";
  }
  std::cerr << "\n";
}

int explain_unknown(const CLI::App& app, const std::string& word) {
  const bool option = word.size() > 1 && word[0] == '-';
  const std::string name = word.substr(0, word.find('='));
  const std::vector<std::string> commands = command_names(app);
  std::cerr << full_name(&app) << ": ";
  if (option) {
    std::cerr << "unknown option " << scenarios::printable(name);
    suggest(name, option_names(app));
  } else if (!commands.empty()) {
    std::cerr << "unknown command \"" << scenarios::printable(word) << '"';
    suggest(word, commands);
  } else {
    std::cerr << "unexpected \"" << scenarios::printable(word) << "\"\n";
  }
  if (!option && !commands.empty()) {
    std::cerr << "Commands:";
    for (const std::string& command : commands) std::cerr << " " << command;
    std::cerr << "    (" << full_name(&app) << " --help)\n";
  } else {
    std::cerr << "See " << full_name(&app) << " --help\n";
  }
  return kExitUsage;
}

int explain(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* app = innermost(program);
  if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr ||
      dynamic_cast<const CLI::CallForAllHelp*>(&error) != nullptr) {
    // CLI11 puts the command's own name behind what it is given.
    std::cout << app->help(app->get_parent() != nullptr ? full_name(app->get_parent()) : "");
    return kExitOk;
  }
  if (dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr) {
    std::cout << error.what() << "\n";
    return kExitOk;
  }
  // A wrong word also shows as what is missing: a subcommand, or the scenario of `run --hlep`.
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (missing || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = program.remaining(true);
    // An unknown option is the mistake; what follows it may have been its value.
    for (const std::string& word : extras) {
      if (word.size() > 1 && word[0] == '-') return explain_unknown(*app, word);
    }
    if (!extras.empty()) return explain_unknown(*app, extras.front());
  }
  std::cerr << full_name(app) << ": " << scenarios::printable(error.what()) << "\n";
  std::cerr << "See " << full_name(app) << " --help\n";
  return kExitUsage;
}

void inherit_help(CLI::App& app, const std::shared_ptr<HelpFormatter>& formatter) {
  app.formatter(formatter);
  app.set_help_flag("-h,--help", "this text");
  for (CLI::App* sub : app.get_subcommands({})) inherit_help(*sub, formatter);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  errno = 0;
  watch(SIGINT);
  watch(SIGTERM);
  CommandContext context;
  context.home = find_home();
  context.arguments = arguments;
  context.stop = &stop_requested;
  CLI::App program(
      "Sizes, prices and stress-tests consortium chains of the e-government kind, with the "
      "production consensus engines inside a discrete-event simulator.",
      "govchain");
  program.footer(
      "  govchain plan scenarios/national.json           what each way costs\n"
      "  govchain run scenarios/consensus/pbft-wan.json  one simulation\n"
      "  govchain scenario list                          what there is to run");
  program.require_subcommand(1);
  program.set_version_flag("--version",
                           fmt::format("govchain {}\nengines {}", kModelVersion, engines_hash()),
                           "version of program and model, and which archive of engines it has");
  for (const AddCommand add : all_commands()) add(program, context);
  inherit_help(program, std::make_shared<HelpFormatter>());
  if (arguments.empty()) {
    std::cout << program.help();
    return finish_output(kExitUsage);
  }
  // A word that is no command would else be reported as a missing command.
  if (arguments.front()[0] != '-') {
    // Also one that no list shows.
    const auto known = program.get_subcommands(
        [&](const CLI::App* command) { return command->get_name() == arguments.front(); });
    if (known.empty()) {
      return explain_unknown(program, arguments.front());
    }
  }
  try {
    // CLI11 takes its arguments in reverse order.
    program.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return finish_output(explain(program, error));
  }
  return finish_output(stopped_code(context.exit_code));
}

void fail(CommandContext& context, const consensus::Error& error, ExitCode code) {
  if (!error.where.empty()) std::cerr << error.where << ": ";
  std::cerr << error.message;
  if (error.message.empty() || error.message.back() != '\n') std::cerr << "\n";
  context.exit_code = code;
}

ExitCode exit_code_for(const consensus::Error& error) {
  switch (error.code) {
    case consensus::ErrorCode::kInvalid:
    case consensus::ErrorCode::kMalformed:
    case consensus::ErrorCode::kNotFound:
    case consensus::ErrorCode::kUnsupported:
      return kExitUsage;
    default:
      return kExitFailed;
  }
}

std::string command_line(const CommandContext& context) {
  std::string line = "govchain";
  for (const std::string& argument : context.arguments) line += " " + quoted(argument);
  return line;
}

}  // namespace govchain::analysis
