#pragma once
// The engines that scripts can run, by name.

#include <memory>
#include <string_view>

#include "consensus/engine.h"

namespace govchain::consensus::testing {

struct ScriptProtocol {
  std::string_view name;
  std::unique_ptr<Engine> (*make)(const EngineConfig& config, RecoveredState recovered);
  std::string_view (*message_name)(uint8_t type);
};

// Null if there is no such protocol.
[[nodiscard]] const ScriptProtocol* find_protocol(std::string_view name);

}  // namespace govchain::consensus::testing
