#pragma once
// Hunts for planted bugs: the checkers find them, or a checker is missing. The engines that hold
// them are in a program of their own (analysis/command/mutants), started once for each hunt.

#include <atomic>
#include <cstdint>

#include "analysis/command/fuzz_campaign.h"

namespace govchain::analysis {

// What a planted bug may take to be found, unless the range of seeds is given.
inline constexpr uint64_t kMutantSeeds = 2'000;

// One bug, as `request` says; the exit code is that of its campaign (6: found).
[[nodiscard]] int hunt_one(const FuzzRequest& request);

// All bugs, each in `ranges` ranges of seeds that follow each other, as long as the request's:
// which rule caught it, how many seeds of each range passed before, and their median. As many hunts
// at a time as the request has threads; the output does not depend on it. FuzzRequest::out: a
// Markdown table if it ends in .md, else JSON.
//
// Exit code: 0 if each was found in so many ranges that there is a median, 1 if not.
[[nodiscard]] int hunt_all(const FuzzRequest& request, uint32_t ranges,
                           const std::atomic<bool>* stop);

}  // namespace govchain::analysis
