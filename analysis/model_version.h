#pragma once
// Changes whenever the same scenario and seed would give another result; explained in CHANGELOG.md.

namespace govchain::analysis {

inline constexpr const char* kModelVersion = "0.1.0";

}  // namespace govchain::analysis
