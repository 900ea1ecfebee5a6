#pragma once
// The state machine of a chain that names none: keys and values, under a hash chain over the
// blocks, so that two replicas have the same root only if they executed the same blocks in the same
// order. A transaction writes hash(its bytes) under a key made of the first byte of that hash.

#include <array>
#include <memory>
#include <vector>

#include "consensus/application.h"
#include "consensus/crypto/hash.h"

namespace govchain::sim {

class KeyValueApplication final : public consensus::Application {
 public:
  explicit KeyValueApplication(consensus::HashAlgorithm algorithm) : algorithm_(algorithm) {}
  void execute(const consensus::Block& block, consensus::ExecutionResult& result) override;
  [[nodiscard]] consensus::Digest state_root() const override { return root_; }
  [[nodiscard]] std::vector<uint8_t> snapshot() const override;
  [[nodiscard]] consensus::Status restore(std::span<const uint8_t> snapshot) override;
  [[nodiscard]] std::unique_ptr<consensus::Application> clone() const override;
  // The value last written under this key.
  [[nodiscard]] const consensus::Digest& value(uint8_t key) const { return values_[key]; }

 private:
  [[nodiscard]] consensus::Digest root_of(const consensus::Digest& chain) const;

  consensus::HashAlgorithm algorithm_;
  consensus::Digest history_;  // over all blocks so far
  consensus::Digest root_;     // over history and values
  std::array<consensus::Digest, 256> values_{};
  consensus::Digest written_;  // exclusive or of all values: stands for them in the root
};

}  // namespace govchain::sim
