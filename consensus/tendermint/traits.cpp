#include <utility>

#include "consensus/chain/messages.h"
#include "consensus/protocol_settings.h"
#include "consensus/tendermint/engine.h"
#include "consensus/tendermint/messages.h"
#include "consensus/tendermint/mutant.h"

namespace govchain::consensus::tendermint {

namespace {

constexpr MessageRoles roles() {
  MessageRoles roles =
      message_roles<MessageType>({{MessageType::kProposal, MessageRole::kProposal},
                                  {MessageType::kPrevote, MessageRole::kVote},
                                  {MessageType::kPrecommit, MessageRole::kFinalVote}});
  roles.set(kCheckpointStatement, MessageRole::kCheckpoint);
  return roles;
}

}  // namespace

const ProtocolTraits& traits() {
  static const ProtocolTraits declared = {
      .protocol = Protocol::kTendermint,
      .name = "tendermint",
      .faults = FaultModel::kByzantine,
      .roles = roles(),
      .statement_key = StatementKey::kHeightAndView,
      // A replica may prevote nil where it was proposed a block, and precommit nil what it
      // prevoted.
      .statement_kind = StatementKind::kEachPhase,
      .view_scope = ViewScope::kHeight,
      .payload_memory = PayloadMemory::kWindow,
      .reconfigures = true,
      .proposes_by_digest = true,
      .proposes_certified = true,
      .make =
          [](const EngineConfig& config, const ProtocolSettings& settings,
             RecoveredState recovered) {
            return make_tendermint(config, settings.tendermint, std::move(recovered));
          },
      .message_name = message_name,
      .required_situations = required_situations,
      .mutants = mutant_catalogue,
      .plant = plant,
  };
  return declared;
}

}  // namespace govchain::consensus::tendermint
