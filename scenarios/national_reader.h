#pragma once
// From a document of kind "national" and the data sets to everything that a plan needs.

#include <string>

#include "scenarios/reader.h"
#include "scenarios/scenario.h"

namespace govchain::scenarios {

// Complaints are left in the reader's log.
[[nodiscard]] NationalScenario read_national(const Reader& root, const std::string& home,
                                             const std::string& profile);

}  // namespace govchain::scenarios
