#pragma once
// The unfinal nodes above the last final block, in one small table ordered by height. At commit
// everything is dropped that is not above the new root, or is on another branch.

#include <cstddef>
#include <optional>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/hotstuff/link.h"
#include "consensus/hotstuff/messages.h"
#include "consensus/message.h"
#include "consensus/types.h"

namespace govchain::consensus::hotstuff {

// Nodes kept; a leader can add one for each view that it leads, and only as views go by.
inline constexpr size_t kMaxNodes = kMaxLinkNodes;

struct Node {
  Digest digest;
  NodeHeader header;
  Height height;
  BlockRef block;
  CertificateRef justify;                     // of the parent; null: the parent is the epoch's root
  std::optional<TimeoutCertificate> timeout;  // of the view before, if that was given up
  MessageRef proposal;      // as its leader signed it; null while one's own is being signed
  Ticket ticket;            // of the log record that holds it; 0: none
  bool attached = false;    // all nodes down to the root are here
  bool refused = false;     // looked at and found not worth a vote
  bool said_again = false;  // one's own from before a crash, whose signature nobody here has
  bool payloads_asked = false;
  bool payloads_good = false;
};

// The last final block's node. After a state transfer, or a restart, its digest is not known.
struct Root {
  Height height;
  View view;
  Digest digest;
  bool known = false;
};

class BlockTree {
 public:
  void reset(const Root& root);
  // A block above the present root is final.
  void set_root(const Root& root);
  [[nodiscard]] const Root& root() const { return root_; }

  // Null if the table is full. References to nodes end with the next insert, reset or set_root.
  Node* insert(Node node);
  [[nodiscard]] Node* find(const Digest& digest);
  [[nodiscard]] const Node* find(const Digest& digest) const;
  // The first of that view.
  [[nodiscard]] Node* at_view(View view);
  [[nodiscard]] const Node* of_block(const Digest& block) const;
  // True if a node at the root's height with this digest is, or may be, the root.
  [[nodiscard]] bool is_root(Height height, const Digest& digest) const {
    return height == root_.height && (!root_.known || digest == root_.digest);
  }
  // Unfinal parent; null if that is the root or not here.
  [[nodiscard]] const Node* parent_of(const Node& node) const { return find(node.header.parent); }

  // From `tip` down to the node above the root; only of attached ones. `out` is reused.
  void path(const Node& tip, std::vector<const Node*>& out) const;
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] std::vector<Node>& nodes() { return nodes_; }

 private:
  void attach_all();
  [[nodiscard]] bool attaches(const Node& node) const;

  Root root_;
  std::vector<Node> nodes_;  // ascending by height
};

}  // namespace govchain::consensus::hotstuff
