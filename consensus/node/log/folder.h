#pragma once
// The few things that a log asks of a file system, as an interface: the node uses the operating
// system's (posix_folder.h), tests one that forgets what was not synced, fills up and rots.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/result.h"

namespace govchain::consensus::node {

// Errors of both: kExhausted if there is no room (nothing else is wrong, and room may come back),
// kNotFound if a named file does not exist, kIo for all else; `where` is the file's path.
class File {
 public:
  virtual ~File() = default;
  // All of `bytes` at `offset`, or an error; what then stands there is unknown.
  [[nodiscard]] virtual Status write(uint64_t offset, std::span<const uint8_t> bytes) = 0;
  // What stands at `offset`: `count` bytes, or fewer where the file ends.
  [[nodiscard]] virtual Result<std::vector<uint8_t>> read(uint64_t offset, uint64_t count) = 0;
  // The file has at least `size` bytes, new ones zero, and writing them will not fail for want of
  // room. If it fails the file may have grown in part.
  [[nodiscard]] virtual Status reserve(uint64_t size) = 0;
  // What was written and reserved so far would survive a loss of power. After an error nothing
  // is known of what was not durable before, and trying again may lie (Rebello et al., "Can
  // Applications Recover from fsync Failures?", USENIX ATC 2020).
  [[nodiscard]] virtual Status sync() = 0;
  [[nodiscard]] virtual Result<uint64_t> size() = 0;

 protected:
  File() = default;
  File(const File&) = default;
  File& operator=(const File&) = default;
};

// One folder of files, without folders below it.
class Folder {
 public:
  virtual ~Folder() = default;
  // Names in ascending order of their bytes.
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& name) = 0;
  // An empty file; kIo if there is one of that name.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  // `to` is replaced in one step, if it exists.
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;
  // Names created, renamed and removed so far would survive a loss of power.
  [[nodiscard]] virtual Status sync() = 0;
  // How a person finds it: its path.
  [[nodiscard]] virtual std::string place() const = 0;

 protected:
  Folder() = default;
  Folder(const Folder&) = default;
  Folder& operator=(const Folder&) = default;
};

}  // namespace govchain::consensus::node
