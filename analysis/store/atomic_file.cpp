#include "analysis/store/atomic_file.h"

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

Error io_error(const std::string& path, const char* doing) {
  return Error{ErrorCode::kIo, std::string("cannot ") + doing + ": " + std::strerror(errno), path};
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// A rename is durable once its folder is.
void sync_folder(const std::filesystem::path& folder) {
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Status make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error && !std::filesystem::is_directory(folder)) {
    return Error{ErrorCode::kIo, "cannot make the folder: " + error.message(), folder};
  }
  return consensus::success();
}

Status write_atomically(const std::string& path, std::string_view content) {
  // The name carries the process, so that two runs into one folder do not write one temporary file.
  const std::string temporary = path + ".new-" + std::to_string(::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return io_error(path, "write the file");
  const bool written = write_all(file, content) && ::fsync(file) == 0;
  const int reason = errno;
  if (::close(file) != 0 || !written) {
    ::unlink(temporary.c_str());
    if (!written) errno = reason;
    return io_error(path, "write the file");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = io_error(path, "put the file in its place");
    ::unlink(temporary.c_str());
    return error;
  }
  sync_folder(std::filesystem::path(path).parent_path());
  return consensus::success();
}

}  // namespace govchain::analysis
