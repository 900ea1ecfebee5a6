#pragma once
// Running scenarios from files and from text, for tests.

#include <string>
#include <vector>

#include "analysis/experiments/run.h"
#include "scenarios/scenario.h"

namespace govchain::analysis {

[[nodiscard]] scenarios::Scenario scenario_of(const std::string& text,
                                              const std::vector<std::string>& changes);
// `path` below scenarios/.
[[nodiscard]] scenarios::Scenario scenario_in(const std::string& path,
                                              const std::vector<std::string>& changes);
[[nodiscard]] RunResult run_of(const scenarios::Scenario& scenario, const RunRequest& request = {});
[[nodiscard]] RunResult run_text_of(const std::string& text,
                                    const std::vector<std::string>& changes,
                                    const RunRequest& request = {});
[[nodiscard]] consensus::Error run_error_of(const std::string& text,
                                            const std::vector<std::string>& changes);
[[nodiscard]] RunResult run_file(const std::string& path, const std::vector<std::string>& changes,
                                 const RunRequest& request = {});

}  // namespace govchain::analysis
