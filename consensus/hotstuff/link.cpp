#include "consensus/hotstuff/link.h"

#include <string_view>

#include "consensus/codec.h"
#include "consensus/fixed_writer.h"
#include "consensus/hotstuff/messages.h"

namespace govchain::consensus::hotstuff {

namespace {

constexpr std::string_view kNodeLabel = "govchain hotstuff node";
constexpr std::string_view kRootLabel = "govchain hotstuff root";
constexpr size_t kLabelBytes = 22;
constexpr size_t kLinkNodeBytes = 32 + 8;

constexpr size_t kNodePreimageBytes = kLabelBytes + 2 * sizeof(Digest) + 2 * 8;
constexpr size_t kRootPreimageBytes = kLabelBytes + 2 * 8;
constexpr size_t kLinkFrameBytes = 1 + 4 + sizeof(Digest) + 8;  // beside the nodes

}  // namespace

Digest node_digest(HashAlgorithm algorithm, const NodeHeader& header) {
  static_assert(kNodeLabel.size() == kLabelBytes && kRootLabel.size() == kLabelBytes);
  FixedWriter<kNodePreimageBytes> preimage;
  preimage.text(kNodeLabel);
  preimage.digest(header.block);
  preimage.digest(header.parent);
  preimage.ordinal(header.view);
  preimage.ordinal(header.parent_view);
  return hash(algorithm, preimage.bytes());
}

Digest root_digest(HashAlgorithm algorithm, Epoch epoch, Height height) {
  FixedWriter<kRootPreimageBytes> preimage;
  preimage.text(kRootLabel);
  preimage.ordinal(epoch);
  preimage.ordinal(height);
  return hash(algorithm, preimage.bytes());
}

// Parents' digests and views follow from the nodes below, so only the last node's are written.
void encode_link(const Link& link, std::vector<uint8_t>& bytes) {
  bytes.reserve(bytes.size() + kLinkFrameBytes + kLinkNodeBytes * link.nodes.size());
  Writer out(bytes);
  out.u8(static_cast<uint8_t>(link.rule));
  out.u32(static_cast<uint32_t>(link.nodes.size()));
  for (const NodeHeader& node : link.nodes) {
    FixedWriter<kLinkNodeBytes> entry;
    entry.digest(node.block);
    entry.ordinal(node.view);
    out.raw(entry.bytes());
  }
  out.digest(link.nodes.back().parent);
  out.ordinal(link.nodes.back().parent_view);
}

std::optional<Link> decode_link(HashAlgorithm algorithm, const Digest& head,
                                std::span<const uint8_t> bytes) {
  Reader in(bytes);
  const uint8_t rule = in.u8();
  if (rule != static_cast<uint8_t>(CommitRule::kTwoChain) &&
      rule != static_cast<uint8_t>(CommitRule::kThreeChain)) {
    return std::nullopt;
  }
  Link link;
  link.rule = static_cast<CommitRule>(rule);
  const uint32_t count = in.count(kMaxLinkNodes, kLinkNodeBytes);
  if (count == 0) return std::nullopt;
  link.nodes.resize(count);
  for (NodeHeader& node : link.nodes) {
    node.block = in.digest();
    node.view = in.ordinal<View>();
  }
  Digest below = in.digest();
  View below_view = in.ordinal<View>();
  if (!in.finished()) return std::nullopt;
  for (size_t i = link.nodes.size(); i-- > 0;) {
    NodeHeader& node = link.nodes[i];
    node.parent = below;
    node.parent_view = below_view;
    if (node.view <= below_view) return std::nullopt;
    below = node_digest(algorithm, node);
    below_view = node.view;
  }
  if (below != head) return std::nullopt;
  return link;
}

std::optional<NodeHeader> proven_node(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  (void)in.u8();
  const uint32_t count = in.count(kMaxLinkNodes, kLinkNodeBytes);
  if (!in.ok() || count == 0) return std::nullopt;
  NodeHeader node;
  for (uint32_t i = 0; i < count; ++i) {
    node.block = in.digest();
    node.view = in.ordinal<View>();
  }
  node.parent = in.digest();
  node.parent_view = in.ordinal<View>();
  if (!in.finished()) return std::nullopt;
  return node;
}

Height proven_height(const Certificate& certificate) {
  Reader in(certificate.link);
  (void)in.u8();
  const uint32_t nodes = in.u32();
  const uint64_t height = certificate.statement.height.value();
  if (!in.ok() || nodes == 0 || nodes > height) return certificate.statement.height;
  return Height(height - (nodes - 1));
}

std::optional<Link> proof_of(HashAlgorithm algorithm, const Certificate& certificate,
                             const Block& block) {
  const Statement& statement = certificate.statement;
  if (statement.protocol != Protocol::kHotstuff || statement.epoch != block.epoch ||
      statement.type != static_cast<uint8_t>(MessageType::kVote) ||
      proven_height(certificate) != block.height) {
    return std::nullopt;
  }
  std::optional<Link> link = decode_link(algorithm, statement.digest, certificate.link);
  if (!link || link->nodes.front().view != statement.view ||
      link->nodes.back().block != block.digest) {
    return std::nullopt;
  }
  const size_t chain = static_cast<size_t>(link->rule);
  if (link->nodes.size() < chain) return std::nullopt;
  // Jolteon, Fig. 2 ("Commit rule"): adjacent certified blocks of consecutive rounds; PODC'19,
  // Algorithm 5, lines 18-19: direct parents. A chain over a view that failed proves nothing.
  for (size_t i = 0; i + 1 < chain; ++i) {
    if (link->nodes[i].view != link->nodes[i + 1].view.next()) return std::nullopt;
  }
  return link;
}

}  // namespace govchain::consensus::hotstuff
