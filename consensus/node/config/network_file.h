#pragma once
// The file that all replicas of a chain share: what must be equal on all of them, or they would not
// agree. The format is in consensus/node/README.md.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/node/config/endpoint.h"
#include "consensus/node/transport/transport.h"
#include "consensus/protocol_settings.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

struct NetworkFile {
  Protocol protocol = Protocol::kPbft;
  SignatureScheme scheme = SignatureScheme::kEd25519;
  EngineConfig engine;  // chain, hash, genesis and what the chain's rules need; not self and seed
  ProtocolSettings settings;
  // Who takes a payload from a client checks the client's signature before it goes any further.
  // Whether every replica does so, too, is engine.replicas_verify_payloads.
  bool admission_verifies_payloads = true;
  std::vector<PeerAddress> addresses;  // of all members
  // For whoever makes the application: this library does not look into it.
  std::shared_ptr<const nlohmann::json> application;
};

// Errors: kNotFound, kIo; kInvalid with the place in the file and what was expected.
[[nodiscard]] Result<NetworkFile> read_network_file(const std::string& path);
// What read_network_file() gives back.
[[nodiscard]] std::string encode_network_file(const NetworkFile& network);

}  // namespace govchain::consensus::node
