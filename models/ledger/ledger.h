#pragma once
// The state machine of a chain: departments' transactions, run by contracts over an authenticated
// state. The same object runs in a production node and in the simulator.
//
// A block is applied in this order: block time = max(previous, proposer's clock); transactions in
// block order, each of which either takes effect whole or not at all and gets one receipt; replay
// window; the chain's status record; state root. Nothing reads a clock, a file or a random device,
// and there is no floating point.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consensus/application.h"
#include "consensus/crypto/crypto.h"
#include "consensus/crypto/hash.h"
#include "models/ledger/block_calls.h"
#include "models/ledger/contract.h"
#include "models/ledger/proof.h"
#include "models/ledger/receipt_proof.h"
#include "models/ledger/replay_window.h"
#include "models/ledger/state_tree.h"
#include "models/ledger/system_state.h"

namespace govchain::models {

struct GenesisRecord {
  StateKey key;
  std::vector<uint8_t> value;
};

struct LedgerConfig {
  consensus::ChainId chain;
  consensus::HashAlgorithm hash = consensus::HashAlgorithm::kSha256;
  std::vector<const Contract*> contracts;  // outlive the ledger; any order, ids distinct
  std::vector<Department> departments;     // ids distinct
  std::vector<GenesisRecord> genesis;      // further records of the contracts
  // Longest time from block time to a transaction's expiry: how long replays are remembered.
  int64_t validity = 3'600'000'000'000;
  // Check the client's signature on every replica, inside execution. Off where admission checks it
  // once (who verifies, and how often, is a parameter of a deployment).
  bool verify_signatures = false;
  consensus::SignatureScheme scheme = consensus::SignatureScheme::kModelled;
  // States kept for proofs: of every height divisible by `proof_interval` (the engine's checkpoint
  // interval), the newest `proof_states`. 0 = none.
  uint64_t proof_interval = 64;
  uint32_t proof_states = 0;
};

class Ledger final : public consensus::Application {
 public:
  explicit Ledger(LedgerConfig config);
  ~Ledger() override = default;
  Ledger& operator=(const Ledger&) = delete;

  void execute(const consensus::Block& block, consensus::ExecutionResult& result) override;
  [[nodiscard]] consensus::Digest state_root() const override { return tree_.root(); }
  [[nodiscard]] std::vector<uint8_t> snapshot() const override;
  [[nodiscard]] std::shared_ptr<const consensus::StateVersion> version() const override;
  [[nodiscard]] consensus::Status restore(std::span<const uint8_t> snapshot) override;
  [[nodiscard]] consensus::Status restore_records(const consensus::StateRecords& records) override;
  [[nodiscard]] std::unique_ptr<consensus::Application> clone() const override;

  [[nodiscard]] const LedgerConfig& config() const { return *config_; }
  [[nodiscard]] consensus::ChainId chain() const { return config_->chain; }
  [[nodiscard]] consensus::Height height() const { return status_.height; }
  [[nodiscard]] int64_t block_time() const { return status_.block_time; }
  [[nodiscard]] uint64_t transactions() const { return status_.transactions; }

  // The state for queries, and the tree for proofs.
  [[nodiscard]] const StateReader& state() const { return reader_; }
  [[nodiscard]] const StateTree& tree() const { return tree_; }
  // The state after `height`, if it is the present one or was kept; null otherwise.
  [[nodiscard]] const StateTree* tree_at(consensus::Height height) const;
  // What became of a transaction, while it is remembered.
  [[nodiscard]] std::optional<consensus::Receipt> receipt_of(const consensus::Digest& id,
                                                             int64_t expiry) const {
    return window_.find(id, expiry);
  }
  // Proof of that under the state's root after `height`, which is the present one or was kept. Null
  // if the state is not here, or did not remember the transaction.
  [[nodiscard]] std::optional<ReceiptProof> prove_receipt(consensus::Height height,
                                                          const consensus::Digest& id,
                                                          int64_t expiry) const;
  [[nodiscard]] uint64_t remembered_transactions() const { return window_.size(); }
  // Work of each transaction of the last block, beside its receipts; and hash computations of the
  // last block's state root.
  [[nodiscard]] std::span<const WorkUnits> last_work() const { return work_; }
  [[nodiscard]] uint64_t last_root_hashes() const { return root_hashes_; }
  // Records that calls of this ledger looked at without having foreseen it (Contract::foresee).
  [[nodiscard]] uint64_t unforeseen_records() const { return call_state_.unforeseen(); }
  // What a receipt says, for people.
  [[nodiscard]] std::string describe(const consensus::Receipt& receipt) const;

 private:
  class Host;
  Ledger(const Ledger& other);

  void write_genesis();
  [[nodiscard]] consensus::Status take_over(StateTree tree, ReplayWindow window);
  void write_status();
  void keep_for_proofs();
  // What is known of a call before it is run.
  struct Foreseen {
    consensus::Digest receipt;        // path of its receipt
    std::vector<RecordPath> records;  // that it will probably look at
  };
  void foresee(size_t first);
  void execute_call(BlockCall& call, const Foreseen& foreseen,
                    std::vector<consensus::Receipt>& receipts);
  [[nodiscard]] consensus::Receipt apply(BlockCall& call, const Foreseen& foreseen);
  [[nodiscard]] ReceiptCode admit(const BlockCall& call, const Foreseen& foreseen,
                                  Department& sender);
  [[nodiscard]] uint16_t run(const Transaction& transaction, const consensus::Digest& id,
                             const Department& sender);

  std::shared_ptr<const LedgerConfig> config_;  // contracts ascending by id
  StateTree tree_;
  StateReader reader_;
  ReplayWindow window_;
  ChainStatus status_;
  CallState call_state_;
  struct Kept {
    consensus::Height height;
    StateTree tree;
    ReplayWindow window;
  };
  std::deque<Kept> kept_;
  // Of the block that is being executed.
  BlockCalls block_;
  std::vector<Foreseen> foreseen_;
  std::vector<StateKey> names_;
  StateWalks walks_;
  std::vector<WorkUnits> work_;
  uint64_t root_hashes_ = 0;
  // Made when first needed; they hold no state of the ledger.
  std::array<std::unique_ptr<consensus::Verifier>, 3> verifiers_;
};

}  // namespace govchain::models
