#pragma once
// The settings of all engines side by side, so that whoever makes engines needs to name none. An
// engine reads its own member; one without settings has no member.

#include "consensus/chain/settings.h"
#include "consensus/hotstuff/engine.h"
#include "consensus/pbft/engine.h"
#include "consensus/raft/engine.h"

namespace govchain::consensus {

struct ProtocolSettings {
  pbft::PbftConfig pbft;
  raft::RaftConfig raft;
  chain::ChainSettings tendermint;
  chain::ChainSettings qbft;
  hotstuff::HotstuffConfig hotstuff;
};

}  // namespace govchain::consensus
