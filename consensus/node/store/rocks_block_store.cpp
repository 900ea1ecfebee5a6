#include "consensus/node/store/rocks_block_store.h"

#include <algorithm>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/log_frame.h"

namespace govchain::consensus::node {
namespace {

// Keys: one byte says what it is. A block's height follows big-endian, so that blocks lie in order.
constexpr char kBlockKey = 'b';
constexpr const char* kBoundsKey = "n";
constexpr const char* kCheckpointKey = "c";
constexpr const char* kOwnerKey = "o";
constexpr const char* kMarkName = "durable";  // a file in the database's folder

constexpr uint32_t kFormat = 1;

// A database gives up a log file of its own when this much has been written to it: what a restart
// reads again at most.
constexpr size_t kWriteBuffer = 32U << 20U;

std::string block_key(Height height) {
  std::string key(1, kBlockKey);
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    key.push_back(static_cast<char>(height.value() >> (shift - 8)));
  }
  return key;
}

rocksdb::Slice slice(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> bytes_of(const std::string& value) {
  return {reinterpret_cast<const uint8_t*>(value.data()), value.size()};
}

std::vector<uint8_t> encode_owner(const StorageOwner& owner, HashAlgorithm hash) {
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  writer.u32(kFormat);
  writer.ordinal(owner.chain);
  writer.replica(owner.replica);
  writer.u8(static_cast<uint8_t>(hash));
  return bytes;
}

// A flag says whether a certificate follows: Raft's blocks and the checkpoint of nothing have none.
void encode_optional(const CertificateRef& certificate, Writer& out) {
  out.u8(certificate ? 1 : 0);
  if (certificate) encode_certificate(*certificate, out);
}

CertificateRef decode_optional(Reader& in) {
  const uint8_t flag = in.u8();
  if (flag > 1) in.fail();
  if (!in.ok() || flag == 0) return {};
  CertificateRef certificate = decode_certificate(in);
  if (!certificate) in.fail();
  return certificate;
}

std::vector<uint8_t> encode_stored(const StoredBlock& stored) {
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  encode_block(*stored.block, writer);
  encode_optional(stored.certificate, writer);
  return bytes;
}

std::vector<uint8_t> encode_checkpoint(const Checkpoint& checkpoint) {
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  writer.ordinal(checkpoint.height);
  writer.digest(checkpoint.state_root);
  writer.ordinal(checkpoint.epoch);
  encode_optional(checkpoint.certificate, writer);
  return bytes;
}

Error corrupt(std::string what, std::string where) {
  return {ErrorCode::kCorrupt, std::move(what), "block store, " + std::move(where)};
}

}  // namespace

RocksBlockStore::RocksBlockStore(std::string path, const RocksBlockStoreSettings& settings)
    : path_(std::move(path)), settings_(settings) {}
RocksBlockStore::~RocksBlockStore() = default;

Result<std::unique_ptr<RocksBlockStore>> RocksBlockStore::open(
    const std::string& path, const RocksBlockStoreSettings& settings) {
  std::unique_ptr<RocksBlockStore> store(new RocksBlockStore(path, settings));
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  // A power failure keeps any of the pages that were not synced, later ones too, so the log ends
  // where it first does not make sense. That damage before that is not skipped is seen to by the
  // mark.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.write_buffer_size = kWriteBuffer;
  if (settings.environment != nullptr) options.env = settings.environment;
  rocksdb::DB* database = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, path, &database);
  store->database_.reset(database);
  if (!opened.ok()) return store->failed(opened).error();
  const Status recovered = store->recover();
  if (!recovered) return recovered.error();
  return store;
}

Status RocksBlockStore::begin() {
  rocksdb::WriteBatch batch;
  batch.Put(kOwnerKey, slice(encode_owner(settings_.owner, settings_.hash)));
  batch.Put(kCheckpointKey, slice(encode_checkpoint(checkpoint_)));
  return write(batch, Bounds{}, true);
}

// --- The mark: the number of the newest write that is known to be durable, in a file of its own.

rocksdb::Env& RocksBlockStore::environment() const {
  return settings_.environment != nullptr ? *settings_.environment : *rocksdb::Env::Default();
}

// For want of room the old mark stays, which asks for less.
Status RocksBlockStore::set_mark(uint64_t sequence) {
  if (sequence == marked_) return success();
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  writer.u64(sequence);
  const uint32_t checksum = crc32c(bytes);
  writer.u32(checksum);
  const std::string final_name = path_ + "/" + kMarkName;
  const std::string new_name = final_name + ".new";
  rocksdb::Env& environment = this->environment();
  rocksdb::Status done = rocksdb::WriteStringToFile(&environment, slice(bytes), new_name, true);
  if (done.ok()) done = environment.RenameFile(new_name, final_name);
  std::unique_ptr<rocksdb::Directory> folder;
  if (done.ok()) done = environment.NewDirectory(path_, &folder);
  if (done.ok()) done = folder->Fsync();
  if (done.IsNoSpace()) return success();
  if (!done.ok()) return failed(done);
  marked_ = sequence;
  return success();
}

Status RocksBlockStore::check_mark() {
  std::string text;
  const std::string name = path_ + "/" + kMarkName;
  const rocksdb::Status read = rocksdb::ReadFileToString(&environment(), name, &text);
  if (read.IsNotFound() || read.IsPathNotFound()) return success();
  if (!read.ok()) return failed(read);
  Reader reader(bytes_of(text));
  const uint64_t sequence = reader.u64();
  const std::span<const uint8_t> covered =
      bytes_of(text).first(std::min(text.size(), sizeof sequence));
  if (reader.u32() != crc32c(covered) || !reader.finished()) return corrupt("malformed", name);
  if (database_->GetLatestSequenceNumber() < sequence) {
    return corrupt("its log has lost what was durable: " +
                       std::to_string(database_->GetLatestSequenceNumber()) + " of " +
                       std::to_string(sequence) + " changes are there",
                   path_);
  }
  marked_ = sequence;
  return success();
}

Status RocksBlockStore::recover() {
  if (const Status whole = check_mark(); !whole) return whole;
  std::string value;
  const rocksdb::Status owner = database_->Get({}, kOwnerKey, &value);
  if (owner.IsNotFound()) return begin();
  if (!owner.ok()) return failed(owner);
  Reader owner_reader(bytes_of(value));
  const uint32_t format = owner_reader.u32();
  if (format != kFormat) {
    return Error{
        ErrorCode::kUnsupported,
        "format " + std::to_string(format) + ", and this software knows " + std::to_string(kFormat),
        "block store"};
  }
  const auto chain = owner_reader.ordinal<ChainId>();
  const ReplicaId replica = owner_reader.replica();
  const uint8_t hash = owner_reader.u8();
  if (!owner_reader.finished()) return corrupt("malformed", "key o");
  if (StorageOwner{chain, replica} != settings_.owner) {
    return Error{ErrorCode::kUnsupported,
                 "it is that of replica " + std::to_string(replica.value()) + " of chain " +
                     std::to_string(chain.value()) + ", not of replica " +
                     std::to_string(settings_.owner.replica.value()) + " of chain " +
                     std::to_string(settings_.owner.chain.value()),
                 "block store"};
  }
  if (hash != static_cast<uint8_t>(settings_.hash)) {
    return Error{ErrorCode::kUnsupported, "its blocks have digests of another algorithm",
                 "block store"};
  }

  const rocksdb::Status bounds = database_->Get({}, kBoundsKey, &value);
  if (bounds.IsNotFound()) return corrupt("missing", "key n");
  if (!bounds.ok()) return failed(bounds);
  Reader bounds_reader(bytes_of(value));
  bounds_.oldest = bounds_reader.ordinal<Height>();
  bounds_.next = bounds_reader.ordinal<Height>();
  bounds_.written = bounds_reader.u64();
  bounds_.dropped = bounds_reader.u64();
  if (!bounds_reader.finished() || bounds_.oldest > bounds_.next ||
      bounds_.dropped > bounds_.written) {
    return corrupt("malformed", "key n");
  }

  const rocksdb::Status checkpoint = database_->Get({}, kCheckpointKey, &value);
  if (checkpoint.IsNotFound()) return corrupt("missing", "key c");
  if (!checkpoint.ok()) return failed(checkpoint);
  Reader checkpoint_reader(bytes_of(value));
  checkpoint_.height = checkpoint_reader.ordinal<Height>();
  checkpoint_.state_root = checkpoint_reader.digest();
  checkpoint_.epoch = checkpoint_reader.ordinal<Epoch>();
  checkpoint_.certificate = decode_optional(checkpoint_reader);
  if (!checkpoint_reader.finished()) return corrupt("malformed", "key c");
  return success();
}

Status RocksBlockStore::put(const StoredBlock& block) {
  GOVCHAIN_ASSERT(block.block);
  if (block.block->height != bounds_.next) {
    return Error{ErrorCode::kInvalid,
                 "block " + std::to_string(block.block->height.value()) +
                     " does not follow block " + std::to_string(newest().value()),
                 "block store"};
  }
  const std::vector<uint8_t> bytes = encode_stored(block);
  Bounds bounds = bounds_;
  ++bounds.next;
  bounds.written += bytes.size();
  rocksdb::WriteBatch batch;
  batch.Put(block_key(block.block->height), slice(bytes));
  return write(batch, bounds, false);
}

Status RocksBlockStore::put_checkpoint(const Checkpoint& checkpoint) {
  if (checkpoint.height < checkpoint_.height) {
    return Error{ErrorCode::kInvalid,
                 "checkpoint " + std::to_string(checkpoint.height.value()) + " is older than " +
                     std::to_string(checkpoint_.height.value()),
                 "block store"};
  }
  rocksdb::WriteBatch batch;
  batch.Put(kCheckpointKey, slice(encode_checkpoint(checkpoint)));
  const Status written = write(batch, bounds_, false);
  if (written) checkpoint_ = checkpoint;
  return written;
}

Status RocksBlockStore::sync() {
  if (failure_) return *failure_;
  if (full_) return Error{ErrorCode::kExhausted, "the disk is full", "block store"};
  const uint64_t sequence = database_->GetLatestSequenceNumber();
  const rocksdb::Status synced = database_->SyncWAL();
  return synced.ok() ? set_mark(sequence) : failed(synced);
}

Status RocksBlockStore::prune(Height height) {
  height = std::min(height, bounds_.next);
  if (height <= bounds_.oldest) return success();
  Bounds bounds = bounds_;
  for (; bounds.oldest < height; ++bounds.oldest) {
    std::string value;
    const rocksdb::Status found = database_->Get({}, block_key(bounds.oldest), &value);
    if (!found.ok()) return failed(found);
    bounds.dropped += value.size();
  }
  rocksdb::WriteBatch batch;
  batch.DeleteRange(block_key(bounds_.oldest), block_key(height));
  return write(batch, bounds, false);
}

Status RocksBlockStore::reset(const Checkpoint& checkpoint) {
  Bounds bounds = bounds_;
  bounds.oldest = bounds.next = checkpoint.height.next();
  bounds.dropped = bounds.written;
  rocksdb::WriteBatch batch;
  // An empty range has a number when it is written and none when the log is read again, and the
  // mark goes by these.
  if (bounds_.oldest < bounds_.next) {
    batch.DeleteRange(block_key(bounds_.oldest), block_key(bounds_.next));
  }
  batch.Put(kCheckpointKey, slice(encode_checkpoint(checkpoint)));
  const Status written = write(batch, bounds, true);
  if (written) checkpoint_ = checkpoint;
  return written;
}

void RocksBlockStore::load(Height first, uint32_t count, Bytes limit,
                           std::vector<StoredBlock>& out) const {
  if (first < bounds_.oldest) return;
  uint64_t loaded = 0;
  for (Height height = first; height < bounds_.next && count > 0; ++height, --count) {
    uint64_t size = 0;
    Result<StoredBlock> block = read(height, size);
    if (!block) {
      if (!failure_) failure_ = block.error();
      return;
    }
    out.push_back(*std::move(block));
    loaded += size;
    if (loaded >= limit.count()) return;
  }
}

Result<StoredBlock> RocksBlockStore::read(Height height, uint64_t& size) const {
  const std::string where = "block " + std::to_string(height.value());
  std::string value;
  const rocksdb::Status found = database_->Get({}, block_key(height), &value);
  if (found.IsNotFound()) return corrupt("missing", where);
  if (!found.ok()) return failed(found).error();
  size = value.size();
  Reader reader(bytes_of(value));
  StoredBlock stored;
  stored.block = decode_block(settings_.hash, reader);
  if (stored.block) stored.certificate = decode_optional(reader);
  if (!stored.block || !reader.finished()) return corrupt("malformed", where);
  if (stored.block->height != height) return corrupt("another block lies in its place", where);
  return stored;
}

Status RocksBlockStore::health() const { return failure_ ? Status(*failure_) : success(); }

void RocksBlockStore::add_bounds(rocksdb::WriteBatch& batch, const Bounds& bounds) const {
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  writer.ordinal(bounds.oldest);
  writer.ordinal(bounds.next);
  writer.u64(bounds.written);
  writer.u64(bounds.dropped);
  batch.Put(kBoundsKey, slice(bytes));
}

Status RocksBlockStore::write(rocksdb::WriteBatch& batch, const Bounds& bounds, bool durable) {
  if (failure_) return *failure_;
  if (full_) {
    // The database refuses to write after an error until it has looked again, by itself or now.
    const rocksdb::Status resumed = database_->Resume();
    if (resumed.IsBusy()) return Error{ErrorCode::kExhausted, resumed.ToString(), "block store"};
    if (!resumed.ok()) return failed(resumed);
    full_ = false;
  }
  add_bounds(batch, bounds);
  rocksdb::WriteOptions options;
  options.sync = durable;
  const rocksdb::Status written = database_->Write(options, &batch);
  if (written.IsNoSpace()) full_ = true;
  if (!written.ok()) return failed(written);
  bounds_ = bounds;
  return durable ? set_mark(database_->GetLatestSequenceNumber()) : success();
}

// Want of room passes; anything else is for good.
Status RocksBlockStore::failed(const rocksdb::Status& status) const {
  Error error{ErrorCode::kIo, status.ToString(), "block store"};
  if (status.IsNoSpace()) {
    error.code = ErrorCode::kExhausted;
    return error;
  }
  if (status.IsCorruption()) error.code = ErrorCode::kCorrupt;
  failure_ = error;
  return error;
}

}  // namespace govchain::consensus::node
