#pragma once
// Scenarios from text, for tests.

#include <string>

#include "scenarios/scenario.h"

namespace govchain::scenarios {

// Written to a file of its own, loaded, taken away again. Complaints name it as `name`.
[[nodiscard]] consensus::Result<Scenario> load_text(const std::string& text,
                                                    LoadOptions options = {},
                                                    const std::string& name = "my.json");
[[nodiscard]] std::string read_file(const std::string& path);
[[nodiscard]] std::string home();
[[nodiscard]] std::string fixture(const std::string& name);

}  // namespace govchain::scenarios
