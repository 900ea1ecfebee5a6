#include "consensus/node/store/rocks_state_store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>
#include <span>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "consensus/codec.h"

namespace govchain::consensus::node {
namespace {

// Keys. There are two generations, the current one and the one beside it; records of either have
// the generation and their own key behind the first byte. A generation's state (height and root)
// comes behind all its records, so that a file may end with it.
constexpr const char* kOwnerKey = "o";
constexpr const char* kCurrentKey = "c";  // the generation
constexpr char kRecordKey = 'r';
constexpr char kStateKey = 's';
constexpr const char* kNextName = "next.sst";  // what is being written, in the database's folder

constexpr uint32_t kFormat = 1;
// The few records that do not come in files.
constexpr size_t kWriteBuffer = 1U << 20U;
constexpr uint64_t kBaseLevel = 256U << 20U;
constexpr uint64_t kWrittenAtOnce = 1U << 20U;
// At most; the limiter finds by itself how much of it is needed. The rest is as it is by default.
constexpr int64_t kMostMergedPerSecond = 64 << 20;
constexpr int64_t kRefillMicroseconds = 100'000;
constexpr int32_t kFairness = 10;

std::string key_of(char kind, uint8_t generation) { return {kind, static_cast<char>(generation)}; }

rocksdb::Slice slice(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> bytes_of(const rocksdb::Slice& value) {
  return {reinterpret_cast<const uint8_t*>(value.data()), value.size()};
}

Error corrupt(std::string what, std::string where) {
  return {ErrorCode::kCorrupt, std::move(what), "state, " + std::move(where)};
}

}  // namespace

// The one that is under way.
struct RocksStateStore::Write {
  std::unique_ptr<rocksdb::SstFileWriter> file;
  Target target = Target::kCurrent;
  StoredState state;
  uint8_t generation = 0;
};

struct RocksStateStore::Database {
  std::string path;
  RocksStateStoreSettings settings;
  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> rocks;
  uint8_t generation = 0;  // the current one
  std::optional<StoredState> current;
  std::optional<StoredState> staged;
  uint64_t written = 0;
  mutable bool full = false;  // the database has stopped for want of room
  mutable std::optional<Error> failure;
  std::optional<Write> write;

  [[nodiscard]] std::string next_file() const { return path + "/" + kNextName; }
  [[nodiscard]] rocksdb::Env& environment() const { return *options.env; }
  [[nodiscard]] uint8_t other() const { return generation == 0 ? 1 : 0; }
};

// Remembers the first thing that went wrong.
class RocksStateStore::FileWriter final : public StateWriter {
 public:
  FileWriter(rocksdb::SstFileWriter& file, uint8_t generation, uint64_t& written)
      : file_(file), prefix_(key_of(kRecordKey, generation)), written_(written) {}
  void put(std::span<const uint8_t> key, std::span<const uint8_t> value) override {
    if (status_.ok()) status_ = file_.Put(full(key_, key), slice(value));
    written_ += key.size() + value.size();
  }
  void erase(std::span<const uint8_t> key) override {
    if (status_.ok()) status_ = file_.Delete(full(key_, key));
    written_ += key.size();
  }
  void erase_range(std::span<const uint8_t> first, std::span<const uint8_t> last) override {
    if (status_.ok()) status_ = file_.DeleteRange(full(key_, first), full(end_, last));
  }
  [[nodiscard]] const rocksdb::Status& status() const { return status_; }

 private:
  const std::string& full(std::string& room, std::span<const uint8_t> key) {
    room.assign(prefix_);
    room.append(reinterpret_cast<const char*>(key.data()), key.size());
    return room;
  }

  rocksdb::SstFileWriter& file_;
  const std::string prefix_;
  uint64_t& written_;
  std::string key_;
  std::string end_;
  rocksdb::Status status_;
};

RocksStateStore::RocksStateStore(std::unique_ptr<Database> database)
    : database_(std::move(database)) {}

RocksStateStore::~RocksStateStore() { abandon(); }

Result<std::unique_ptr<RocksStateStore>> RocksStateStore::open(
    const std::string& path, const RocksStateStoreSettings& settings) {
  auto database = std::make_unique<Database>();
  database->path = path;
  database->settings = settings;
  rocksdb::Options& options = database->options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.write_buffer_size = kWriteBuffer;
  // Keys are hashes and values mostly are too: nothing that shrinks.
  options.compression = rocksdb::kNoCompression;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_bytes_for_level_base = kBaseLevel;
  options.bytes_per_sync = kWrittenAtOnce;
  // What is merged must not stand before the log's next sync at the disk.
  options.rate_limiter.reset(
      rocksdb::NewGenericRateLimiter(kMostMergedPerSecond, kRefillMicroseconds, kFairness,
                                     rocksdb::RateLimiter::Mode::kWritesOnly, true));
  if (settings.environment != nullptr) options.env = settings.environment;
  // All replicas of a chain merge their files at about the same time, and nobody waits for it: on a
  // thread of its own that gives way to all others. What a block store merges it may have to wait
  // for, and that has other threads.
  options.env->SetBackgroundThreads(1, rocksdb::Env::Priority::BOTTOM);
  (void)options.env->LowerThreadPoolCPUPriority(rocksdb::Env::Priority::BOTTOM,
                                                rocksdb::CpuPriority::kLow);
  std::unique_ptr<RocksStateStore> store(new RocksStateStore(std::move(database)));
  rocksdb::DB* rocks = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, path, &rocks);
  store->database_->rocks.reset(rocks);
  if (!opened.ok()) return store->failed(opened).error();
  if (const Status recovered = store->recover(); !recovered) return recovered.error();
  return store;
}

Status RocksStateStore::recover() {
  Database& database = *database_;
  (void)database.environment().DeleteFile(database.next_file());  // mostly there is none
  std::string value;
  const rocksdb::Status owner = database.rocks->Get({}, kOwnerKey, &value);
  if (owner.IsNotFound()) {
    std::vector<uint8_t> bytes;
    Writer writer(bytes);
    writer.u32(kFormat);
    writer.ordinal(database.settings.owner.chain);
    writer.replica(database.settings.owner.replica);
    writer.u8(static_cast<uint8_t>(database.settings.hash));
    rocksdb::WriteBatch batch;
    batch.Put(kOwnerKey, slice(bytes));
    batch.Put(kCurrentKey, std::string(1, '\0'));
    return write(batch);
  }
  if (!owner.ok()) return failed(owner);
  if (const Status ours = check_owner(value); !ours) return ours;
  const rocksdb::Status current = database.rocks->Get({}, kCurrentKey, &value);
  if (current.IsNotFound()) return corrupt("missing", "key c");
  if (!current.ok()) return failed(current);
  if (value.size() != 1 || static_cast<uint8_t>(value[0]) > 1) return corrupt("malformed", "key c");
  database.generation = static_cast<uint8_t>(value[0]);
  const Status read = read_state(database.generation, database.current);
  return read ? read_state(database.other(), database.staged) : read;
}

Status RocksStateStore::check_owner(const std::string& value) const {
  const RocksStateStoreSettings& ours = database_->settings;
  Reader reader(bytes_of(value));
  const uint32_t format = reader.u32();
  if (format != kFormat) {
    return Error{
        ErrorCode::kUnsupported,
        "format " + std::to_string(format) + ", and this software knows " + std::to_string(kFormat),
        "state"};
  }
  const auto chain = reader.ordinal<ChainId>();
  const ReplicaId replica = reader.replica();
  const uint8_t hash = reader.u8();
  if (!reader.finished()) return corrupt("malformed", "key o");
  if (StorageOwner{chain, replica} != ours.owner) {
    return Error{ErrorCode::kUnsupported,
                 "it is that of replica " + std::to_string(replica.value()) + " of chain " +
                     std::to_string(chain.value()) + ", not of replica " +
                     std::to_string(ours.owner.replica.value()) + " of chain " +
                     std::to_string(ours.owner.chain.value()),
                 "state"};
  }
  if (hash != static_cast<uint8_t>(ours.hash)) {
    return Error{ErrorCode::kUnsupported, "its root is of another algorithm", "state"};
  }
  return success();
}

Status RocksStateStore::read_state(uint8_t generation, std::optional<StoredState>& state) const {
  std::string value;
  const rocksdb::Status found = database_->rocks->Get({}, key_of(kStateKey, generation), &value);
  if (found.IsNotFound()) return success();
  if (!found.ok()) return failed(found);
  Reader reader(bytes_of(value));
  StoredState read;
  read.height = reader.ordinal<Height>();
  read.root = reader.digest();
  if (!reader.finished()) return corrupt("malformed", "key s");
  state = read;
  return success();
}

const std::optional<StoredState>& RocksStateStore::current() const { return database_->current; }
const std::optional<StoredState>& RocksStateStore::staged() const { return database_->staged; }
Bytes RocksStateStore::written() const { return Bytes(database_->written); }

Status RocksStateStore::visit(const Visitor& visitor) const {
  const std::string prefix = key_of(kRecordKey, database_->generation);
  const std::string end = key_of(kRecordKey, static_cast<uint8_t>(database_->generation + 1));
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  options.fill_cache = false;
  options.readahead_size = 2U << 20U;
  const std::unique_ptr<rocksdb::Iterator> at(database_->rocks->NewIterator(options));
  for (at->Seek(prefix); at->Valid(); at->Next()) {
    rocksdb::Slice key = at->key();
    key.remove_prefix(prefix.size());
    visitor(bytes_of(key), bytes_of(at->value()));
  }
  return at->status().ok() ? success() : failed(at->status());
}

Status RocksStateStore::begin(Target target, const StoredState& state) {
  Database& database = *database_;
  GOVCHAIN_ASSERT(!database.write);
  if (const Status ready = resume(); !ready) return ready;
  Write& write = database.write.emplace();
  write.file = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), database.options);
  write.target = target;
  write.state = state;
  write.generation = target == Target::kCurrent ? database.generation : database.other();
  rocksdb::Status opened = write.file->Open(database.next_file());
  // Older than what this file puts, which it therefore does not touch.
  if (opened.ok() && target == Target::kStaged) {
    opened =
        write.file->DeleteRange(key_of(kRecordKey, write.generation),
                                key_of(kRecordKey, static_cast<uint8_t>(write.generation + 1)));
  }
  return opened.ok() ? success() : or_abandon(failed(opened));
}

Result<bool> RocksStateStore::append(StateChanges& changes, size_t bytes) {
  Database& database = *database_;
  GOVCHAIN_ASSERT(database.write.has_value());
  FileWriter writer(*database.write->file, database.write->generation, database.written);
  const bool more = changes.write(bytes, writer);
  if (!writer.status().ok()) return or_abandon(failed(writer.status())).error();
  return more;
}

Status RocksStateStore::finish() {
  Database& database = *database_;
  GOVCHAIN_ASSERT(database.write.has_value());
  Write& write = *database.write;
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  writer.ordinal(write.state.height);
  writer.digest(write.state.root);
  rocksdb::Status status = write.file->Put(key_of(kStateKey, write.generation), slice(bytes));
  if (status.ok()) status = write.file->Finish();
  if (status.ok()) {
    rocksdb::IngestExternalFileOptions ingestion;
    ingestion.move_files = true;
    // A file that is durable is not written again.
    ingestion.write_global_seqno = false;
    status = database.rocks->IngestExternalFile({database.next_file()}, ingestion);
    if (status.IsNoSpace()) database.full = true;
  }
  if (!status.ok()) return or_abandon(failed(status));
  (write.target == Target::kCurrent ? database.current : database.staged) = write.state;
  abandon();
  return success();
}

void RocksStateStore::abandon() {
  Database& database = *database_;
  if (!database.write) return;
  database.write.reset();
  (void)database.environment().DeleteFile(database.next_file());  // unless it was taken in
}

Status RocksStateStore::adopt() {
  Database& database = *database_;
  GOVCHAIN_ASSERT(database.staged.has_value() && !database.write);
  const uint8_t old = database.generation;
  rocksdb::WriteBatch batch;
  batch.Put(kCurrentKey, std::string(1, static_cast<char>(database.other())));
  batch.Delete(key_of(kStateKey, old));
  batch.DeleteRange(key_of(kRecordKey, old), key_of(kRecordKey, static_cast<uint8_t>(old + 1)));
  const Status adopted = write(batch);
  if (!adopted) return adopted;
  database.generation = database.other();
  database.current = std::exchange(database.staged, std::nullopt);
  return success();
}

Status RocksStateStore::drop_staged() {
  Database& database = *database_;
  if (!database.staged) return success();
  const uint8_t other = database.other();
  rocksdb::WriteBatch batch;
  batch.Delete(key_of(kStateKey, other));
  batch.DeleteRange(key_of(kRecordKey, other), key_of(kRecordKey, static_cast<uint8_t>(other + 1)));
  const Status dropped = write(batch);
  if (dropped) database.staged.reset();
  return dropped;
}

Status RocksStateStore::write(rocksdb::WriteBatch& batch) {
  if (const Status ready = resume(); !ready) return ready;
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status written = database_->rocks->Write(options, &batch);
  if (written.IsNoSpace()) database_->full = true;
  return written.ok() ? success() : failed(written);
}

// The database refuses to write after an error until it has looked again.
Status RocksStateStore::resume() {
  Database& database = *database_;
  if (database.failure) return *database.failure;
  if (!database.full) return success();
  const rocksdb::Status resumed = database.rocks->Resume();
  if (resumed.IsBusy()) return Error{ErrorCode::kExhausted, resumed.ToString(), "state"};
  if (!resumed.ok()) return failed(resumed);
  database.full = false;
  return success();
}

Status RocksStateStore::or_abandon(Status status) {
  abandon();
  return status;
}

// Want of room passes; anything else is for good.
Status RocksStateStore::failed(const rocksdb::Status& status) const {
  Error error{ErrorCode::kIo, status.ToString(), "state"};
  if (status.IsNoSpace()) {
    error.code = ErrorCode::kExhausted;
    return error;
  }
  if (status.IsCorruption()) error.code = ErrorCode::kCorrupt;
  database_->failure = error;
  return error;
}

}  // namespace govchain::consensus::node
