#include "sim/adversary/hotstuff_nodes.h"

#include "consensus/hotstuff/link.h"
#include "consensus/hotstuff/messages.h"

namespace govchain::sim {

consensus::Digest digest_of_proposal(const consensus::Message& proposal,
                                     consensus::HashAlgorithm algorithm) {
  if (proposal.protocol != consensus::Protocol::kHotstuff) return proposal.block->digest;
  const auto body = consensus::hotstuff::decode_proposal(proposal.body);
  if (!body) return proposal.block->digest;
  return consensus::hotstuff::node_digest(
      algorithm, {proposal.block->digest, body->parent, proposal.view, body->parent_view()});
}

}  // namespace govchain::sim
