#pragma once
// A replica that does nothing but remember what it was asked, for tests of a desk.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "consensus/codec.h"
#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/desk_replica.h"

namespace govchain::consensus::node::testing {

class FakeReplica final : public DeskReplica {
 public:
  void propose(PayloadRef payload) override {
    const std::lock_guard lock(mutex_);
    proposed_.push_back(std::move(payload));
  }
  void read(Token token) override {
    const std::lock_guard lock(mutex_);
    reads_.push_back(token);
  }
  void query(ExecutionThread::Query query) override {
    const std::lock_guard lock(mutex_);
    queries_.push_back(std::move(query));
  }
  void check(PayloadRef payload, std::function<void(bool good)> taker) override {
    const std::lock_guard lock(mutex_);
    checks_.push_back({std::move(payload), std::move(taker)});
  }
  void look(std::function<void(const Replica::Look&)> taker) override {
    const std::lock_guard lock(mutex_);
    lookers_.push_back(std::move(taker));
  }
  void membership_changes(std::function<void(std::vector<StoredBlock>)> taker) override {
    const std::lock_guard lock(mutex_);
    history_takers_.push_back(std::move(taker));
  }
  [[nodiscard]] Bytes credit() const override {
    const std::lock_guard lock(mutex_);
    return credit_;
  }

  // --- For tests
  void set_credit(Bytes credit) {
    const std::lock_guard lock(mutex_);
    credit_ = credit;
  }
  [[nodiscard]] std::vector<PayloadRef> proposed() const {
    const std::lock_guard lock(mutex_);
    return proposed_;
  }
  [[nodiscard]] std::vector<Token> take_reads() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reads_, {});
  }
  [[nodiscard]] std::vector<ExecutionThread::Query> take_queries() {
    const std::lock_guard lock(mutex_);
    return std::exchange(queries_, {});
  }
  struct Check {
    PayloadRef payload;
    std::function<void(bool good)> taker;
  };
  [[nodiscard]] std::vector<Check> take_checks() {
    const std::lock_guard lock(mutex_);
    return std::exchange(checks_, {});
  }
  [[nodiscard]] std::vector<std::function<void(const Replica::Look&)>> take_lookers() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lookers_, {});
  }

  [[nodiscard]] std::vector<std::function<void(std::vector<StoredBlock>)>> take_history_takers() {
    const std::lock_guard lock(mutex_);
    return std::exchange(history_takers_, {});
  }

 private:
  mutable std::mutex mutex_;
  std::vector<PayloadRef> proposed_;
  std::vector<Token> reads_;
  std::vector<ExecutionThread::Query> queries_;
  std::vector<std::function<void(const Replica::Look&)>> lookers_;
  std::vector<std::function<void(std::vector<StoredBlock>)>> history_takers_;
  std::vector<Check> checks_;
  Bytes credit_{1U << 20U};
};

// A final block of these payloads, and a receipt for each transaction: its code is its number.
struct FinalBlock {
  StoredBlock stored;
  std::vector<Receipt> receipts;
};
inline FinalBlock make_final(uint64_t height, std::span<const PayloadRef> payloads) {
  FinalBlock made;
  auto block = Ref<Block>::make();
  block->height = Height(height);
  block->payloads.assign(payloads.begin(), payloads.end());
  seal_block(HashAlgorithm::kSha256, *block);
  auto certificate = Ref<Certificate>::make();
  certificate->statement.height = block->height;
  certificate->statement.digest = block->digest;
  const uint64_t transactions = block->transactions();
  made.stored = {std::move(block), std::move(certificate)};
  for (uint64_t i = 0; i < transactions; ++i) {
    made.receipts.push_back(Receipt{static_cast<uint16_t>(i), 3});
  }
  return made;
}
inline void finalise(ClientDesk& desk, uint64_t height, std::span<const PayloadRef> payloads) {
  const FinalBlock made = make_final(height, payloads);
  desk.on_final(made.stored, made.receipts);
}

// A state that nobody looks into.
class EmptyApplication final : public Application {
 public:
  void execute(const Block& /*block*/, ExecutionResult& result) override { result.clear(); }
  [[nodiscard]] Digest state_root() const override { return {}; }
  [[nodiscard]] std::vector<uint8_t> snapshot() const override { return {}; }
  [[nodiscard]] Status restore(std::span<const uint8_t> /*snapshot*/) override { return success(); }
  [[nodiscard]] std::unique_ptr<Application> clone() const override {
    return std::make_unique<EmptyApplication>();
  }
};

}  // namespace govchain::consensus::node::testing
