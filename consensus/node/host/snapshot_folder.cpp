#include "consensus/node/host/snapshot_folder.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/log_frame.h"

namespace govchain::consensus::node {

namespace {

constexpr std::string_view kMagic = "govstat\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kFields = 8 + 4 + 8 + 4 + 8 + 32 + 8 + 4;  // then their checksum
constexpr size_t kHeaderBytes = kFields + 4;
constexpr std::string_view kSuffix = ".state";
constexpr std::string_view kUnfinished = "unfinished";
constexpr size_t kNameDigits = 16;

// So that names sort as heights do.
std::string name_of(Height height) {
  char digits[kNameDigits];
  const auto end = std::to_chars(digits, digits + kNameDigits, height.value(), 16).ptr;
  const std::string_view number(digits, static_cast<size_t>(end - digits));
  std::string name(kNameDigits - number.size(), '0');
  name += number;
  name += kSuffix;
  return name;
}

std::optional<Height> height_of(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kNameDigits, value, 16);
  if (error != std::errc() || end != name.data() + kNameDigits) return std::nullopt;
  return Height(value);
}

std::vector<uint8_t> encode(const SnapshotHeader& header) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  for (const char letter : kMagic) out.u8(static_cast<uint8_t>(letter));
  out.u32(kVersion);
  out.ordinal(header.owner.chain);
  out.replica(header.owner.replica);
  out.ordinal(header.height);
  out.digest(header.root);
  out.u64(header.size);
  out.u32(header.checksum);
  const uint32_t checksum = crc32c(bytes);
  out.u32(checksum);
  return bytes;
}

}  // namespace

Error SnapshotFolder::corrupt(const std::string& name, const std::string& what) const {
  return Error{ErrorCode::kCorrupt, what, folder_->place() + "/" + name};
}

Result<std::unique_ptr<SnapshotFolder>> SnapshotFolder::open(std::unique_ptr<Folder> folder,
                                                             const StorageOwner& owner) {
  std::unique_ptr<SnapshotFolder> opened(new SnapshotFolder(std::move(folder), owner));
  const Result<std::vector<std::string>> names = opened->folder_->list();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name == kUnfinished) {
      const Status removed = opened->folder_->remove(name);
      if (!removed) return removed.error();
      continue;
    }
    const std::optional<Height> height = height_of(name);
    if (!height) continue;
    const Result<std::unique_ptr<File>> file = opened->folder_->open(name);
    if (!file) return file.error();
    // One that is damaged is named when it is needed; another replica's must not be there at all.
    const Result<SnapshotHeader> header = opened->read_header(**file, name);
    if (!header && header.error().code != ErrorCode::kCorrupt) return header.error();
    opened->heights_.push_back(*height);
  }
  return opened;
}

Result<SnapshotHeader> SnapshotFolder::read_header(File& file, const std::string& name) const {
  const Result<std::vector<uint8_t>> bytes = file.read(0, kHeaderBytes);
  if (!bytes) return bytes.error();
  if (bytes->size() < kHeaderBytes) return corrupt(name, "the file is shorter than its header");
  Reader in(*bytes);
  const std::span<const uint8_t> magic = in.raw(kMagic.size());
  const uint32_t version = in.u32();
  SnapshotHeader header;
  header.owner.chain = in.ordinal<ChainId>();
  header.owner.replica = in.replica();
  header.height = in.ordinal<Height>();
  header.root = in.digest();
  header.size = in.u64();
  header.checksum = in.u32();
  const bool is_ours = std::equal(magic.begin(), magic.end(), kMagic.begin(), kMagic.end(),
                                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); });
  if (!is_ours || in.u32() != crc32c(std::span(*bytes).first(kFields)) ||
      height_of(name) != header.height) {
    return corrupt(name, "the header does not match its checksum or its name");
  }
  const std::string place = folder_->place() + "/" + name;
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "state format " + std::to_string(version) + "; this build reads " +
                     std::to_string(kVersion),
                 place};
  }
  if (header.owner != owner_) {
    return Error{ErrorCode::kUnsupported,
                 "the state of replica " + std::to_string(header.owner.replica.value()) +
                     " of chain " + std::to_string(header.owner.chain.value()) +
                     "; this is replica " + std::to_string(owner_.replica.value()) + " of chain " +
                     std::to_string(owner_.chain.value()),
                 place};
  }
  return header;
}

bool SnapshotFolder::holds(Height height) const {
  return std::binary_search(heights_.begin(), heights_.end(), height);
}

Status SnapshotFolder::begin(Height height, const Digest& root) {
  return or_abandon(create(height, root));
}

Status SnapshotFolder::append(std::span<const uint8_t> bytes) {
  GOVCHAIN_ASSERT(unfinished_);
  return or_abandon(write_next(bytes));
}

Status SnapshotFolder::finish() {
  GOVCHAIN_ASSERT(unfinished_);
  const Status published = or_abandon(publish());
  unfinished_.reset();
  return published;
}

Status SnapshotFolder::write(Height height, const Digest& root, std::span<const uint8_t> state) {
  if (holds(height)) {
    const Result<Part> part = read_part(height, 0, 0);
    if (part && part->header.root == root && part->header.size == state.size()) return success();
  }
  const Status begun = begin(height, root);
  if (!begun) return begun;
  const Status appended = append(state);
  if (!appended) return appended;
  return finish();
}

Status SnapshotFolder::or_abandon(Status status) {
  if (!status) {
    unfinished_.reset();
    (void)folder_->remove(std::string(kUnfinished));
  }
  return status;
}

Status SnapshotFolder::create(Height height, const Digest& root) {
  const std::string name(kUnfinished);
  unfinished_.reset();
  const Result<std::vector<std::string>> names = folder_->list();
  if (!names) return names.error();
  if (std::find(names->begin(), names->end(), name) != names->end()) {
    const Status removed = folder_->remove(name);
    if (!removed) return removed;
  }
  Result<std::unique_ptr<File>> created = folder_->create(name);
  if (!created) return created.error();
  unfinished_ = Unfinished{std::move(*created), SnapshotHeader{owner_, height, root, 0, 0}};
  return success();
}

Status SnapshotFolder::write_next(std::span<const uint8_t> bytes) {
  SnapshotHeader& header = unfinished_->header;
  const uint64_t end = kHeaderBytes + header.size;
  const Status reserved = unfinished_->file->reserve(end + bytes.size());
  if (!reserved) return reserved;
  const Status written = unfinished_->file->write(end, bytes);
  if (!written) return written;
  header.checksum = crc32c(bytes, header.checksum);
  header.size += bytes.size();
  return success();
}

// The header last, because it has the checksum.
Status SnapshotFolder::publish() {
  const SnapshotHeader& header = unfinished_->header;
  const Status headed = unfinished_->file->write(0, encode(header));
  if (!headed) return headed;
  const Status synced = unfinished_->file->sync();
  if (!synced) return synced;
  const Status renamed = folder_->rename(std::string(kUnfinished), name_of(header.height));
  if (!renamed) return renamed;
  if (!holds(header.height)) {
    heights_.insert(std::lower_bound(heights_.begin(), heights_.end(), header.height),
                    header.height);
  }
  return folder_->sync();
}

Result<StoredSnapshot> SnapshotFolder::read(Height height) const {
  Result<Part> part = read_part(height, 0, UINT64_MAX);
  if (!part) return part.error();
  if (part->bytes.size() != part->header.size || crc32c(part->bytes) != part->header.checksum) {
    return corrupt(name_of(height), "the state does not match its checksum");
  }
  return StoredSnapshot{part->header, std::move(part->bytes)};
}

Result<SnapshotFolder::Part> SnapshotFolder::read_part(Height height, uint64_t offset,
                                                       uint64_t count) const {
  const std::string name = name_of(height);
  const Result<std::unique_ptr<File>> file = folder_->open(name);
  if (!file) return file.error();
  const Result<SnapshotHeader> header = read_header(**file, name);
  if (!header) return header.error();
  Part part{*header, {}};
  if (offset >= header->size) return part;
  Result<std::vector<uint8_t>> bytes =
      (*file)->read(kHeaderBytes + offset, std::min(count, header->size - offset));
  if (!bytes) return bytes.error();
  part.bytes = std::move(*bytes);
  return part;
}

Status SnapshotFolder::remove_below(Height height) {
  while (!heights_.empty() && heights_.front() < height) {
    const Status removed = folder_->remove(name_of(heights_.front()));
    if (!removed) return removed;
    heights_.erase(heights_.begin());
  }
  return success();
}

Status SnapshotFolder::remove_above(Height height) {
  while (!heights_.empty() && heights_.back() > height) {
    const Status removed = folder_->remove(name_of(heights_.back()));
    if (!removed) return removed;
    heights_.pop_back();
  }
  return success();
}

}  // namespace govchain::consensus::node
