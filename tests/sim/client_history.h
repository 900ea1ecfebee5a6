#pragma once
// Clients that read and write a few keys of a chain's key-value store, and what they were told: a
// history of each key, as a checker of linearizability wants it. A write is a transaction; a value
// that was read is what the executed state of the replica that answers holds when it answers.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/agent.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/observer.h"
#include "sim/world_spec.h"

namespace govchain::sim::test {

using History = std::vector<RegisterOperation>;

// What may be wrong with the system that clients talk to. Each breaks a promise that linearizable
// reads rest on, and no rule of the checkers that are always on sees it.
enum class Defect : uint8_t {
  kNone,
  kReadsWithoutAsking,    // a read is answered at once from whatever its replica has executed
  kAcknowledgedTooEarly,  // a write counts as done when its replica has been handed it
  kOneBlockBehind,        // a state shows what it held before its last block
  kRestoredWithoutValues  // a state that was restored has its root, but not what was written before
};

// What all clients of one world called and were answered. Calls come in simulated order, so
// counting them is a clock that all share, on which no two things happen at once.
class ClientLog final : public Observer {
 public:
  static constexpr uint8_t kKeys = 3;
  using Values = std::array<consensus::Digest, kKeys>;

  [[nodiscard]] uint64_t write_called(uint8_t key, const consensus::Digest& value);
  void write_answered(uint64_t operation);
  [[nodiscard]] uint64_t read_called();
  // A read is of all keys: they are in one state.
  void read_answered(uint64_t operation, const Values& values);

  // A replica that lies may order what no client asked for, under their keys; from when on is not
  // known, except that it was before the first execution.
  void on_executed(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                   const consensus::ExecutionResult& result) override;

  [[nodiscard]] History history(uint8_t key) const;
  [[nodiscard]] uint64_t answered_reads() const { return answered_reads_; }
  [[nodiscard]] uint64_t answered_writes() const { return answered_writes_; }
  [[nodiscard]] uint64_t unanswered_writes() const { return writes_.size() - answered_writes_; }

 private:
  struct Operation {
    bool is_write = false;
    uint8_t key = 0;  // of a write
    uint64_t called = 0;
    std::optional<uint64_t> returned;
    Values values;  // a write's stands first
  };
  [[nodiscard]] uint64_t value_of(const consensus::Digest& digest) const;

  uint64_t clock_ = 0;
  uint64_t answered_reads_ = 0;
  uint64_t answered_writes_ = 0;
  std::vector<Operation> operations_;
  std::map<consensus::Digest, uint64_t> writes_;  // their operations
};

// The fuzzed world of this seed with clients at its honest replicas. Its own load goes on under
// other keys. `log` must outlive the run, which it must watch.
[[nodiscard]] WorldSpec world_with_clients(consensus::Protocol protocol, uint64_t seed,
                                           ClientLog& log, Defect defect = Defect::kNone);

}  // namespace govchain::sim::test
