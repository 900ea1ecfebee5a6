// Execution of the ledger, by contract and by how many records its state holds.

#include <fstream>
#include <map>

#include "analysis/calibrate/probes.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;
using models::WorkloadMaker;

constexpr consensus::ChainId kChain{1};
constexpr uint32_t kDepartments = 10;
constexpr uint32_t kRegions = 2;
constexpr uint64_t kBlockTransactions = 500;
constexpr uint64_t kBlocksPerRound = 2;
// After so many transactions a stream has reached its mix (models/services/workload.h).
constexpr uint64_t kMixAfter = 1'024;
// Monday 2024-01-01 00:00:00 UTC, and how much later each block is.
constexpr int64_t kStart = 1'704'067'200'000'000'000;
constexpr int64_t kBlockInterval = 100'000'000;

// A record as genesis has it, its leaf and its branch in the tree (models/ledger/state_tree.h),
// with what the allocator adds: 510 to 530 bytes measured, and room to grow.
constexpr uint64_t kBytesPerRecord = 600;
// Of a machine's memory; others need some.
constexpr uint64_t kMostShare = 2;  // a half
// A state whose making would take longer is left out: a calibration should take three minutes.
constexpr Duration kMostPreparation = Duration::seconds(45);

struct ContractLoad {
  const char* name;
  uint32_t source;
  WorkloadMaker (*make)(models::WorkloadConfig config);
};
models::WorkloadMaker short_evidence(models::WorkloadConfig config) {
  return models::evidence_workload(std::move(config), consensus::Bytes(128),
                                   consensus::HashAlgorithm::kSha256);
}
constexpr ContractLoad kLoads[] = {{"sharing", 1, models::sharing_workload},
                                   {"licence", 2, models::licence_workload},
                                   {"invoice", 3, models::invoice_workload},
                                   {"evidence", 4, short_evidence}};
// Calls of the state that a model draws its lines to (sim/host/processor_model.h), in blocks as
// block_probe.cpp has them on a small one.
constexpr uint64_t kLargeState = 1'000'000;
constexpr uint64_t kBlockSizes[] = {1, 30, 500};
constexpr uint64_t kCallsPerRound = 120;
// Checkpoints lie 64 blocks apart, unless they are set otherwise, and blocks have tens of them.
constexpr uint64_t kTransactionsPerVersion = 64 * 20;

// Memory that the system would give without taking it from others (proc(5), MemAvailable); 0 if it
// does not say.
uint64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  while (file >> word) {
    if (word != "MemAvailable:") continue;
    uint64_t kilobytes = 0;
    file >> kilobytes;
    return kilobytes * 1'024;
  }
  return 0;
}

class LedgerProbe final : public Probe {
 public:
  LedgerProbe(const ProbeSettings& settings, std::vector<Skipped>& skipped)
      : settings_(settings), skipped_(skipped) {}
  [[nodiscard]] std::string name() const override { return "ledger"; }

  [[nodiscard]] consensus::Status prepare() override {
    uint64_t last_size = 0;
    Duration last_took;
    for (const uint64_t size : settings_.state_sizes) {
      if (settings_.stop != nullptr && settings_.stop->load()) break;
      const std::string what = "execute with " + std::to_string(size) + " records";
      const uint64_t wanted = size * kBytesPerRecord;
      const uint64_t available = available_memory();
      // Where the system does not say, it has to be tried.
      if (available > 0 && wanted > available / kMostShare) {
        constexpr uint64_t kMebibyte = 1U << 20U;
        skipped_.push_back({what, "it would take " + std::to_string(wanted / kMebibyte) + " of " +
                                      std::to_string(available / kMebibyte) +
                                      " MiB of available memory, more than half"});
        continue;
      }
      // Making a state takes a little more than in proportion to its size.
      const double growth =
          last_size == 0 ? 0 : static_cast<double>(size) / static_cast<double>(last_size);
      if (settings_.hurries && last_took.to_seconds() * growth > kMostPreparation.to_seconds()) {
        skipped_.push_back({what, "making that state would take longer than " +
                                      std::to_string(kMostPreparation.nanoseconds() /
                                                     Duration::seconds(1).nanoseconds()) +
                                      " s on this machine as it is now; --records makes it"});
        continue;
      }
      const Duration before = clocks_.wall();
      states_.push_back(std::make_unique<State>(size));
      last_took = clocks_.wall() - before;
      last_size = size;
      for (const ContractLoad& load : kLoads) states_.back()->execute(load, kMixAfter);
    }
    return consensus::success();
  }

  [[nodiscard]] consensus::Status round(Clocks& clocks, Figures& figures) override {
    const uint64_t transactions = scaled(kBlockTransactions, settings_.effort);
    for (const std::unique_ptr<State>& state : states_) {
      for (const ContractLoad& load : kLoads) {
        for (uint64_t i = 0; i < kBlocksPerRound; ++i) {
          const consensus::BlockRef block = state->make_block(load, transactions);
          figures.add(
              RowKind::kProcessor,
              {"execute", {{"contract", load.name}, {"records", std::to_string(state->records)}}},
              "transaction", processor_time(clocks, [&] { state->execute(*block); }), transactions);
        }
      }
    }
    for (const std::unique_ptr<State>& state : states_) {
      if (state->records == kLargeState) measure_blocks(*state, clocks, figures);
    }
    return consensus::success();
  }

 private:
  struct State;
  void measure_blocks(State& state, Clocks& clocks, Figures& figures) const {
    for (const ContractLoad& load : kLoads) {
      for (const uint64_t size : kBlockSizes) {
        const uint64_t blocks = scaled(kCallsPerRound, settings_.effort) / size + 1;
        Duration total;
        for (uint64_t i = 0; i < blocks; ++i) {
          const consensus::BlockRef block = state.make_block(load, size);
          state.hold_version(size);
          settings_.others_have_the_core();
          total += processor_time(clocks, [&] { state.execute(*block); });
        }
        figures.add(
            RowKind::kProcessor,
            {"execute large", {{"contract", load.name}, {"transactions", std::to_string(size)}}},
            "transaction", total, blocks * size);
      }
    }
  }

  struct State {
    explicit State(uint64_t size) : records(size) {
      models::LedgerConfig config = models::standard_chain(kChain, kDepartments, kRegions);
      departments = config.departments;
      config.genesis =
          models::shared_catalogue(departments.front().id, static_cast<uint32_t>(size));
      ledger = std::make_unique<models::Ledger>(std::move(config));
      result.state_root = ledger->state_root();
    }

    [[nodiscard]] consensus::BlockRef make_block(const ContractLoad& load, uint64_t transactions) {
      auto block = consensus::Ref<consensus::Block>::make();
      block->height = consensus::Height(++height);
      block->wall_time = kStart + static_cast<int64_t>(height) * kBlockInterval;
      const WorkloadMaker maker =
          load.make({.chain = kChain, .source = load.source, .departments = departments});
      uint64_t& next = made[load.source];
      std::vector<uint8_t> bytes;
      for (uint64_t i = 0; i < transactions; ++i, ++next) {
        // Spread like a random number; a factor of 2^64 over the golden ratio (Knuth, 6.4).
        maker(next, next * 0x9E37'79B9'7F4A'7C15U, block->wall_time, bytes);
        block->payloads.push_back(
            consensus::make_payload(consensus::HashAlgorithm::kSha256, bytes, 1));
      }
      consensus::seal_block(consensus::HashAlgorithm::kSha256, *block);
      return block;
    }

    // As a node does at each checkpoint: what is changed after it is copied first.
    void hold_version(uint64_t transactions) {
      since_version += transactions;
      if (version && since_version < kTransactionsPerVersion) return;
      version = ledger->version();
      since_version = 0;
    }
    void execute(const consensus::Block& block) { ledger->execute(block, result); }
    void execute(const ContractLoad& load, uint64_t transactions) {
      execute(*make_block(load, transactions));
    }

    uint64_t records;
    std::vector<models::Department> departments;
    std::unique_ptr<models::Ledger> ledger;
    consensus::ExecutionResult result;
    std::shared_ptr<const consensus::StateVersion> version;
    uint64_t since_version = 0;
    uint64_t height = 0;
    std::map<uint32_t, uint64_t> made;  // of each source
  };

  ProbeSettings settings_;
  std::vector<Skipped>& skipped_;
  SystemClocks clocks_;  // of the preparation, which is not measured
  std::vector<std::unique_ptr<State>> states_;
};

}  // namespace

std::unique_ptr<Probe> make_ledger_probe(const ProbeSettings& settings,
                                         std::vector<Skipped>& skipped) {
  return std::make_unique<LedgerProbe>(settings, skipped);
}

}  // namespace govchain::analysis
