#pragma once
// Lays out a network in a folder: `govchain node init`.
//
//   DIR/network.json       what all replicas share
//   DIR/authority.crt      who signs the certificates; its key, DIR/authority.key, belongs in a
//   safe DIR/node-0/node.json   and so on, one folder for each replica DIR/node-0/replica.key,
//   tls.key, tls.crt

#include <cstdint>
#include <functional>
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

}  // namespace govchain::consensus::node
