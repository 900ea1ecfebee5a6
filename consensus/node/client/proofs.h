#pragma once
// Proofs that a client keeps and checks without trust in this replica: a final block with its
// certificate, the payload in it, a checkpoint, and what the application shows under the
// checkpoint's state root. The whole is one JSON object (README.md), which `govchain verify-block`
// reads.
//
// Where members have changed, the blocks that changed them are part of it: they lead from the
// genesis, whose members a client trusts, to those who signed.
//
// A proof has what there is: a protocol that makes no certificates of blocks (Raft) proves by
// checkpoints alone, and a receipt is proven once a checkpoint covers its block.

#include <cstdint>
#include <vector>

#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http.h"
#include "consensus/node/client/query_service.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

inline constexpr uint64_t kProofFormat = 1;

class Proofs {
 public:
  Proofs(ClientDesk& desk, QueryService& queries, Duration timeout)
      : desk_(desk), queries_(queries), timeout_(timeout) {}

  // Of the transaction at this place in a final payload.
  void of_transaction(const Digest& payload, uint32_t transaction, HttpHandler::Respond respond);
  void of_record(std::vector<uint8_t> key, HttpHandler::Respond respond);

 private:
  void lead_from_genesis(Epoch last, ProofWanted wanted, nlohmann::json proof,
                         HttpHandler::Respond respond);
  void ask(ProofWanted wanted, nlohmann::json proof, HttpHandler::Respond respond);

  ClientDesk& desk_;
  QueryService& queries_;
  const Duration timeout_;
};

}  // namespace govchain::consensus::node
