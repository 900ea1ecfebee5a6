#pragma once
// Nodes: what is voted for, and how a certificate of one node proves the blocks below it.
//
// HotStuff's node is a block together with its parent and the certificate that it carries (PODC'19
// §4.2, createLeaf). The certificate is that of the parent, so a node is bound by the block's
// digest, the parent's node digest, its own view and the view of that certificate, and the digest
// of these four is what votes name.
//
// A commit certificate is the certificate of the head of a chain of nodes in consecutive views; the
// headers of the nodes between it and the proven block are its link. Anybody can recompute the
// head's digest from them.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/crypto/hash.h"
#include "consensus/hotstuff/engine.h"
#include "consensus/membership.h"
#include "consensus/types.h"

namespace govchain::consensus::hotstuff {

// Nodes of a link: an unfinal chain that is longer cannot become final.
inline constexpr uint32_t kMaxLinkNodes = 4'096;

struct NodeHeader {
  Digest block;
  Digest parent;  // node digest
  View view;
  View parent_view;  // of the certificate that the node carries
  friend bool operator==(const NodeHeader&, const NodeHeader&) = default;
};
[[nodiscard]] Digest node_digest(HashAlgorithm algorithm, const NodeHeader& header);

// The node below the first block of an epoch, in view 0. It follows from where the epoch begins and
// not from how the block below was certified, because a replica that took over a checkpoint's state
// knows only that.
[[nodiscard]] Digest root_digest(HashAlgorithm algorithm, Epoch epoch, Height height);

// From the head of the chain (front), which is certified, down to the node of the proven block.
struct Link {
  CommitRule rule = CommitRule::kTwoChain;
  std::vector<NodeHeader> nodes;
};
void encode_link(const Link& link, std::vector<uint8_t>& out);
// Null if it does not decode, or does not lead from `head` downwards.
[[nodiscard]] std::optional<Link> decode_link(HashAlgorithm algorithm, const Digest& head,
                                              std::span<const uint8_t> bytes);

// The last node alone, that of the proven block, of a link that is known to lead there. Null if it
// does not decode.
[[nodiscard]] std::optional<NodeHeader> proven_node(std::span<const uint8_t> bytes);

// The height of the block that the certificate proves; only its link's length is looked at.
[[nodiscard]] Height proven_height(const Certificate& certificate);

// Whether the certificate, its signatures taken as good, is that of a head under which `block` is
// final by the rule that it names: what a checker asks, who does not know the chain's settings.
// Weights are not looked at.
[[nodiscard]] std::optional<Link> proof_of(HashAlgorithm algorithm, const Certificate& certificate,
                                           const Block& block);

}  // namespace govchain::consensus::hotstuff
