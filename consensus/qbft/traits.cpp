#include <utility>

#include "consensus/protocol_settings.h"
#include "consensus/qbft/engine.h"
#include "consensus/qbft/messages.h"
#include "consensus/qbft/mutant.h"

namespace govchain::consensus::qbft {

const ProtocolTraits& traits() {
  static const ProtocolTraits kTraits = {
      .protocol = Protocol::kQbft,
      .name = "qbft",
      .faults = FaultModel::kByzantine,
      .roles =
          message_roles<MessageType>({{MessageType::kPrePrepare, MessageRole::kProposal},
                                      {MessageType::kPrepare, MessageRole::kVote},
                                      {MessageType::kCommit, MessageRole::kFinalVote},
                                      {MessageType::kCheckpoint, MessageRole::kCheckpoint},
                                      {MessageType::kRoundChange, MessageRole::kLeaderChange}}),
      .view_scope = ViewScope::kHeight,
      .reconfigures = true,
      .proposes_by_digest = true,
      .proposes_certified = true,
      .make =
          [](const EngineConfig& config, const ProtocolSettings& settings,
             RecoveredState recovered) {
            return make_qbft(config, settings.qbft, std::move(recovered));
          },
      .message_name = message_name,
      .required_situations = required_situations,
      .mutants = mutant_catalogue,
      .plant = plant,
  };
  return kTraits;
}

}  // namespace govchain::consensus::qbft
