#include "models/ledger/ledger.h"

#include <set>

#include <gtest/gtest.h>

#include "models/services/sharing/contract.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"
#include "tests/consensus/record_map.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models {
namespace {

using testing::ChainUnderTest;
using testing::kHour;
using testing::kSecond;
using testing::kStart;
using testing::make_block;
using testing::Random;

LedgerConfig config() { return standard_chain(consensus::ChainId(7), 10, 2); }

sharing::RegisterResource resource(uint64_t id) {
  return {.resource = sharing::ResourceId(id),
          .data_class = sharing::DataClass::kUnconditional,
          .answer_days = 10,
          .description = {}};
}

Transaction valid_transaction(uint64_t nonce) {
  Transaction transaction;
  transaction.chain = consensus::ChainId(7);
  transaction.sender = DepartmentId(1);
  transaction.nonce = nonce;
  transaction.expiry = kStart + kHour / 2;
  transaction.contract = sharing::kContractId;
  transaction.method = static_cast<uint16_t>(sharing::Method::kRegister);
  transaction.arguments = encode_fields(resource(nonce));
  return transaction;
}

std::vector<uint8_t> encoded(const Transaction& transaction) {
  std::vector<uint8_t> bytes;
  encode_transaction(transaction, bytes);
  return bytes;
}

TEST(Ledger, SaysWhyATransactionIsNotAdmitted) {
  ChainUnderTest chain(config());
  const auto code = [&](auto&& change) {
    Transaction transaction = valid_transaction(1);
    change(transaction);
    return static_cast<ReceiptCode>(chain.commit({encoded(transaction)}).front());
  };
  using T = Transaction;
  EXPECT_EQ(code([](T& t) { t.chain = consensus::ChainId(8); }), ReceiptCode::kWrongChain);
  EXPECT_EQ(code([](T& t) { t.expiry = kStart - 1; }), ReceiptCode::kExpired);
  EXPECT_EQ(code([](T& t) { t.expiry = kStart + kHour + 1; }), ReceiptCode::kExpiryTooFar);
  EXPECT_EQ(code([](T& t) { t.sender = DepartmentId(99); }), ReceiptCode::kUnknownSender);
  EXPECT_EQ(code([](T& t) { t.contract = 99; }), ReceiptCode::kUnknownContract);
  EXPECT_EQ(code([](T& t) { t.contract = kSystemContract; }), ReceiptCode::kUnknownContract);
  EXPECT_EQ(code([](T& t) { t.method = 99; }), ReceiptCode::kUnknownMethod);
  EXPECT_EQ(code([](T& t) { t.arguments.push_back(0); }), ReceiptCode::kBadArguments);
  EXPECT_EQ(code([](T& t) { t.sender = DepartmentId(3), t.on_behalf_of = PartyId(5); }),
            ReceiptCode::kNotEntitled);
  EXPECT_EQ(code([](T&) {}), ReceiptCode::kApplied);
  EXPECT_EQ(code([](T&) {}), ReceiptCode::kReplayed);
  EXPECT_EQ(chain.commit({{1, 2, 3}}).front(), code_of(ReceiptCode::kMalformed));
  std::vector<uint8_t> longer = encoded(valid_transaction(2));
  longer.push_back(0);
  EXPECT_EQ(chain.commit({longer}).front(), code_of(ReceiptCode::kMalformed));
}

TEST(Ledger, HandlesEveryTransactionOnceWhateverTheSignatureAndForAsLongAsItCouldBeApplied) {
  ChainUnderTest chain(config());
  Transaction transaction = valid_transaction(1);
  EXPECT_EQ(chain.commit({encoded(transaction), encoded(transaction)}),
            (std::vector<uint16_t>{0, code_of(ReceiptCode::kReplayed)}));
  transaction.signature.bytes[0] = 1;
  EXPECT_EQ(chain.commit({encoded(transaction)}).front(), code_of(ReceiptCode::kReplayed));
  const int64_t step = kHour / 2 / 50;
  for (int i = 0; i < 50; ++i) {
    chain.pass(step);
    EXPECT_EQ(chain.commit({encoded(transaction)}).front(), code_of(ReceiptCode::kReplayed));
  }
  EXPECT_EQ(chain.ledger().remembered_transactions(), 1U);
  chain.pass(1);
  EXPECT_EQ(chain.commit({encoded(transaction)}).front(), code_of(ReceiptCode::kExpired));
  chain.pass(60 * kSecond);
  (void)chain.commit({});
  EXPECT_EQ(chain.ledger().remembered_transactions(), 0U);
  EXPECT_EQ(chain.commit({encoded(transaction)}).front(), code_of(ReceiptCode::kExpired));
}

TEST(Ledger, ARefusalIsFinalToo) {
  ChainUnderTest chain(config());
  ASSERT_EQ(chain.commit({encoded(valid_transaction(1))}).front(), 0);
  Transaction second = valid_transaction(2);
  second.arguments = encode_fields(resource(1));
  const uint16_t refused = static_cast<uint16_t>(sharing::Refusal::kResourceExists);
  EXPECT_EQ(chain.commit({encoded(second)}).front(), refused);
  EXPECT_EQ(chain.commit({encoded(second)}).front(), code_of(ReceiptCode::kReplayed));
  const auto receipt = chain.ledger().receipt_of(
      transaction_id(consensus::HashAlgorithm::kSha256, second), second.expiry);
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->code, refused);
  EXPECT_EQ(chain.ledger().describe(*receipt), "sharing: the resource is already in the catalogue");
}

// Contracts that write first and say no afterwards, which well-behaved ones never do.
struct Note {
  uint64_t value = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(value);
  }
};
StateKey note_key(uint64_t number) { return StateKey(60, 0).with(number); }

class WriteThenReturn final : public Contract {
 public:
  uint32_t id() const override { return 60; }
  std::string_view name() const override { return "write then return"; }
  uint16_t call(CallContext& context, uint16_t method, std::span<const uint8_t>) const override {
    const uint16_t above = context.nested ? 0 : 1'000;
    context.state.put(note_key(method + above), Note{.value = context.sender.id.value()});
    return method;
  }
  std::string_view refusal_text(uint16_t) const override { return {}; }
};

// Calls the other with each byte of its arguments as the method, then itself.
class CallEach final : public Contract {
 public:
  uint32_t id() const override { return 61; }
  std::string_view name() const override { return "call each"; }
  uint16_t call(CallContext& context, uint16_t method,
                std::span<const uint8_t> arguments) const override {
    if (context.nested) return context.call(context.sender, 60, 0, {});
    Department acting = context.sender;
    acting.id = DepartmentId(2);
    for (const uint8_t byte : arguments) {
      if (context.call(acting, 60, byte, {}) != byte) return 998;
    }
    if (context.call(acting, 61, 0, {}) != code_of(ReceiptCode::kNoCallsWithinCalls)) return 999;
    return method;
  }
  std::string_view refusal_text(uint16_t) const override { return {}; }
};

TEST(Ledger, UndoesWhatARefusedCallWroteWhetherNestedOrNot) {
  const WriteThenReturn writer;
  const CallEach caller;
  LedgerConfig with_both = config();
  with_both.contracts = {&caller, &writer};
  ChainUnderTest chain(with_both);
  const auto call = [&](uint32_t contract, uint16_t method, std::vector<uint8_t> arguments) {
    Transaction transaction = valid_transaction(1'000U * contract + method);
    transaction.contract = contract;
    transaction.method = method;
    transaction.arguments = std::move(arguments);
    return chain.commit({encoded(transaction)}).front();
  };
  EXPECT_EQ(call(60, 0, {}), 0);
  EXPECT_EQ(call(60, 200, {}), 200);
  EXPECT_TRUE(chain.state().has(note_key(1'000)));
  EXPECT_FALSE(chain.state().has(note_key(1'200)));
  // Of the nested calls, the one that said yes stays and acted as another department.
  EXPECT_EQ(call(61, 0, {150, 0, 151}), 0);
  EXPECT_EQ(chain.state().get<Note>(note_key(0))->value, 2U);
  EXPECT_FALSE(chain.state().has(note_key(150)));
  EXPECT_FALSE(chain.state().has(note_key(151)));
}

TEST(Ledger, BlockTimeNeverRunsBackwards) {
  ChainUnderTest chain(config());
  consensus::ExecutionResult result;
  int64_t highest = 0;
  Random random(1);
  for (uint64_t height = 1; height <= 200; ++height) {
    const auto wall_time = static_cast<int64_t>(random.below(1'000'000));
    chain.ledger().execute(*make_block(height, wall_time, {}), result);
    highest = std::max(highest, wall_time);
    ASSERT_EQ(chain.ledger().block_time(), highest);
    const auto status = chain.state().get<ChainStatus>(status_key());
    ASSERT_TRUE(status.has_value());
    ASSERT_EQ(status->block_time, highest);
    ASSERT_EQ(status->height.value(), height);
  }
}

TEST(Ledger, ChecksClientSignaturesWhereTheDeploymentSaysSo) {
  LedgerConfig checked = config();
  checked.verify_signatures = true;
  checked.scheme = consensus::SignatureScheme::kEd25519;
  const auto signer =
      consensus::make_signer(checked.scheme, 5, checked.chain, consensus::ReplicaId(1));
  checked.departments[0].key = signer->public_key();
  ChainUnderTest chain(checked);
  Transaction transaction = valid_transaction(1);
  EXPECT_EQ(chain.commit({encoded(transaction)}).front(), code_of(ReceiptCode::kBadSignature));
  transaction.signature = signer->sign(transaction_statement(
      checked.chain, transaction_id(consensus::HashAlgorithm::kSha256, transaction)));
  // A forgery that came first has not burnt the id.
  EXPECT_EQ(chain.commit({encoded(transaction)}).front(), 0);
}

TEST(Ledger, APayloadMayHoldManyTransactionsOrACohort) {
  ChainUnderTest chain(config());
  std::vector<uint8_t> bytes;
  for (uint64_t nonce = 1; nonce <= 3; ++nonce) encode_transaction(valid_transaction(nonce), bytes);
  auto block = consensus::Ref<consensus::Block>::make();
  block->height = consensus::Height(1);
  block->wall_time = kStart;
  block->payloads.push_back(consensus::make_payload(consensus::HashAlgorithm::kSha256, bytes, 3));
  block->payloads.push_back(consensus::make_payload(consensus::HashAlgorithm::kSha256, bytes, 4));
  auto cohort = consensus::Ref<consensus::Payload>::make();
  cohort->transactions = 5;
  block->payloads.push_back(cohort);
  consensus::ExecutionResult result;
  chain.ledger().execute(*block, result);
  ASSERT_EQ(result.receipts.size(), 12U);
  std::multiset<uint16_t> codes;
  for (const consensus::Receipt& receipt : result.receipts) codes.insert(receipt.code);
  EXPECT_EQ(codes.count(0), 8U);
  EXPECT_EQ(codes.count(code_of(ReceiptCode::kReplayed)), 3U);
  EXPECT_EQ(codes.count(code_of(ReceiptCode::kMalformed)), 1U);
  EXPECT_EQ(chain.ledger().last_work().size(), 12U);
}

// Random blocks from all workloads, with rubbish and replays mixed in.
std::vector<consensus::BlockRef> random_blocks(uint64_t seed, uint64_t count) {
  const LedgerConfig chain = config();
  WorkloadConfig workload;
  workload.chain = chain.chain;
  workload.departments = chain.departments;
  std::vector<WorkloadMaker> makers;
  workload.source = 1;
  makers.push_back(sharing_workload(workload));
  workload.source = 2;
  makers.push_back(licence_workload(workload));
  workload.source = 3;
  makers.push_back(invoice_workload(workload));
  Random random(seed);
  std::vector<uint64_t> ordinals(makers.size());
  std::vector<std::vector<uint8_t>> history;
  std::vector<consensus::BlockRef> blocks;
  int64_t time = kStart;
  for (uint64_t height = 1; height <= count; ++height) {
    time += static_cast<int64_t>(random.below(100 * static_cast<uint64_t>(kSecond)));
    std::vector<std::vector<uint8_t>> transactions;
    for (uint64_t i = random.below(40); i > 0; --i) {
      const size_t maker = random.below(makers.size());
      std::vector<uint8_t> bytes;
      makers[maker](ordinals[maker]++, random.next(), time, bytes);
      if (random.one_in(20) && !history.empty()) bytes = history[random.below(history.size())];
      if (random.one_in(20)) bytes[random.below(bytes.size())] ^= 1U;
      history.push_back(bytes);
      transactions.push_back(bytes);
    }
    blocks.push_back(make_block(height, time, transactions));
  }
  return blocks;
}

TEST(Ledger, ReplicasAgreeWhetherTheyRanThroughRestoredOrWereCloned) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed + 100);
    const std::vector<consensus::BlockRef> blocks = random_blocks(seed, 120);
    Ledger through(config());
    std::unique_ptr<consensus::Application> other = std::make_unique<Ledger>(config());
    std::unique_ptr<consensus::Application> left_behind;
    consensus::ExecutionResult expected;
    consensus::ExecutionResult found;
    for (const consensus::BlockRef& block : blocks) {
      through.execute(*block, expected);
      other->execute(*block, found);
      ASSERT_EQ(expected.state_root, found.state_root);
      ASSERT_EQ(expected.receipts, found.receipts);
      ASSERT_EQ(through.state_root(), expected.state_root);
      if (random.one_in(8)) {
        auto restored = std::make_unique<Ledger>(config());
        ASSERT_TRUE(restored->restore(other->snapshot()).ok());
        ASSERT_EQ(restored->state_root(), expected.state_root);
        ASSERT_EQ(restored->snapshot(), through.snapshot());
        other = std::move(restored);
      } else if (random.one_in(8)) {
        left_behind = std::move(other);
        other = left_behind->clone();
      }
    }
  }
}

// What makes a version's records out of an earlier one's, kept up over a life with restarts.
TEST(Ledger, ComesBackFromTheRecordsThatItsVersionsChanged) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed + 200);
    consensus::testing::RecordMap records;
    std::shared_ptr<const consensus::StateVersion> written;
    auto ledger = std::make_unique<Ledger>(config());
    consensus::ExecutionResult result;
    uint64_t changed = 0;
    uint64_t whole = 0;
    for (const consensus::BlockRef& block : random_blocks(seed, 150)) {
      ledger->execute(*block, result);
      if (!random.one_in(4)) continue;
      const std::shared_ptr<const consensus::StateVersion> version = ledger->version();
      // What is done after it was taken is no part of it.
      const std::unique_ptr<consensus::Application> later = ledger->clone();
      consensus::testing::RecordMap anew;
      whole += anew.take(*version->changes_since(nullptr));
      changed += records.take(*version->changes_since(written.get()));
      written = version;
      ASSERT_EQ(records, anew);
      if (!random.one_in(3)) continue;
      auto restored = std::make_unique<Ledger>(config());
      const consensus::Status back = restored->restore_records(records);
      ASSERT_TRUE(back.ok()) << back.error().message;
      ASSERT_EQ(restored->state_root(), ledger->state_root());
      ASSERT_EQ(restored->snapshot(), ledger->snapshot());
      ledger = std::move(restored);
      if (random.one_in(2)) written = ledger->version();
    }
    EXPECT_LT(changed, whole / 2);
    EXPECT_EQ(records.take(*written->changes_since(written.get())), 0U);
  }
}

TEST(Ledger, RefusesDamagedRecordsOrShowsThemInItsRoot) {
  Ledger ledger(config());
  consensus::ExecutionResult result;
  for (const consensus::BlockRef& block : random_blocks(4, 12)) ledger.execute(*block, result);
  consensus::testing::RecordMap records;
  records.take(*ledger.version()->changes_since(nullptr));
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    consensus::testing::RecordMap damaged = records;
    auto at = std::next(damaged.records().begin(),
                        static_cast<std::ptrdiff_t>(random.below(damaged.records().size())));
    std::vector<uint8_t> key = at->first;
    std::vector<uint8_t> value = at->second;
    damaged.records().erase(at);
    if (i % 3 == 0) {
      key[random.below(key.size())] ^= static_cast<uint8_t>(1U << random.below(8));
    } else if (i % 3 == 1) {
      value[random.below(value.size())] ^= static_cast<uint8_t>(1U << random.below(8));
    }
    if (i % 3 < 2) damaged.records()[key] = value;
    Ledger fresh(config());
    const consensus::Digest before = fresh.state_root();
    if (fresh.restore_records(damaged).ok()) {
      ASSERT_NE(fresh.state_root(), ledger.state_root());
    } else {
      ASSERT_EQ(fresh.state_root(), before);
    }
  }
}

// Its transactions could be replayed, and the state's root is the same without it.
TEST(Ledger, RefusesASnapshotThatLeavesAMinuteOfReceiptsOut) {
  Ledger ledger(config());
  consensus::ExecutionResult result;
  for (const consensus::BlockRef& block : random_blocks(4, 12)) ledger.execute(*block, result);
  ASSERT_GT(ledger.remembered_transactions(), 0U);
  std::vector<uint8_t> snapshot = ledger.snapshot();
  // Behind the state's records stands how many minutes there are, then the minutes.
  consensus::Reader in(snapshot);
  (void)in.u16();
  for (uint64_t records = in.u64(); records > 0; --records) {
    (void)in.blob(StateKey::kMaxBytes);
    (void)in.blob(1U << 20U);
  }
  snapshot.resize(snapshot.size() - in.remaining());
  snapshot.insert(snapshot.end(), 4, uint8_t{0});
  Ledger target(config());
  const consensus::Status refused = target.restore(snapshot);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, consensus::ErrorCode::kCorrupt);
}

TEST(Ledger, KeepsCheckpointStatesForProofs) {
  LedgerConfig keeping = config();
  keeping.proof_interval = 4;
  keeping.proof_states = 3;
  Ledger ledger(keeping);
  consensus::ExecutionResult result;
  std::map<uint64_t, consensus::Digest> roots;
  for (const consensus::BlockRef& block : random_blocks(9, 30)) {
    ledger.execute(*block, result);
    roots[block->height.value()] = result.state_root;
  }
  for (const uint64_t height : {20ULL, 24ULL, 28ULL, 30ULL}) {
    const StateTree* tree = ledger.tree_at(consensus::Height(height));
    ASSERT_NE(tree, nullptr) << height;
    EXPECT_EQ(tree->root(), roots[height]);
  }
  EXPECT_EQ(ledger.tree_at(consensus::Height(16)), nullptr);
  EXPECT_EQ(ledger.tree_at(consensus::Height(29)), nullptr);
  // What a light client does with a checkpoint: the chain's time under the certified root.
  const StateTree* tree = ledger.tree_at(consensus::Height(24));
  EXPECT_TRUE(verify_inclusion(consensus::HashAlgorithm::kSha256, roots[24], status_key().bytes(),
                               *tree->find(status_key().bytes()),
                               tree->prove(status_key().bytes())));
}

TEST(Ledger, ProvesReceiptsUnderKeptStatesAsTheyWereThen) {
  LedgerConfig keeping = config();
  keeping.proof_interval = 2;
  keeping.proof_states = 2;
  ChainUnderTest chain(keeping);
  constexpr auto kHash = consensus::HashAlgorithm::kSha256;
  const Transaction first = valid_transaction(1);
  const Transaction second = valid_transaction(2);  // of the same minute
  (void)chain.commit({encoded(first)});
  (void)chain.commit({});
  const consensus::Digest root = chain.ledger().state_root();
  (void)chain.commit({encoded(second)});
  const consensus::Digest id = transaction_id(kHash, first);
  const std::optional<ReceiptProof> proof =
      chain.ledger().prove_receipt(consensus::Height(2), id, first.expiry);
  ASSERT_TRUE(proof.has_value());
  EXPECT_EQ(proof->receipt.code, 0);
  EXPECT_TRUE(verify_receipt(kHash, root, id, first.expiry, *proof));
  // Not under the root of another height, of another id, of another minute, or with another code.
  EXPECT_FALSE(verify_receipt(kHash, chain.ledger().state_root(), id, first.expiry, *proof));
  EXPECT_FALSE(verify_receipt(kHash, root, transaction_id(kHash, second), first.expiry, *proof));
  EXPECT_FALSE(verify_receipt(kHash, root, id, first.expiry + 60 * kSecond, *proof));
  ReceiptProof changed = *proof;
  changed.receipt.code = 1;
  EXPECT_FALSE(verify_receipt(kHash, root, id, first.expiry, changed));
  // What the state did not remember then has no proof there, but has one now.
  const consensus::Digest later = transaction_id(kHash, second);
  EXPECT_FALSE(chain.ledger().prove_receipt(consensus::Height(2), later, second.expiry));
  EXPECT_TRUE(chain.ledger().prove_receipt(consensus::Height(3), later, second.expiry));
  EXPECT_FALSE(chain.ledger().prove_receipt(consensus::Height(1), id, first.expiry));
  std::vector<uint8_t> bytes;
  encode_receipt_proof(*proof, bytes);
  consensus::Reader in(bytes);
  EXPECT_TRUE(verify_receipt(kHash, root, id, first.expiry, decode_receipt_proof(in)));
  EXPECT_TRUE(in.finished());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::vector<uint8_t> damaged = bytes;
    damaged[i] ^= 1U;
    consensus::Reader reader(damaged);
    const ReceiptProof read = decode_receipt_proof(reader);
    ASSERT_FALSE(reader.finished() && verify_receipt(kHash, root, id, first.expiry, read)) << i;
  }
}

TEST(Ledger, RefusesDamagedSnapshotsAndStaysAsItWas) {
  Ledger ledger(config());
  consensus::ExecutionResult result;
  for (const consensus::BlockRef& block : random_blocks(4, 12)) ledger.execute(*block, result);
  const std::vector<uint8_t> snapshot = ledger.snapshot();
  Ledger target(config());
  const consensus::Digest before = target.state_root();
  for (size_t size = 0; size < snapshot.size(); size += 1 + size / 40) {
    ASSERT_FALSE(target.restore(std::span(snapshot).first(size)).ok()) << size;
    ASSERT_EQ(target.state_root(), before);
  }
  Random random(2);
  for (int i = 0; i < 300; ++i) {
    std::vector<uint8_t> damaged = snapshot;
    damaged[random.below(damaged.size())] ^= static_cast<uint8_t>(1U << random.below(8));
    Ledger fresh(config());
    // Some damage only shows in the root, which whoever asks for a snapshot knows beforehand.
    if (fresh.restore(damaged).ok()) {
      ASSERT_NE(fresh.state_root(), ledger.state_root());
    } else {
      ASSERT_EQ(fresh.state_root(), before);
    }
  }
  LedgerConfig other = config();
  other.chain = consensus::ChainId(8);
  EXPECT_EQ(Ledger(other).restore(snapshot).error().code, consensus::ErrorCode::kInvalid);
  ASSERT_TRUE(target.restore(snapshot).ok());
  EXPECT_EQ(target.state_root(), ledger.state_root());
}

}  // namespace
}  // namespace govchain::models
