#include "sim/fuzz/situations.h"

#include <vector>

#include "consensus/pbft/engine.h"
#include "consensus/raft/engine.h"

namespace govchain::sim {
namespace {

// Each engine declares its own list in its own type.
template <typename Declared>
std::vector<Situation> situations_of(const Declared& declared) {
  std::vector<Situation> situations;
  for (const auto& situation : declared) situations.push_back({situation.name, situation.counter});
  return situations;
}

}  // namespace

std::span<const Situation> required_situations(consensus::Protocol protocol) {
  static const std::vector<Situation> kPbft = situations_of(consensus::pbft::required_situations());
  static const std::vector<Situation> kRaft = situations_of(consensus::raft::required_situations());
  return protocol == consensus::Protocol::kPbft ? kPbft : kRaft;
}

}  // namespace govchain::sim
