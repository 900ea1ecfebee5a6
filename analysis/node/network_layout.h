#pragma once
// `govchain node init`: a network laid out in a folder, with the ledger's departments.
//
// Beside what consensus/node/config/layout.h makes there are DIR/departments/department-1.key and
// so on: with them departments sign what they submit.

#include <cstdint>
#include <functional>
#include <string>

#include "consensus/crypto/crypto.h"
#include "consensus/crypto/hash.h"
#include "consensus/engine.h"
#include "consensus/node/config/node_file.h"
#include "consensus/protocol_settings.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::analysis {

struct NetworkLayout {
  uint32_t replicas = 4;
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  consensus::SignatureScheme scheme = consensus::SignatureScheme::kEd25519;
  consensus::HashAlgorithm hash = consensus::HashAlgorithm::kSha256;
  uint64_t chain = 1;
  uint32_t departments = 5;
  std::string host = "127.0.0.1";
  uint16_t first_port = 7'000;
  uint16_t first_client_port = 8'000;
  consensus::EngineConfig engine;                          // but chain, hash and members
  consensus::ProtocolSettings settings;                    // of the protocol
  std::function<void(consensus::node::NodeFile&)> adjust;  // as LayoutRequest has it
};

// Errors as lay_out_network(); nothing is left behind after one.
[[nodiscard]] consensus::Status lay_out(const std::string& folder, const NetworkLayout& layout);

}  // namespace govchain::analysis
