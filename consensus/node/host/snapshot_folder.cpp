#include "consensus/node/host/snapshot_folder.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::consensus::node {

namespace {

constexpr const char* kSuffix = ".state";

std::string name_of(Height height) { return std::to_string(height.value()) + kSuffix; }

}  // namespace

Result<std::unique_ptr<SnapshotFolder>> SnapshotFolder::open(std::unique_ptr<Folder> folder) {
  const Result<std::vector<std::string>> names = folder->list();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(kSuffix)) continue;
    if (const Status removed = folder->remove(name); !removed) return removed.error();
  }
  return std::unique_ptr<SnapshotFolder>(new SnapshotFolder(std::move(folder)));
}

const SnapshotFolder::Whole* SnapshotFolder::find(Height height) const {
  const auto found = std::find_if(states_.begin(), states_.end(),
                                  [&](const Whole& state) { return state.height == height; });
  return found == states_.end() ? nullptr : &*found;
}

Status SnapshotFolder::begin(Height height) {
  GOVCHAIN_ASSERT(!unfinished_ && !holds(height));
  Result<std::unique_ptr<File>> created = folder_->create(name_of(height));
  if (!created) return created.error();
  unfinished_ = Whole{height, 0, std::move(*created)};
  return success();
}

Status SnapshotFolder::append(std::span<const uint8_t> bytes) {
  GOVCHAIN_ASSERT(unfinished_);
  const Status reserved = unfinished_->file->reserve(unfinished_->size + bytes.size());
  const Status written = reserved ? unfinished_->file->write(unfinished_->size, bytes) : reserved;
  if (!written) {
    abandon();
    return written;
  }
  unfinished_->size += bytes.size();
  return success();
}

void SnapshotFolder::finish() {
  GOVCHAIN_ASSERT(unfinished_);
  states_.push_back(std::move(*unfinished_));
  unfinished_.reset();
}

void SnapshotFolder::abandon() {
  if (!unfinished_) return;
  const std::string name = name_of(unfinished_->height);
  unfinished_.reset();
  (void)folder_->remove(name);
}

Result<SnapshotFolder::Part> SnapshotFolder::read_part(Height height, uint64_t offset,
                                                       uint64_t count) const {
  const Whole* const state = find(height);
  if (state == nullptr) return Error{ErrorCode::kNotFound, "that state is not here", {}};
  Part part{state->size, {}};
  if (offset >= state->size) return part;
  Result<std::vector<uint8_t>> bytes =
      state->file->read(offset, std::min(count, state->size - offset));
  if (!bytes) return bytes.error();
  part.bytes = std::move(*bytes);
  return part;
}

Status SnapshotFolder::remove(Height height) {
  const size_t before = states_.size();
  std::erase_if(states_, [&](const Whole& state) { return state.height == height; });
  return states_.size() == before ? success() : folder_->remove(name_of(height));
}

}  // namespace govchain::consensus::node
