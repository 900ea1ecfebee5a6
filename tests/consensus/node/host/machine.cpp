#include "tests/consensus/node/host/machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/node/log/segmented_log.h"
#include "consensus/node/store/rocks_block_store.h"

namespace govchain::consensus::node::testing {

namespace {

constexpr ChainId kChain(7);
constexpr uint64_t kKeySeed = 11;
constexpr std::chrono::seconds kPatience{60};

// Everything fails once the power is off, whatever the replica still tries.
using Power = std::shared_ptr<std::atomic<bool>>;

Error dead() { return Error{ErrorCode::kIo, "no power", {}}; }

class PoweredFile final : public File {
 public:
  PoweredFile(std::unique_ptr<File> file, Power power)
      : file_(std::move(file)), power_(std::move(power)) {}
  [[nodiscard]] Status write(uint64_t offset, std::span<const uint8_t> bytes) override {
    return *power_ ? file_->write(offset, bytes) : dead();
  }
  [[nodiscard]] Result<std::vector<uint8_t>> read(uint64_t offset, uint64_t count) override {
    return file_->read(offset, count);
  }
  [[nodiscard]] Status reserve(uint64_t size) override {
    return *power_ ? file_->reserve(size) : dead();
  }
  [[nodiscard]] Status sync() override { return *power_ ? file_->sync() : dead(); }
  [[nodiscard]] Result<uint64_t> size() override { return file_->size(); }

 private:
  std::unique_ptr<File> file_;
  Power power_;
};

class PoweredFolder final : public Folder {
 public:
  PoweredFolder(std::unique_ptr<Folder> folder, Power power)
      : folder_(std::move(folder)), power_(std::move(power)) {}
  [[nodiscard]] Result<std::vector<std::string>> list() override { return folder_->list(); }
  [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& name) override {
    return wrap(folder_->open(name));
  }
  [[nodiscard]] Result<std::unique_ptr<File>> create(const std::string& name) override {
    if (!*power_) return dead();
    return wrap(folder_->create(name));
  }
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    return *power_ ? folder_->rename(from, to) : dead();
  }
  [[nodiscard]] Status remove(const std::string& name) override {
    return *power_ ? folder_->remove(name) : dead();
  }
  [[nodiscard]] Status sync() override { return *power_ ? folder_->sync() : dead(); }
  [[nodiscard]] std::string place() const override { return folder_->place(); }

 private:
  [[nodiscard]] Result<std::unique_ptr<File>> wrap(Result<std::unique_ptr<File>> file) const {
    if (!file) return file.error();
    return std::unique_ptr<File>(std::make_unique<PoweredFile>(std::move(*file), power_));
  }

  std::unique_ptr<Folder> folder_;
  Power power_;
};

std::unique_ptr<Signer> signer_of(ReplicaId id) {
  return make_signer(SignatureScheme::kEd25519, kKeySeed, kChain, id);
}

}  // namespace

// --- ListApplication

void ListApplication::execute(const Block& block, ExecutionResult& result) {
  result.clear();
  for (const PayloadRef& payload : block.payloads) {
    payloads_.push_back(payload->digest);
    result.receipts.push_back(Receipt{});
  }
  result.state_root = state_root();
}

Digest ListApplication::state_root() const { return hash(HashAlgorithm::kSha256, snapshot()); }

std::vector<uint8_t> ListApplication::snapshot() const {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  for (const Digest& payload : payloads_) out.digest(payload);
  return bytes;
}

Status ListApplication::restore(std::span<const uint8_t> snapshot) {
  std::vector<Digest> payloads;
  Reader in(snapshot);
  while (in.remaining() > 0 && in.ok()) payloads.push_back(in.digest());
  if (!in.finished()) return Error{ErrorCode::kMalformed, "not a list of digests", {}};
  payloads_ = std::move(payloads);
  return success();
}

std::unique_ptr<Application> ListApplication::clone() const {
  return std::make_unique<ListApplication>(*this);
}

// --- Machine

struct Machine::Electricity {
  Power power = std::make_shared<std::atomic<bool>>(true);
};

Machine::Machine(MemoryNetwork& network, const MachineSettings& settings, ReplicaId id)
    : network_(network),
      settings_(settings),
      id_(id),
      electricity_(std::make_unique<Electricity>()),
      store_disk_(std::make_shared<ForgetfulFileSystem>()),
      environment_(rocksdb::NewCompositeEnv(store_disk_)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "govchain-XXXXXX").string();
  GOVCHAIN_ASSERT(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
}

Machine::~Machine() {
  shut_down();
  std::filesystem::remove_all(folder_);
}

void Machine::shut_down() {
  if (replica_) replica_->stop();
  transport_.reset();
  replica_.reset();
}

Result<ReplicaParts> Machine::make_parts() {
  ReplicaParts parts;
  parts.protocol = settings_.protocol;
  parts.engine.chain = kChain;
  parts.engine.self = id_;
  for (uint32_t i = 0; i < settings_.replicas; ++i) {
    const ReplicaId member(i);
    parts.engine.genesis.members.push_back(Member{member, 1, signer_of(member)->public_key()});
  }
  parts.engine.seed = 1'000 * id_.value() + starts_;
  parts.engine.batch_delay = Duration::milliseconds(1);
  parts.engine.base_timeout = Duration::milliseconds(200);
  parts.engine.max_timeout = Duration::seconds(4);
  parts.engine.checkpoint_interval = settings_.checkpoint_interval;
  parts.engine.retained_blocks = settings_.retained_blocks;
  parts.signer = [id = id_] { return signer_of(id); };
  parts.payload_check = settings_.payload_check;
  parts.genesis = [] { return std::make_unique<ListApplication>(); };
  parts.fetch.part_bytes = 100;  // several for every state
  parts.fetch.patience = Duration::milliseconds(500);

  const StorageOwner owner{kChain, id_};
  SegmentedLogSettings log_settings;
  log_settings.owner = owner;
  log_settings.segment = Bytes(1U << 16U);
  Result<std::unique_ptr<SegmentedLog>> log = SegmentedLog::open(
      std::make_unique<PoweredFolder>(log_disk_.open(), electricity_->power), log_settings);
  if (!log) return log.error();
  parts.storage.settle = [log = log->get()] { return log->settle(); };
  parts.storage.log = std::move(*log);
  Result<std::unique_ptr<RocksBlockStore>> store = RocksBlockStore::open(
      (folder_ / "blocks").string(), {owner, HashAlgorithm::kSha256, environment_.get()});
  if (!store) return store.error();
  parts.storage.store = std::move(*store);
  Result<std::unique_ptr<SnapshotFolder>> whole = SnapshotFolder::open(
      std::make_unique<PoweredFolder>(state_disk_.open(), electricity_->power));
  if (!whole) return whole.error();
  parts.snapshots.whole = std::move(*whole);
  Result<std::unique_ptr<RocksStateStore>> state = RocksStateStore::open(
      (folder_ / "state").string(), {owner, HashAlgorithm::kSha256, environment_.get()});
  if (!state) return state.error();
  parts.snapshots.records = std::move(*state);
  parts.snapshot_policy = settings_.snapshot_policy;
  return parts;
}

Status Machine::start() {
  ++starts_;
  *electricity_ = Electricity{};
  Result<ReplicaParts> parts = make_parts();
  if (!parts) return parts.error();
  Result<RecoveredReplica> recovered = recover(*parts);
  if (!recovered) return recovered.error();
  {
    const std::lock_guard lock(mutex_);
    stopped_.reset();
    final_ = recovered->engine.executed_height;
    overtaken_ = false;
  }
  config_ = parts->engine;
  Result<std::unique_ptr<InputJournal>> journal =
      InputJournal::begin((folder_ / "lives").string(), config_.hash,
                          {kChain, id_, config_.seed, config_.newest_version, recovered->engine});
  if (!journal) return journal.error();
  parts->journal = std::move(*journal);
  replica_ = std::make_unique<Replica>(std::move(*parts), std::move(*recovered),
                                       static_cast<ReplicaListener&>(*this));
  transport_ = network_.connect(id_, replica_->transport_listener());
  replica_->start(*transport_);
  return success();
}

void Machine::kill(consensus::testing::RandomSource& random) {
  *electricity_->power = false;
  store_disk_->stop();
  shut_down();
  log_disk_.crash(random);
  state_disk_.crash(random);
  store_disk_->crash(random);
}

template <typename Predicate>
bool Machine::wait(Predicate predicate) {
  std::unique_lock lock(mutex_);
  return said_.wait_for(lock, kPatience, predicate);
}

bool Machine::wait_until_answered(const Digest& payload) {
  return wait([&] { return answered_.contains(payload); });
}
bool Machine::wait_until_final(Height height) {
  return wait([&] { return final_ >= height; });
}
bool Machine::wait_until_overtaken() {
  return wait([&] { return overtaken_; });
}

bool Machine::wait_until_journal_failed() {
  return wait([&] { return !journal_failures_.empty(); });
}

std::optional<Height> Machine::read() {
  Token token;
  {
    const std::lock_guard lock(mutex_);
    token = Token(next_token_++);
  }
  replica_->read(token);
  if (!wait([&] { return reads_.contains(token); })) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return reads_.at(token);
}

bool Machine::has_answered(const Digest& payload) const {
  const std::lock_guard lock(mutex_);
  return answered_.contains(payload);
}
Height Machine::final_height() const {
  const std::lock_guard lock(mutex_);
  return final_;
}
std::optional<StopReason> Machine::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

std::vector<Error> Machine::journal_failures() const {
  const std::lock_guard lock(mutex_);
  return journal_failures_;
}

std::vector<Digest> Machine::payloads() {
  std::vector<Digest> payloads;
  bool done = false;
  replica_->query([&](const Application& state, Height /*height*/) {
    const std::lock_guard lock(mutex_);
    payloads = dynamic_cast<const ListApplication&>(state).payloads();
    done = true;
    said_.notify_all();
  });
  EXPECT_TRUE(wait([&] { return done; }));
  return payloads;
}

void Machine::on_final(const StoredBlock& stored, std::span<const Receipt> receipts) {
  if (other_ != nullptr) other_->on_final(stored, receipts);
  EXPECT_EQ(receipts.size(), stored.block->payloads.size());
  const std::lock_guard lock(mutex_);
  for (const PayloadRef& payload : stored.block->payloads) {
    answered_[payload->digest] = stored.block->height;
  }
  final_ = stored.block->height;
  said_.notify_all();
}

void Machine::on_overtaken(Height height) {
  if (other_ != nullptr) other_->on_overtaken(height);
  const std::lock_guard lock(mutex_);
  overtaken_ = true;
  final_ = std::max(final_, height);
  said_.notify_all();
}

void Machine::on_read_ready(Token token, Height height) {
  if (other_ != nullptr) other_->on_read_ready(token, height);
  const std::lock_guard lock(mutex_);
  reads_[token] = height;
  said_.notify_all();
}

void Machine::on_read_refused(Token token) {
  if (other_ != nullptr) other_->on_read_refused(token);
  const std::lock_guard lock(mutex_);
  reads_[token] = std::nullopt;
  said_.notify_all();
}

void Machine::on_stopped(StopReason reason, const std::string& explanation) {
  if (other_ != nullptr) other_->on_stopped(reason, explanation);
  const std::lock_guard lock(mutex_);
  stopped_ = reason;
  said_.notify_all();
}

void Machine::on_refused(const PayloadRef& payload, RefusalReason reason) {
  if (other_ != nullptr) other_->on_refused(payload, reason);
}
void Machine::on_checkpoint(const Checkpoint& checkpoint) {
  if (other_ != nullptr) other_->on_checkpoint(checkpoint);
}
void Machine::on_evidence(const effect::EvidenceFound& /*evidence*/) { ADD_FAILURE(); }
void Machine::on_membership(const Membership& membership) {
  if (other_ != nullptr) other_->on_membership(membership);
}
void Machine::on_disk_full(bool full) {
  if (other_ != nullptr) other_->on_disk_full(full);
}

void Machine::on_journal_failed(const Error& error) {
  if (other_ != nullptr) other_->on_journal_failed(error);
  const std::lock_guard lock(mutex_);
  journal_failures_.push_back(error);
  said_.notify_all();
}

std::vector<std::string> Machine::lives() const {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "lives")) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace govchain::consensus::node::testing
