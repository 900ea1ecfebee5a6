#include <utility>

#include "consensus/hotstuff/engine.h"
#include "consensus/hotstuff/link.h"
#include "consensus/hotstuff/messages.h"
#include "consensus/hotstuff/mutant.h"
#include "consensus/protocol_settings.h"

namespace govchain::consensus::hotstuff {

const ProtocolTraits& traits() {
  static const ProtocolTraits declared = {
      .protocol = Protocol::kHotstuff,
      .name = "hotstuff",
      .faults = FaultModel::kByzantine,
      .roles = message_roles<MessageType>(
          {{MessageType::kProposal, MessageRole::kProposal},
           {MessageType::kVote, MessageRole::kVote},
           {MessageType::kTimeout, MessageRole::kLeaderChange},
           {static_cast<MessageType>(kCheckpointStatement), MessageRole::kCheckpoint}}),
      // A replica votes once in a view, at whatever height, and for what it accepted as proposal.
      .statement_key = StatementKey::kView,
      .payload_memory = PayloadMemory::kWindow,
      .proves_commit =
          [](HashAlgorithm algorithm, const Certificate& certificate, const Block& block) {
            return proof_of(algorithm, certificate, block).has_value();
          },
      .reconfigures = true,
      .proposes_by_digest = true,
      .proposes_certified = true,
      .make =
          [](const EngineConfig& config, const ProtocolSettings& settings,
             RecoveredState recovered) {
            return make_hotstuff(config, settings.hotstuff, std::move(recovered));
          },
      .message_name = message_name,
      .required_situations = required_situations,
      .mutants = mutant_catalogue,
      .plant = plant,
  };
  return declared;
}

}  // namespace govchain::consensus::hotstuff
