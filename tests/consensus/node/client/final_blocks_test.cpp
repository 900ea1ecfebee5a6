#include "consensus/node/client/final_blocks.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/node/client/bytes_text.h"
#include "tests/consensus/node/client/fake_replica.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using testing::make_final;

PayloadRef payload_of(uint64_t number, size_t size = 100) {
  std::vector<uint8_t> bytes(size, 0);
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(number >> (8U * i));
  return make_payload(HashAlgorithm::kSha256, bytes, 1);
}

TEST(FinalBlocks, KeepAnswersLongerThanBlocks) {
  FinalBlocks blocks({Bytes(20'000), Bytes(4'000)});
  for (uint64_t height = 1; height <= 100; ++height) {
    const auto made = make_final(height, std::vector<PayloadRef>{payload_of(height, 5'000)});
    blocks.add(made.stored, made.receipts);
    ASSERT_LE(blocks.memory(), Bytes(24'000));
    ASSERT_TRUE(blocks.find(payload_of(height, 5'000)->digest));
  }
  const auto held = blocks.held();
  ASSERT_TRUE(held);
  EXPECT_EQ(held->newest, Height(100));
  EXPECT_EQ(held->oldest, Height(98));
  EXPECT_TRUE(blocks.find(Height(98)));
  EXPECT_FALSE(blocks.find(Height(97)));
  EXPECT_TRUE(blocks.find(payload_of(95, 5'000)->digest));
  EXPECT_FALSE(blocks.find(payload_of(1, 5'000)->digest));
  EXPECT_GT(blocks.payloads(), 3U);
  EXPECT_LT(blocks.payloads(), 20U);
}

TEST(FinalBlocks, KeepTheNewestHoweverLargeItIs) {
  FinalBlocks blocks({Bytes(10), Bytes(10)});
  for (uint64_t height = 1; height <= 3; ++height) {
    const auto made = make_final(height, std::vector<PayloadRef>{payload_of(height)});
    blocks.add(made.stored, made.receipts);
  }
  EXPECT_TRUE(blocks.find(Height(3)));
  EXPECT_FALSE(blocks.find(Height(2)));
  EXPECT_EQ(blocks.payloads(), 1U);
}

// A ledger refuses a repetition: what counts is the first.
TEST(FinalBlocks, NameTheFirstBlockThatHeldAPayload) {
  FinalBlocks blocks({});
  for (const uint64_t height : {4U, 9U}) {
    const auto made = make_final(height, std::vector<PayloadRef>{payload_of(1)});
    blocks.add(made.stored, made.receipts);
  }
  EXPECT_EQ(blocks.find(payload_of(1)->digest)->height, Height(4));
  EXPECT_FALSE(blocks.find(Height(5))) << "heights may lack";
}

// Against a plain list of what was added; numbers of payloads pass 2^32 on the way.
TEST(FinalBlocks, AgreeWithAListWhateverComes) {
  consensus::testing::RandomSource random(7);
  FinalBlocks blocks({Bytes(20'000), Bytes(60'000)}, 3, (uint64_t{1} << 32U) - 700);
  std::map<uint64_t, std::pair<uint64_t, uint32_t>> first_of;  // payload: height, index
  uint64_t height = 0;
  for (int round = 0; round < 400; ++round) {
    height += 1 + random.below(3);
    std::vector<PayloadRef> payloads;
    const uint64_t count = random.below(6);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t number = random.below(3'000);
      payloads.push_back(payload_of(number));
      first_of.try_emplace(number, height, static_cast<uint32_t>(i));
    }
    const auto made = make_final(height, payloads);
    blocks.add(made.stored, made.receipts);
    size_t known = 0;
    for (auto place = first_of.begin(); place != first_of.end();) {
      const auto answer = blocks.find(payload_of(place->first)->digest);
      if (!answer) {
        place = first_of.erase(place);
        continue;
      }
      EXPECT_EQ(answer->height, Height(place->second.first));
      EXPECT_EQ(answer->index, place->second.second);
      ++known;
      ++place;
    }
    EXPECT_EQ(known, blocks.payloads());
  }
  EXPECT_GT(blocks.payloads(), 100U);
}

TEST(FinalBlocks, GiveNoReceiptsThatDoNotFitTheTransactions) {
  FinalBlocks blocks({});
  auto made = make_final(1, std::vector<PayloadRef>{payload_of(1), payload_of(2)});
  made.receipts.pop_back();
  blocks.add(made.stored, made.receipts);
  EXPECT_FALSE(blocks.find(payload_of(1)->digest)->receipts);
  EXPECT_EQ(blocks.find(Height(1))->receipts.size(), 1U);
}

TEST(BytesText, IsReadAsItWasWritten) {
  consensus::testing::RandomSource random(5);
  for (size_t size = 0; size < 70; ++size) {
    const std::vector<uint8_t> bytes = random.bytes(size);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  const Digest digest = payload_of(3)->digest;
  EXPECT_EQ(digest_from_hex(to_hex(digest.bytes)), digest);
}

TEST(BytesText, AgreesWithTheStandard) {
  const auto encode = [](const std::string& text) {
    return to_base64(std::vector<uint8_t>(text.begin(), text.end()));
  };
  // RFC 4648, 10.
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg==");
  EXPECT_EQ(encode("fooba"), "Zm9vYmE=");
}

TEST(BytesText, RefusesAllOtherTexts) {
  for (const char* text : {"Zg", "Zg=", "Zg= ", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v",
                           "Zm9v\n", "Zm9-", "=m9v"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  const std::string digits(64, 'a');
  EXPECT_TRUE(digest_from_hex(digits));
  EXPECT_FALSE(digest_from_hex(digits.substr(1)));
  EXPECT_FALSE(digest_from_hex(digits + "a"));
  EXPECT_FALSE(digest_from_hex("A" + digits.substr(1)));
  EXPECT_FALSE(digest_from_hex("g" + digits.substr(1)));
}

}  // namespace
}  // namespace govchain::consensus::node
