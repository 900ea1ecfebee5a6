#pragma once
// What a contract call sees of the state: the committed records below, its own writes above. The
// writes reach the tree only if the call succeeds; a nested call can be undone alone.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/ledger/fields.h"
#include "models/ledger/state_key.h"
#include "models/ledger/state_tree.h"

namespace govchain::models {

// Deterministic work of one transaction, in operations; models/services/README.md says what they
// cost relative to each other.
struct WorkUnits {
  uint64_t reads = 0;             // records looked up
  uint64_t writes = 0;            // records written or erased
  uint64_t hashes = 0;            // hash computations outside the state root
  uint64_t bytes = 0;             // of records read and written, and of arguments
  uint64_t signature_checks = 0;  // inside the call (checkpoint certificates of other chains)
  WorkUnits& operator+=(const WorkUnits& other);
  friend bool operator==(const WorkUnits&, const WorkUnits&) = default;
};

// Read access to records by their types, for contracts and queries alike.
class StateReader {
 public:
  explicit StateReader(const StateTree& tree) : tree_(tree) {}
  virtual ~StateReader() = default;
  StateReader(const StateReader&) = delete;
  StateReader& operator=(const StateReader&) = delete;

  // Nothing if absent; valid until the next write.
  [[nodiscard]] virtual std::optional<std::span<const uint8_t>> find(const StateKey& key) const;
  // A record that a contract wrote; a record that does not decode is a broken invariant.
  template <typename Record>
  [[nodiscard]] std::optional<Record> get(const StateKey& key) const {
    const std::optional<std::span<const uint8_t>> bytes = find(key);
    if (!bytes) return std::nullopt;
    std::optional<Record> record = decode_fields<Record>(*bytes);
    GOVCHAIN_ASSERT(record.has_value());
    return record;
  }
  [[nodiscard]] bool has(const StateKey& key) const { return find(key).has_value(); }

 protected:
  const StateTree& tree_;
};

// A record's name and its place in the tree.
struct RecordPath {
  StateKey key;
  consensus::Digest path;
};

class CallState final : public StateReader {
 public:
  explicit CallState(const StateTree& tree) : StateReader(tree) {}

  [[nodiscard]] std::optional<std::span<const uint8_t>> find(const StateKey& key) const override;
  template <typename Record>
  void put(const StateKey& key, const Record& record) {
    Write& write = append(key);
    encode_fields(record, write.value);
    work_.bytes += write.value.size();
  }
  void erase(const StateKey& key) { append(key).erased = true; }

  // Everything written since the mark is forgotten.
  [[nodiscard]] size_t mark() const { return used_; }
  void undo_to(size_t mark);
  // Moves the writes into `tree`, in the order in which they were made, and forgets them.
  void apply_to(StateTree& tree);

  [[nodiscard]] WorkUnits& work() { return work_; }
  // Records that calls looked at so far without their paths being known: what they waited for.
  [[nodiscard]] uint64_t unforeseen() const { return unforeseen_; }
  // Before a call; `known`: paths of records that it may look at, so that they are not made again.
  void reset(std::span<const RecordPath> known);

 private:
  [[nodiscard]] const consensus::Digest& path_of(const StateKey& key) const;
  struct Write {
    StateKey key;
    std::vector<uint8_t> value;
    bool erased = false;
  };
  Write& append(const StateKey& key);

  // The first used_ are live; the rest keep their capacity for the next call.
  std::vector<Write> writes_;
  size_t used_ = 0;
  mutable std::vector<RecordPath> paths_;  // a handful
  mutable uint64_t unforeseen_ = 0;
  mutable WorkUnits work_;
};

}  // namespace govchain::models
