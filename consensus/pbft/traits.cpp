#include <utility>

#include "consensus/pbft/engine.h"
#include "consensus/pbft/messages.h"
#include "consensus/pbft/mutant.h"
#include "consensus/protocol_settings.h"

namespace govchain::consensus::pbft {

const ProtocolTraits& traits() {
  static const ProtocolTraits declared = {
      .protocol = Protocol::kPbft,
      .name = "pbft",
      .faults = FaultModel::kByzantine,
      .roles = message_roles<MessageType>({{MessageType::kPrePrepare, MessageRole::kProposal},
                                           {MessageType::kPrepare, MessageRole::kVote},
                                           {MessageType::kCommit, MessageRole::kFinalVote},
                                           {MessageType::kCheckpoint, MessageRole::kCheckpoint},
                                           {MessageType::kViewChange, MessageRole::kLeaderChange},
                                           {MessageType::kNewView, MessageRole::kLeaderProof}}),
      .reconfigures = true,
      .proposes_by_digest = true,
      .proposes_certified = true,
      .make =
          [](const EngineConfig& config, const ProtocolSettings& settings,
             RecoveredState recovered) {
            return make_pbft(config, settings.pbft, std::move(recovered));
          },
      .message_name = message_name,
      .required_situations = required_situations,
      .mutants = mutant_catalogue,
      .plant = plant,
  };
  return declared;
}

}  // namespace govchain::consensus::pbft
