#pragma once
// A script from its text to what is wrong with it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/consensus/data_driven.h"

namespace govchain::consensus::testing {

struct ScriptRun {
  std::vector<Case> cases;
  std::vector<std::string> outputs;  // of each case that was run
  std::vector<size_t> different;     // cases that printed something else than they expect
  // One line: file, line, and what was expected of a command that cannot be read or carried out.
  // The script ends there, as what comes after it means nothing. Empty if there is none.
  std::string error;
};

// `file` is for messages.
[[nodiscard]] ScriptRun run_script(std::string_view text, const std::string& file);

}  // namespace govchain::consensus::testing
