#pragma once
// What everybody else must know of a protocol to run, check and attack it without naming it. Each
// engine fills in one (traits.cpp in its folder); consensus/protocols.h finds it.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "consensus/engine.h"
#include "consensus/fault_model.h"
#include "consensus/message_role.h"
#include "consensus/mutant_description.h"
#include "consensus/situation.h"
#include "consensus/types.h"

namespace govchain::consensus {

struct ProtocolSettings;  // consensus/protocol_settings.h

// An honest replica makes one statement of a kind ...
enum class StatementKey : uint8_t {
  kHeightAndView,  // for each height of each view
  kView,           // for each view, at whatever height
};
// ... where its proposal and its votes of all phases are one kind, because it votes only for what
// it accepted as the proposal, or each is its own, because it may vote for nothing in one phase and
// for a block in another (Tendermint's nil).
enum class StatementKind : uint8_t { kAllPhases, kEachPhase };
// What a view counts.
enum class ViewScope : uint8_t {
  kChain,   // leaders, through all heights
  kHeight,  // attempts at one height (Tendermint's round)
};
// Payloads that a replica refuses to order again after it lost its memory.
enum class PayloadMemory : uint8_t {
  kRetainedBlocks,  // those of the last EngineConfig::retained_blocks
  kWindow,          // all of the window: they come back with log and snapshots
};

struct ProtocolTraits {
  Protocol protocol;
  std::string_view name;  // in scenarios, commands and results
  FaultModel faults;

  MessageRoles roles;
  StatementKey statement_key = StatementKey::kHeightAndView;
  StatementKind statement_kind = StatementKind::kAllPhases;
  ViewScope view_scope = ViewScope::kChain;
  PayloadMemory payload_memory = PayloadMemory::kRetainedBlocks;
  // Whether the certificate of a commit, its signatures and weight taken as good, proves the block.
  // Null: it is one of final votes (a quorum of an earlier phase proves nothing to a client), and
  // its statement names the block's height and digest.
  bool (*proves_commit)(HashAlgorithm algorithm, const Certificate& certificate,
                        const Block& block) = nullptr;
  // input::Reconfigure is carried out, members of weight 0 learn, and leadership can be handed
  // over; otherwise the engine refuses.
  bool reconfigures = false;
  // EngineConfig::proposal_bodies may be kByDigest.
  bool proposes_by_digest = false;
  // ... and kCertified.
  bool proposes_certified = false;

  std::unique_ptr<Engine> (*make)(const EngineConfig& config, const ProtocolSettings& settings,
                                  RecoveredState recovered);
  // "unknown" if the type is none of the protocol's.
  std::string_view (*message_name)(uint8_t type);
  std::span<const Situation> (*required_situations)();
  std::span<const MutantDescription> (*mutants)();
  // Plants a bug in all engines of this protocol that are made from now on. Does nothing in the
  // production archive, which holds none.
  void (*plant)(uint8_t mutant);
};

[[nodiscard]] constexpr bool supports(const ProtocolTraits& traits, ProposalBodies bodies) {
  switch (bodies) {
    case ProposalBodies::kCarried:
      return true;
    case ProposalBodies::kByDigest:
      return traits.proposes_by_digest;
    case ProposalBodies::kCertified:
      return traits.proposes_certified;
  }
  return false;
}

}  // namespace govchain::consensus
