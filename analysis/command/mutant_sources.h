#pragma once
// Where each planted bug comes from: the step of a paper that it leaves out, or a production system
// that guards against it or had it.

#include <string_view>

namespace govchain::analysis {

// By the name that `fuzz --mutant` takes; empty if nobody has written it down.
[[nodiscard]] std::string_view mutant_source(std::string_view name);

}  // namespace govchain::analysis
