#pragma once
// A machine with a replica on it, for tests: its disks outlive the replica, and forget what was not
// synced when the power fails.

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <rocksdb/env.h>
#include <string>
#include <vector>

#include "consensus/node/host/replica.h"
#include "tests/consensus/node/host/memory_network.h"
#include "tests/consensus/node/log/forgetful_disk.h"
#include "tests/consensus/node/store/forgetful_file_system.h"

namespace govchain::consensus::node::testing {

// A state that remembers every payload in its order.
class ListApplication final : public Application {
 public:
  void execute(const Block& block, ExecutionResult& result) override;
  [[nodiscard]] Digest state_root() const override;
  [[nodiscard]] std::vector<uint8_t> snapshot() const override;
  [[nodiscard]] Status restore(std::span<const uint8_t> snapshot) override;
  [[nodiscard]] std::unique_ptr<Application> clone() const override;
  [[nodiscard]] const std::vector<Digest>& payloads() const { return payloads_; }

 private:
  std::vector<Digest> payloads_;
};

struct MachineSettings {
  Protocol protocol = Protocol::kPbft;
  uint32_t replicas = 4;
  uint64_t checkpoint_interval = 4;
  uint64_t retained_blocks = 100;
  // A state at every checkpoint.
  SnapshotPolicy snapshot_policy{.least = Bytes(0), .held = 16};
  PayloadCheck payload_check = [](const Payload&) { return true; };
};

class Machine final : private ReplicaListener {
 public:
  Machine(MemoryNetwork& network, const MachineSettings& settings, ReplicaId id);
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // `other` hears all that this does. Before start().
  void tell(ReplicaListener* other) { other_ = other; }
  // The error if it does not start.
  [[nodiscard]] Status start();
  // Ends in good order.
  void shut_down();
  // The power fails: what was not synced is there or not, by chance.
  void kill(consensus::testing::RandomSource& random);
  [[nodiscard]] bool is_running() const { return replica_ != nullptr; }
  [[nodiscard]] Replica& replica() { return *replica_; }

  // Files with the lives of its replicas so far, and what another engine of the chain needs to live
  // them again.
  [[nodiscard]] std::vector<std::string> lives() const;
  [[nodiscard]] const EngineConfig& engine_config() const { return config_; }

  // --- What it has said since it was made. Waits give up after a long time.
  [[nodiscard]] bool wait_until_answered(const Digest& payload);
  [[nodiscard]] bool wait_until_final(Height height);
  [[nodiscard]] bool wait_until_overtaken();
  [[nodiscard]] std::optional<Height> read();  // null: refused
  [[nodiscard]] bool has_answered(const Digest& payload) const;
  [[nodiscard]] Height final_height() const;
  [[nodiscard]] std::optional<StopReason> stopped() const;
  [[nodiscard]] std::vector<Error> journal_failures() const;
  [[nodiscard]] bool wait_until_journal_failed();
  // Of the state, once it is at `height` or above.
  [[nodiscard]] std::vector<Digest> payloads();

 private:
  void on_final(const StoredBlock& stored, std::span<const Receipt> receipts) override;
  void on_overtaken(Height height) override;
  void on_refused(const PayloadRef& payload, RefusalReason reason) override;
  void on_read_ready(Token token, Height height) override;
  void on_read_refused(Token token) override;
  void on_checkpoint(const Checkpoint& checkpoint) override;
  void on_evidence(const effect::EvidenceFound& evidence) override;
  void on_membership(const Membership& membership) override;
  void on_stopped(StopReason reason, const std::string& explanation) override;
  void on_disk_full(bool full) override;
  void on_journal_failed(const Error& error) override;
  struct Electricity;
  template <typename Predicate>
  [[nodiscard]] bool wait(Predicate predicate);
  [[nodiscard]] Result<ReplicaParts> make_parts();

  MemoryNetwork& network_;
  const MachineSettings settings_;
  const ReplicaId id_;
  std::filesystem::path folder_;
  std::unique_ptr<Electricity> electricity_;
  ForgetfulDisk log_disk_;
  ForgetfulDisk state_disk_;
  std::shared_ptr<ForgetfulFileSystem> store_disk_;
  std::unique_ptr<rocksdb::Env> environment_;
  ReplicaListener* other_ = nullptr;
  uint64_t starts_ = 0;
  EngineConfig config_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Transport> transport_;

  mutable std::mutex mutex_;
  std::condition_variable said_;
  std::map<Digest, Height> answered_;
  Height final_;
  bool overtaken_ = false;
  uint64_t next_token_ = 1;
  std::map<Token, std::optional<Height>> reads_;
  std::optional<StopReason> stopped_;
  std::vector<Error> journal_failures_;
};

}  // namespace govchain::consensus::node::testing
