#include "analysis/node/ledger_chain.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "models/ledger/batch.h"
#include "models/services/standard_chain.h"

namespace govchain::analysis {
namespace {

using models::Transaction;

constexpr consensus::HashAlgorithm kHash = consensus::HashAlgorithm::kSha256;
constexpr consensus::ChainId kChain{7};

class ClientSignatures : public testing::Test {
 protected:
  ClientSignatures() : config_(models::standard_chain(kChain, 3, 1)) {
    config_.scheme = consensus::SignatureScheme::kEd25519;
    for (uint32_t i = 0; i < 2; ++i) {
      keys_.push_back(
          consensus::make_signer(config_.scheme, 5, kChain, consensus::ReplicaId(i + 1)));
      config_.departments[i].key = keys_[i]->public_key();
    }
  }
  static std::vector<Transaction> calls(uint64_t sender, uint64_t count) {
    std::vector<Transaction> made(count);
    for (uint64_t i = 0; i < count; ++i) {
      made[i].chain = kChain;
      made[i].sender = models::DepartmentId(sender);
      made[i].nonce = i;
      made[i].arguments = {1, 2, 3};
    }
    return made;
  }
  // Each signed alone, by the key of this index.
  std::vector<uint8_t> alone(size_t key, std::vector<Transaction> transactions) {
    std::vector<uint8_t> bytes;
    for (Transaction& transaction : transactions) {
      transaction.signature = keys_[key]->sign(models::transaction_statement(
          transaction.chain, models::transaction_id(kHash, transaction)));
      models::encode_transaction(transaction, bytes);
    }
    return bytes;
  }
  std::vector<uint8_t> batch(size_t key, const std::vector<Transaction>& transactions) {
    return models::sign_batch(kHash, *keys_[key], transactions);
  }
  [[nodiscard]] bool good(const std::vector<uint8_t>& bytes, uint32_t transactions) const {
    return is_signed_by_departments(config_, *consensus::make_payload(kHash, bytes, transactions));
  }

  models::LedgerConfig config_;
  std::vector<std::unique_ptr<consensus::Signer>> keys_;
};

TEST_F(ClientSignatures, AreGoodAloneAndInABatch) {
  EXPECT_TRUE(good(alone(0, calls(1, 3)), 3));
  EXPECT_TRUE(good(batch(0, calls(1, 3)), 3));
}

TEST_F(ClientSignatures, OfAnotherDepartmentOrOfNoneAreForged) {
  EXPECT_FALSE(good(alone(1, calls(1, 3)), 3));
  EXPECT_FALSE(good(batch(1, calls(1, 3)), 3));
  EXPECT_FALSE(good(alone(0, calls(99, 1)), 1));
  EXPECT_FALSE(good(batch(0, calls(99, 1)), 1));
}

TEST_F(ClientSignatures, ForAnotherChainAreForged) {
  std::vector<Transaction> two = calls(1, 2);
  for (Transaction& call : two) call.chain = consensus::ChainId(8);
  EXPECT_FALSE(good(alone(0, two), 2));
  EXPECT_FALSE(good(batch(0, two), 2));
}

TEST_F(ClientSignatures, CoverEveryTransactionThatThePayloadCountsAndNothingElse) {
  for (const std::vector<uint8_t>& whole : {alone(0, calls(1, 3)), batch(0, calls(1, 3))}) {
    EXPECT_FALSE(good(whole, 2));
    EXPECT_FALSE(good(whole, 4));
    std::vector<uint8_t> longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(good(longer, 3));
    EXPECT_FALSE(good({whole.begin(), whole.end() - 1}, 3));
  }
}

TEST_F(ClientSignatures, OfABatchCoverEachOfItsBytes) {
  const std::vector<uint8_t> whole = batch(0, calls(1, 3));
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<uint8_t> changed = whole;
    changed[i] ^= 1U;
    ASSERT_FALSE(good(changed, 3)) << i;
  }
}

}  // namespace
}  // namespace govchain::analysis
