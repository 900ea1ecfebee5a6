#pragma once
// The common proof of all engines: after executing the block at `height` the state has root
// `state_root`, signed by a quorum of the epoch's members (f+1 of 2f+1 where the protocol assumes
// crashes only, 2f+1 of 3f+1 otherwise). Light clients, other chains, snapshots and hand-overs
// between engines rely on nothing else.

#include "consensus/certificate.h"
#include "consensus/types.h"

namespace govchain::consensus {

struct Checkpoint {
  Height height;
  Digest state_root;
  Epoch epoch;
  CertificateRef
      certificate;  // over Statement{type kCheckpointStatement, view 0, height, state_root}
};

}  // namespace govchain::consensus
