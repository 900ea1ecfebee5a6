// The committed window: the last so many digests, each once, in little memory and shared between
// the replicas of a process.

#include "consensus/digest_window.h"

#include <algorithm>
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/allocation_counter.h"

namespace govchain::consensus {
namespace {

Digest digest_of(uint64_t number) {
  Digest digest;
  for (size_t i = 0; i < 8; ++i) digest.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
  digest.bytes[31] = 1;
  return digest;
}

std::vector<Digest> content_of(const DigestWindow& window) {
  std::vector<Digest> content;
  window.for_each([&](const Digest& digest) { content.push_back(digest); });
  return content;
}

TEST(DigestWindow, HoldsTheLastOnesInOrderAsAPlainQueueWould) {
  for (const uint32_t capacity : {1U, 3U, 255U, 256U, 257U, 1'000U}) {
    DigestWindow window(capacity, 7);
    std::deque<Digest> plain;
    uint64_t state = capacity;
    for (int i = 0; i < 5'000; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      // Half of them come a second time, sooner or later.
      const Digest digest = digest_of((state >> 33U) % 2'500);
      const bool known = std::find(plain.begin(), plain.end(), digest) != plain.end();
      ASSERT_EQ(window.contains(digest), known);
      window.add(digest);
      if (known) continue;
      plain.push_back(digest);
      if (plain.size() <= capacity) continue;
      ASSERT_FALSE(window.contains(plain.front()));
      plain.pop_front();
    }
    EXPECT_EQ(content_of(window), std::vector<Digest>(plain.begin(), plain.end()));
    EXPECT_EQ(window.size(), plain.size());
  }
}

TEST(DigestWindow, OfNoCapacityHoldsNothing) {
  DigestWindow window(0, 7);
  window.add(digest_of(1));
  EXPECT_FALSE(window.contains(digest_of(1)));
  EXPECT_EQ(window.size(), 0U);
}

TEST(DigestWindow, ACopyGoesItsOwnWay) {
  DigestWindow window(600, 7);
  for (uint64_t i = 0; i < 300; ++i) window.add(digest_of(i));
  DigestWindow copy = window;
  for (uint64_t i = 300; i < 700; ++i) window.add(digest_of(i));
  for (uint64_t i = 1'000; i < 1'400; ++i) copy.add(digest_of(i));
  EXPECT_TRUE(window.contains(digest_of(699)));
  EXPECT_FALSE(window.contains(digest_of(1'399)));
  EXPECT_TRUE(copy.contains(digest_of(1'399)));
  EXPECT_FALSE(copy.contains(digest_of(699)));
  EXPECT_TRUE(copy.contains(digest_of(299)));
  EXPECT_FALSE(window.contains(digest_of(99)));
}

// 128 replicas that see the same digests: the first pays for them, each further one for its index
// and a chunk that it is filling.
TEST(DigestWindow, EqualWindowsShareTheirDigests) {
  constexpr uint32_t kCapacity = 1U << 14U;
  DigestWindow first(kCapacity, 1);
  DigestWindow second(kCapacity, 2);
  uint64_t first_bytes = 0;
  uint64_t second_bytes = 0;
  for (uint64_t i = 0; i < 3 * kCapacity; ++i) {
    const testing::AllocationCounter counter;
    first.add(digest_of(i));
    const uint64_t so_far = counter.bytes();
    second.add(digest_of(i));
    first_bytes += so_far;
    second_bytes += counter.bytes() - so_far;
  }
  constexpr uint64_t kDigests = kCapacity * sizeof(Digest);
  EXPECT_GT(first_bytes, kDigests);
  EXPECT_LT(second_bytes, kDigests * 3 / 4);
  EXPECT_EQ(content_of(first), content_of(second));
}

TEST(DigestWindow, AFullOneAllocatesNothing) {
  constexpr uint32_t kCapacity = 4'096;
  DigestWindow window(kCapacity, 1);
  // The chunks that this thread remembers go round too before the pool has enough.
  uint64_t next = 1'000'000;
  for (int i = 0; i < 200'000; ++i) window.add(digest_of(next++));
  testing::AllocationCounter counter;
  for (int i = 0; i < 50'000; ++i) window.add(digest_of(next++));
  EXPECT_LE(counter.count(), 4U);
}

}  // namespace
}  // namespace govchain::consensus
