#pragma once
// Lays out a network in a folder (`govchain node init`), and changes who is wanted in it
// (`govchain node add` and `remove`).
//
//   DIR/network.json       what all replicas share, and who the chain begins with
//   DIR/members.json       who is wanted, once that is somebody else: a file for every operator
//   DIR/authority.crt      who signs the certificates; its key, DIR/authority.key, belongs in a
//   safe DIR/node-0/node.json   and so on, one folder for each replica, with replica.key, tls.key,
//   tls.crt

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "consensus/node/config/network_file.h"
#include "consensus/node/config/node_file.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

struct LayoutRequest {
  uint32_t replicas = 4;
  NetworkFile network;  // without members and addresses: they are made
  std::string host = "127.0.0.1";
  uint16_t first_port = 7'000;         // of the replicas, for each other
  uint16_t first_client_port = 8'000;  // of the replicas, for clients
  unsigned certificate_days = 3'650;
  // May change what a node's file is about to say; null: nothing is changed.
  std::function<void(NodeFile&)> adjust;
};

// Errors: kInvalid (the folder holds something already; ports do not fit), kIo, kExhausted. What
// was made before an error is removed.
[[nodiscard]] Status lay_out_network(const std::string& folder, const LayoutRequest& request);

struct AddRequest {
  std::optional<ReplicaId> replica;  // null: one more than the highest that there has been
  uint64_t weight = 1;
  std::string host = "127.0.0.1";
  // 0: one more than the highest replica's, as far as its folder is here.
  uint16_t port = 0;
  uint16_t client_port = 0;
  unsigned certificate_days = 3'650;
};
// A folder for one more node of the network in `folder`, and a members.json that has it, too.
// Errors: kInvalid (there is such a replica; a port is missing), kNotFound (what a network consists
// of; the authority's key), kIo. What was made before an error is removed.
[[nodiscard]] Result<ReplicaId> add_node(const std::string& folder, const AddRequest& request);
// A members.json without it. kInvalid: it is no member, or nobody would be left. Its folder stays.
[[nodiscard]] Status remove_member(const std::string& folder, ReplicaId replica);

}  // namespace govchain::consensus::node
