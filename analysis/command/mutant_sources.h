#pragma once
// Where each planted bug comes from: the step of a paper that it leaves out, a production system
// that guards against it or had it, or the rule of a README that it breaks.

#include <string_view>

namespace govchain::analysis {

// By the name that `fuzz --mutant` takes; empty if it names no planted bug.
[[nodiscard]] std::string_view mutant_source(std::string_view name);

}  // namespace govchain::analysis
