#pragma once
// The program's commands. Each stands in a file of its own and offers
//
//     void add_NAME_command(CLI::App& program, CommandContext& context);
//
// which adds a subcommand with its description, its examples (CLI::App::footer), its options and a
// callback that does the work and leaves its exit code in the context. commands.cpp lists them.
// Data go to standard output, progress and messages to standard error.

#include <atomic>
#include <string>
#include <vector>

#include "consensus/result.h"

namespace CLI {
class App;
}

namespace govchain::analysis {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,        // the run failed or was stopped
  kExitUsage = 2,         // command line or scenario
  kExitIncomplete = 3,    // sweep
  kExitRegression = 4,    //
  kExitInconclusive = 5,  // or not comparable
  kExitViolation = 6,     // safety or liveness
  kExitObjective = 7,     // an objective of the scenario was not met
};

struct CommandContext {
  // The folder that holds scenarios/: $GOVCHAIN_HOME, else found from the program's own place.
  std::string home;
  std::vector<std::string> arguments;       // as typed, without the program's name
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C or SIGTERM
  int exit_code = kExitOk;
};

// All of them, in the order of `--help`.
using AddCommand = void (*)(CLI::App& program, CommandContext& context);
[[nodiscard]] const std::vector<AddCommand>& all_commands();

// Parses, runs and answers mistakes with the nearest valid name; returns the exit code.
[[nodiscard]] int run_program(const std::vector<std::string>& arguments);

// Prints "where: message" (or the message alone) to standard error; `code` becomes the exit code.
void fail(CommandContext& context, const consensus::Error& error, ExitCode code);

// kInvalid, kNotFound and kUnsupported are the user's to correct (2), everything else is a failed
// run (1).
[[nodiscard]] ExitCode exit_code_for(const consensus::Error& error);

// The command that would do the same again, quoted for a shell.
[[nodiscard]] std::string command_line(const CommandContext& context);

}  // namespace govchain::analysis
