#pragma once
// A file system for RocksDB that forgets what was not synced, fills up and fails. The files lie in
// a folder of the operating system; crash() cuts them to what was synced.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <string>

#include "tests/consensus/random_source.h"

namespace govchain::consensus::node::testing {

class ForgetfulFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  ForgetfulFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] const char* Name() const override { return "forgetful"; }

  // Nothing is written from here on, and nothing that is tried succeeds: the process is gone, and
  // closing what it had open must not matter.
  void stop();
  // What a power failure after stop() leaves: of each file what was synced, and some of the rest.
  void crash(consensus::testing::RandomSource& random);

  void set_full(bool full);
  void set_sync_fails(bool fails);

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* context) override;
  // Names are as good as written; the disk below is not waited for.
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

 private:
  friend class ForgetfulWritableFile;
  struct Sizes {
    uint64_t written = 0;
    uint64_t synced = 0;
  };
  // What stands against writing, and against syncing.
  [[nodiscard]] rocksdb::IOStatus may_write() const;
  [[nodiscard]] rocksdb::IOStatus may_sync() const;

  mutable std::mutex mutex_;  // RocksDB compacts on threads of its own
  std::map<std::string, std::shared_ptr<Sizes>> files_;
  bool stopped_ = false;
  bool full_ = false;
  bool sync_fails_ = false;
};

}  // namespace govchain::consensus::node::testing
