// The node's disk: its write-ahead log, its files in bulk, and its store of blocks, in a folder on
// the file system that is to be measured.

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include "analysis/calibrate/probes.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/node/files/descriptor.h"
#include "consensus/node/log/posix_folder.h"
#include "consensus/node/log/segmented_log.h"
#include "consensus/node/store/rocks_block_store.h"

namespace govchain::analysis {

namespace {

namespace node = consensus::node;
using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;
using consensus::Ticket;

constexpr node::StorageOwner kOwner{consensus::ChainId(1), consensus::ReplicaId(0)};
constexpr uint64_t kBytesPerUnit = 1'000;

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error{ErrorCode::kIo, "cannot be made: " + error.message(), path};
  return consensus::success();
}

consensus::BlockRef make_block(uint64_t height, uint32_t payloads) {
  constexpr size_t kPayload = 256;
  auto block = consensus::Ref<consensus::Block>::make();
  block->height = consensus::Height(height);
  std::vector<uint8_t> bytes(kPayload);
  for (uint32_t i = 0; i < payloads; ++i) {
    const uint64_t number = height * payloads + i;
    // Content that no disk or database can compress: a stream of hashes.
    for (size_t at = 0; at < kPayload; at += sizeof(consensus::Digest::bytes)) {
      for (size_t byte = 0; byte < sizeof number; ++byte) {
        bytes[at + byte] = static_cast<uint8_t>((number + at) >> (8U * byte));
      }
      const consensus::Digest digest = consensus::hash(
          consensus::HashAlgorithm::kSha256,
          std::span<const uint8_t>(bytes).subspan(at, sizeof(consensus::Digest::bytes)));
      std::copy(digest.bytes.begin(), digest.bytes.end(),
                bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    block->payloads.push_back(consensus::make_payload(consensus::HashAlgorithm::kSha256, bytes, 1));
  }
  consensus::seal_block(consensus::HashAlgorithm::kSha256, *block);
  return block;
}

// --- Log

struct LogShape {
  const char* record;
  uint32_t payloads;  // of the record's block; 0: a vote
  uint64_t together;  // records that share a sync
};
constexpr LogShape kLogShapes[] = {
    {"200 bytes", 0, 1}, {"200 bytes", 0, 8}, {"200 bytes", 0, 64}, {"block of 100", 100, 1}};
constexpr size_t kVoteBytes = 194;  // and six around it
constexpr uint64_t kSyncs = 25;
constexpr uint64_t kRestedSyncs = 12;
// The log is cut back when it holds so much.
constexpr consensus::Bytes kMostLog{48U << 20U};

class LogProbe final : public Probe {
 public:
  explicit LogProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "log"; }

  [[nodiscard]] Status prepare() override {
    const std::string path = settings_.scratch + "/log";
    if (Status made = make_folder(path); !made) return made;
    auto folder = node::open_folder(path);
    if (!folder) return folder.error();
    node::SegmentedLogSettings log_settings;
    log_settings.owner = kOwner;
    log_settings.segment = consensus::Bytes(16U << 20U);
    auto log = node::SegmentedLog::open(*std::move(folder), log_settings);
    if (!log) return log.error();
    log_ = *std::move(log);
    block_ = make_block(1, kLogShapes[3].payloads);
    return consensus::success();
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    for (const LogShape& shape : kLogShapes) {
      if (Status measured = measure(shape, clocks, figures); !measured) return measured;
    }
    for (const int64_t rest : {1, 3, 10}) {
      if (Status measured = measure_rested(rest, clocks, figures); !measured) return measured;
    }
    if (log_->size() < kMostLog) return consensus::success();
    return log_->truncate(log_->durable());
  }

 private:
  // A disk, and who serves it, that had nothing to do for some milliseconds.
  [[nodiscard]] Status measure_rested(int64_t rest, Clocks& clocks, Figures& figures) {
    const uint64_t syncs = scaled(kRestedSyncs, settings_.effort);
    for (uint64_t i = 0; i < syncs; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(rest));
      if (Status done = log_->append(log_->last().next(), make_record(kLogShapes[0])); !done) {
        return done;
      }
      const Duration before = clocks.wall();
      if (const auto synced = log_->sync(); !synced) return synced.error();
      figures.add_wait({"rested sync", {{"rest", std::to_string(rest) + " ms"}}}, "sync",
                       clocks.wall() - before);
    }
    return consensus::success();
  }

  [[nodiscard]] Status measure(const LogShape& shape, Clocks& clocks, Figures& figures) {
    const uint64_t syncs = scaled(kSyncs, settings_.effort);
    const std::vector<std::pair<std::string, std::string>> of{
        {"record", shape.record}, {"together", std::to_string(shape.together)}};
    Duration processor;
    for (uint64_t i = 0; i < syncs; ++i) {
      Status done = consensus::success();
      settings_.others_have_the_core();
      const Duration before = clocks.wall();
      processor += processor_time(clocks, [&] {
        for (uint64_t j = 0; j < shape.together && done; ++j) {
          done = log_->append(log_->last().next(), make_record(shape));
        }
        if (!done) return;
        const auto synced = log_->sync();
        if (!synced) done = synced.error();
      });
      if (!done) return done;
      figures.add_wait({"log sync", of}, "sync", clocks.wall() - before);
    }
    figures.add(RowKind::kProcessor, {"log", of}, "record", processor, syncs * shape.together);
    return consensus::success();
  }

  [[nodiscard]] consensus::LogRecordRef make_record(const LogShape& shape) const {
    auto record = consensus::Ref<consensus::LogRecord>::make();
    record->type = 1;
    if (shape.payloads == 0) {
      record->bytes.assign(kVoteBytes, 0x5A);
    } else {
      record->block = block_;
    }
    return record;
  }

  ProbeSettings settings_;
  std::unique_ptr<node::SegmentedLog> log_;
  consensus::BlockRef block_;
};

// --- Files in bulk

constexpr uint64_t kBulkBytes = 16U << 20U;

class FileProbe final : public Probe {
 public:
  explicit FileProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "files"; }

  [[nodiscard]] Status prepare() override {
    path_ = settings_.scratch + "/bulk";
    if (Status made = make_folder(path_); !made) return made;
    auto folder = node::open_folder(path_);
    if (!folder) return folder.error();
    folder_ = *std::move(folder);
    auto file = folder_->create("file");
    if (!file) return file.error();
    file_ = *std::move(file);
    bytes_.resize(scaled(kBulkBytes, settings_.effort));
    return file_->reserve(bytes_.size());
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    // Others than last time, and none like its neighbour.
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<uint8_t>(seed_ * i >> 5U);
    seed_ += 2;
    const uint64_t units = bytes_.size() / kBytesPerUnit;
    const Duration begin = clocks.wall();
    if (Status written = file_->write(0, bytes_); !written) return written;
    if (Status synced = file_->sync(); !synced) return synced;
    figures.add(RowKind::kWall, {"write file", {{"how", "bulk, with its sync"}}}, "1,000 bytes",
                clocks.wall() - begin, units);
    if (!forget_cached()) return consensus::success();
    const Duration before = clocks.wall();
    const auto read = file_->read(0, bytes_.size());
    if (!read) return read.error();
    figures.add(RowKind::kWall, {"read file", {{"how", "bulk, not from memory"}}}, "1,000 bytes",
                clocks.wall() - before, units);
    return consensus::success();
  }

 private:
  // So that a read asks the disk. Some file systems keep what they have all the same.
  [[nodiscard]] bool forget_cached() const {
    const std::string path = path_ + "/file";
    const node::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file && ::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED) == 0;
  }

  ProbeSettings settings_;
  std::string path_;
  std::unique_ptr<node::Folder> folder_;
  std::unique_ptr<node::File> file_;
  std::vector<uint8_t> bytes_;
  uint64_t seed_ = 0x9E37'79B9'7F4A'7C15U;
};

// --- Store

constexpr uint64_t kBlocks = 10;
constexpr uint64_t kKeptBlocks = 200;
constexpr uint32_t kSigners = 3;

class StoreProbe final : public Probe {
 public:
  explicit StoreProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "block store"; }

  [[nodiscard]] Status prepare() override {
    node::RocksBlockStoreSettings store_settings;
    store_settings.owner = kOwner;
    auto store = node::RocksBlockStore::open(settings_.scratch + "/blocks", store_settings);
    if (!store) return store.error();
    store_ = *std::move(store);
    auto certificate = consensus::Ref<consensus::Certificate>::make();
    for (uint32_t i = 0; i < kSigners; ++i) {
      certificate->signers.emplace_back(i);
      certificate->signatures.push_back(consensus::Signature{});
    }
    certificate_ = std::move(certificate);
    return consensus::success();
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    for (const uint32_t payloads : {1U, 100U}) {
      if (Status measured = measure(payloads, clocks, figures); !measured) return measured;
    }
    const uint64_t newest = store_->newest().value();
    if (newest <= kKeptBlocks) return consensus::success();
    return store_->prune(consensus::Height(newest - kKeptBlocks));
  }

 private:
  [[nodiscard]] Status measure(uint32_t payloads, Clocks& clocks, Figures& figures) {
    const uint64_t count = scaled(kBlocks, settings_.effort);
    const std::vector<std::pair<std::string, std::string>> of{
        {"payloads", std::to_string(payloads)}};
    std::vector<consensus::BlockRef> blocks;
    for (uint64_t i = 1; i <= count; ++i) {
      blocks.push_back(make_block(store_->newest().value() + i, payloads));
    }
    Status done = consensus::success();
    figures.add(RowKind::kProcessor, {"store", of}, "block",
                processor_time(clocks,
                               [&] {
                                 for (const consensus::BlockRef& block : blocks) {
                                   if (done) done = store_->put({block, certificate_});
                                 }
                               }),
                count);
    if (!done) return done;
    const Duration before = clocks.wall();
    if (Status synced = store_->sync(); !synced) return synced;
    figures.add_wait({"store sync", of}, "sync", clocks.wall() - before);
    return consensus::success();
  }

  ProbeSettings settings_;
  std::unique_ptr<node::RocksBlockStore> store_;
  consensus::CertificateRef certificate_;
};

}  // namespace

std::unique_ptr<Probe> make_log_probe(const ProbeSettings& settings) {
  return std::make_unique<LogProbe>(settings);
}
std::unique_ptr<Probe> make_file_probe(const ProbeSettings& settings) {
  return std::make_unique<FileProbe>(settings);
}
std::unique_ptr<Probe> make_store_probe(const ProbeSettings& settings) {
  return std::make_unique<StoreProbe>(settings);
}

}  // namespace govchain::analysis
