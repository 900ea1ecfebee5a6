#pragma once
// Whether a proof holds, checked against the members of a chain whom the user trusts, and nobody
// else: no replica is asked.

#include <string>
#include <vector>

#include "analysis/node/proof_file.h"
#include "consensus/node/config/network_file.h"

namespace govchain::analysis {

// One thing that the proof shows, or fails to show.
struct ProofCheck {
  std::string what;  // members, block, payload, transaction, checkpoint, receipt, record
  bool holds = false;
  std::string explanation;
};

struct ProofReport {
  std::vector<ProofCheck> checks;  // as many as the proof has parts
  [[nodiscard]] bool holds() const;
};

// `trusted`: protocol, scheme, hash function, checkpoint interval and members of the chain, of its
// genesis. Who signed for a later epoch counts as far as the proof's changes of members lead to it.
[[nodiscard]] ProofReport check_proof(const ProofFile& proof,
                                      const consensus::node::NetworkFile& trusted);

}  // namespace govchain::analysis
