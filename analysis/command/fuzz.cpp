// govchain fuzz: safety and liveness under faults and adversaries, by seed.

#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/command/commands.h"
#include "analysis/command/fuzz_campaign.h"
#include "analysis/command/fuzz_hunt.h"
#include "analysis/command/known_mutants.h"
#include "consensus/protocols.h"
#include "scenarios/nearest_name.h"
#include "sim/fuzz/generator.h"

namespace govchain::analysis {
namespace {

struct FuzzOptions {
  std::string protocol;
  std::string seeds;
  std::string faults = "all";
  std::string mutant;
  std::string out;
  unsigned threads = 0;
  uint32_t replicas = 0;
  uint32_t ranges = 1;
  bool json = false;
  bool quiet = false;
};

constexpr uint64_t kDefaultSeeds = 1'000;

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
  if (options.protocol == "all") {
    for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
      request.protocols.push_back(protocol->protocol);
    }
  } else if (options.protocol.empty()) {
    request.protocols = {consensus::Protocol::kPbft};
  } else {
    const consensus::ProtocolTraits* protocol = consensus::find_protocol(options.protocol);
    if (protocol == nullptr) return unknown("protocol", options.protocol, protocol_names());
    request.protocols = {protocol->protocol};
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
  request.replicas = options.replicas;
  request.out = options.out;
  if (options.mutant == "all") return hunt_all(request, options.ranges, stop);
  if (options.ranges != 1) return usage_error("--ranges goes with --mutant all");
  if (options.mutant.empty()) return run_fuzz_request(request, stop);
  if (!options.out.empty()) return usage_error("--out goes with --mutant all, not with one");
  if (!find_mutant(options.mutant)) {
    std::vector<std::string> names;
    for (KnownMutant& mutant : known_mutants()) names.push_back(std::move(mutant.name));
    return unknown("mutant", options.mutant, names);
  }
  request.mutant = options.mutant;
  return hunt_one(request);
}

}  // namespace

void add_fuzz_command(CLI::App& program, CommandContext& context) {
  auto options = std::make_shared<FuzzOptions>();
  CLI::App* command = program.add_subcommand(
      "fuzz",
      "runs a protocol under random faults and adversaries, one small world per seed, and holds "
      "it to every rule of safety and liveness. A seed that breaks one is shrunk to the faults "
      "that it needs and printed as a command.");
  command->footer(
      "  govchain fuzz --protocol raft --seeds 0:20000  a campaign\n"
      "  govchain fuzz --seeds 17:18 --faults 2,5       a replay, two of its faults\n"
      "  govchain fuzz --faults crash,partition         with these kinds of faults only\n"
      "  govchain fuzz --protocol raft --replicas 4     worlds of four replicas only\n"
      "  govchain fuzz --protocol all --out figures.json\n"
      "  govchain fuzz --mutant all                     do the rules find planted bugs?\n"
      "  govchain fuzz --mutant all --seeds 0:20000 --ranges 10 --out mutants.md");
  command->add_option(
      "--protocol", options->protocol,
      fmt::format("list, all, or one of {} (pbft)", fmt::join(protocol_names(), ", ")));
  command->add_option("--seeds", options->seeds, "A:B, from A to B - 1 (0:1000)");
  command->add_option("--faults", options->faults,
                      "all, none, or kinds and numbers separated by commas");
  command
      ->add_option("--replicas", options->replicas,
                   "in every world; the same seed is another world for each (as the seed draws)")
      ->check(CLI::Range(1U, sim::kMostFuzzedReplicas));
  command->add_option("--mutant", options->mutant, "list, all, or one: hunt a planted bug");
  command
      ->add_option("--ranges", options->ranges,
                   "for --mutant all: so many ranges, each as long as --seeds, one after the other")
      ->check(CLI::Range(1U, 1'000U));
  command->add_option("--out", options->out,
                      "a file for the figures as JSON; for --mutant all and NAME.md, a table");
  command->add_option("--threads", options->threads, "seeds at a time (all processors)")
      ->check(CLI::Range(1, 1'024));
  command->add_flag("--json", options->json, "for machines");
  command->add_flag("--quiet", options->quiet, "no progress");
  command->callback([options, &context] { context.exit_code = fuzz(*options, context.stop); });
}

}  // namespace govchain::analysis
