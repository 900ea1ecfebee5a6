#include "consensus/node/files/descriptor.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace govchain::consensus::node {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Error system_error(const std::string& action, const std::string& path) {
  const int error = errno;
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kExhausted;
  return Error{code, action + ": " + std::strerror(error), path};
}

Status write_all(const Descriptor& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.number(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("writing", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file.number()) != 0) return system_error("syncing", path);
  return success();
}

Result<std::string> read_all(const Descriptor& file, size_t limit, const std::string& path) {
  std::string text;
  char piece[4'096];
  while (true) {
    const ssize_t count = ::read(file.number(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("reading", path);
    if (count == 0) return text;
    text.append(piece, static_cast<size_t>(count));
    if (text.size() > limit) {
      return Error{ErrorCode::kInvalid,
                   "the file has more than " + std::to_string(limit) + " bytes", path};
    }
  }
}

Status replace_file(const std::string& path, std::string_view text) {
  const std::string unfinished = path + ".new";
  {
    const Descriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                 S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
    if (!file) return system_error("creating", unfinished);
    const Status written = write_all(file, text, unfinished);
    if (!written) return written;
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return system_error("renaming", path);
  const std::string above = std::filesystem::path(path).parent_path().string();
  const Descriptor folder(
      ::open(above.empty() ? "." : above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return system_error("opening", above);
  if (::fsync(folder.number()) != 0) return system_error("syncing", above);
  return success();
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("opening", path);
  return read_all(file, limit, path);
}

}  // namespace govchain::consensus::node
