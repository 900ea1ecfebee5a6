#include "consensus/node/log/posix_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace govchain::consensus::node {

namespace {

Error system_error(const char* action, int code, const std::string& path) {
  ErrorCode kind = ErrorCode::kIo;
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) kind = ErrorCode::kExhausted;
  if (code == ENOENT) kind = ErrorCode::kNotFound;
  return Error{kind, std::string(action) + ": " + std::generic_category().message(code), path};
}

// Calls that a signal interrupts are made again.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

class PosixFile final : public File {
 public:
  PosixFile(int number, std::string path) : file_(number), path_(std::move(path)) {}

  Status write(uint64_t offset, std::span<const uint8_t> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = uninterrupted([&] {
        return ::pwrite(file_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (written < 0) return system_error("writing", errno, path_);
      bytes = bytes.subspan(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
    return success();
  }

  Result<std::vector<uint8_t>> read(uint64_t offset, uint64_t count) override {
    // The file's own size bounds what is allocated, whatever was asked for.
    const Result<uint64_t> end = size();
    if (!end) return end.error();
    const uint64_t there = offset < *end ? *end - offset : 0;
    std::vector<uint8_t> bytes(static_cast<size_t>(std::min(count, there)));
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = uninterrupted([&] {
        return ::pread(file_.number(), bytes.data() + filled, bytes.size() - filled,
                       static_cast<off_t>(offset + filled));
      });
      if (got < 0) return system_error("reading", errno, path_);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

  Status reserve(uint64_t bytes) override {
    const Result<uint64_t> present = size();
    if (!present) return present.error();
    if (*present >= bytes) return success();
    // Returns its error instead of setting errno.
    int code = EINTR;
    while (code == EINTR) code = ::posix_fallocate(file_.number(), 0, static_cast<off_t>(bytes));
    if (code != 0) return system_error("reserving room", code, path_);
    return success();
  }

  Status sync() override {
    // The size is part of what fdatasync makes durable, since reading the data needs it.
    if (uninterrupted([&] { return ::fdatasync(file_.number()); }) != 0) {
      return system_error("syncing", errno, path_);
    }
    return success();
  }

  Result<uint64_t> size() override {
    struct stat facts {};
    if (::fstat(file_.number(), &facts) != 0) return system_error("asking its size", errno, path_);
    return static_cast<uint64_t>(facts.st_size);
  }

 private:
  Descriptor file_;
  std::string path_;
};

class PosixFolder final : public Folder {
 public:
  PosixFolder(int number, std::string path) : folder_(number), path_(std::move(path)) {}

  Result<std::vector<std::string>> list() override {
    // A descriptor of its own, since reading a folder moves its position.
    const int number = ::openat(folder_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (number < 0) return system_error("opening", errno, path_);
    DIR* entries = ::fdopendir(number);
    if (entries == nullptr) {
      const int code = errno;
      ::close(number);
      return system_error("reading", code, path_);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(entries)) {  // NOLINT(concurrency-mt-unsafe): own stream
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    const int code = errno;
    ::closedir(entries);
    if (code != 0) return system_error("reading", code, path_);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::unique_ptr<File>> open(const std::string& name) override {
    return open_with(name, O_RDWR, "opening");
  }
  Result<std::unique_ptr<File>> create(const std::string& name) override {
    return open_with(name, O_RDWR | O_CREAT | O_EXCL, "creating");
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::renameat(folder_.number(), from.c_str(), folder_.number(), to.c_str()) != 0) {
      return system_error("renaming", errno, path_of(from));
    }
    return success();
  }
  Status remove(const std::string& name) override {
    if (::unlinkat(folder_.number(), name.c_str(), 0) != 0) {
      return system_error("removing", errno, path_of(name));
    }
    return success();
  }
  Status sync() override {
    if (uninterrupted([&] { return ::fsync(folder_.number()); }) != 0) {
      return system_error("syncing", errno, path_);
    }
    return success();
  }
  [[nodiscard]] std::string place() const override { return path_; }

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }

  Result<std::unique_ptr<File>> open_with(const std::string& name, int flags, const char* action) {
    // Others of the machine have no business in a replica's log.
    constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
    const int number = uninterrupted(
        [&] { return ::openat(folder_.number(), name.c_str(), flags | O_CLOEXEC, kOwnerOnly); });
    if (number < 0) return system_error(action, errno, path_of(name));
    return std::unique_ptr<File>(std::make_unique<PosixFile>(number, path_of(name)));
  }

  Descriptor folder_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<Folder>> open_folder(const std::string& path) {
  const int number =
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (number < 0) return system_error("opening", errno, path);
  return std::unique_ptr<Folder>(std::make_unique<PosixFolder>(number, path));
}

}  // namespace govchain::consensus::node
