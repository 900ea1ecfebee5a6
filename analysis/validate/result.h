#pragma once
// A validation as people and machines read it.

#include <string>
#include <vector>

#include "analysis/experiments/run.h"
#include "analysis/validate/score.h"

namespace govchain::analysis::validate {

struct ValidationResult {
  std::vector<Cell> cells;
  Limits limits;
  std::string profile;               // of the machine that was simulated
  std::string machine;               // on which the processes ran
  std::string links;                 // how delays were made
  std::vector<std::string> changes;  // to the scenarios, besides what makes the cells
  bool complete = true;              // all cells that were asked for are there
};

// One object: cells with both figures and their errors, medians, limits, the worst cell of each
// metric. Ends in a newline; `command` would measure it again.
[[nodiscard]] std::string validation_json(const ValidationResult& result,
                                          const std::string& command);
[[nodiscard]] std::string validation_text(const ValidationResult& result,
                                          const RunTextStyle& style);

}  // namespace govchain::analysis::validate
