#include "sim/fuzz/laggards.h"

#include <algorithm>

namespace govchain::sim {
namespace {

FaultSpec absence(const Draft& draft, RandomStream& random) {
  FaultSpec fault;
  fault.group = {draft.honest_replica(random)};
  fault.at = between(random, draft.chaos / 20, draft.chaos / 5);
  switch (random.below(4)) {
    case 0:
      fault.kind = FaultSpec::Kind::kPartition;
      break;
    case 1:
      fault.kind = FaultSpec::Kind::kPause;
      break;
    case 2:
      fault.kind = FaultSpec::Kind::kCrash;
      break;
    default:
      // It comes for the first time when the others are far ahead.
      fault.kind = FaultSpec::Kind::kCrash;
      fault.at = Duration::zero();
      break;
  }
  fault.duration = between(random, draft.chaos * 7 / 10, draft.chaos * 19 / 20) - fault.at;
  return fault;
}

}  // namespace

void draw_laggards(Draft& draft) {
  RandomStream random = draft.stream(20);
  if (draft.faulty() == 0 || !random.chance(0.3)) return;
  draft.chaos = std::max(
      draft.chaos, between(random, Duration::milliseconds(1'500), Duration::milliseconds(3'000)));
  consensus::EngineConfig& engine = draft.engine();
  engine.checkpoint_interval = static_cast<uint64_t>(random.between(1, 4));
  engine.retained_blocks = static_cast<uint64_t>(random.between(1, 3));
  // Many small blocks: what is missed is counted in heights.
  engine.max_block_transactions = static_cast<uint32_t>(random.between(1, 3));
  engine.batch_delay = std::min(engine.batch_delay, Duration::milliseconds(10));
  // The others must go on without it, so most of the world's other faults stay away.
  if (random.chance(0.7)) {
    draft.world.faults.resize(std::min<size_t>(draft.world.faults.size(), random.below(3)));
  }
  draft.world.faults.push_back(absence(draft, random));
  std::stable_sort(draft.world.faults.begin(), draft.world.faults.end(),
                   [](const FaultSpec& a, const FaultSpec& b) { return a.at < b.at; });
}

}  // namespace govchain::sim
