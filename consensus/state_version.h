#pragma once
// A state as an application had it once, in two forms: as bytes for who has nothing yet, and as
// what makes its records out of those of an earlier version, so that what is written of a large
// state grows with what has changed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "consensus/result.h"

namespace govchain::consensus {

// A state piece by piece. For any one thread.
class StateStream {
 public:
  virtual ~StateStream() = default;
  // Appends what comes next: some more than `count` bytes at most where records are not cut, and
  // nothing once all has been read.
  virtual void read(size_t count, std::vector<uint8_t>& out) = 0;
};

// Records of a state. Keys are compared byte by byte, a shorter one before what it begins.
class StateRecords {
 public:
  using Visitor = std::function<void(std::span<const uint8_t> key, std::span<const uint8_t> value)>;
  virtual ~StateRecords() = default;
  // All of them, ascending; what the visitor gets is valid during the call alone. Errors: kIo,
  // kCorrupt; some may have been visited then.
  [[nodiscard]] virtual Status visit(const Visitor& visitor) const = 0;
};

class StateWriter {
 public:
  virtual ~StateWriter() = default;
  // Keys ascend over all calls of these two, and none comes twice.
  virtual void put(std::span<const uint8_t> key, std::span<const uint8_t> value) = 0;
  virtual void erase(std::span<const uint8_t> key) = 0;
  // What was there before this version, from `first` on and before `last`. At any time.
  virtual void erase_range(std::span<const uint8_t> first, std::span<const uint8_t> last) = 0;
};

// Piece by piece what makes the records of one version out of those of another. For any one thread.
class StateChanges {
 public:
  virtual ~StateChanges() = default;
  // Writes what comes next, `bytes` of it or somewhat more. False once nothing is left.
  [[nodiscard]] virtual bool write(size_t bytes, StateWriter& out) = 0;
};

// Whatever its application does meanwhile. For one thread at a time.
class StateVersion {
 public:
  virtual ~StateVersion() = default;
  // The bytes of Application::snapshot().
  [[nodiscard]] virtual std::unique_ptr<StateStream> open() const = 0;
  // `older` is a version of the same application; null: out of no records. Both outlive it.
  [[nodiscard]] virtual std::unique_ptr<StateChanges> changes_since(
      const StateVersion* older) const = 0;
};

// Of a state that is held as bytes: one record, without a key.
class WholeState final : public StateVersion {
 public:
  explicit WholeState(std::vector<uint8_t> state) : state_(std::move(state)) {}
  [[nodiscard]] std::unique_ptr<StateStream> open() const override {
    return std::make_unique<Bytewise>(state_);
  }
  [[nodiscard]] std::unique_ptr<StateChanges> changes_since(
      const StateVersion* /*older*/) const override {
    return std::make_unique<All>(state_);
  }

 private:
  class Bytewise final : public StateStream {
   public:
    explicit Bytewise(std::vector<uint8_t> state) : state_(std::move(state)) {}
    void read(size_t count, std::vector<uint8_t>& out) override {
      const auto from = state_.begin() + static_cast<std::ptrdiff_t>(read_);
      const size_t taken = std::min(count, state_.size() - read_);
      out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(taken));
      read_ += taken;
    }

   private:
    const std::vector<uint8_t> state_;
    size_t read_ = 0;
  };
  class All final : public StateChanges {
   public:
    explicit All(const std::vector<uint8_t>& state) : state_(state) {}
    bool write(size_t /*bytes*/, StateWriter& out) override {
      out.put({}, state_);
      return false;
    }

   private:
    const std::vector<uint8_t>& state_;
  };

  std::vector<uint8_t> state_;
};

}  // namespace govchain::consensus
