#include "tests/scenarios/load_text.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace govchain::scenarios {

std::string home() { return GOVCHAIN_SOURCE_DIR; }

std::string fixture(const std::string& name) {
  return home() + "/tests/scenarios/fixtures/" + name;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

consensus::Result<Scenario> load_text(const std::string& text, LoadOptions options,
                                      const std::string& name) {
  const std::filesystem::path before = std::filesystem::current_path();
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("govchain-test-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::current_path(folder);
  std::ofstream(name, std::ios::binary) << text;
  if (options.home == ".") options.home = home();
  auto scenario = load_scenario(name, options);
  std::filesystem::current_path(before);
  std::filesystem::remove_all(folder);
  return scenario;
}

}  // namespace govchain::scenarios
