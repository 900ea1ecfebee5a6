#pragma once
// States on disk, one file each: what a replica restarts from, and what it gives to others in
// parts.
//
// A file is written under another name, made durable and renamed, so one that has its name is
// whole. Its header has owner, height, root, size and a checksum, and is looked at whenever it is
// read.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consensus/node/log/folder.h"
#include "consensus/node/storage_owner.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

struct SnapshotHeader {
  StorageOwner owner;
  Height height;
  Digest root;
  uint64_t size = 0;      // bytes of the state
  uint32_t checksum = 0;  // CRC-32C of the state
};

struct StoredSnapshot {
  SnapshotHeader header;
  std::vector<uint8_t> state;
};

// Not for several threads.
class SnapshotFolder {
 public:
  // Removes what a crash left half-written. Errors: kIo, and kUnsupported for another owner's.
  [[nodiscard]] static Result<std::unique_ptr<SnapshotFolder>> open(std::unique_ptr<Folder> folder,
                                                                    const StorageOwner& owner);

  // Piece by piece, one state at a time: begin(), append() …, finish(), after which it is durable.
  // Errors of each: kExhausted, kIo; nothing is left behind then, and the next is a begin().
  [[nodiscard]] Status begin(Height height, const Digest& root);
  [[nodiscard]] Status append(std::span<const uint8_t> bytes);
  [[nodiscard]] Status finish();
  // All of that at once.
  [[nodiscard]] Status write(Height height, const Digest& root, std::span<const uint8_t> state);
  // Of the state being written so far.
  [[nodiscard]] uint64_t written() const { return unfinished_ ? unfinished_->header.size : 0; }
  [[nodiscard]] bool holds(Height height) const;
  // Ascending.
  [[nodiscard]] const std::vector<Height>& heights() const { return heights_; }
  // kNotFound; kCorrupt if header or checksum do not match.
  [[nodiscard]] Result<StoredSnapshot> read(Height height) const;
  // The header, and `count` bytes of the state from `offset` or as many as there are. Without the
  // checksum: who gets them compares the state's root.
  struct Part {
    SnapshotHeader header;
    std::vector<uint8_t> bytes;
  };
  [[nodiscard]] Result<Part> read_part(Height height, uint64_t offset, uint64_t count) const;
  [[nodiscard]] Status remove_below(Height height);
  [[nodiscard]] Status remove_above(Height height);

 private:
  SnapshotFolder(std::unique_ptr<Folder> folder, const StorageOwner& owner)
      : folder_(std::move(folder)), owner_(owner) {}
  struct Unfinished {
    std::unique_ptr<File> file;
    SnapshotHeader header;
  };
  [[nodiscard]] Status create(Height height, const Digest& root);
  [[nodiscard]] Status write_next(std::span<const uint8_t> bytes);
  [[nodiscard]] Status publish();
  // Passes an error on, and leaves nothing behind.
  [[nodiscard]] Status or_abandon(Status status);
  [[nodiscard]] Result<SnapshotHeader> read_header(File& file, const std::string& name) const;
  [[nodiscard]] Error corrupt(const std::string& name, const std::string& what) const;

  std::unique_ptr<Folder> folder_;
  StorageOwner owner_;
  std::vector<Height> heights_;
  std::optional<Unfinished> unfinished_;
};

}  // namespace govchain::consensus::node
