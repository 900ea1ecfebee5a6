#pragma once
// The replicated state machine that a host drives with committed blocks. The engine never sees it.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "consensus/block.h"
#include "consensus/result.h"
#include "consensus/state_version.h"
#include "consensus/types.h"

namespace govchain::consensus {

// What became of one transaction of a block, in block order.
struct Receipt {
  uint16_t code = 0;      // 0 = applied; otherwise the contract's refusal code
  uint32_t contract = 0;  // which contract handled it
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

struct ExecutionResult {
  Digest state_root;
  std::vector<Receipt> receipts;
  void clear() {
    state_root = {};
    receipts.clear();
  }
};

// Deterministic: equal blocks from an equal state give equal roots and receipts on every machine.
class Application {
 public:
  virtual ~Application() = default;
  // Applies a block; undecodable transactions get a receipt, never an error. Overwrites `result`.
  virtual void execute(const Block& block, ExecutionResult& result) = 0;
  [[nodiscard]] virtual Digest state_root() const = 0;
  // The whole state, such that restore() of it gives the same root.
  [[nodiscard]] virtual std::vector<uint8_t> snapshot() const = 0;
  // The present state, to be read later. One of a large state shares its records.
  [[nodiscard]] virtual std::shared_ptr<const StateVersion> version() const {
    return std::make_shared<WholeState>(snapshot());
  }
  // Replaces the state; on error the state is unchanged.
  [[nodiscard]] virtual Status restore(std::span<const uint8_t> snapshot) = 0;
  // The same from what versions have written.
  [[nodiscard]] virtual Status restore_records(const StateRecords& records) {
    std::vector<uint8_t> whole;
    const Status read =
        records.visit([&](std::span<const uint8_t> /*key*/, std::span<const uint8_t> value) {
          whole.assign(value.begin(), value.end());
        });
    return read ? restore(whole) : read;
  }
  [[nodiscard]] virtual std::unique_ptr<Application> clone() const = 0;
};

}  // namespace govchain::consensus
