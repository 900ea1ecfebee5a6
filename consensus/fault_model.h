#pragma once
// What a protocol's members may do wrong, and the quorums that follow from it.

#include <cstdint>

namespace govchain::consensus {

enum class FaultModel : uint8_t {
  kCrash,      // members stop and come back; nobody lies
  kByzantine,  // members do and say anything
};

// n = 2f + 1 or n = 3f + 1: members, or weight, that must be there for one that may be faulty.
[[nodiscard]] constexpr uint64_t members_per_fault(FaultModel model) {
  return model == FaultModel::kCrash ? 2 : 3;
}
[[nodiscard]] constexpr uint64_t members_for(FaultModel model, uint64_t faulty) {
  return members_per_fault(model) * faulty + 1;
}
// The most of `total` that may be faulty.
[[nodiscard]] constexpr uint64_t tolerated_faults(FaultModel model, uint64_t total) {
  return total == 0 ? 0 : (total - 1) / members_per_fault(model);
}
// What any two quorums must reach: n - f, which for crashes is the majority. Of nobody there is no
// quorum: then it is 1, which nobody reaches.
[[nodiscard]] constexpr uint64_t quorum_of(FaultModel model, uint64_t total) {
  return total == 0 ? 1 : total - tolerated_faults(model, total);
}

}  // namespace govchain::consensus
