#include "sim/pbft_roles.h"

#include <array>

#include "consensus/certificate.h"
#include "consensus/pbft/engine.h"

namespace govchain::sim {
namespace {

PbftRole role_of_name(uint8_t type) {
  if (type == consensus::kCheckpointStatement) return PbftRole::kCheckpoint;
  const std::string_view name = consensus::pbft::message_name(type);
  if (name == "pre-prepare") return PbftRole::kProposal;
  if (name == "prepare") return PbftRole::kPrepare;
  if (name == "commit") return PbftRole::kCommit;
  if (name == "view-change") return PbftRole::kViewChange;
  if (name == "new-view") return PbftRole::kNewView;
  return PbftRole::kOther;
}

}  // namespace

PbftRole pbft_role(uint8_t type) {
  static const std::array<PbftRole, 256> kRoles = [] {
    std::array<PbftRole, 256> roles{};
    for (unsigned i = 0; i < roles.size(); ++i) roles[i] = role_of_name(static_cast<uint8_t>(i));
    return roles;
  }();
  return kRoles[type];
}

}  // namespace govchain::sim
