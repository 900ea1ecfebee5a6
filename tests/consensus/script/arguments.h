#pragma once
// What commands of scripts say about a chain: who is in it, with what weight and role, and how its
// engines propose.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "consensus/engine.h"
#include "consensus/membership.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "tests/consensus/data_driven.h"

namespace govchain::consensus::testing {

inline constexpr uint64_t kMostReplicas = 100;
// Of time that passes in one command: a script is a story, not a campaign.
inline constexpr uint64_t kMostMilliseconds = 10'000'000;
inline constexpr ChainId kScriptChain{1};

[[nodiscard]] Error refuse(const Case& command, const std::string& what);
[[nodiscard]] std::vector<std::string> list_argument(const Case& command, const std::string& name);

// A misspelt argument must not silently mean its default. Every command has `quiet` and `silent`.
[[nodiscard]] Status check_arguments(const Case& command, const std::set<std::string>& known);
// The one number of an argument, or `otherwise` without the argument.
struct Bounds {
  uint64_t least = 0;
  uint64_t most = UINT64_MAX;
};
[[nodiscard]] Result<uint64_t> bounded_argument(const Case& command, const std::string& name,
                                                uint64_t otherwise, Bounds bounds);

// Whether the argument says manual; it may also say auto, or nothing.
[[nodiscard]] Result<bool> is_manual(const Case& command, const std::string& name);

// proposals=by-digest|certified and verify-payloads. Both begin at version 2 of the rules.
[[nodiscard]] Status read_proposals(const Case& command, EngineConfig& config);
[[nodiscard]] Member member_of(uint32_t id, uint64_t weight);
// Applies add=, learner=, witness=, remove= and weights=(2:5) to the members that a chain has now.
[[nodiscard]] Result<MembershipChange> change_of(const Case& command, const Membership& now);
// weights=(3,1,1) in the order of the replicas, witnesses=(2).
[[nodiscard]] Status read_shares(const Case& command, Membership& genesis);

}  // namespace govchain::consensus::testing
