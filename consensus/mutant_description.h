#pragma once
// A planted bug as everybody but its engine sees it. Each engine enumerates its own (mutant.h in
// its folder).

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace govchain::consensus {

struct MutantDescription {
  uint8_t mutant;                // value in the engine's enumeration
  std::string_view name;         // engine-bug-name
  std::string_view description;  // what is broken, in a line

  template <typename Mutant>
  requires std::is_enum_v<Mutant>
  constexpr MutantDescription(Mutant which, std::string_view called, std::string_view breaks)
      : mutant(static_cast<uint8_t>(which)), name(called), description(breaks) {}
};

}  // namespace govchain::consensus
