#include "analysis/live/forgetful/preloadable.h"

#include <filesystem>
#include <system_error>

namespace govchain::analysis::live::forgetful {

using consensus::Error;
using consensus::ErrorCode;

namespace {
bool is_separable(const std::string& path) { return path.find_first_of(" :") != std::string::npos; }
}  // namespace

consensus::Result<std::string> preloadable(const std::string& library, const std::string& folder) {
  if (!is_separable(library)) return library;
  const std::string link = folder + "/forgetful.so";
  if (is_separable(link)) {
    return Error{
        ErrorCode::kUnsupported,
        "a library cannot be preloaded from a path with a space or a colon; choose another "
        "folder for temporary files (TMPDIR)",
        link};
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::remove(link, error);
  std::filesystem::create_symlink(library, link, error);
  if (error) return Error{ErrorCode::kIo, "making a link: " + error.message(), link};
  return link;
}

}  // namespace govchain::analysis::live::forgetful
