#pragma once
// Runs campaigns and prints what they found, for people or as the JSON of the command line
// contract. Shared by `govchain fuzz` and by the program that holds the planted bugs.

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "consensus/types.h"

namespace govchain::analysis {

struct FuzzRequest {
  std::vector<consensus::Protocol> protocols;  // a campaign of each, one after the other
  uint64_t first_seed = 0;
  uint64_t end_seed = 1'000;  // half open
  std::string faults = "all";
  uint32_t replicas = 0;  // 0: as each seed draws
  std::string mutant;     // as `--mutant list` names it; empty in the production program
  unsigned threads = 1;
  uint32_t max_failures = 10;
  bool shrink = true;
  bool json = false;
  bool quiet = false;
  std::string out;  // where the figures go as JSON, too; empty: nowhere
};

// Exit code, of several campaigns the first that is not 0 in the order 6, 2, 1, 5: 0 clean, 1
// stopped, 2 if the request contradicts itself, 5 if a situation that the engine declares as
// necessary never occurred (replays excepted), 6 if a rule was broken. An engine that aborts on a
// broken invariant ends the program with 6 and the command that shows it again.
[[nodiscard]] int run_fuzz_request(const FuzzRequest& request, const std::atomic<bool>* stop);

}  // namespace govchain::analysis
