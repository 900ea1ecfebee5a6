#include "tests/consensus/node/store/forgetful_file_system.h"

#include <filesystem>
#include <utility>

namespace govchain::consensus::node::testing {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class ForgetfulWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  ForgetfulWritableFile(std::unique_ptr<rocksdb::FSWritableFile> target,
                        ForgetfulFileSystem& system,
                        std::shared_ptr<ForgetfulFileSystem::Sizes> sizes)
      : FSWritableFileOwnerWrapper(std::move(target)), system_(system), sizes_(std::move(sizes)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(system_.mutex_);
    if (IOStatus status = system_.may_write(); !status.ok()) return status;
    IOStatus status = target()->Append(data, options, context);
    if (status.ok()) sizes_->written += data.size();
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*info*/, IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(system_.mutex_);
    if (IOStatus status = system_.may_sync(); !status.ok()) return status;
    IOStatus status = target()->Flush(options, context);
    if (status.ok()) sizes_->synced = sizes_->written;
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  ForgetfulFileSystem& system_;
  std::shared_ptr<ForgetfulFileSystem::Sizes> sizes_;
};

void ForgetfulFileSystem::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void ForgetfulFileSystem::crash(consensus::testing::RandomSource& random) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, sizes] : files_) {
    if (!std::filesystem::exists(name)) continue;
    const uint64_t lost = sizes->written - sizes->synced;
    std::filesystem::resize_file(name, sizes->synced + random.below(lost + 1));
  }
  files_.clear();
  stopped_ = full_ = sync_fails_ = false;
}

void ForgetfulFileSystem::set_full(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

void ForgetfulFileSystem::set_sync_fails(bool fails) {
  const std::lock_guard lock(mutex_);
  sync_fails_ = fails;
}

IOStatus ForgetfulFileSystem::may_write() const {
  if (stopped_) return IOStatus::IOError("the process is gone");
  return full_ ? IOStatus::NoSpace("no space left on device") : IOStatus::OK();
}

IOStatus ForgetfulFileSystem::may_sync() const {
  if (stopped_) return IOStatus::IOError("the process is gone");
  return sync_fails_ ? IOStatus::IOError("input/output error") : IOStatus::OK();
}

IOStatus ForgetfulFileSystem::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                                              IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  if (IOStatus status = may_write(); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target()->NewWritableFile(name, options, &file, context);
  if (!status.ok()) return status;
  auto sizes = std::make_shared<Sizes>();
  files_[name] = sizes;
  *result = std::make_unique<ForgetfulWritableFile>(std::move(file), *this, std::move(sizes));
  return status;
}

IOStatus ForgetfulFileSystem::ReopenWritableFile(const std::string& name,
                                                 const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                 IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  if (IOStatus status = may_write(); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target()->ReopenWritableFile(name, options, &file, context);
  if (!status.ok()) return status;
  std::shared_ptr<Sizes>& sizes = files_[name];
  if (!sizes) {
    const uint64_t size = std::filesystem::file_size(name);
    sizes = std::make_shared<Sizes>(Sizes{size, size});  // of an earlier life
  }
  *result = std::make_unique<ForgetfulWritableFile>(std::move(file), *this, sizes);
  return status;
}

namespace {

class ForgetfulDirectory final : public rocksdb::FSDirectory {
 public:
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*context*/) override {
    return IOStatus::OK();
  }
};

}  // namespace

IOStatus ForgetfulFileSystem::NewDirectory(const std::string& /*name*/,
                                           const IOOptions& /*options*/,
                                           std::unique_ptr<rocksdb::FSDirectory>* result,
                                           IODebugContext* /*context*/) {
  *result = std::make_unique<ForgetfulDirectory>();
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::RenameFile(const std::string& from, const std::string& to,
                                         const IOOptions& options, IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return IOStatus::IOError("the process is gone");
  IOStatus status = target()->RenameFile(from, to, options, context);
  if (status.ok()) {
    if (auto moved = files_.extract(from); !moved.empty()) files_[to] = std::move(moved.mapped());
  }
  return status;
}

IOStatus ForgetfulFileSystem::LinkFile(const std::string& from, const std::string& to,
                                       const IOOptions& options, IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  if (IOStatus status = may_write(); !status.ok()) return status;
  IOStatus status = target()->LinkFile(from, to, options, context);
  if (status.ok()) {
    if (const auto linked = files_.find(from); linked != files_.end()) files_[to] = linked->second;
  }
  return status;
}

IOStatus ForgetfulFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                         IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return IOStatus::IOError("the process is gone");
  files_.erase(name);
  return target()->DeleteFile(name, options, context);
}

}  // namespace govchain::consensus::node::testing
