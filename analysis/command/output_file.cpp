#include "analysis/command/output_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;

namespace {

Error io_error(const std::string& path, const char* what) {
  return {ErrorCode::kIo, std::string(what) + ": " + std::strerror(errno), path};
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Status write_and_sync(const std::string& path, std::string_view content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return io_error(path, "cannot be written");
  if (!write_all(file, content) || ::fsync(file) != 0) {
    Error error = io_error(path, "cannot be written");
    ::close(file);
    return error;
  }
  if (::close(file) != 0) return io_error(path, "cannot be written");
  return consensus::success();
}

}  // namespace

Status write_atomically(const std::string& path, std::string_view content) {
  const std::filesystem::path target(path);
  std::error_code error;
  const std::filesystem::path folder =
      target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Error{ErrorCode::kIo, "the folder cannot be made: " + error.message(), folder.string()};
  }
  // The process in the name keeps two runs into one folder apart.
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  Status written = write_and_sync(temporary, content);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = io_error(path, "cannot be replaced");
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  // Without this a power cut could undo the rename; not every file system can do it.
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return consensus::success();
}

}  // namespace govchain::analysis
