// govchain-mutants: the engines with their planted bugs, and just enough around them to hunt one.
// Started by `govchain fuzz --mutant`, with words in the order below.
//
//     govchain-mutants MUTANT FIRST_SEED END_SEED FAULTS REPLICAS THREADS MAX_FAILURES json|text
//         shrunk|as-found

#include <atomic>
#include <charconv>
#include <csignal>
#include <iostream>
#include <optional>
#include <string_view>

#include "analysis/command/command.h"
#include "analysis/command/fuzz_campaign.h"
#include "analysis/command/known_mutants.h"

namespace govchain::analysis {
namespace {

std::atomic<bool> stop_requested{false};
extern "C" void request_stop(int /*signal*/) { stop_requested.store(true); }

template <typename Number>
bool read(std::string_view word, Number& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size();
}

int hunt(int argument_count, char** arguments) {
  FuzzRequest request;
  if (argument_count != 10 || !read(arguments[2], request.first_seed) ||
      !read(arguments[3], request.end_seed) || !read(arguments[5], request.replicas) ||
      !read(arguments[6], request.threads) || !read(arguments[7], request.max_failures)) {
    std::cerr << "usage: govchain-mutants MUTANT FIRST_SEED END_SEED FAULTS REPLICAS THREADS "
                 "MAX_FAILURES json|text shrunk|as-found\n";
    return kExitUsage;
  }
  request.mutant = arguments[1];
  request.faults = arguments[4];
  request.json = std::string_view(arguments[8]) == "json";
  request.shrink = std::string_view(arguments[9]) == "shrunk";
  const std::optional<KnownMutant> mutant = find_mutant(request.mutant);
  if (!mutant) {
    std::cerr << "govchain-mutants: unknown mutant " << request.mutant << "\n";
    return kExitUsage;
  }
  mutant->protocol->plant(mutant->mutant);
  request.protocols = {mutant->protocol->protocol};
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  return run_fuzz_request(request, &stop_requested);
}

}  // namespace
}  // namespace govchain::analysis

int main(int argument_count, char** arguments) {
  return govchain::analysis::hunt(argument_count, arguments);
}
