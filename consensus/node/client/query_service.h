#pragma once
// What an application answers to those who read its state.

#include <nlohmann/json.hpp>

#include "consensus/application.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

class QueryService {
 public:
  virtual ~QueryService() = default;
  // On the execution thread, which executes nothing meanwhile: it must be quick. `state` is that
  // after the block at `height`. Errors: kInvalid and kMalformed (the request), kNotFound,
  // kUnsupported, kExhausted; anything else is this replica's fault.
  [[nodiscard]] virtual Result<nlohmann::json> answer(const Application& state, Height height,
                                                      const nlohmann::json& request) = 0;

 protected:
  QueryService() = default;
  QueryService(const QueryService&) = default;
  QueryService& operator=(const QueryService&) = default;
};

}  // namespace govchain::consensus::node
