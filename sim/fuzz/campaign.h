#pragma once
// Many seeds of one protocol, each in a world of its own (sim/fuzz/generator.h), with every checker
// on. Seeds are spread over threads; the result does not depend on how.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/result.h"
#include "sim/fuzz/item.h"
#include "sim/world_spec.h"

namespace govchain::sim {

struct CampaignSpec {
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint64_t first_seed = 0;
  uint64_t end_seed = 0;  // half open
  ItemFilter items;
  uint32_t replicas = 0;  // of every world; 0: as each seed draws
  unsigned threads = 1;
  // Ends the campaign when this many seeds were found to break a rule; those found are shrunk.
  uint32_t max_failures = 10;
  bool shrink = true;       // failing seeds to the faults that they need
  std::string_view mutant;  // for the replay command only; empty in the production build
  const std::atomic<bool>* stop = nullptr;
  // From any thread, after every few seeds.
  std::function<void(uint64_t seeds_done)> progress;
};

struct SeedFailure {
  uint64_t seed = 0;
  std::string rule;    // the first that was broken
  std::string detail;  // who, when, what
  std::string replay;  // a command that shows it again, with only the faults that it needs
};

struct CampaignResult {
  uint64_t seeds = 0;                 // that were run
  std::vector<SeedFailure> failures;  // ascending by seed
  // What the engine declares as necessary, and how often it occurred, over all replicas and seeds.
  std::vector<std::pair<std::string, uint64_t>> situations;
  // In how many of the seeds: parallel to `situations`.
  std::vector<uint64_t> seeds_with;
  std::vector<std::string> missing_situations;
  uint64_t median_height = 0;  // committed blocks of a seed
  uint64_t messages = 0;
  double cpu_seconds = 0;
};

// Errors: kInvalid for an empty range, kExhausted if stopped from outside.
[[nodiscard]] consensus::Result<CampaignResult> run_campaign(const CampaignSpec& spec);

// The seed that this thread is at, for the message of an aborting program.
[[nodiscard]] std::optional<uint64_t> seed_at_hand() noexcept;
[[nodiscard]] std::string replay_command(const CampaignSpec& spec, uint64_t seed,
                                         std::string_view faults);

}  // namespace govchain::sim
