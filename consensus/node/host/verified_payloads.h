#pragma once
// Payloads whose clients' signatures were found good, so that a replica checks none twice: not at
// admission and in a block, not when a peer passes it on and again in the proposal. Bounded; the
// oldest are forgotten, and would be checked again. For many threads.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "consensus/payload.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

class VerifiedPayloads {
 public:
  explicit VerifiedPayloads(size_t most) : most_(most) {}

  [[nodiscard]] bool contains(const Payload& payload) const {
    const std::lock_guard lock(mutex_);
    return known_.contains(name_of(payload));
  }
  void add(const Payload& payload) {
    const Name name = name_of(payload);
    const std::lock_guard lock(mutex_);
    if (!known_.insert(name).second) return;
    in_order_.push_back(name);
    if (in_order_.size() <= most_) return;
    known_.erase(in_order_.front());
    in_order_.pop_front();
  }

 private:
  // The digest does not cover the count, which the check does.
  using Name = std::pair<Digest, uint32_t>;
  [[nodiscard]] static Name name_of(const Payload& payload) {
    return {payload.digest, payload.transactions};
  }

  const size_t most_;
  mutable std::mutex mutex_;
  std::set<Name> known_;
  std::deque<Name> in_order_;
};

}  // namespace govchain::consensus::node
