#pragma once
// Committed blocks and the newest stable checkpoint of a node, in RocksDB.
//
// What is put is in the database's own log at once and durable after sync(); a crash leaves a
// prefix of what was put, in the order in which it was put. Each call is one atomic batch, so a
// block never lies there without its height being counted, nor a checkpoint without what preceded
// it.
//
// A power failure keeps any pages of what was not synced, so the log of the database is read up to
// where it first does not make sense. What is durable is marked in a file of its own after each
// sync, and a log that ends before that has rotted.
//
// A full disk refuses what is put (kExhausted) with nothing half done, until the database has found
// room again: it looks every few seconds, and when something is put. Reads go on meanwhile. Any
// other failure ends the store: it is repeated by every later call, because nothing is known of
// what it left behind.

#include <memory>
#include <optional>
#include <string>

#include "consensus/block_store.h"
#include "consensus/crypto/hash.h"
#include "consensus/node/storage_owner.h"

namespace rocksdb {
class DB;
class Env;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace govchain::consensus::node {

struct RocksBlockStoreSettings {
  StorageOwner owner;
  HashAlgorithm hash = HashAlgorithm::kSha256;
  rocksdb::Env* environment = nullptr;  // the operating system's; tests have one that forgets
};

class RocksBlockStore final : public BlockStore {
 public:
  // Opens the store in this folder, or begins one there. Errors: kUnsupported (another owner's, or
  // a format that this software does not know), kCorrupt (named by file and key), kIo, kExhausted.
  [[nodiscard]] static Result<std::unique_ptr<RocksBlockStore>> open(
      const std::string& path, const RocksBlockStoreSettings& settings);
  ~RocksBlockStore() override;
  RocksBlockStore(const RocksBlockStore&) = delete;
  RocksBlockStore& operator=(const RocksBlockStore&) = delete;

  [[nodiscard]] Status put(const StoredBlock& block) override;
  [[nodiscard]] Status put_checkpoint(const Checkpoint& checkpoint) override;
  [[nodiscard]] Status sync() override;
  [[nodiscard]] Status prune(Height height) override;
  [[nodiscard]] Status reset(const Checkpoint& checkpoint) override;
  // A block that cannot be read ends the load, and the store with it: health() says why.
  void load(Height first, uint32_t count, Bytes limit,
            std::vector<StoredBlock>& out) const override;
  [[nodiscard]] Height oldest() const override { return bounds_.oldest; }
  [[nodiscard]] Height newest() const override { return Height(bounds_.next.value() - 1); }
  [[nodiscard]] const Checkpoint& checkpoint() const override { return checkpoint_; }
  // Of the encodings; what the database makes of them on disk may be less or more.
  [[nodiscard]] Bytes size() const override { return Bytes(bounds_.written - bounds_.dropped); }

  // What ended the store, if something has.
  [[nodiscard]] Status health() const;

 private:
  // Which blocks are held, and how many bytes were ever put and dropped again.
  struct Bounds {
    Height oldest{1};
    Height next{1};
    uint64_t written = 0;
    uint64_t dropped = 0;
  };

  RocksBlockStore(std::string path, const RocksBlockStoreSettings& settings);
  [[nodiscard]] Status recover();
  [[nodiscard]] Status begin();
  [[nodiscard]] rocksdb::Env& environment() const;
  [[nodiscard]] Status set_mark(uint64_t sequence);
  [[nodiscard]] Status check_mark();
  [[nodiscard]] Result<StoredBlock> read(Height height, uint64_t& size) const;
  [[nodiscard]] Status write(rocksdb::WriteBatch& batch, const Bounds& bounds, bool durable);
  [[nodiscard]] Status failed(const rocksdb::Status& status) const;
  void add_bounds(rocksdb::WriteBatch& batch, const Bounds& bounds) const;

  const std::string path_;
  RocksBlockStoreSettings settings_;
  std::unique_ptr<rocksdb::DB> database_;
  Bounds bounds_;
  Checkpoint checkpoint_;
  uint64_t marked_ = 0;
  bool full_ = false;
  mutable std::optional<Error> failure_;
};

}  // namespace govchain::consensus::node
