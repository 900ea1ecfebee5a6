#pragma once
// Chained HotStuff behind the engine contract (Yin, Malkhi, Reiter, Gueta & Abraham, "HotStuff: BFT
// Consensus with Linearity and Responsiveness", PODC 2019, arXiv 1803.05069), with the two-chain
// rule of Jolteon (Gelashvili et al., FC 2022, arXiv 2106.10362) or the paper's own three-chain.
//
// A view has one leader and at most one block, which carries the certificate of its parent; votes
// go to the leader of the next view. So every block is a phase of those before it. README.md has
// the rules, the choices and the sketch of costs.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "consensus/engine.h"
#include "consensus/protocol_traits.h"
#include "consensus/time.h"

namespace govchain::consensus::hotstuff {

// How many certified blocks of consecutive views make the first of them final.
enum class CommitRule : uint8_t {
  kTwoChain = 2,    // Jolteon; HotStuff-2 (Malkhi & Nayak, ePrint 2023/397) commits by it as well
  kThreeChain = 3,  // HotStuff, Algorithm 5
};

enum class LeaderPolicy : uint8_t {
  kRotating,  // another member after every `views_per_leader` views
  kStable,    // the same member until a timeout
};

// What HotStuff needs beyond EngineConfig; equal on all replicas of a chain. Zero means: derived.
struct HotstuffConfig {
  CommitRule commit_rule = CommitRule::kTwoChain;
  LeaderPolicy leader = LeaderPolicy::kRotating;
  // Consecutive views of one leader. Zero: 1 under the two-chain and 2 under the three-chain rule,
  // so that among f faulty leaders in turn some run of honest views is long enough to commit
  // (README, "Liveness"); one more than the rule's length where weights differ; under a stable
  // leader 1,000,003.
  uint64_t views_per_leader = 0;
  Duration status_interval;       // zero: half of EngineConfig::base_timeout
  Duration idle_status_interval;  // zero: four times EngineConfig::base_timeout
  uint32_t blocks_per_answer = 16;
};

// One replica. A log that contradicts itself gives an engine whose first step emits
// effect::Stopped{storage_failed}. Members of weight 0 receive everything and count for nothing.
[[nodiscard]] std::unique_ptr<Engine> make_hotstuff(const EngineConfig& config,
                                                    const HotstuffConfig& settings,
                                                    RecoveredState recovered);

// Of a message type on the wire, for traces and checkers; "unknown" if it is none of ours.
[[nodiscard]] std::string_view message_name(uint8_t type);

[[nodiscard]] std::span<const Situation> required_situations();

// What others need to know of this engine (consensus/protocols.h).
[[nodiscard]] const ProtocolTraits& traits();

}  // namespace govchain::consensus::hotstuff
