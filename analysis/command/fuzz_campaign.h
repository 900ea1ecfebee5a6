#pragma once
// Runs one campaign and prints what it found, for people or as the JSON of the command line
// contract. Shared by `govchain fuzz` and by the program that holds the planted bugs.

#include <atomic>
#include <cstdint>
#include <string>

#include "consensus/types.h"

namespace govchain::analysis {

struct FuzzRequest {
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint64_t first_seed = 0;
  uint64_t end_seed = 1'000;  // half open
  std::string faults = "all";
  std::string mutant;  // as `--mutant list` names it; empty in the production program
  unsigned threads = 1;
  uint32_t max_failures = 10;
  bool json = false;
  bool quiet = false;
};

// Exit code: 0 clean, 1 stopped, 2 if the request contradicts itself, 5 if a situation that the
// engine declares as necessary never occurred (replays excepted), 6 if a rule was broken. An engine
// that aborts on a broken invariant ends the program with 6 and the command that shows it again.
[[nodiscard]] int run_fuzz_request(const FuzzRequest& request, const std::atomic<bool>* stop);

}  // namespace govchain::analysis
