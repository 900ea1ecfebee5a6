#include "sim/fuzz/verdict.h"

#include <algorithm>

#include "sim/checkers/replay.h"
#include "sim/fuzz/generator.h"
#include "sim/world.h"

namespace govchain::sim {

Verdict judge_seed(consensus::Protocol protocol, uint64_t seed, const ItemFilter& items,
                   uint32_t replicas) {
  WorldSpec world = generate_world(protocol, seed, replicas);
  keep_items(items, world);
  RunOptions options;
  // Encoding every message costs time and cannot change a result, so only some seeds pay for it.
  options.check_wire_format = seed % 16 == 0;
  // So are two more engines beside every one.
  ReplayCheck replay(world.chains.front().engine.hash, seed);
  if (seed % 16 == 8) options.journal = &replay;
  const consensus::Result<WorldResult> run = run_world(world, options);
  Verdict verdict;
  if (!run) {
    verdict.rule = "world";
    verdict.detail = run.error().where + " " + run.error().message;
    return verdict;
  }
  const ChainResult& chain = run->chains.front();
  verdict.height = chain.blocks;
  verdict.messages = run->work.messages;
  verdict.counters = chain.counters;
  verdict.digest = run->digest;
  if (!run->violations.empty()) {
    const Violation& first = run->violations.front();
    verdict.rule = first.rule;
    verdict.detail =
        "at " + std::to_string(first.at.since_start().to_seconds()) + " s: " + first.detail;
    return verdict;
  }
  if (!replay.difference().empty()) {
    verdict.rule = "replay";
    verdict.detail = replay.difference();
    return verdict;
  }
  const TransactionCounts& counts = chain.transactions;
  if (counts.submitted != counts.committed + counts.refused + counts.timed_out + counts.in_flight) {
    verdict.rule = "transaction-counts";
    verdict.detail = std::to_string(counts.submitted) + " submitted, but " +
                     std::to_string(counts.committed) + " committed, " +
                     std::to_string(counts.refused) + " refused, " +
                     std::to_string(counts.timed_out) + " timed out and " +
                     std::to_string(counts.in_flight) + " in flight";
  }
  return verdict;
}

std::vector<uint32_t> shrink_seed(consensus::Protocol protocol, uint64_t seed,
                                  const ItemFilter& items, const std::string& rule,
                                  uint32_t replicas) {
  constexpr int kMaxRuns = 200;
  std::vector<uint32_t> kept;
  const WorldSpec world = generate_world(protocol, seed, replicas);
  for (uint32_t i = 0; i < item_count(world); ++i) {
    if (items.allows(item_name(world, i), i)) kept.push_back(i);
  }
  int runs = 0;
  for (size_t group = std::max<size_t>(1, kept.size() / 2); group > 0; group /= 2) {
    size_t begin = 0;
    while (begin < kept.size() && runs < kMaxRuns) {
      std::vector<uint32_t> fewer = kept;
      const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(begin);
      const size_t removed = std::min(group, kept.size() - begin);
      fewer.erase(first, first + static_cast<std::ptrdiff_t>(removed));
      ++runs;
      if (judge_seed(protocol, seed, ItemFilter::only(fewer), replicas).rule == rule) {
        kept = std::move(fewer);
      } else {
        begin += group;
      }
    }
  }
  return kept;
}

}  // namespace govchain::sim
