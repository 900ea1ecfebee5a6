#pragma once
// The fields of a machine profile out of what was measured, each with how it came about.

#include <string>
#include <vector>

#include "analysis/calibrate/calibration.h"

namespace govchain::analysis {

// A row of which so much goes into a field.
struct Part {
  RowName row;
  double times = 1;
};

struct ProfileField {
  std::string section;  // "costs", "disk"
  std::string key;
  std::string unit;  // "us" or "mbps"
  double value = 0;
  double low = 0;  // the same of the lower and the upper quartiles
  double high = 0;
  std::string source;
};

// In the order of a profile file. Error: kNotFound with the row that is missing.
[[nodiscard]] consensus::Result<std::vector<ProfileField>> profile_fields(
    const Calibration& calibration, consensus::SignatureScheme scheme);

}  // namespace govchain::analysis
