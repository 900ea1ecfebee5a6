#include "tests/consensus/node/log/forgetful_disk.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::node::testing {

namespace {

constexpr uint64_t kSectorBytes = 512;

}  // namespace

class ForgetfulFile final : public File {
 public:
  ForgetfulFile(ForgetfulDisk& disk, std::shared_ptr<ForgetfulDisk::Content> content)
      : disk_(disk), content_(std::move(content)) {}

  Status write(uint64_t offset, std::span<const uint8_t> bytes) override {
    if (Status possible = disk_.operate(); !possible) {
      // Part of it may have come through.
      put(offset, bytes.first(bytes.size() / 2));
      return possible;
    }
    const uint64_t end = offset + bytes.size();
    const uint64_t size = content_->now.size();
    if (end > size && !disk_.has_room(end - size)) {
      return Error{ErrorCode::kExhausted, "the disk is full", {}};
    }
    ++disk_.counters_.writes;
    put(offset, bytes);
    return success();
  }

  Result<std::vector<uint8_t>> read(uint64_t offset, uint64_t count) override {
    const std::vector<uint8_t>& now = content_->now;
    const uint64_t first = std::min<uint64_t>(offset, now.size());
    const uint64_t last = first + std::min<uint64_t>(count, now.size() - first);
    return std::vector<uint8_t>(now.begin() + static_cast<ptrdiff_t>(first),
                                now.begin() + static_cast<ptrdiff_t>(last));
  }

  Status reserve(uint64_t size) override {
    if (Status possible = disk_.operate(); !possible) return possible;
    if (size <= content_->now.size()) return success();
    if (!disk_.has_room(size - content_->now.size())) {
      return Error{ErrorCode::kExhausted, "the disk is full", {}};
    }
    content_->now.resize(size);
    return success();
  }

  Status sync() override {
    if (Status possible = disk_.operate(); !possible) return possible;
    ++disk_.counters_.syncs;
    content_->durable = content_->now;
    return success();
  }

  Result<uint64_t> size() override { return static_cast<uint64_t>(content_->now.size()); }

 private:
  void put(uint64_t offset, std::span<const uint8_t> bytes) {
    if (offset + bytes.size() > content_->now.size()) content_->now.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), content_->now.begin() + static_cast<ptrdiff_t>(offset));
  }

  ForgetfulDisk& disk_;
  std::shared_ptr<ForgetfulDisk::Content> content_;
};

class ForgetfulFolder final : public Folder {
 public:
  explicit ForgetfulFolder(ForgetfulDisk& disk) : disk_(disk) {}

  Result<std::vector<std::string>> list() override { return disk_.names(); }

  Result<std::unique_ptr<File>> open(const std::string& name) override {
    const auto found = disk_.names_.find(name);
    if (found == disk_.names_.end()) return Error{ErrorCode::kNotFound, "no such file", name};
    return std::unique_ptr<File>(std::make_unique<ForgetfulFile>(disk_, found->second));
  }

  Result<std::unique_ptr<File>> create(const std::string& name) override {
    if (Status possible = disk_.operate(); !possible) return possible.error();
    if (disk_.names_.contains(name)) return Error{ErrorCode::kIo, "the file exists", name};
    disk_.names_[name] = std::make_shared<ForgetfulDisk::Content>();
    changed();
    return open(name);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (Status possible = disk_.operate(); !possible) return possible;
    auto moved = disk_.names_.extract(from);
    if (moved.empty()) return Error{ErrorCode::kNotFound, "no such file", from};
    disk_.names_[to] = moved.mapped();
    changed();
    return success();
  }

  Status remove(const std::string& name) override {
    if (Status possible = disk_.operate(); !possible) return possible;
    if (disk_.names_.erase(name) == 0) return Error{ErrorCode::kNotFound, "no such file", name};
    changed();
    return success();
  }

  Status sync() override {
    if (Status possible = disk_.operate(); !possible) return possible;
    disk_.durable_names_ = disk_.names_;
    disk_.unsynced_.clear();
    return success();
  }

  [[nodiscard]] std::string place() const override { return "disk"; }

 private:
  void changed() { disk_.unsynced_.push_back(disk_.names_); }

  ForgetfulDisk& disk_;
};

std::unique_ptr<Folder> ForgetfulDisk::open() { return std::make_unique<ForgetfulFolder>(*this); }

Status ForgetfulDisk::operate() {
  if (!fuse_) return success();
  if (*fuse_ > 0) {
    --*fuse_;
    return success();
  }
  return Error{ErrorCode::kIo, "the disk failed", {}};
}

bool ForgetfulDisk::has_room(uint64_t more) const {
  if (!capacity_) return true;
  uint64_t held = more;
  for (const auto& [name, content] : names_) held += content->now.size();
  return held <= *capacity_;
}

void ForgetfulDisk::crash(RandomSource& random) {
  const uint64_t surviving = random.below(unsynced_.size() + 1);
  if (surviving > 0) durable_names_ = unsynced_[surviving - 1];
  for (auto& [name, content] : durable_names_) {
    const std::vector<uint8_t>& now = content->now;
    std::vector<uint8_t>& durable = content->durable;
    // A file grows in its metadata, which is there or not; its new sectors read as zero until they
    // are written.
    if (now.size() > durable.size() && random.chance(2)) durable.resize(now.size());
    for (uint64_t sector = 0; sector < durable.size(); sector += kSectorBytes) {
      if (!random.chance(2)) continue;
      const uint64_t end = std::min<uint64_t>(sector + kSectorBytes, durable.size());
      for (uint64_t i = sector; i < std::min<uint64_t>(end, now.size()); ++i) durable[i] = now[i];
    }
    content->now = durable;
  }
  names_ = durable_names_;
  unsynced_.clear();
  fuse_.reset();
}

void ForgetfulDisk::crash_after_writing_all() {
  durable_names_ = names_;
  for (auto& [name, content] : names_) content->durable = content->now;
  unsynced_.clear();
  fuse_.reset();
}

void ForgetfulDisk::flip_bit(const std::string& name, uint64_t bit) {
  Content& content = *names_.at(name);
  GOVCHAIN_ASSERT(bit / 8 < content.now.size());
  content.now[bit / 8] = static_cast<uint8_t>(content.now[bit / 8] ^ (1U << (bit % 8)));
  content.durable = content.now;
}

std::vector<std::string> ForgetfulDisk::names() const {
  std::vector<std::string> names;
  for (const auto& [name, content] : names_) names.push_back(name);
  return names;
}

std::vector<uint8_t>& ForgetfulDisk::bytes(const std::string& name) { return names_.at(name)->now; }

void ForgetfulDisk::remove(const std::string& name) {
  names_.erase(name);
  durable_names_ = names_;
}

}  // namespace govchain::consensus::node::testing
