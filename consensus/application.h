#pragma once
// The replicated state machine that a host drives with committed blocks. The engine never sees it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "consensus/block.h"
#include "consensus/result.h"
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

// A state piece by piece, as it was when this was opened, whatever its application does meanwhile.
// For any one thread.
class StateStream {
 public:
  virtual ~StateStream() = default;
  // Appends what comes next: some more than `count` bytes at most where records are not cut, and
  // nothing once all has been read.
  virtual void read(size_t count, std::vector<uint8_t>& out) = 0;
};

// Of a state that is held as bytes.
class WholeState final : public StateStream {
 public:
  explicit WholeState(std::vector<uint8_t> state) : state_(std::move(state)) {}
  void read(size_t count, std::vector<uint8_t>& out) override {
    const auto from = state_.begin() + static_cast<std::ptrdiff_t>(read_);
    const size_t taken = std::min(count, state_.size() - read_);
    out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(taken));
    read_ += taken;
  }

 private:
  std::vector<uint8_t> state_;
  size_t read_ = 0;
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
  // The same bytes, to be read later. Large states are opened without reading them.
  [[nodiscard]] virtual std::unique_ptr<StateStream> open_snapshot() const {
    return std::make_unique<WholeState>(snapshot());
  }
  // Replaces the state; on error the state is unchanged.
  [[nodiscard]] virtual Status restore(std::span<const uint8_t> snapshot) = 0;
  [[nodiscard]] virtual std::unique_ptr<Application> clone() const = 0;
};

}  // namespace govchain::consensus
