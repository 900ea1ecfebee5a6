#pragma once
// The state of a replica as records, in RocksDB: what it starts again from.
//
// What has changed since the last write comes in the order of keys, goes into a file of its own in
// the database's format and is taken in whole, with height and root: no log, nothing in memory, and
// a crash leaves the state of before or the one after.
//
// A state that was fetched is staged beside the current one and takes its place when it is adopted;
// between the two, the block store begins anew above it.
//
// A full disk refuses a write (kExhausted) and leaves everything as it was; any other failure ends
// the store: it is repeated by every later call. Not for several threads.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "consensus/crypto/hash.h"
#include "consensus/node/storage_owner.h"
#include "consensus/result.h"
#include "consensus/state_version.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace rocksdb {
class Env;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace govchain::consensus::node {

struct StoredState {
  Height height;
  Digest root;
  friend bool operator==(const StoredState&, const StoredState&) = default;
};

struct RocksStateStoreSettings {
  StorageOwner owner;
  HashAlgorithm hash = HashAlgorithm::kSha256;
  rocksdb::Env* environment = nullptr;  // the operating system's; tests have one that forgets
};

class RocksStateStore final : public StateRecords {
 public:
  // Opens the store in this folder, or begins one there, and drops what a crash left half-written.
  // Errors: kUnsupported (another owner's, or a format that this software does not know), kCorrupt
  // (named by file or key), kIo, kExhausted.
  [[nodiscard]] static Result<std::unique_ptr<RocksStateStore>> open(
      const std::string& path, const RocksStateStoreSettings& settings);
  ~RocksStateStore() override;
  RocksStateStore(const RocksStateStore&) = delete;
  RocksStateStore& operator=(const RocksStateStore&) = delete;

  // Nothing before the first write.
  [[nodiscard]] const std::optional<StoredState>& current() const;
  // Whole and durable, and not adopted.
  [[nodiscard]] const std::optional<StoredState>& staged() const;
  // Of the current state, for as long as nothing is written; damage is named (kCorrupt).
  [[nodiscard]] Status visit(const Visitor& visitor) const override;

  // One write at a time: begin one, append() until nothing is left, finish(). After an error of any
  // of these nothing is under way, and current and staged are as before.
  enum class Target : uint8_t {
    kCurrent,  // the changes make `state` out of the current one
    kStaged,   // they make it out of nothing; what was staged before is dropped
  };
  [[nodiscard]] Status begin(Target target, const StoredState& state);
  // About so many bytes more. True while there are more.
  [[nodiscard]] Result<bool> append(StateChanges& changes, size_t bytes);
  // Durable once it returns.
  [[nodiscard]] Status finish();
  // Drops the write that is under way, if one is.
  void abandon();

  // The staged state, which must be there, becomes the current one. Durable once it returns.
  [[nodiscard]] Status adopt();
  [[nodiscard]] Status drop_staged();
  // Bytes of keys and values given to it so far.
  [[nodiscard]] Bytes written() const;

 private:
  struct Write;
  struct Database;
  class FileWriter;
  explicit RocksStateStore(std::unique_ptr<Database> database);
  [[nodiscard]] Status recover();
  [[nodiscard]] Status check_owner(const std::string& value) const;
  [[nodiscard]] Status read_state(uint8_t generation, std::optional<StoredState>& state) const;
  [[nodiscard]] Status write(rocksdb::WriteBatch& batch);
  [[nodiscard]] Status resume();
  [[nodiscard]] Status failed(const rocksdb::Status& status) const;
  [[nodiscard]] Status or_abandon(Status status);

  std::unique_ptr<Database> database_;
};

}  // namespace govchain::consensus::node
