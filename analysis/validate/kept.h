#pragma once
// The cells of an earlier validation, read back from its JSON, so that what was measured live need
// not be measured again.

#include <string>
#include <vector>

#include "analysis/validate/result.h"

namespace govchain::analysis::validate {

// Errors: kNotFound if there is no such file, kInvalid if it is no result of a validation, or of
// other settings (`changes` to the scenarios, repetitions) or another machine than `now` says.
[[nodiscard]] consensus::Result<std::vector<Cell>> read_measured(const std::string& path,
                                                                 const ValidationResult& now);

}  // namespace govchain::analysis::validate
