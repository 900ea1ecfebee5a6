#pragma once
// Whole states on disk, one file each: what a replica gives to others in parts.
//
// Nothing here is needed to start again, so nothing is synced, and what an earlier life has left is
// removed. Whoever gets a state compares its root, so it has no checksum either.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/node/log/folder.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

// Not for several threads.
class SnapshotFolder {
 public:
  // Removes what is there. Errors: kIo.
  [[nodiscard]] static Result<std::unique_ptr<SnapshotFolder>> open(std::unique_ptr<Folder> folder);

  // Piece by piece, one state at a time: begin(), append() …, finish(), after which it can be read.
  // Errors of each: kExhausted, kIo; nothing is left behind then, and the next is a begin().
  [[nodiscard]] Status begin(Height height);
  [[nodiscard]] Status append(std::span<const uint8_t> bytes);
  void finish();
  // Drops what is half-written, if anything is.
  void abandon();
  [[nodiscard]] bool holds(Height height) const { return find(height) != nullptr; }
  // `count` bytes of the state from `offset`, or as many as there are. kNotFound, kIo.
  struct Part {
    uint64_t size = 0;  // of the whole state
    std::vector<uint8_t> bytes;
  };
  [[nodiscard]] Result<Part> read_part(Height height, uint64_t offset, uint64_t count) const;
  [[nodiscard]] Status remove(Height height);

 private:
  explicit SnapshotFolder(std::unique_ptr<Folder> folder) : folder_(std::move(folder)) {}
  struct Whole {
    Height height;
    uint64_t size = 0;
    std::unique_ptr<File> file;
  };
  [[nodiscard]] const Whole* find(Height height) const;

  std::unique_ptr<Folder> folder_;
  std::vector<Whole> states_;
  std::optional<Whole> unfinished_;
};

}  // namespace govchain::consensus::node
