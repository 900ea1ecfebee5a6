#include "analysis/calibrate/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

Result<std::unique_ptr<ScratchFolder>> ScratchFolder::make(const std::string& inside) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(inside, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Error{ErrorCode::kNotFound, "no such folder", inside};
  }
  if (!error && !std::filesystem::is_directory(status)) {
    return Error{ErrorCode::kInvalid, "is not a folder", inside};
  }
  std::string pattern = inside + "/govchain-calibrate-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return Error{ErrorCode::kIo,
                 std::string("nothing can be written in this folder: ") + std::strerror(errno),
                 inside};
  }
  return std::unique_ptr<ScratchFolder>(new ScratchFolder(std::move(pattern)));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace govchain::analysis
