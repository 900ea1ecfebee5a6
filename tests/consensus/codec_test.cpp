#include "consensus/codec.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <gtest/gtest.h>

#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus {
namespace {

using testing::PayloadKind;
using testing::RandomSource;
using Buffer = std::vector<uint8_t>;

constexpr ChainId kChain{77};
constexpr HashAlgorithm kHash = HashAlgorithm::kSha256;

// Each kind of encoding as a function from bytes to what it encodes to again: nullopt if refused.
using Reencode = std::optional<Buffer> (*)(std::span<const uint8_t>);

std::optional<Buffer> reencode_message(std::span<const uint8_t> bytes) {
  const auto message = decode_message(kChain, kHash, bytes);
  if (!message) return std::nullopt;
  Buffer again;
  encode_message(kChain, **message, again);
  EXPECT_EQ((*message)->wire_size.count(), again.size());
  return again;
}

std::optional<Buffer> reencode_record(std::span<const uint8_t> bytes) {
  const auto record = decode_record(kHash, bytes, Cohorts::kAllowed);
  if (!record) return std::nullopt;
  Buffer again;
  encode_record(**record, again);
  return again;
}

template <auto decode, auto encode>
std::optional<Buffer> reencode_with(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  const auto object = decode(in);
  if (!in.finished()) return std::nullopt;
  Buffer again;
  Writer out(again);
  encode(object, out);
  return again;
}

std::optional<Buffer> reencode_block(std::span<const uint8_t> bytes) {
  return reencode_with<[](Reader& in) { return decode_block(kHash, in); },
                       [](const BlockRef& block, Writer& out) { encode_block(*block, out); }>(
      bytes);
}

std::optional<Buffer> reencode_certificate(std::span<const uint8_t> bytes) {
  return reencode_with<[](Reader& in) { return decode_certificate(in); },
                       [](const CertificateRef& certificate, Writer& out) {
                         encode_certificate(*certificate, out);
                       }>(bytes);
}

std::optional<Buffer> reencode_membership(std::span<const uint8_t> bytes) {
  return reencode_with<[](Reader& in) { return decode_membership(in); },
                       [](const Membership& membership, Writer& out) {
                         encode_membership(membership, out);
                       }>(bytes);
}

struct Kind {
  const char* name;
  Buffer (*make)(RandomSource&);
  Reencode reencode;
};

const Kind kKinds[] = {
    {"Message",
     [](RandomSource& random) {
       Buffer bytes;
       encode_message(kChain, *testing::random_message(random, kHash), bytes);
       return bytes;
     },
     reencode_message},
    {"Record",
     [](RandomSource& random) {
       Buffer bytes;
       const auto kind = random.chance(2) ? PayloadKind::kCarried : PayloadKind::kCohort;
       encode_record(*testing::random_record(random, kHash, kind), bytes);
       return bytes;
     },
     reencode_record},
    {"Block",
     [](RandomSource& random) {
       Buffer bytes;
       Writer out(bytes);
       encode_block(*testing::random_block(random, kHash), out);
       return bytes;
     },
     reencode_block},
    {"Certificate",
     [](RandomSource& random) {
       Buffer bytes;
       Writer out(bytes);
       encode_certificate(*testing::random_certificate(random), out);
       return bytes;
     },
     reencode_certificate},
    {"Membership",
     [](RandomSource& random) {
       Buffer bytes;
       Writer out(bytes);
       encode_membership(testing::random_membership(random), out);
       return bytes;
     },
     reencode_membership},
};

class EveryEncoding : public ::testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Codec, EveryEncoding, ::testing::ValuesIn(kKinds),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(EveryEncoding, IsTheSameAfterDecodingAndEncodingAgain) {
  RandomSource random(1);
  for (int i = 0; i < 2'000; ++i) {
    const Buffer bytes = GetParam().make(random);
    const auto again = GetParam().reencode(bytes);
    ASSERT_TRUE(again) << "object " << i;
    ASSERT_EQ(*again, bytes) << "object " << i;
  }
}

TEST_P(EveryEncoding, IsRefusedWhenCutOffOrFollowedByMore) {
  RandomSource random(2);
  for (int i = 0; i < 30; ++i) {
    Buffer bytes = GetParam().make(random);
    for (size_t length = 0; length < bytes.size(); ++length) {
      ASSERT_FALSE(GetParam().reencode(std::span(bytes).first(length))) << "length " << length;
    }
    bytes.push_back(0);
    ASSERT_FALSE(GetParam().reencode(bytes));
  }
}

// What still decodes after a change must be an object with exactly that encoding.
TEST_P(EveryEncoding, IsAnIdentityAlsoForMutatedBytes) {
  RandomSource random(3);
  size_t accepted = 0;
  for (int i = 0; i < 4'000; ++i) {
    Buffer bytes = GetParam().make(random);
    if (bytes.empty()) continue;
    const uint64_t changes = 1 + random.below(3);
    for (uint64_t change = 0; change < changes; ++change) {
      bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
    }
    const auto again = GetParam().reencode(bytes);
    if (!again) continue;
    ++accepted;
    ASSERT_EQ(*again, bytes) << "object " << i;
  }
  EXPECT_GT(accepted, 100U) << "the mutations no longer reach the decoder's depths";
}

// Every 32-bit word of an encoding is overwritten by huge numbers in turn, so every count and
// length is hostile once; decoding must not reserve by it.
TEST_P(EveryEncoding, AllocatesNoMoreThanItsOwnSizeForHostileCounts) {
  RandomSource random(4);
  for (int i = 0; i < 20; ++i) {
    const Buffer original = GetParam().make(random);
    for (size_t at = 0; at + 4 <= original.size(); ++at) {
      for (const uint32_t hostile : {0xFFFFFFFFU, 0x7FFFFFFFU, 0x00FFFFFFU, 65'536U}) {
        Buffer bytes = original;
        std::memcpy(&bytes[at], &hostile, sizeof hostile);
        const testing::AllocationCounter counter;
        static_cast<void>(GetParam().reencode(bytes));
        ASSERT_LT(counter.bytes(), 64 * original.size() + 8'192) << "at byte " << at;
      }
    }
  }
}

TEST(Codec, SealedSizesAreThoseOfTheEncoding) {
  RandomSource random(5);
  for (int i = 0; i < 1'000; ++i) {
    const MessageRef message = testing::random_message(random, kHash);
    Buffer bytes;
    encode_message(kChain, *message, bytes);
    ASSERT_EQ(message->wire_size.count(), bytes.size());
    const LogRecordRef record = testing::random_record(random, kHash);
    bytes.clear();
    encode_record(*record, bytes);
    ASSERT_EQ(record->size().count(), bytes.size());
  }
}

TEST(Codec, CohortsCountTheirSizeAndDecodeOnlyWhereAllowed) {
  RandomSource random(6);
  auto block = Ref<Block>::make();
  block->payloads.push_back(testing::random_payload(random, kHash, PayloadKind::kCohort));
  seal_block(kHash, *block);
  Buffer bytes;
  Writer out(bytes);
  encode_block(*block, out);
  EXPECT_EQ(encoded_size(*block).count(), bytes.size() + block->payload_size().count());
  Reader refusing(bytes);
  EXPECT_FALSE(decode_block(kHash, refusing));
  Reader allowing(bytes);
  const BlockRef decoded = decode_block(kHash, allowing, Cohorts::kAllowed);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->digest, block->digest);
  EXPECT_EQ(decoded->payload_size(), block->payload_size());
}

TEST(Codec, GivesAPayloadOfNoBytesOneEncodingOnly) {
  Buffer bytes;
  Writer out(bytes);
  encode_payload(*make_payload(kHash, {}, 1), out);
  Reader in(bytes);
  ASSERT_TRUE(decode_payload(kHash, in, Cohorts::kAllowed));
  bytes[39] = 0x80;  // the mark of a cohort, in the highest byte of the size
  Reader marked(bytes);
  EXPECT_FALSE(decode_payload(kHash, marked, Cohorts::kAllowed));
}

TEST(Codec, RefusesControlBeyondItsBound) {
  const auto decodes = [](size_t control_bytes) {
    auto block = Ref<Block>::make();
    block->control.resize(control_bytes);
    Buffer bytes;
    Writer out(bytes);
    encode_block(*block, out);
    Reader in(bytes);
    return static_cast<bool>(decode_block(kHash, in));
  };
  EXPECT_TRUE(decodes(kMaxControlBytes));
  EXPECT_FALSE(decodes(kMaxControlBytes + 1));
}

TEST(Codec, RefusesUnknownLanesAndProtocols) {
  const Ref<Message> message = Ref<Message>::make();
  Buffer bytes;
  encode_message(kChain, *message, bytes);
  constexpr size_t kProtocolByte = 10;
  constexpr size_t kLaneByte = 12;
  for (const auto& [place, value] :
       {std::pair(kLaneByte, uint8_t{kLanes}), std::pair(kProtocolByte, uint8_t{0}),
        std::pair(kProtocolByte, uint8_t{200})}) {
    Buffer changed = bytes;
    changed[place] = value;
    EXPECT_FALSE(decode_message(kChain, kHash, changed)) << "byte " << place;
  }
  EXPECT_TRUE(decode_message(kChain, kHash, bytes));
}

TEST(Codec, RefusesPayloadBytesThatDoNotHashToTheirDigest) {
  RandomSource random(7);
  auto message = Ref<Message>::make();
  message->payloads.push_back(make_payload(kHash, random.bytes(20), 1));
  Buffer bytes;
  encode_message(kChain, *message, bytes);
  ASSERT_TRUE(decode_message(kChain, kHash, bytes));
  bytes[bytes.size() - 2] = static_cast<uint8_t>(bytes[bytes.size() - 2] ^ 1U);
  EXPECT_FALSE(decode_message(kChain, kHash, bytes));
}

// Or a proposer could have a client's bytes ordered under a count that makes them malformed.
TEST(Codec, RefusesPayloadBytesUnderAnotherCount) {
  const std::vector<uint8_t> content(100, 7);
  for (const HashAlgorithm algorithm : {HashAlgorithm::kSha256, HashAlgorithm::kSm3}) {
    const PayloadRef payload = make_payload(algorithm, content, 5);
    EXPECT_NE(payload->digest, make_payload(algorithm, content, 6)->digest);
    std::vector<uint8_t> bytes;
    Writer out(bytes);
    encode_payload(*payload, out);
    Reader whole(bytes);
    EXPECT_TRUE(decode_payload(algorithm, whole));
    constexpr size_t kCountAt = 32 + 8;
    bytes[kCountAt] = 6;
    Reader changed(bytes);
    EXPECT_FALSE(decode_payload(algorithm, changed));
  }
}

TEST(Codec, RefusesMessagesOfOtherChainsVersionsAndHashes) {
  RandomSource random(8);
  auto message = Ref<Message>::make();
  message->payloads.push_back(make_payload(kHash, random.bytes(20), 1));
  Buffer bytes;
  encode_message(kChain, *message, bytes);
  EXPECT_FALSE(decode_message(ChainId(78), kHash, bytes));
  EXPECT_FALSE(decode_message(kChain, HashAlgorithm::kSm3, bytes));
  bytes[0] = 3;
  const auto refused = decode_message(kChain, kHash, bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST(Codec, BlockDigestCoversEveryField) {
  RandomSource random(9);
  for (int i = 0; i < 200; ++i) {
    const BlockRef original = testing::random_block(random, kHash);
    const auto changed_digest = [&](auto&& change) {
      auto copy = Ref<Block>::make();
      copy->height = original->height;
      copy->view = original->view;
      copy->epoch = original->epoch;
      copy->proposer = original->proposer;
      copy->wall_time = original->wall_time;
      copy->payloads = original->payloads;
      copy->control = original->control;
      change(*copy);
      seal_block(kHash, *copy);
      return copy->digest;
    };
    ASSERT_EQ(changed_digest([](Block&) {}), original->digest);
    ASSERT_NE(changed_digest([](Block& block) { ++block.height; }), original->digest);
    ASSERT_NE(changed_digest([](Block& block) { ++block.view; }), original->digest);
    ASSERT_NE(changed_digest([](Block& block) { ++block.epoch; }), original->digest);
    ASSERT_NE(changed_digest(
                  [](Block& block) { block.proposer = ReplicaId(block.proposer.value() ^ 1U); }),
              original->digest);
    ASSERT_NE(changed_digest([](Block& block) { block.wall_time ^= 1; }), original->digest);
    ASSERT_NE(changed_digest([](Block& block) { block.control.push_back(0); }), original->digest);
    ASSERT_NE(changed_digest([&](Block& block) {
                block.payloads.push_back(testing::random_payload(random, kHash));
              }),
              original->digest);
    if (original->payloads.size() >= 2 &&
        original->payloads[0]->digest != original->payloads[1]->digest) {
      ASSERT_NE(
          changed_digest([](Block& block) { std::swap(block.payloads[0], block.payloads[1]); }),
          original->digest);
    }
  }
}

TEST(Codec, SigningBytesDifferForStatementsThatDiffer) {
  RandomSource random(10);
  std::vector<std::array<uint8_t, kSigningBytes>> all;
  for (int i = 0; i < 500; ++i) all.push_back(signing_bytes(testing::random_statement(random)));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(Codec, RefusesCertificatesWhoseSignersDoNotAscend) {
  auto certificate = Ref<Certificate>::make();
  certificate->signers = {ReplicaId(2), ReplicaId(2)};
  certificate->signatures.resize(2);
  Buffer bytes;
  Writer out(bytes);
  encode_certificate(*certificate, out);
  Reader in(bytes);
  EXPECT_FALSE(decode_certificate(in));
}

TEST(Codec, RefusesMembershipsThatWeighTooMuchTogether) {
  for (const uint64_t more : {uint64_t{0}, uint64_t{1}}) {
    Membership membership;
    membership.members = {Member{ReplicaId(0), kMaxTotalWeight - 1, {}},
                          Member{ReplicaId(1), 1, {}}, Member{ReplicaId(2), more, {}}};
    Buffer bytes;
    Writer out(bytes);
    encode_membership(membership, out);
    Reader in(bytes);
    static_cast<void>(decode_membership(in));
    EXPECT_EQ(in.ok(), more == 0);
  }
}

TEST(Reader, YieldsZeroForEverAfterTheFirstShortRead) {
  const Buffer bytes{1, 2, 3};
  Reader in(bytes);
  EXPECT_EQ(in.u16(), 0x0201);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0U);
  EXPECT_TRUE(in.raw(1).empty());
  EXPECT_FALSE(in.finished());
}

TEST(Codec, VotesAreSealedEncodedAndRecycledWithoutAllocation) {
  Buffer bytes;
  const auto send_a_vote = [&] {
    auto vote = Ref<Message>::make();
    vote->view = View(3);
    seal_message(*vote);
    bytes.clear();
    encode_message(kChain, *vote, bytes);
    ASSERT_TRUE(decode_message(kChain, kHash, bytes));
  };
  send_a_vote();
  const testing::AllocationCounter counter;
  send_a_vote();
  EXPECT_EQ(counter.count(), 0U);
}

}  // namespace
}  // namespace govchain::consensus
