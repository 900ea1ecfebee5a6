// A library to be preloaded (LD_PRELOAD) into a node: it stands between the process and the
// system's calls that change files, and writes down what they change (undo_journal.h). What a
// process has written survives its being killed, because the system has it; a machine that loses
// its power forgets what was not synced. With this journal a kill can forget as much.
//
// POSIX is taken at its word: a file's content and size are durable when it was synced after they
// were written, a name when its folder was. Folders themselves count as durable at once. What is
// written through C streams (the database's text log) is not written down, so it survives.

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "analysis/live/forgetful/preload_journal.h"

namespace {

using namespace govchain::analysis::live::forgetful;

Journal& journal() { return Journal::get(); }

// The program's allocator opens files and maps memory while it sets itself up, which may be on
// behalf of the journal: until there is one, what is asked for goes straight to the system.
std::atomic<bool> ready{false};
[[gnu::constructor]] void begin() {
  (void)Journal::get();
  ready.store(true);
}
bool is_ready() { return ready.load(std::memory_order_acquire); }

Kind kind_of(int file) { return is_ready() ? journal().kind_of(file) : Kind::kOther; }
bool is_file(int file) { return kind_of(file) == Kind::kFile; }

mode_t mode_from(int flags, va_list list) {
  const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makes ? static_cast<mode_t>(va_arg(list, int)) : 0;
}

int open_at(int folder, const char* name, int flags, mode_t mode) {
  static auto* const real = next<OpenAtFunction>("openat");
  if (!is_ready()) return real(folder, name, flags, mode);
  const std::string path = Journal::resolve(folder, name);
  if (!journal().is_ours(path)) return real(folder, name, flags, mode);
  const bool was_there = journal().before_open(path, flags);
  const int file = real(folder, name, flags, mode);
  const KeepErrno keep;
  if (file >= 0) journal().opened(file, Journal::path_of(file), !was_there);
  return file;
}

uint64_t size_of(const iovec* parts, int count) {
  uint64_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size;
}

template <typename Sync>
int sync_with(int file, Sync* sync) {
  const Kind kind = kind_of(file);
  if (kind == Kind::kOther) return sync(file);
  if (journal().swallows()) return 0;
  const uint64_t covered = journal().covers();
  const int result = sync(file);
  if (result == 0) journal().synced(file, covered);
  return result;
}

}  // namespace

extern "C" {

// --- Opening and closing

int open(const char* name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_from(flags, list);
  va_end(list);
  return open_at(AT_FDCWD, name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_from(flags, list);
  va_end(list);
  return open_at(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}
int openat(int folder, const char* name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_from(flags, list);
  va_end(list);
  return open_at(folder, name, flags, mode);
}
int openat64(int folder, const char* name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_from(flags, list);
  va_end(list);
  return open_at(folder, name, flags | O_LARGEFILE, mode);
}
int creat(const char* name, mode_t mode) {
  return open_at(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int close(int file) {
  if (is_ready()) journal().closed(file);
  return real_close(file);
}

// --- Content

ssize_t write(int file, const void* bytes, size_t count) {
  GOVCHAIN_REAL(write);
  if (is_file(file)) journal().before_write(file, -1, count);
  return real(file, bytes, count);
}
ssize_t writev(int file, const iovec* parts, int count) {
  GOVCHAIN_REAL(writev);
  if (is_file(file)) journal().before_write(file, -1, size_of(parts, count));
  return real(file, parts, count);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  GOVCHAIN_REAL(pwrite);
  if (is_file(file)) journal().before_write(file, offset, count);
  return real(file, bytes, count, offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
  GOVCHAIN_REAL(pwrite64);
  if (is_file(file)) journal().before_write(file, offset, count);
  return real(file, bytes, count, offset);
}
ssize_t pwritev(int file, const iovec* parts, int count, off_t offset) {
  GOVCHAIN_REAL(pwritev);
  if (is_file(file)) journal().before_write(file, offset, size_of(parts, count));
  return real(file, parts, count, offset);
}
ssize_t pwritev64(int file, const iovec* parts, int count, off64_t offset) {
  GOVCHAIN_REAL(pwritev64);
  if (is_file(file)) journal().before_write(file, offset, size_of(parts, count));
  return real(file, parts, count, offset);
}
int ftruncate(int file, off_t length) noexcept {
  GOVCHAIN_REAL(ftruncate);
  if (is_file(file)) journal().before_truncate(file, static_cast<uint64_t>(length));
  return real(file, length);
}
int ftruncate64(int file, off64_t length) noexcept {
  GOVCHAIN_REAL(ftruncate64);
  if (is_file(file)) journal().before_truncate(file, static_cast<uint64_t>(length));
  return real(file, length);
}
int fallocate(int file, int mode, off_t offset, off_t length) {
  GOVCHAIN_REAL(fallocate);
  if (is_file(file)) {
    constexpr int kMoves = FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE;
    if ((mode & kMoves) != 0) {
      errno = EOPNOTSUPP;
      return -1;
    }
    journal().before_allocate(file, mode, static_cast<uint64_t>(offset),
                              static_cast<uint64_t>(length));
  }
  return real(file, mode, offset, length);
}
int fallocate64(int file, int mode, off64_t offset, off64_t length) {
  return fallocate(file, mode, offset, length);
}
int posix_fallocate(int file, off_t offset, off_t length) {
  GOVCHAIN_REAL(posix_fallocate);
  if (is_file(file)) {
    journal().before_allocate(file, 0, static_cast<uint64_t>(offset),
                              static_cast<uint64_t>(length));
  }
  return real(file, offset, length);
}
int posix_fallocate64(int file, off64_t offset, off64_t length) {
  return posix_fallocate(file, offset, length);
}
// What is written through memory is not seen: whoever wants it must do without.
void* mmap(void* address, size_t length, int protection, int flags, int file,
           off_t offset) noexcept {
  GOVCHAIN_REAL(mmap);
  if (is_file(file) && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) {
    std::fprintf(stderr, "forgetful: a file is written through memory: refused\n");
    errno = EACCES;
    return MAP_FAILED;
  }
  return real(address, length, protection, flags, file, offset);
}
void* mmap64(void* address, size_t length, int protection, int flags, int file,
             off64_t offset) noexcept {
  return mmap(address, length, protection, flags, file, offset);
}
ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t length,
                        unsigned int flags) {
  GOVCHAIN_REAL(copy_file_range);
  if (is_file(to)) {
    errno = EXDEV;
    return -1;
  }
  return real(from, from_offset, to, to_offset, length, flags);
}

// --- Durability; sync_file_range is no promise, and passes by

int fsync(int file) {
  GOVCHAIN_REAL(fsync);
  return sync_with(file, real);
}
int fdatasync(int file) {
  GOVCHAIN_REAL(fdatasync);
  return sync_with(file, real);
}

// --- Names

int unlink(const char* name) noexcept {
  const std::string path = Journal::resolve(AT_FDCWD, name);
  if (journal().is_ours(path)) journal().before_remove(path);
  return real_unlink(name);
}
int unlinkat(int folder, const char* name, int flags) noexcept {
  GOVCHAIN_REAL(unlinkat);
  const std::string path = Journal::resolve(folder, name);
  if (journal().is_ours(path)) journal().before_remove(path);
  return real(folder, name, flags);
}
int remove(const char* name) noexcept {
  GOVCHAIN_REAL(remove);
  const std::string path = Journal::resolve(AT_FDCWD, name);
  if (journal().is_ours(path)) journal().before_remove(path);
  return real(name);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  GOVCHAIN_REAL(renameat);
  const std::string path = Journal::resolve(from_folder, from);
  if (journal().is_ours(path)) {
    journal().before_rename(path, Journal::resolve(to_folder, to));
  }
  return real(from_folder, from, to_folder, to);
}
int rename(const char* from, const char* to) noexcept {
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

}  // extern "C"
