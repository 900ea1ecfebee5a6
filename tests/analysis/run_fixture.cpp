#include "tests/analysis/run_fixture.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace govchain::analysis {

namespace {

scenarios::Scenario load(const std::string& path, const std::vector<std::string>& changes) {
  scenarios::LoadOptions options;
  options.home = GOVCHAIN_SOURCE_DIR;
  options.overrides = changes;
  auto scenario = scenarios::load_scenario(path, options);
  if (!scenario) throw std::runtime_error(scenario.error().message);
  return *std::move(scenario);
}

}  // namespace

scenarios::Scenario scenario_of(const std::string& text, const std::vector<std::string>& changes) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("govchain-run-" + std::to_string(::getpid()) + ".json");
  std::ofstream(path, std::ios::binary) << text;
  scenarios::Scenario scenario = load(path.string(), changes);
  std::filesystem::remove(path);
  return scenario;
}

scenarios::Scenario scenario_in(const std::string& path, const std::vector<std::string>& changes) {
  return load(std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/" + path, changes);
}

RunResult run_of(const scenarios::Scenario& scenario, const RunRequest& request) {
  auto result = run_scenario(scenario, request);
  if (!result) throw std::runtime_error(result.error().where + ": " + result.error().message);
  return *std::move(result);
}

RunResult run_text_of(const std::string& text, const std::vector<std::string>& changes,
                      const RunRequest& request) {
  return run_of(scenario_of(text, changes), request);
}

consensus::Error run_error_of(const std::string& text, const std::vector<std::string>& changes) {
  const auto result = run_scenario(scenario_of(text, changes), {});
  return result ? consensus::Error{} : result.error();
}

RunResult run_file(const std::string& path, const std::vector<std::string>& changes,
                   const RunRequest& request) {
  return run_of(scenario_in(path, changes), request);
}

}  // namespace govchain::analysis
