#pragma once
// A folder of the operating system that is gone when the test is over.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "consensus/assert.h"

namespace govchain::consensus::node::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "govchain-XXXXXX").string();
    GOVCHAIN_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace govchain::consensus::node::testing
