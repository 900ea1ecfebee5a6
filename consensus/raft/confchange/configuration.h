#pragma once
// Who votes and who only listens, and which changes of that are safe (dissertation chapter 4).

#include <cstdint>
#include <vector>

#include "consensus/codec.h"
#include "consensus/quorum.h"
#include "consensus/raft/progress.h"

namespace govchain::consensus::raft::confchange {

// All lists ascending, without repetition. Joint while `outgoing` is not empty.
struct Configuration {
  std::vector<NodeId> incoming;
  std::vector<NodeId> outgoing;
  std::vector<NodeId> learners;
  // Voters of the outgoing half that become learners when it is left; they cannot be learners
  // before, because a voter must not be one.
  std::vector<NodeId> learners_next;
  bool auto_leave = false;  // the leader leaves the joint configuration by itself

  [[nodiscard]] bool joint() const { return !outgoing.empty(); }
  [[nodiscard]] bool votes(NodeId node) const;
  [[nodiscard]] bool learns(NodeId node) const;
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

void encode_configuration(const Configuration& configuration, Writer& out);
// Check in.ok(). Fails on lists that are not ascending or too long, or without voters.
[[nodiscard]] Configuration decode_configuration(Reader& in);

// Sorted sets in vectors.
[[nodiscard]] bool contains(const std::vector<NodeId>& set, NodeId node);
void insert(std::vector<NodeId>& set, NodeId node);
void erase(std::vector<NodeId>& set, NodeId node);

}  // namespace govchain::consensus::raft::confchange
