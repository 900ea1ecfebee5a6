#pragma once
// What an application answers to those who read its state.

#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "consensus/application.h"
#include "consensus/checkpoint.h"
#include "consensus/payload.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

// Of what a client wants a proof that holds without trust in this replica.
struct ProofWanted {
  // Under whose state root; of height 0 if no certified checkpoint covers what is asked for.
  Checkpoint checkpoint;
  PayloadRef payload;  // of its transaction at this place, from 0 on ...
  uint32_t transaction = 0;
  std::vector<uint8_t> key;  // ... or, without a payload, of this record
};

class QueryService {
 public:
  virtual ~QueryService() = default;
  // On the execution thread, which executes nothing meanwhile: it must be quick. `state` is that
  // after the block at `height`. Errors: kInvalid and kMalformed (the request), kNotFound,
  // kUnsupported, kExhausted; anything else is this replica's fault.
  [[nodiscard]] virtual Result<nlohmann::json> answer(const Application& state, Height height,
                                                      const nlohmann::json& request) = 0;
  // The parts of a proof that only the application can make, on the execution thread: of a payload
  // `transaction`, and `receipt` if the checkpoint's state is here and remembers it; of a key
  // `record`, or kExhausted if that state is not here. Errors as above.
  [[nodiscard]] virtual Result<nlohmann::json> prove(const Application& /*state*/,
                                                     const ProofWanted& /*wanted*/) {
    return Error{ErrorCode::kUnsupported, "this chain's application makes no proofs", {}};
  }

 protected:
  QueryService() = default;
  QueryService(const QueryService&) = default;
  QueryService& operator=(const QueryService&) = default;
};

}  // namespace govchain::consensus::node
