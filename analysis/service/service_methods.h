#pragma once
// The calls that clients can make, by names that people write: `sharing.register` with
// {"resource": 7, "class": "unconditional", "description": "…"}.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "consensus/result.h"

namespace govchain::analysis {

struct ServiceMethod {
  std::string_view name;    // contract.method
  std::string_view caller;  // who may call it
  uint32_t contract = 0;
  uint16_t method = 0;
  std::span<const std::string_view> fields;  // of its arguments; `?` marks those that may be absent
  consensus::Result<std::vector<uint8_t>> (*encode)(const nlohmann::json& arguments);
  // Null if the bytes are no arguments of this method.
  nlohmann::json (*decode)(std::span<const uint8_t> arguments);
};

// In the order of contract and method numbers; all methods of all standard contracts.
[[nodiscard]] std::span<const ServiceMethod> service_methods();
// kInvalid with the nearest name if there is none such.
[[nodiscard]] consensus::Result<const ServiceMethod*> find_method(std::string_view name);
// Null if no contract has it.
[[nodiscard]] const ServiceMethod* find_method(uint32_t contract, uint16_t method);

}  // namespace govchain::analysis
