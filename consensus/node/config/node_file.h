#pragma once
// The file of one node: where it listens, where its key, certificate and data are, and what of it
// may differ from its peers'. The format is in consensus/node/README.md.

#include <cstdint>
#include <map>
#include <string>

#include "consensus/node/config/network_file.h"
#include "consensus/node/transport/transport.h"
#include "consensus/protocol_version.h"
#include "consensus/result.h"
#include "consensus/snapshot_policy.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

struct NodeFile {
  ReplicaId replica;
  // Paths as seen from the working folder: what the file says is taken from the file's own folder.
  std::string network;
  std::string key;
  std::string data;
  TransportCredentials tls;
  Endpoint listen;         // for peers
  Endpoint client_listen;  // for clients
  uint32_t max_client_connections = 1'024;
  Bytes max_submission{1U << 20U};
  uint32_t crypto_threads = 1;
  Bytes log_segment{64U << 20U};
  // When a state is written to the disk.
  SnapshotPolicy snapshots;
  ProtocolVersion newest_version = kNewestProtocolVersion;
  LogLevel log_level = LogLevel::kInfo;
  // Whether every block is kept, instead of what the network's file says.
  bool archive = false;
  std::string record;  // folder for the journal of all inputs; empty: none is kept
  // Where peers are, other than the network's file says.
  std::map<ReplicaId, Endpoint> addresses;
  // The members that its operator wants the chain to have (members_file.h), and where they are.
  // Empty, or of a file that is not there: those of the network's file.
  std::string members;
  // Longer lines than there are, to try a wide network on one machine.
  Duration link_delay;
};

// Errors as read_network_file().
[[nodiscard]] Result<NodeFile> read_node_file(const std::string& path);
// Of one that stands in the folder of all its files; `network` and `tls.authority` as seen from
// there.
[[nodiscard]] std::string encode_node_file(const NodeFile& node);

}  // namespace govchain::consensus::node
