#include "models/ledger/batch.h"

#include <algorithm>
#include <initializer_list>

#include <gtest/gtest.h>

#include "models/services/sharing/contract.h"
#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models {
namespace {

using testing::kHour;
using testing::kStart;
using testing::Random;

constexpr consensus::HashAlgorithm kHash = consensus::HashAlgorithm::kSha256;
constexpr consensus::ChainId kChain{7};

// A ledger that checks signatures, and the key of department 1.
class Batches : public ::testing::Test {
 protected:
  Batches() : ledger_(config(true)) {}

  [[nodiscard]] LedgerConfig config(bool verify) const {
    LedgerConfig made = standard_chain(kChain, 10, 2);
    made.verify_signatures = verify;
    made.scheme = consensus::SignatureScheme::kEd25519;
    made.departments[0].key = key_->public_key();
    made.departments[1].key = other_key_->public_key();
    return made;
  }
  // Of department 1, with nonces from `first` on; each registers a resource of that number.
  static std::vector<Transaction> calls(uint64_t first, uint64_t count) {
    std::vector<Transaction> made(count);
    for (uint64_t i = 0; i < count; ++i) {
      Transaction& transaction = made[i];
      transaction.chain = kChain;
      transaction.sender = DepartmentId(1);
      transaction.nonce = first + i;
      transaction.expiry = kStart + kHour / 2;
      transaction.contract = sharing::kContractId;
      transaction.method = static_cast<uint16_t>(sharing::Method::kRegister);
      transaction.arguments =
          encode_fields(sharing::RegisterResource{.resource = sharing::ResourceId(first + i),
                                                  .data_class = sharing::DataClass::kUnconditional,
                                                  .answer_days = 10,
                                                  .description = {}});
    }
    return made;
  }
  [[nodiscard]] std::vector<uint8_t> signed_batch(std::span<const Transaction> calls) const {
    return sign_batch(kHash, *key_, calls);
  }
  [[nodiscard]] std::vector<uint8_t> signed_alone(Transaction transaction) const {
    transaction.signature =
        key_->sign(transaction_statement(kChain, transaction_id(kHash, transaction)));
    std::vector<uint8_t> bytes;
    encode_transaction(transaction, bytes);
    return bytes;
  }
  // One block with one payload; the codes of its receipts.
  std::vector<uint16_t> commit(Ledger& ledger, const std::vector<uint8_t>& bytes,
                               uint32_t transactions) {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = ledger.height().next();
    block->wall_time = kStart;
    block->payloads.push_back(consensus::make_payload(kHash, bytes, transactions));
    consensus::ExecutionResult result;
    ledger.execute(*block, result);
    std::vector<uint16_t> codes;
    for (const consensus::Receipt& receipt : result.receipts) codes.push_back(receipt.code);
    return codes;
  }
  std::vector<uint16_t> commit(const std::vector<uint8_t>& bytes, uint32_t transactions) {
    return commit(ledger_, bytes, transactions);
  }
  [[nodiscard]] uint64_t signature_checks() const {
    uint64_t total = 0;
    for (const WorkUnits& work : ledger_.last_work()) total += work.signature_checks;
    return total;
  }
  static std::vector<uint16_t> all(size_t count, ReceiptCode code) {
    return std::vector<uint16_t>(count, code_of(code));
  }

  std::unique_ptr<consensus::Signer> key_ = consensus::make_signer(
      consensus::SignatureScheme::kEd25519, 5, kChain, consensus::ReplicaId(1));
  std::unique_ptr<consensus::Signer> other_key_ = consensus::make_signer(
      consensus::SignatureScheme::kEd25519, 5, kChain, consensus::ReplicaId(2));
  Ledger ledger_;
};

TEST_F(Batches, ApplyWholeForOneSignatureCheck) {
  EXPECT_EQ(commit(signed_batch(calls(1, 50)), 50), all(50, ReceiptCode::kApplied));
  EXPECT_EQ(signature_checks(), 1U);
  EXPECT_EQ(ledger_.remembered_transactions(), 50U);
  EXPECT_EQ(ledger_.last_work().size(), 50U);
}

TEST_F(Batches, LeaveTheSameStateAsTheirTransactionsSignedAlone) {
  ASSERT_EQ(commit(signed_batch(calls(1, 3)), 3), all(3, ReceiptCode::kApplied));
  Ledger alone(config(true));
  std::vector<uint8_t> bytes;
  for (const Transaction& call : calls(1, 3)) {
    const std::vector<uint8_t> one = signed_alone(call);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  ASSERT_EQ(commit(alone, bytes, 3), all(3, ReceiptCode::kApplied));
  EXPECT_EQ(ledger_.state_root(), alone.state_root());
}

TEST_F(Batches, ATransactionAppliesOnceHoweverItTravels) {
  const std::vector<Transaction> three = calls(1, 3);
  ASSERT_EQ(commit(signed_alone(three[1]), 1), all(1, ReceiptCode::kApplied));
  EXPECT_EQ(commit(signed_batch(three), 3),
            (std::vector<uint16_t>{0, code_of(ReceiptCode::kReplayed), 0}));
  // The same calls in another batch, with another signature.
  std::vector<Transaction> reversed(three.rbegin(), three.rend());
  EXPECT_EQ(commit(signed_batch(reversed), 3), all(3, ReceiptCode::kReplayed));
  EXPECT_EQ(commit(signed_alone(three[2]), 1), all(1, ReceiptCode::kReplayed));
  // Twice in one batch.
  std::vector<Transaction> twice = calls(9, 1);
  twice.push_back(twice.front());
  EXPECT_EQ(commit(signed_batch(twice), 2),
            (std::vector<uint16_t>{0, code_of(ReceiptCode::kReplayed)}));
}

TEST_F(Batches, AForgedOneIsRefusedWholeAndBurnsNoIdentity) {
  std::vector<uint8_t> forged = sign_batch(kHash, *other_key_, calls(1, 4));
  EXPECT_EQ(commit(forged, 4), all(4, ReceiptCode::kBadSignature));
  EXPECT_EQ(signature_checks(), 1U);
  EXPECT_EQ(ledger_.remembered_transactions(), 0U);
  EXPECT_EQ(commit(signed_batch(calls(1, 4)), 4), all(4, ReceiptCode::kApplied));
}

// One transaction's signature does not cover a batch of one, nor the other way round.
TEST_F(Batches, TheSignaturesOfTheTwoLayoutsAreNotInterchangeable) {
  const Transaction call = calls(1, 1).front();
  std::vector<uint8_t> batch = signed_batch({&call, 1});
  const std::vector<uint8_t> alone = signed_alone(call);
  std::copy(alone.end() - 64, alone.end(), batch.begin() + (kBatchOverhead - 64));
  EXPECT_EQ(commit(batch, 1), all(1, ReceiptCode::kBadSignature));
}

TEST_F(Batches, EachTransactionOfOneIsAdmittedOrRefusedForItself) {
  std::vector<Transaction> four = calls(1, 4);
  four[0].expiry = kStart - 1;
  four[1].expiry = kStart + 2 * kHour;
  four[2].method = 99;
  EXPECT_EQ(
      commit(signed_batch(four), 4),
      (std::vector<uint16_t>{code_of(ReceiptCode::kExpired), code_of(ReceiptCode::kExpiryTooFar),
                             code_of(ReceiptCode::kUnknownMethod), 0}));
}

TEST_F(Batches, OfAnotherChainOrOfNobodyAreRefused) {
  std::vector<Transaction> two = calls(1, 2);
  for (Transaction& call : two) call.chain = consensus::ChainId(8);
  EXPECT_EQ(commit(signed_batch(two), 2), all(2, ReceiptCode::kWrongChain));
  two = calls(1, 2);
  for (Transaction& call : two) call.sender = DepartmentId(99);
  EXPECT_EQ(commit(signed_batch(two), 2), all(2, ReceiptCode::kUnknownSender));
}

TEST_F(Batches, WhoseCountIsNotThePayloadsAreMalformed) {
  const std::vector<uint8_t> three = signed_batch(calls(1, 3));
  EXPECT_EQ(commit(three, 2), all(2, ReceiptCode::kMalformed));
  EXPECT_EQ(commit(three, 4), all(4, ReceiptCode::kMalformed));
  EXPECT_EQ(commit(three, 0).size(), 0U);
  EXPECT_EQ(commit(three, 3), all(3, ReceiptCode::kApplied));
}

TEST_F(Batches, CutOrWithSomethingBehindThemAreMalformed) {
  const std::vector<uint8_t> whole = signed_batch(calls(1, 3));
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(decode_batch(std::span(whole).first(size)).has_value()) << size;
  }
  EXPECT_EQ(commit({whole.begin(), whole.end() - 1}, 3), all(3, ReceiptCode::kMalformed));
  std::vector<uint8_t> longer = whole;
  longer.push_back(0);
  EXPECT_EQ(commit(longer, 3), all(3, ReceiptCode::kMalformed));
  // Two batches do not make a payload, nor does a batch with a transaction behind it.
  longer = whole;
  longer.insert(longer.end(), whole.begin(), whole.end());
  EXPECT_EQ(commit(longer, 6), all(6, ReceiptCode::kMalformed));
  EXPECT_EQ(ledger_.remembered_transactions(), 0U);
}

TEST_F(Batches, ThatClaimMoreThanTheyHaveAreMalformed) {
  std::vector<uint8_t> bytes = signed_batch(calls(1, 1));
  constexpr size_t kCountAt = 2 + 8 + 8;
  for (const uint8_t high : std::initializer_list<uint8_t>{0x00, 0x01, 0x7f, 0xff}) {
    for (const uint8_t low : std::initializer_list<uint8_t>{0, 2, 255}) {
      bytes[kCountAt] = low;
      bytes[kCountAt + 3] = high;
      EXPECT_FALSE(decode_batch(bytes).has_value()) << int{high} << ' ' << int{low};
    }
  }
}

TEST_F(Batches, AnyBitThatChangesInOneChangesItsMeaningOrTheSignatureIsBad) {
  const std::vector<uint8_t> whole = signed_batch(calls(1, 3));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> changed = whole;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    for (const uint16_t code : commit(changed, 3)) ASSERT_NE(code, 0) << bit;
  }
  EXPECT_EQ(commit(whole, 3), all(3, ReceiptCode::kApplied));
}

TEST_F(Batches, DecodeOnlyFromWhatTheyEncodeTo) {
  Random random(3);
  for (int i = 0; i < 2'000; ++i) {
    std::vector<uint8_t> bytes = signed_batch(calls(1, 1 + random.below(3)));
    for (uint64_t changes = random.below(4); changes > 0; --changes) {
      bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
    }
    const std::optional<TransactionBatch> batch = decode_batch(bytes);
    if (!batch) continue;
    std::vector<uint8_t> again = signed_batch(batch->transactions);
    std::copy(batch->signature.bytes.begin(), batch->signature.bytes.end(),
              again.begin() + (kBatchOverhead - 64));
    ASSERT_EQ(again, bytes);
  }
}

TEST_F(Batches, TransactionsOfAPayloadAreThoseThatHaveReceiptsOtherThanMalformed) {
  const std::vector<Transaction> three = calls(1, 3);
  const auto held = [](const std::vector<uint8_t>& bytes, uint32_t count) {
    return transactions_of(*consensus::make_payload(kHash, bytes, count));
  };
  EXPECT_EQ(held(signed_batch(three), 3), three);
  EXPECT_TRUE(held(signed_batch(three), 2).empty());
  std::vector<uint8_t> bytes;
  for (const Transaction& call : three) encode_transaction(call, bytes);
  EXPECT_EQ(held(bytes, 3), three);
  EXPECT_EQ(held(bytes, 4), three);
  EXPECT_EQ(held(bytes, 2).size(), 1U);  // the second has something behind it
  EXPECT_TRUE(held({}, 5).empty());
}

}  // namespace
}  // namespace govchain::models
