#include "analysis/service/signed_call.h"

#include <gtest/gtest.h>

#include "analysis/node/ledger_chain.h"
#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "models/services/standard_chain.h"

namespace govchain::analysis {
namespace {

using consensus::node::ReplicaKey;
using nlohmann::json;

class SignedCall : public testing::TestWithParam<consensus::SignatureScheme> {
 protected:
  void SetUp() override {
    ledger_ = models::standard_chain(consensus::ChainId(7), 5, 1);
    ledger_.scheme = GetParam();
    for (models::Department& department : ledger_.departments) {
      keys_.push_back(consensus::node::generate_key(GetParam()));
      department.key = consensus::make_signer(GetParam(), keys_.back().seed)->public_key();
    }
    request_.method = "invoice.allot";
    request_.arguments = {{"issuer", 9}, {"count", 10}};
    request_.nonce = 1;
    request_.expiry = 1'000'000'000;
  }
  [[nodiscard]] consensus::PayloadRef payload_of(const models::Transaction& transaction) const {
    std::vector<uint8_t> bytes;
    models::encode_transaction(transaction, bytes);
    return consensus::make_payload(ledger_.hash, bytes, 1);
  }

  models::LedgerConfig ledger_;
  std::vector<ReplicaKey> keys_;
  CallRequest request_;
};

TEST_P(SignedCall, IsOfTheDepartmentWhoseKeyItIs) {
  const auto transaction = sign_call(ledger_, keys_[2], request_);
  ASSERT_TRUE(transaction) << transaction.error().message;
  EXPECT_EQ(transaction->sender, ledger_.departments[2].id);
  EXPECT_TRUE(is_signed_by_departments(ledger_, *payload_of(*transaction)));
  models::Transaction other = *transaction;
  other.nonce = 2;
  EXPECT_FALSE(is_signed_by_departments(ledger_, *payload_of(other)));
}

TEST_P(SignedCall, IsAppliedByTheLedger) {
  const auto transaction = sign_call(ledger_, keys_[2], request_);
  ASSERT_TRUE(transaction);
  models::Ledger ledger(ledger_);
  consensus::Block block;
  block.height = consensus::Height(1);
  block.payloads.push_back(payload_of(*transaction));
  consensus::ExecutionResult result;
  ledger.execute(block, result);
  ASSERT_EQ(result.receipts.size(), 1U);
  EXPECT_EQ(result.receipts[0].code, 0) << ledger.describe(result.receipts[0]);
}

TEST_P(SignedCall, WithAKeyOfNobodyIsRefused) {
  const auto refused = sign_call(ledger_, consensus::node::generate_key(GetParam()), request_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "no department of the network has this key");
}

TEST_P(SignedCall, WithAKeyOfAnotherSchemeIsRefused) {
  ReplicaKey key = keys_[0];
  key.scheme = GetParam() == consensus::SignatureScheme::kEd25519
                   ? consensus::SignatureScheme::kSm2
                   : consensus::SignatureScheme::kEd25519;
  const auto refused = sign_call(ledger_, key, request_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("the network signs with"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Schemes, SignedCall,
                         testing::Values(consensus::SignatureScheme::kEd25519,
                                         consensus::SignatureScheme::kSm2),
                         [](const auto& tested) {
                           return std::string(consensus::node::name_of(tested.param));
                         });

}  // namespace
}  // namespace govchain::analysis
