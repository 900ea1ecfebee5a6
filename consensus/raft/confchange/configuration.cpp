#include "consensus/raft/confchange/configuration.h"

#include <algorithm>

namespace govchain::consensus::raft::confchange {
namespace {

void encode_set(const std::vector<NodeId>& set, Writer& out) {
  out.u32(static_cast<uint32_t>(set.size()));
  for (const NodeId node : set) out.u64(node);
}

std::vector<NodeId> decode_set(Reader& in) {
  std::vector<NodeId> set(in.count(kMaxMembers, sizeof(NodeId)));
  NodeId previous = 0;
  for (NodeId& node : set) {
    node = in.u64();
    if (node <= previous || node > NodeId{UINT32_MAX} + 1) in.fail();
    previous = node;
  }
  return set;
}

}  // namespace

bool contains(const std::vector<NodeId>& set, NodeId node) {
  return std::binary_search(set.begin(), set.end(), node);
}

void insert(std::vector<NodeId>& set, NodeId node) {
  const auto place = std::lower_bound(set.begin(), set.end(), node);
  if (place == set.end() || *place != node) set.insert(place, node);
}

void erase(std::vector<NodeId>& set, NodeId node) { std::erase(set, node); }

bool Configuration::votes(NodeId node) const {
  return contains(incoming, node) || contains(outgoing, node);
}

bool Configuration::learns(NodeId node) const { return contains(learners, node); }

void encode_configuration(const Configuration& configuration, Writer& out) {
  encode_set(configuration.incoming, out);
  encode_set(configuration.outgoing, out);
  encode_set(configuration.learners, out);
  encode_set(configuration.learners_next, out);
  out.u8(configuration.auto_leave ? 1 : 0);
}

Configuration decode_configuration(Reader& in) {
  Configuration configuration;
  configuration.incoming = decode_set(in);
  configuration.outgoing = decode_set(in);
  configuration.learners = decode_set(in);
  configuration.learners_next = decode_set(in);
  const uint8_t auto_leave = in.u8();
  if (auto_leave > 1 || configuration.incoming.empty()) in.fail();
  configuration.auto_leave = auto_leave == 1;
  return configuration;
}

}  // namespace govchain::consensus::raft::confchange
