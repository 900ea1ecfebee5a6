#pragma once
// Rule "exactly-once": no payload is committed twice in a chain. Judged once per height, over the
// same window of payloads that the engines remember.

#include <cstdint>
#include <vector>

#include "consensus/digest_index.h"
#include "sim/checkers/context.h"

namespace govchain::sim {

class ExactlyOnceRule {
 public:
  static constexpr size_t kPayloads = 1U << 16U;

  explicit ExactlyOnceRule(CheckContext& context) : context_(context) {}
  void begin() { chains_ = std::vector<Chain>(context_.chains()); }
  void commit(ReplicaAddress who, TimePoint now, const consensus::Block& block);

 private:
  struct Chain {
    consensus::Height judged;
    consensus::DigestIndex index;
    std::vector<consensus::Digest> ring;
    size_t next = 0;
  };
  CheckContext& context_;
  std::vector<Chain> chains_;
};

}  // namespace govchain::sim
