#pragma once
// The planted bugs of all engines, under the names that `fuzz --mutant` takes. Shared by
// `govchain fuzz` and by the program that holds them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/protocols.h"

namespace govchain::analysis {

struct KnownMutant {
  const consensus::ProtocolTraits* protocol = nullptr;
  uint8_t mutant = 0;
  std::string name;  // engine/bug-name
  std::string_view description;
};

[[nodiscard]] std::vector<KnownMutant> known_mutants();
[[nodiscard]] std::optional<KnownMutant> find_mutant(std::string_view name);

}  // namespace govchain::analysis
