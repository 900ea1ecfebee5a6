#pragma once
// The ledger's own records, under contract id 0.

#include <cstdint>

#include "consensus/application.h"
#include "consensus/types.h"
#include "models/ledger/identifiers.h"
#include "models/ledger/state_key.h"

namespace govchain::models {

inline constexpr uint32_t kSystemContract = 0;

// Where the chain stands; written at the end of every block, so that a proof of this record under a
// checkpoint proves the chain's time.
struct ChainStatus {
  consensus::ChainId chain;
  uint8_t hash_algorithm = 0;
  consensus::Height height;
  int64_t block_time = 0;
  uint64_t transactions = 0;  // handled, whatever became of them
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(chain, hash_algorithm, height, block_time, transactions);
  }
  friend bool operator==(const ChainStatus&, const ChainStatus&) = default;
};

struct BucketRoot {
  consensus::Digest root;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(root);
  }
};

struct StoredReceipt {
  uint16_t code = 0;
  uint32_t contract = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(code, contract);
  }
};

[[nodiscard]] inline StateKey status_key() { return {kSystemContract, 0}; }
// What every bucket's key begins with.
[[nodiscard]] inline StateKey bucket_table() { return {kSystemContract, 1}; }
[[nodiscard]] inline StateKey bucket_key(int64_t bucket) {
  return bucket_table().with(static_cast<uint64_t>(bucket));
}
[[nodiscard]] inline StateKey department_key(DepartmentId id) {
  return StateKey(kSystemContract, 2).with(id);
}

}  // namespace govchain::models
