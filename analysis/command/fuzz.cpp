// govchain fuzz: safety and liveness under faults and adversaries, by seed.

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/command/commands.h"
#include "analysis/command/fuzz_campaign.h"
#include "analysis/command/known_mutants.h"
#include "consensus/protocols.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {
namespace {

struct FuzzOptions {
  std::string protocol;
  std::string seeds;
  std::string faults = "all";
  std::string mutant;
  unsigned threads = 0;
  bool json = false;
  bool quiet = false;
};

constexpr uint64_t kDefaultSeeds = 1'000;
// What a planted bug may take to be found (`--mutant` without `--seeds`).
constexpr uint64_t kMutantSeeds = 2'000;

int usage_error(const std::string& message) {
  std::cerr << "govchain fuzz: " << message << "\n";
  return kExitUsage;
}

std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
    names.emplace_back(protocol->name);
  }
  return names;
}

// `what` is the option's name too.
int unknown(const char* what, const std::string& name, const std::vector<std::string>& known) {
  const auto nearest = scenarios::nearest_name(name, known);
  return usage_error(fmt::format("unknown {} \"{}\"; {}`govchain fuzz --{} list` names them", what,
                                 name, nearest ? "did you mean \"" + *nearest + "\"? " : "", what));
}

// "A:B", half open.
bool parse_seeds(const std::string& text, uint64_t& first, uint64_t& end) {
  const char* const last = text.data() + text.size();
  const auto [middle, error] = std::from_chars(text.data(), last, first);
  if (error != std::errc() || middle == last || *middle != ':') return false;
  const auto [stop, second_error] = std::from_chars(middle + 1, last, end);
  return second_error == std::errc() && stop == last && first < end;
}

std::filesystem::path mutants_program() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() /
         "govchain-mutants";
}

// Starts the program that holds the planted bugs and waits for it. Its exit code; none if it could
// not be started.
std::optional<int> run_mutant(const FuzzRequest& request, bool silent) {
  const std::string program = mutants_program().string();
  std::vector<std::string> words = {program,
                                    request.mutant,
                                    std::to_string(request.first_seed),
                                    std::to_string(request.end_seed),
                                    request.faults,
                                    std::to_string(request.threads),
                                    std::to_string(request.max_failures),
                                    request.json ? "json" : "text"};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::cout.flush();
  const pid_t child = fork();
  if (child < 0) return std::nullopt;
  if (child == 0) {
    if (silent) {
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, STDOUT_FILENO);
      dup2(nowhere, STDERR_FILENO);
    }
    execv(program.c_str(), arguments.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return kExitViolation;  // a crash is a find
  if (WEXITSTATUS(status) == 127) return std::nullopt;
  return WEXITSTATUS(status);
}

int cannot_start() {
  std::cerr << "govchain fuzz: cannot start " << mutants_program().string()
            << ", which holds the planted bugs and stands beside this program\n";
  return kExitFailed;
}

int hunt_all(FuzzRequest request, const std::atomic<bool>* stop) {
  const bool json = request.json;
  request.json = false;
  request.max_failures = 1;
  auto report = nlohmann::ordered_json::array();
  size_t missed = 0;
  const std::vector<KnownMutant> mutants = known_mutants();
  for (const KnownMutant& mutant : mutants) {
    request.mutant = mutant.name;
    const std::optional<int> code = run_mutant(request, true);
    if (!code) return cannot_start();
    if (stop->load()) return kExitFailed;
    const bool found = *code == kExitViolation;
    if (!found) ++missed;
    if (json) {
      report.push_back({{"mutant", mutant.name}, {"found", found}});
    } else {
      fmt::print("{:<44} {}\n", mutant.name, found ? "found" : "NOT FOUND");
      std::fflush(stdout);
    }
  }
  if (json) {
    std::cout << nlohmann::ordered_json{{"mutants", report}}.dump(2) << "\n";
  } else {
    fmt::print("{} of {} found within {} seeds each\n", mutants.size() - missed, mutants.size(),
               request.end_seed - request.first_seed);
  }
  return missed == 0 ? kExitOk : kExitFailed;
}

int hunt_one(FuzzRequest& request, const std::string& name) {
  if (!find_mutant(name)) {
    std::vector<std::string> names;
    for (KnownMutant& mutant : known_mutants()) names.push_back(std::move(mutant.name));
    return unknown("mutant", name, names);
  }
  request.mutant = name;
  const std::optional<int> code = run_mutant(request, false);
  return code ? *code : cannot_start();
}

void print_mutants(bool json) {
  if (json) {
    auto list = nlohmann::ordered_json::array();
    for (const KnownMutant& mutant : known_mutants()) {
      list.push_back({{"mutant", mutant.name}, {"breaks", mutant.description}});
    }
    std::cout << list.dump(2) << "\n";
    return;
  }
  for (const KnownMutant& mutant : known_mutants()) {
    fmt::print("{:<44} {}\n", mutant.name, mutant.description);
  }
}

int fuzz(const FuzzOptions& options, const std::atomic<bool>* stop) {
  if (options.mutant == "list") {
    print_mutants(options.json);
    return kExitOk;
  }
  if (options.protocol == "list") {
    for (const std::string& name : protocol_names()) std::cout << name << "\n";
    return kExitOk;
  }
  FuzzRequest request;
  if (!options.protocol.empty()) {
    const consensus::ProtocolTraits* protocol = consensus::find_protocol(options.protocol);
    if (protocol == nullptr) return unknown("protocol", options.protocol, protocol_names());
    request.protocol = protocol->protocol;
  }
  request.end_seed = options.mutant.empty() ? kDefaultSeeds : kMutantSeeds;
  if (!options.seeds.empty() && !parse_seeds(options.seeds, request.first_seed, request.end_seed)) {
    return usage_error("--seeds \"" + options.seeds +
                       "\": expected A:B, two whole numbers with A < B (B is not run)");
  }
  request.faults = options.faults;
  request.threads =
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  request.json = options.json;
  request.quiet = options.quiet;
  if (options.mutant == "all") return hunt_all(request, stop);
  if (!options.mutant.empty()) return hunt_one(request, options.mutant);
  return run_fuzz_request(request, stop);
}

}  // namespace

void add_fuzz_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<FuzzOptions>();
  CLI::App* command = program.add_subcommand(
      "fuzz",
      "Runs a protocol under random faults and adversaries, one small world per seed, and holds "
      "it to every rule of safety and liveness. A seed that breaks one is shrunk to the faults "
      "that it needs and printed as a command.");
  command->footer(
      "  govchain fuzz --protocol raft --seeds 0:20000  a campaign\n"
      "  govchain fuzz --seeds 17:18 --faults 2,5       a replay, two of its faults\n"
      "  govchain fuzz --faults crash,partition         with these kinds of faults only\n"
      "  govchain fuzz --mutant all                     do the rules find planted bugs?");
  command->add_option("--protocol", options->protocol,
                      fmt::format("list, or one of {} (pbft)", fmt::join(protocol_names(), ", ")));
  command->add_option("--seeds", options->seeds, "A:B, from A to B - 1 (0:1000)");
  command->add_option("--faults", options->faults,
                      "all, none, or kinds and numbers separated by commas");
  command->add_option("--mutant", options->mutant, "list, all, or one: hunt a planted bug");
  command->add_option("--threads", options->threads, "seeds at a time (all processors)")
      ->check(CLI::Range(1, 1'024));
  command->add_flag("--json", options->json, "for machines");
  command->add_flag("--quiet", options->quiet, "no progress");
  command->callback([options, &context] { context.exit_code = fuzz(*options, context.stop); });
}

}  // namespace govchain::analysis
