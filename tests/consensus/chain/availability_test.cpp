// Batches, their certificates and the proofs in a block's availability, and where they are held.

#include "consensus/chain/availability.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/chain/batch_store.h"
#include "consensus/codec.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::chain {
namespace {

constexpr HashAlgorithm kHash = HashAlgorithm::kSha256;
constexpr ChainId kChain{7};

PayloadRef payload(uint8_t number, uint32_t transactions = 1) {
  return make_payload(kHash, std::vector<uint8_t>(10, number), transactions);
}

std::vector<PayloadRef> payloads(uint8_t first, uint8_t count) {
  std::vector<PayloadRef> list;
  for (uint8_t i = 0; i < count; ++i) list.push_back(payload(static_cast<uint8_t>(first + i)));
  return list;
}

CertificateRef certificate_of(const Block& batch) {
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement =
      acknowledgement_of(kChain, Protocol::kTendermint, kProposalsByDigestSince, batch);
  for (const uint32_t signer : {1U, 3U}) {
    Signature signature;
    signature.bytes.fill(static_cast<uint8_t>(signer));
    certificate->signers.emplace_back(signer);
    certificate->signatures.push_back(signature);
  }
  return certificate;
}

std::optional<std::vector<CertifiedBatch>> read(const Block& block) {
  return read_availability(kChain, Protocol::kTendermint, kProposalsByDigestSince, kHash, block,
                           block.availability);
}

// Two batches of three; the second one's middle payload is not in the block.
Ref<Block> example_block() {
  const BlockRef first = make_batch(kHash, Epoch(2), ReplicaId(0), Height(40), payloads(0, 3));
  const BlockRef second = make_batch(kHash, Epoch(2), ReplicaId(1), Height(50), payloads(10, 3));
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(9);
  block->epoch = Epoch(2);
  block->payloads = first->payloads;
  block->payloads.push_back(second->payloads[0]);
  block->payloads.push_back(second->payloads[2]);
  encode_batch_proof(*first, *certificate_of(*first), {true, true, true}, block->availability);
  encode_batch_proof(*second, *certificate_of(*second), {true, false, true}, block->availability);
  seal_block(kHash, *block);
  return block;
}

TEST(Availability, ProofsGiveBackTheBatchesAndWhatWasSignedAboutThem) {
  const BlockRef block(example_block());
  const auto batches = read(*block);
  ASSERT_TRUE(batches.has_value());
  ASSERT_EQ(batches->size(), 2U);
  for (const CertifiedBatch& held : *batches) {
    EXPECT_EQ(held.certificate->statement.digest, held.batch->digest);
    EXPECT_EQ(held.certificate->signers, (std::vector<ReplicaId>{ReplicaId(1), ReplicaId(3)}));
  }
  EXPECT_EQ((*batches)[0].batch->digest,
            make_batch(kHash, Epoch(2), ReplicaId(0), Height(40), payloads(0, 3))->digest);
  EXPECT_EQ((*batches)[1].batch->digest,
            make_batch(kHash, Epoch(2), ReplicaId(1), Height(50), payloads(10, 3))->digest);
  EXPECT_EQ((*batches)[1].first, 3U);
  EXPECT_EQ((*batches)[1].count, 2U);
}

TEST(Availability, CostsWhatTheReadmeSays) {
  EXPECT_EQ(example_block()->availability.size(), (24 + 68 * 2) + (24 + 48 + 68 * 2));
}

// A name with another size or count, or a batch with another expiry, is not what was signed.
TEST(Availability, ACertificateBindsSizeCountAndExpiryOfEveryPayload) {
  const BlockRef block(example_block());
  const Digest signed_digest = (*read(*block))[0].batch->digest;
  for (const bool change_size : {true, false}) {
    Ref<Block> lie = example_block();
    Ref<Payload> other = Ref<Payload>::make();
    other->digest = lie->payloads[1]->digest;
    other->size = lie->payloads[1]->size + Bytes(change_size ? 1 : 0);
    other->transactions = change_size ? 1 : 2;
    lie->payloads[1] = PayloadRef(std::move(other));
    const auto batches = read(*lie);
    ASSERT_TRUE(batches.has_value());
    EXPECT_NE((*batches)[0].certificate->statement.digest, signed_digest);
  }
  Ref<Block> late = example_block();
  late->availability[4] ^= 1U;  // the expiry of the first
  EXPECT_NE((*read(*late))[0].certificate->statement.digest, signed_digest);
}

TEST(Availability, ProofsOfMoreOrFewerPayloadsThanTheBlockHasAreMalformed) {
  Ref<Block> fewer = example_block();
  fewer->payloads.pop_back();
  EXPECT_FALSE(read(*fewer).has_value());
  Ref<Block> more = example_block();
  more->payloads.push_back(payload(99));
  EXPECT_FALSE(read(*more).has_value());
  Ref<Block> none = example_block();
  none->availability.clear();
  EXPECT_FALSE(read(*none).has_value());
}

TEST(Availability, NoDamagedOrCutProofIsReadAsTheSameStatements) {
  const BlockRef block(example_block());
  const auto genuine = read(*block);
  ASSERT_TRUE(genuine.has_value());
  for (size_t length = 0; length < block->availability.size(); ++length) {
    Ref<Block> cut = example_block();
    cut->availability.resize(length);
    EXPECT_FALSE(read(*cut).has_value()) << length;
  }
  for (size_t i = 0; i < block->availability.size(); ++i) {
    Ref<Block> damaged = example_block();
    damaged->availability[i] ^= 0x41U;
    const auto batches = read(*damaged);
    if (!batches) continue;
    bool same = batches->size() == genuine->size();
    for (size_t k = 0; same && k < genuine->size(); ++k) {
      const Certificate& first = *(*genuine)[k].certificate;
      const Certificate& other = *(*batches)[k].certificate;
      same = first.statement == other.statement && first.signers == other.signers &&
             first.signatures.to_vector() == other.signatures.to_vector();
    }
    EXPECT_FALSE(same) << "byte " << i;
  }
}

// In messages and in the log the block is its names and its proofs, and comes back so.
TEST(Availability, ABlockWithProofsTravelsAndIsLoggedByItsNames) {
  const BlockRef block(example_block());
  Ref<Message> message = Ref<Message>::make();
  message->protocol = Protocol::kTendermint;
  message->type = 1;
  message->block = block;
  seal_message(*message);
  std::vector<uint8_t> wire;
  encode_message(kChain, *message, wire);
  EXPECT_EQ(message->wire_size, Bytes(wire.size()));
  const Result<MessageRef> decoded = decode_message(kChain, kHash, wire);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE((*decoded)->by_digest);
  EXPECT_EQ((*decoded)->block->digest, block->digest);
  EXPECT_EQ((*decoded)->block->availability, block->availability);
  EXPECT_TRUE((*decoded)->block->payloads[0]->named);
  std::vector<uint8_t> again;
  encode_message(kChain, **decoded, again);
  EXPECT_EQ(again, wire);

  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = 3;
  record->bytes = {1, 2};
  record->block = block;
  std::vector<uint8_t> logged;
  encode_record(*record, logged);
  EXPECT_EQ(record->size(), Bytes(logged.size()));
  const Result<LogRecordRef> read_back = decode_record(kHash, logged);
  ASSERT_TRUE(read_back.ok());
  EXPECT_EQ((*read_back)->block->digest, block->digest);
  EXPECT_EQ((*read_back)->block->availability, block->availability);
  for (size_t i = 0; i < logged.size(); ++i) {
    std::vector<uint8_t> damaged = logged;
    damaged[i] ^= 0x10U;
    const Result<LogRecordRef> other = decode_record(kHash, damaged);
    if (!other.ok()) continue;
    std::vector<uint8_t> encoded;
    encode_record(**other, encoded);
    EXPECT_EQ(encoded, damaged) << i;
  }
}

// Against the plain statement of what the store is for.
TEST(BatchStore, FindsWhatAListOfBatchesWouldFind) {
  struct Held {
    BlockRef batch;
    bool certified = false;
  };
  const std::vector<PayloadRef> all = payloads(0, 12);
  testing::RandomSource random(5);
  BatchStore store(1);
  std::map<Digest, Held> model;
  for (uint32_t step = 0; step < 1'500; ++step) {
    const uint64_t action = random.below(4);
    if (action < 2 && model.size() < 20) {
      std::vector<PayloadRef> chosen;
      for (const PayloadRef& one : all) {
        if (random.below(4) == 0) chosen.push_back(one);
      }
      if (chosen.empty()) continue;
      const BlockRef batch = make_batch(kHash, Epoch(0), ReplicaId(0), Height(1 + random.below(20)),
                                        std::move(chosen));
      if (model.contains(batch->digest)) continue;
      HeldBatch& held = store.add(batch);
      if (random.below(2) == 0) held.ticket = Ticket(step + 1);
      model[batch->digest] = {batch, false};
    } else if (!model.empty()) {
      auto chosen = model.begin();
      std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(model.size())));
      if (action == 2) {
        HeldBatch* const held = store.find(chosen->first);
        ASSERT_NE(held, nullptr);
        if (!held->certificate) store.certify(*held, certificate_of(*held->batch));
        chosen->second.certified = true;
      } else {
        store.remove(chosen->first);
        model.erase(chosen);
      }
    }
    ASSERT_EQ(store.size(), model.size());
    ASSERT_EQ(store.count_of(ReplicaId(0)), model.size());
    for (const PayloadRef& wanted : all) {
      const Digest& digest = wanted->digest;
      bool held = false;
      bool certified = false;
      for (const auto& [name, known] : model) {
        for (const PayloadRef& one : known.batch->payloads) {
          if (one->digest != digest) continue;
          held = true;
          certified = certified || (known.certified && known.batch->height >= Height(10));
        }
      }
      ASSERT_EQ(store.holder(digest) != nullptr, held);
      ASSERT_EQ(static_cast<bool>(store.body(digest)), held);
      ASSERT_EQ(store.certified(digest, Height(10)) != nullptr, certified);
      const HeldBatch* const logged = store.logged(digest);
      if (logged != nullptr) {
        ASSERT_NE(logged->ticket, Ticket());
      }
    }
  }
}

}  // namespace
}  // namespace govchain::consensus::chain
