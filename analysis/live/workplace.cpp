#include "analysis/live/workplace.h"

#include <filesystem>
#include <stdlib.h>
#include <system_error>

namespace govchain::analysis::live {

namespace fs = std::filesystem;

consensus::Result<std::unique_ptr<Workplace>> Workplace::make() {
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "govchain-live-XXXXXX").string();
  if (error || ::mkdtemp(pattern.data()) == nullptr) {
    return consensus::Error{consensus::ErrorCode::kIo, "making a folder", pattern};
  }
  return std::make_unique<Workplace>(pattern);
}

Workplace::~Workplace() {
  std::error_code ignored;
  if (!kept_) fs::remove_all(path_, ignored);
}

std::string own_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

std::string forgetful_library(const std::string& program) {
  const fs::path folder = fs::path(program).parent_path();
  for (const char* place : {".", "../lib/govchain"}) {
    std::error_code error;
    const fs::path library = fs::canonical(folder / place / "libgovchain_forgetful.so", error);
    if (!error) return library.string();
  }
  return {};
}

}  // namespace govchain::analysis::live
