#pragma once
// What preload.cpp keeps of a process' files: which of them lie in the data folder, and what each
// change of one takes the place of (undo_journal.h). Part of the preloaded library alone: it calls
// the system past the functions that stand before it there.

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <climits>

#include "analysis/live/forgetful/undo_journal.h"

namespace govchain::analysis::live::forgetful {

// The system's own function of this name.
template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define GOVCHAIN_REAL(name) static auto* const real = next<decltype(::name)>(#name)

using OpenFunction = int(const char*, int, ...);
using OpenAtFunction = int(int, const char*, int, ...);
inline int real_open(const char* path, int flags, mode_t mode = 0) {
  static auto* const real = next<OpenFunction>("open");
  return real(path, flags, mode);
}
inline int real_close(int file) {
  GOVCHAIN_REAL(close);
  return real(file);
}
inline int real_link(const char* from, const char* to) {
  GOVCHAIN_REAL(link);
  return real(from, to);
}
inline int real_unlink(const char* path) {
  GOVCHAIN_REAL(unlink);
  return real(path);
}

// errno as it was before what is done aside.
class KeepErrno {
 public:
  KeepErrno() : kept_(errno) {}
  ~KeepErrno() { errno = kept_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int kept_;
};

inline bool is_zero(const std::vector<char>& bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

inline std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// "a//b/./c" as "a/b/c", so that a name is equal to what the system calls it.
inline std::string without_detours(std::string path) {
  for (const char* detour : {"/./", "//"}) {
    for (size_t at = path.find(detour); at != std::string::npos; at = path.find(detour, at)) {
      path.erase(at, std::strlen(detour) - 1);
    }
  }
  return path;
}

enum class Kind : uint8_t { kOther, kFile, kFolder };
constexpr int kMostFiles = 65'536;

class Journal {
 public:
  static Journal& get() {
    static auto* const journal = new Journal();  // outlives whoever writes at the very end
    return *journal;
  }

  [[nodiscard]] bool is_on() const { return journal_ >= 0; }
  [[nodiscard]] Kind kind_of(int file) const {
    if (!is_on() || file < 0 || file >= kMostFiles) return Kind::kOther;
    return kinds_[static_cast<size_t>(file)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_ours(const std::string& path) const {
    return is_on() && path.starts_with(data_) &&
           (path.size() == data_.size() || path[data_.size()] == '/');
  }
  [[nodiscard]] bool swallows() const {
    const KeepErrno keep;
    return ::access((undo_ + "/" + kSwallowName).c_str(), F_OK) == 0;
  }

  // The path, absolute, of a name as a call gives it.
  static std::string resolve(int folder, const char* name) {
    if (name[0] == '/') return without_detours(name);
    std::string base(PATH_MAX, '\0');
    if (folder == AT_FDCWD) {
      if (::getcwd(base.data(), base.size()) == nullptr) return {};
      base.resize(std::strlen(base.c_str()));
    } else {
      base = path_of(folder);
    }
    return without_detours(base + "/" + name);
  }

  static std::string path_of(int file) {
    const std::string link = "/proc/self/fd/" + std::to_string(file);
    std::string path(PATH_MAX, '\0');
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    path.resize(length > 0 ? static_cast<size_t>(length) : 0);
    return path;
  }

  // --- Files

  // Before a file that may be there is opened; true if it was there.
  bool before_open(const std::string& path, int flags) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0) return false;
    if ((flags & O_TRUNC) != 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
      const std::lock_guard lock(mutex_);
      hold(path, facts.st_ino);
      note_content(facts.st_ino, 0, static_cast<uint64_t>(facts.st_size));
      note_size(facts.st_ino, static_cast<uint64_t>(facts.st_size));
    }
    return true;
  }

  void opened(int file, const std::string& path, bool is_new) {
    if (file >= kMostFiles) return;
    struct stat facts {};
    if (::fstat(file, &facts) != 0) return;
    const std::lock_guard lock(mutex_);
    if (S_ISDIR(facts.st_mode)) {
      folders_[file] = path;
      kinds_[static_cast<size_t>(file)] = Kind::kFolder;
    } else if (S_ISREG(facts.st_mode)) {
      if (is_new) append({.type = RecordType::kCreated, .inode = facts.st_ino}, path, {}, {}, 0);
      hold(path, facts.st_ino);
      kinds_[static_cast<size_t>(file)] = Kind::kFile;
    }
  }

  void closed(int file) {
    if (kind_of(file) != Kind::kOther) kinds_[static_cast<size_t>(file)] = Kind::kOther;
  }

  // Before bytes are written; `offset` < 0: at the file's position.
  void before_write(int file, int64_t offset, uint64_t count) {
    const KeepErrno keep;
    struct stat facts {};
    if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) return closed(file);
    const auto size = static_cast<uint64_t>(facts.st_size);
    const bool appends = (::fcntl(file, F_GETFL) & O_APPEND) != 0;
    const uint64_t from = appends       ? size
                          : offset >= 0 ? static_cast<uint64_t>(offset)
                                        : static_cast<uint64_t>(::lseek(file, 0, SEEK_CUR));
    const std::lock_guard lock(mutex_);
    if (from < size) note_content(facts.st_ino, from, std::min(count, size - from));
    if (from + count > size) note_size(facts.st_ino, size);
  }

  void before_truncate(int file, uint64_t length) {
    const KeepErrno keep;
    struct stat facts {};
    if (::fstat(file, &facts) != 0) return;
    const auto size = static_cast<uint64_t>(facts.st_size);
    const std::lock_guard lock(mutex_);
    if (length < size) note_content(facts.st_ino, length, size - length);
    if (length != size) note_size(facts.st_ino, size);
  }

  // What is reserved, or replaced by a hole.
  void before_allocate(int file, int mode, uint64_t offset, uint64_t length) {
    const KeepErrno keep;
    struct stat facts {};
    if (::fstat(file, &facts) != 0) return;
    const auto size = static_cast<uint64_t>(facts.st_size);
    const bool clears = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
    const std::lock_guard lock(mutex_);
    if (clears && offset < size) {
      note_content(facts.st_ino, offset, std::min(length, size - offset));
    }
    if ((mode & FALLOC_FL_KEEP_SIZE) == 0 && offset + length > size) {
      note_size(facts.st_ino, size);
    }
  }

  // The number that a sync which begins now covers all records below of.
  uint64_t covers() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  void synced(int file, uint64_t covered) {
    const KeepErrno keep;
    const std::lock_guard lock(mutex_);
    if (kind_of(file) == Kind::kFolder) {
      const std::string& folder = folders_[file];
      append({.type = RecordType::kFolderSynced, .covered = covered}, folder, {}, {}, 0);
      return let_go(folder, covered);
    }
    struct stat facts {};
    if (::fstat(file, &facts) != 0) return;
    append({.type = RecordType::kSynced, .inode = facts.st_ino, .covered = covered}, {}, {}, {}, 0);
  }

  // --- Names

  void before_remove(const std::string& path) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
    const std::lock_guard lock(mutex_);
    hold(path, facts.st_ino);
    removed_[folder_of(path)].push_back({count_, facts.st_ino});
    append({.type = RecordType::kRemoved, .inode = facts.st_ino}, path, {}, {}, 0);
  }

  void before_rename(const std::string& from, const std::string& to) {
    struct stat facts {};
    if (::lstat(from.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
    struct stat old {};
    const bool replaces = ::lstat(to.c_str(), &old) == 0 && S_ISREG(old.st_mode);
    const std::lock_guard lock(mutex_);
    hold(from, facts.st_ino);
    if (replaces) {
      hold(to, old.st_ino);
      removed_[folder_of(to)].push_back({count_, old.st_ino});
    }
    append({.type = RecordType::kRenamed,
            .inode = facts.st_ino,
            .replaced = replaces ? old.st_ino : 0},
           from, to, {}, 0);
  }

 private:
  struct Removed {
    uint64_t sequence = 0;
    uint64_t inode = 0;
  };

  Journal() {
    const char* const data = std::getenv(kDataVariable);
    const char* const undo = std::getenv(kUndoVariable);
    if (data == nullptr || undo == nullptr) return;
    data_ = data;
    undo_ = undo;
    const std::string path = undo_ + "/" + kJournalName;
    journal_ = real_open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
                         S_IRUSR | S_IWUSR);
    if (journal_ < 0) die("cannot begin the journal", path);
  }

  // A change that is not written down could not be forgotten, and the run would prove nothing.
  [[noreturn]] static void die(const char* what, const std::string& path) {
    std::fprintf(stderr, "forgetful: %s: %s: %s\n", what, path.c_str(), std::strerror(errno));
    std::abort();
  }

  [[nodiscard]] std::string held(uint64_t inode) const {
    return undo_ + "/" + kInodePrefix + std::to_string(inode);
  }

  void hold(const std::string& path, uint64_t inode) {
    const KeepErrno keep;
    if (real_link(path.c_str(), held(inode).c_str()) != 0 && errno != EEXIST) {
      die("cannot hold", path);
    }
  }

  // Nobody can bring back what was removed for good.
  void let_go(const std::string& folder, uint64_t covered) {
    std::vector<Removed>& removed = removed_[folder];
    size_t gone = 0;
    for (; gone < removed.size() && removed[gone].sequence < covered; ++gone) {
      real_unlink(held(removed[gone].inode).c_str());
      // The number may come back as another file's, which what is written of this one is not about.
      append({.type = RecordType::kSynced, .inode = removed[gone].inode, .covered = count_}, {}, {},
             {}, 0);
      const auto reader = readers_.find(removed[gone].inode);
      if (reader == readers_.end()) continue;
      real_close(reader->second);
      readers_.erase(reader);
    }
    removed.erase(removed.begin(), removed.begin() + static_cast<ptrdiff_t>(gone));
  }

  [[nodiscard]] int reader_of(uint64_t inode) {
    const auto [reader, is_new] = readers_.try_emplace(inode, -1);
    if (is_new) reader->second = real_open(held(inode).c_str(), O_RDONLY | O_CLOEXEC);
    if (reader->second < 0) die("cannot read", held(inode));
    return reader->second;
  }

  void note_content(uint64_t inode, uint64_t offset, uint64_t length) {
    constexpr uint64_t kPiece = 1U << 20U;
    const int reader = reader_of(inode);
    for (uint64_t done = 0; done < length;) {
      const uint64_t piece = std::min(kPiece, length - done);
      if (room_.size() < piece) room_.resize(piece);
      const ssize_t got = ::pread(reader, room_.data(), piece, static_cast<off_t>(offset + done));
      if (got <= 0) return;
      const auto count = static_cast<uint64_t>(got);
      const RecordHeader header{
          .type = RecordType::kContent, .inode = inode, .offset = offset + done, .length = count};
      append(header, {}, {}, room_.data(), is_zero(room_, count) ? 0 : count);
      done += count;
    }
  }

  void note_size(uint64_t inode, uint64_t size) {
    append({.type = RecordType::kSize, .inode = inode, .length = size}, {}, {}, {}, 0);
  }

  void append(RecordHeader header, const std::string& first, const std::string& second,
              const char* data, uint64_t data_bytes) {
    header.magic = kRecordMagic;
    header.first_bytes = static_cast<uint32_t>(first.size());
    header.second_bytes = static_cast<uint32_t>(second.size());
    header.data_bytes = data_bytes;
    record_.assign(reinterpret_cast<const char*>(&header), sizeof header);
    record_ += first;
    record_ += second;
    if (data_bytes > 0) record_.append(data, data_bytes);
    static auto* const write_all = next<decltype(::write)>("write");
    if (write_all(journal_, record_.data(), record_.size()) !=
        static_cast<ssize_t>(record_.size())) {
      die("cannot write", undo_);
    }
    ++count_;
  }

  std::string data_;
  std::string undo_;
  int journal_ = -1;
  std::atomic<Kind> kinds_[kMostFiles] = {};
  std::mutex mutex_;
  uint64_t count_ = 0;
  std::map<int, std::string> folders_;
  std::map<uint64_t, int> readers_;
  std::map<std::string, std::vector<Removed>> removed_;
  std::vector<char> room_;
  std::string record_;
};

}  // namespace govchain::analysis::live::forgetful
