// What a transaction of the ledger takes in blocks of few and of many, on a state of ten thousand
// records: the fewer there are, the less of the tree's path to the root they share. And what it
// takes to write what they have changed.

#include <iterator>
#include <map>
#include <memory>

#include "analysis/calibrate/probes.h"
#include "consensus/codec.h"
#include "consensus/node/store/rocks_state_store.h"
#include "consensus/snapshot_policy.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"

namespace govchain::analysis {

namespace {

namespace node = consensus::node;
using consensus::Bytes;
using consensus::Duration;
using consensus::HashAlgorithm;

constexpr consensus::ChainId kChain{1};
constexpr uint32_t kDepartments = 10;
constexpr uint32_t kRegions = 2;
constexpr uint32_t kRecords = 10'000;
constexpr uint64_t kBlockSizes[] = {1, 30, 500};
constexpr uint64_t kTransactionsPerRound = 500;
// Checkpoints lie 64 blocks apart, unless they are set otherwise, and blocks have tens of them.
constexpr uint64_t kTransactionsPerVersion = 64 * 20;
// After so many transactions a stream has reached its mix (models/services/workload.h).
constexpr uint64_t kMixAfter = 1'024;
constexpr int64_t kStart = 1'704'067'200'000'000'000;  // Monday 2024-01-01 00:00:00 UTC
constexpr int64_t kBlockInterval = 100'000'000;
constexpr uint64_t kBytesPerUnit = 1'000;
constexpr size_t kPieceBytes = 256U << 10U;

struct Contract {
  const char* name;
  uint32_t source;
  models::WorkloadMaker (*make)(models::WorkloadConfig config);
  // Over a call of the reference; none: not one of those that a machine's cost of execution is of.
  double factor;
};
models::WorkloadMaker short_evidence(models::WorkloadConfig config) {
  return models::evidence_workload(std::move(config), Bytes(128), HashAlgorithm::kSha256);
}
models::WorkloadMaker long_evidence(models::WorkloadConfig config) {
  return models::evidence_workload(std::move(config), Bytes(16'384), HashAlgorithm::kSha256);
}
constexpr double kPerMille = 1'000;
constexpr Contract kContracts[] = {
    {"sharing", 1, models::sharing_workload, models::kSharingCostPerMille / kPerMille},
    {"licence", 2, models::licence_workload, models::kLicenceCostPerMille / kPerMille},
    {"invoice", 3, models::invoice_workload, models::kInvoiceCostPerMille / kPerMille},
    {"evidence", 4, short_evidence, 0},
    {"evidence 16 KiB", 5, long_evidence, 0}};

class BlockProbe final : public Probe {
 public:
  explicit BlockProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "blocks"; }

  [[nodiscard]] consensus::Status prepare() override {
    models::LedgerConfig config = models::standard_chain(kChain, kDepartments, kRegions);
    departments_ = config.departments;
    config.genesis = models::shared_catalogue(departments_.front().id, kRecords);
    ledger_ = std::make_unique<models::Ledger>(std::move(config));
    genesis_ = ledger_->snapshot();
    auto records = node::RocksStateStore::open(
        settings_.scratch + "/state",
        {{kChain, consensus::ReplicaId(0)}, HashAlgorithm::kSha256, nullptr});
    if (!records) return records.error();
    records_ = *std::move(records);
    return renew();
  }

  // Each begins with the state as it was, so that it is as large in the last round as in the first.
  [[nodiscard]] consensus::Status round(Clocks& clocks, Figures& figures) override {
    if (consensus::Status renewed = renew(); !renewed) return renewed;
    std::map<uint64_t, Duration> reference;
    for (const Contract& contract : kContracts) {
      for (const uint64_t size : kBlockSizes) {
        const uint64_t blocks = scaled(kTransactionsPerRound, settings_.effort) / size + 1;
        Duration total;
        for (uint64_t i = 0; i < blocks; ++i) {
          const consensus::BlockRef block = make_block(contract, size);
          hold_version(size);
          settings_.others_have_the_core();
          total += processor_time(clocks, [&] { ledger_->execute(*block, result_); });
        }
        figures.add(RowKind::kProcessor, name_of(contract.name, size), "transaction", total,
                    blocks * size);
        if (contract.factor > 0) {
          reference[size] += Duration::nanoseconds(static_cast<int64_t>(
              static_cast<double>(total.nanoseconds()) / static_cast<double>(blocks * size) /
              contract.factor / kReferences));
        }
      }
    }
    for (const auto& [size, each] : reference) {
      figures.add(RowKind::kProcessor, name_of("reference", size), "transaction", each, 1);
    }
    return measure_state(clocks, figures);
  }

 private:
  static constexpr double kReferences = 3;

  // What makes one version of the state out of another, into the records of a node.
  [[nodiscard]] consensus::Status measure_state(Clocks& clocks, Figures& figures) {
    if (consensus::Status renewed = renew(); !renewed) return renewed;
    const std::shared_ptr<const consensus::StateVersion> before = ledger_->version();
    constexpr uint64_t kSize = kBlockSizes[std::size(kBlockSizes) - 1];
    const uint64_t blocks = scaled(kTransactionsPerRound, settings_.effort) / kSize + 1;
    Bytes executed;
    for (const Contract& contract : kContracts) {
      if (contract.factor == 0) continue;
      for (uint64_t i = 0; i < blocks; ++i) {
        const consensus::BlockRef block = make_block(contract, kSize);
        ledger_->execute(*block, result_);
        executed += consensus::kExecutedBlockBytes + block->payload_size();
      }
    }
    const std::shared_ptr<const consensus::StateVersion> after = ledger_->version();
    consensus::Status written = consensus::success();
    const Duration processor =
        processor_time(clocks, [&] { written = write_changes(*before, *after); });
    figures.add(RowKind::kProcessor, {"state", {}}, "1,000 bytes", processor,
                executed.count() / kBytesPerUnit);
    return written;
  }

  [[nodiscard]] consensus::Status write_changes(const consensus::StateVersion& before,
                                                const consensus::StateVersion& after) {
    const node::StoredState state{ledger_->height(), ledger_->state_root()};
    if (consensus::Status begun = records_->begin(node::RocksStateStore::Target::kCurrent, state);
        !begun) {
      return begun;
    }
    const std::unique_ptr<consensus::StateChanges> changes = after.changes_since(&before);
    while (true) {
      const consensus::Result<bool> more = records_->append(*changes, kPieceBytes);
      if (!more) return more.error();
      if (!*more) return records_->finish();
    }
  }

  [[nodiscard]] static RowName name_of(const char* contract, uint64_t size) {
    return {"execute block", {{"contract", contract}, {"transactions", std::to_string(size)}}};
  }

  // As a node does at each checkpoint: what is changed after it is copied first.
  void hold_version(uint64_t transactions) {
    since_version_ += transactions;
    if (version_ && since_version_ < kTransactionsPerVersion) return;
    version_ = ledger_->version();
    since_version_ = 0;
  }

  [[nodiscard]] consensus::Status renew() {
    version_ = nullptr;
    if (consensus::Status restored = ledger_->restore(genesis_); !restored) return restored;
    result_.state_root = ledger_->state_root();
    made_.clear();
    for (const Contract& contract : kContracts) {
      const bool is_long = contract.make == long_evidence;
      ledger_->execute(*make_block(contract, is_long ? 1 : kMixAfter), result_);
    }
    return consensus::success();
  }

  [[nodiscard]] consensus::BlockRef make_block(const Contract& contract, uint64_t transactions) {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = consensus::Height(++height_);
    block->wall_time = kStart + static_cast<int64_t>(height_) * kBlockInterval;
    const models::WorkloadMaker maker =
        contract.make({.chain = kChain, .source = contract.source, .departments = departments_});
    uint64_t& next = made_[contract.source];
    std::vector<uint8_t> bytes;
    for (uint64_t i = 0; i < transactions; ++i, ++next) {
      // Spread like a random number; a factor of 2^64 over the golden ratio (Knuth, 6.4).
      maker(next, next * 0x9E37'79B9'7F4A'7C15U, block->wall_time, bytes);
      block->payloads.push_back(consensus::make_payload(HashAlgorithm::kSha256, bytes, 1));
    }
    consensus::seal_block(HashAlgorithm::kSha256, *block);
    return block;
  }

  ProbeSettings settings_;
  std::vector<models::Department> departments_;
  std::unique_ptr<models::Ledger> ledger_;
  std::vector<uint8_t> genesis_;
  std::unique_ptr<node::RocksStateStore> records_;
  consensus::ExecutionResult result_;
  std::shared_ptr<const consensus::StateVersion> version_;
  uint64_t since_version_ = 0;
  uint64_t height_ = 0;
  std::map<uint32_t, uint64_t> made_;  // of each source
};

}  // namespace

std::unique_ptr<Probe> make_block_probe(const ProbeSettings& settings) {
  return std::make_unique<BlockProbe>(settings);
}

}  // namespace govchain::analysis
