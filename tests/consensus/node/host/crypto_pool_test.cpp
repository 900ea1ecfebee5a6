#include "consensus/node/host/crypto_pool.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"

namespace govchain::consensus::node {
namespace {

constexpr ChainId kChain(7);

PayloadRef payload(const std::string& text, uint32_t transactions = 1) {
  return make_payload(HashAlgorithm::kSha256, std::vector<uint8_t>(text.begin(), text.end()),
                      transactions);
}

class Pool : public ::testing::Test {
 protected:
  // One thread for the chain's work.
  void make(PayloadCheck check) {
    pool_ = std::make_unique<CryptoPool>(
        1, SignatureScheme::kModelled,
        [] { return make_signer(SignatureScheme::kModelled, 1, kChain, ReplicaId(0)); },
        std::move(check), kChain,
        [this](std::vector<Input>&& inputs) { answers_.set_value(std::move(inputs)); });
  }
  bool check(const PayloadRef& one) {
    std::promise<bool> good;
    pool_->check(one, [&](bool answer) { good.set_value(answer); });
    return good.get_future().get();
  }
  bool verify_block(std::vector<PayloadRef> payloads) {
    answers_ = {};
    auto block = Ref<Block>::make();
    block->payloads = std::move(payloads);
    effect::VerifyPayloads wanted;
    wanted.block = std::move(block);
    pool_->verify(std::move(wanted));
    const std::vector<Input> inputs = answers_.get_future().get();
    return std::get<input::Verified>(inputs.at(0)).valid;
  }

  std::promise<std::vector<Input>> answers_;
  std::unique_ptr<CryptoPool> pool_;
};

TEST_F(Pool, VerifiesAPayloadOnceForAdmissionAndForTheBlockThatHoldsIt) {
  std::atomic<int> checks{0};
  make([&](const Payload&) {
    ++checks;
    return true;
  });
  EXPECT_TRUE(check(payload("a")));
  EXPECT_TRUE(verify_block({payload("a")}));
  EXPECT_EQ(checks, 1);
  EXPECT_TRUE(verify_block({payload("a"), payload("b")}));
  EXPECT_EQ(checks, 2);
  EXPECT_TRUE(check(payload("b")));
  EXPECT_EQ(checks, 2);
}

// The same bytes that claim to be more transactions are another matter.
TEST_F(Pool, TakesNoWordForAPayloadOfAnotherCountOrOneThatWasForged) {
  make([](const Payload& one) { return one.transactions == 1 && one.bytes.front() != 'f'; });
  EXPECT_TRUE(check(payload("a", 1)));
  EXPECT_FALSE(check(payload("a", 2)));
  EXPECT_FALSE(verify_block({payload("a", 2)}));
  EXPECT_FALSE(check(payload("f")));
  EXPECT_FALSE(verify_block({payload("a", 1), payload("f")}));
}

TEST_F(Pool, TheChainsOwnWorkDoesNotWaitBehindSubmissions) {
  std::promise<void> held;
  std::shared_future<void> release = held.get_future().share();
  make([release](const Payload&) {
    release.wait();
    return true;
  });
  std::atomic<int> checked{0};
  for (int i = 0; i < 20; ++i) {
    pool_->check(payload(std::to_string(i)), [&](bool) { ++checked; });
  }
  effect::Sign wanted;
  wanted.statement.chain = kChain;
  pool_->sign(std::move(wanted));
  const std::vector<Input> inputs = answers_.get_future().get();
  EXPECT_TRUE(std::holds_alternative<input::Signed>(inputs.at(0)));
  EXPECT_EQ(checked, 0);
  held.set_value();
  pool_.reset();
}

TEST_F(Pool, ChecksOnAThreadOfItsOwn) {
  make([](const Payload&) { return true; });
  std::promise<std::thread::id> thread;
  pool_->check(payload("a"), [&](bool) { thread.set_value(std::this_thread::get_id()); });
  EXPECT_NE(thread.get_future().get(), std::this_thread::get_id());
}

TEST(VerifiedPayloads, ForgetTheOldestBeyondTheirBound) {
  VerifiedPayloads known(2);
  known.add(*payload("a"));
  known.add(*payload("b"));
  known.add(*payload("a"));  // known already: takes no room
  EXPECT_TRUE(known.contains(*payload("a")));
  known.add(*payload("c"));
  EXPECT_FALSE(known.contains(*payload("a")));
  EXPECT_TRUE(known.contains(*payload("b")));
  EXPECT_TRUE(known.contains(*payload("c")));
}

}  // namespace
}  // namespace govchain::consensus::node
