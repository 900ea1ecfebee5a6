#include <utility>

#include "consensus/protocol_settings.h"
#include "consensus/raft/engine.h"
#include "consensus/raft/messages.h"
#include "consensus/raft/mutant.h"

namespace govchain::consensus::raft {

const ProtocolTraits& traits() {
  static const ProtocolTraits declared = {
      .protocol = Protocol::kRaft,
      .name = "raft",
      .faults = FaultModel::kCrash,
      .roles =
          message_roles<MessageType>({{MessageType::kCheckpointVote, MessageRole::kCheckpoint}}),
      .payload_memory = PayloadMemory::kWindow,
      .reconfigures = true,
      .proposes_by_digest = true,
      .make =
          [](const EngineConfig& config, const ProtocolSettings& settings,
             RecoveredState recovered) {
            return make_raft(config, settings.raft, std::move(recovered));
          },
      .message_name = message_name,
      .required_situations = required_situations,
      .mutants = mutant_catalogue,
      .plant = plant,
  };
  return declared;
}

}  // namespace govchain::consensus::raft
