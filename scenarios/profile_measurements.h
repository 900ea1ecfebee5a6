#pragma once
// The section `measurements` of a machine profile, as `govchain calibrate` writes it:
// data/README.md says what it holds. Private to the reader of profiles.

#include <memory>
#include <string>
#include <vector>

#include "scenarios/data_file.h"
#include "sim/host/measurements.h"

namespace govchain::scenarios {

// Complains about everything that is not as it should be; what is not known is not passed over.
void check_measurements(DataFile& file, const JsonNode& measurements);

// The same as the simulator takes them; what the reader has complained of is left out.
[[nodiscard]] std::shared_ptr<const sim::Measurements> read_measurements(
    DataFile& file, const JsonNode& measurements);

// A member that is none of these is a failure, at its own place.
void only_members(DataFile& file, const JsonNode& object, const std::vector<std::string>& known);

}  // namespace govchain::scenarios
