#pragma once
// A ledger with the blocks that tests feed it, and the random numbers they are drawn from.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "consensus/codec.h"
#include "models/ledger/fields.h"
#include "models/ledger/ledger.h"

namespace govchain::models::testing {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers with every compiler and library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool one_in(uint64_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

// Monday 2024-01-01 00:00:00 UTC.
inline constexpr int64_t kStart = 1'704'067'200'000'000'000;
inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kHour = 3'600 * kSecond;

inline consensus::BlockRef make_block(uint64_t height, int64_t wall_time,
                                      const std::vector<std::vector<uint8_t>>& transactions) {
  auto block = consensus::Ref<consensus::Block>::make();
  block->height = consensus::Height(height);
  block->wall_time = wall_time;
  for (const std::vector<uint8_t>& bytes : transactions) {
    block->payloads.push_back(consensus::make_payload(consensus::HashAlgorithm::kSha256, bytes, 1));
  }
  consensus::seal_block(consensus::HashAlgorithm::kSha256, *block);
  return block;
}

class ChainUnderTest {
 public:
  explicit ChainUnderTest(const LedgerConfig& config) : ledger_(std::make_unique<Ledger>(config)) {}

  [[nodiscard]] Ledger& ledger() { return *ledger_; }
  [[nodiscard]] const StateReader& state() const { return ledger_->state(); }
  [[nodiscard]] int64_t now() const { return now_; }
  void pass(int64_t nanoseconds) { now_ += nanoseconds; }

  template <typename Arguments, typename Method>
  [[nodiscard]] std::vector<uint8_t> transaction(uint64_t sender, uint64_t party, uint32_t contract,
                                                 Method method, const Arguments& arguments) {
    Transaction made;
    made.chain = ledger_->chain();
    made.sender = DepartmentId(sender);
    made.on_behalf_of = PartyId(party);
    made.nonce = ++nonce_;
    made.expiry = now_ + kHour / 2;
    made.contract = contract;
    made.method = static_cast<uint16_t>(method);
    encode_fields(arguments, made.arguments);
    std::vector<uint8_t> bytes;
    encode_transaction(made, bytes);
    return bytes;
  }
  // One block with these transactions; their receipts' codes.
  std::vector<uint16_t> commit(const std::vector<std::vector<uint8_t>>& transactions) {
    const consensus::BlockRef block = make_block(ledger_->height().value() + 1, now_, transactions);
    ledger_->execute(*block, result_);
    std::vector<uint16_t> codes;
    for (const consensus::Receipt& receipt : result_.receipts) codes.push_back(receipt.code);
    return codes;
  }
  template <typename Arguments, typename Method>
  uint16_t call(uint64_t sender, uint64_t party, uint32_t contract, Method method,
                const Arguments& arguments) {
    return commit({transaction(sender, party, contract, method, arguments)}).front();
  }
  // Goes on in a ledger that was restored from this one's snapshot; false if that went wrong.
  [[nodiscard]] bool restart() {
    const std::vector<uint8_t> snapshot = ledger_->snapshot();
    auto fresh = std::make_unique<Ledger>(ledger_->config());
    if (!fresh->restore(snapshot).ok()) return false;
    if (fresh->state_root() != ledger_->state_root() || fresh->snapshot() != snapshot) return false;
    ledger_ = std::move(fresh);
    return true;
  }
  [[nodiscard]] const consensus::ExecutionResult& result() const { return result_; }

 private:
  std::unique_ptr<Ledger> ledger_;
  consensus::ExecutionResult result_;
  int64_t now_ = kStart;
  uint64_t nonce_ = 0;
};

}  // namespace govchain::models::testing
