#pragma once
// Which engines these are: node and simulator are one program with one archive of them, and say so
// (`govchain --version`, a node's log).

#include <string_view>

namespace govchain::analysis {

// SHA-256 of the archive of engines that the program was linked with, in hexadecimal. It differs
// between compilers and build types, so it enters no result.
[[nodiscard]] std::string_view engines_hash();

}  // namespace govchain::analysis
