#include "models/ledger/state_tree.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "models/ledger/state_difference.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models {
namespace {

using consensus::Digest;
using consensus::HashAlgorithm;
using testing::Random;
using BytesOf = std::vector<uint8_t>;

BytesOf bytes_of(uint64_t value, size_t size) {
  BytesOf bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(value >> (8 * (i % 8)));
  return bytes;
}

StateTree tree_of(const std::map<BytesOf, BytesOf>& records) {
  StateTree tree(HashAlgorithm::kSha256);
  for (const auto& [key, value] : records) tree.put(key, value);
  return tree;
}

TEST(StateTree, BehavesLikeAMapAndItsRootDependsOnTheRecordsAlone) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    StateTree tree(HashAlgorithm::kSha256);
    std::map<BytesOf, BytesOf> model;
    for (int i = 0; i < 600; ++i) {
      const BytesOf key = bytes_of(random.below(80), 9);
      if (random.one_in(3)) {
        EXPECT_EQ(tree.erase(key), model.erase(key) == 1);
      } else {
        const BytesOf value = bytes_of(random.below(5), random.below(40));
        tree.put(key, value);
        model[key] = value;
      }
      if (random.one_in(10)) {
        ASSERT_EQ(tree.root(), tree_of(model).root());
      }
      const BytesOf wanted = bytes_of(random.below(80), 9);
      const auto found = tree.find(wanted);
      const auto expected = model.find(wanted);
      ASSERT_EQ(found.has_value(), expected != model.end());
      if (found) {
        ASSERT_EQ(BytesOf(found->begin(), found->end()), expected->second);
      }
      ASSERT_EQ(tree.size(), model.size());
    }
    std::map<BytesOf, BytesOf> visited;
    tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
      visited[BytesOf(key.begin(), key.end())] = BytesOf(value.begin(), value.end());
    });
    EXPECT_EQ(visited, model);
    for (const auto& [key, value] : model) tree.erase(key);
    EXPECT_EQ(tree.root(), kEmptyRoot);
  }
}

TEST(StateTree, CopiesDoNotSeeEachOthersWrites) {
  Random random(7);
  std::vector<StateTree> trees{StateTree(HashAlgorithm::kSha256)};
  std::vector<std::map<BytesOf, BytesOf>> models(1);
  for (int i = 0; i < 3'000; ++i) {
    const size_t chosen = random.below(trees.size());
    if (random.one_in(60) && trees.size() < 12) {
      trees.emplace_back(trees[chosen]);
      models.emplace_back(models[chosen]);
      continue;
    }
    const BytesOf key = bytes_of(random.below(60), 4);
    if (random.one_in(4)) {
      trees[chosen].erase(key);
      models[chosen].erase(key);
    } else {
      const BytesOf value = bytes_of(random.next(), 8);
      trees[chosen].put(key, value);
      models[chosen][key] = value;
    }
  }
  ASSERT_GT(trees.size(), 5U);
  for (size_t i = 0; i < trees.size(); ++i) EXPECT_EQ(trees[i].root(), tree_of(models[i]).root());
}

// In the order of visit(), while the tree goes on.
TEST(StateTree, IsReadRecordByRecordAsItWasWhenTheReadingBegan) {
  for (const uint64_t records : {0ULL, 1ULL, 2ULL, 700ULL}) {
    StateTree tree(HashAlgorithm::kSha256);
    for (uint64_t i = 0; i < records; ++i) tree.put(bytes_of(i, 8), bytes_of(i, i % 30));
    std::vector<std::pair<BytesOf, BytesOf>> expected;
    tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
      expected.emplace_back(BytesOf(key.begin(), key.end()), BytesOf(value.begin(), value.end()));
    });
    StateCursor cursor = tree.records();
    std::vector<std::pair<BytesOf, BytesOf>> read;
    uint64_t written = 0;
    while (const StateLeaf* const leaf = cursor.next()) {
      read.emplace_back(BytesOf(leaf->key().begin(), leaf->key().end()),
                        BytesOf(leaf->value().begin(), leaf->value().end()));
      tree.put(bytes_of(written, 8), bytes_of(~written, 50));
      (void)tree.erase(bytes_of(written + 1, 8));
      written += 2;
      (void)tree.root();
    }
    EXPECT_EQ(cursor.next(), nullptr);
    EXPECT_EQ(read, expected);
  }
}

TEST(StateTree, RootIsIncremental) {
  StateTree tree(HashAlgorithm::kSha256);
  for (uint64_t i = 0; i < 20'000; ++i) tree.put(bytes_of(i, 8), bytes_of(i, 8));
  (void)tree.root();
  const uint64_t before = tree.hashes();
  tree.put(bytes_of(77, 8), bytes_of(1, 8));
  (void)tree.root();
  // Key, value, leaf, and a path of about log2(20000) + 1.3 = 15.6 branches.
  EXPECT_LT(tree.hashes() - before, 40U);
}

TEST(StateTree, ProvesEveryPresentAndAbsentKeyAndNothingElse) {
  Random random(3);
  for (const uint64_t records : {0ULL, 1ULL, 2ULL, 3ULL, 50ULL, 400ULL}) {
    StateTree tree(HashAlgorithm::kSha256);
    for (uint64_t i = 0; i < records; ++i) tree.put(bytes_of(2 * i, 6), bytes_of(i, 12));
    const Digest root = tree.root();
    for (int i = 0; i < 40; ++i) {
      const uint64_t number = random.below(2 * records + 2);
      const BytesOf key = bytes_of(number, 6);
      const StateProof proof = tree.prove(key);
      const auto value = tree.find(key);
      ASSERT_EQ(value.has_value(), number % 2 == 0 && number / 2 < records);
      if (value) {
        EXPECT_TRUE(verify_inclusion(HashAlgorithm::kSha256, root, key, *value, proof));
        EXPECT_FALSE(verify_inclusion(HashAlgorithm::kSha256, root, key, bytes_of(999, 12), proof));
        EXPECT_FALSE(verify_exclusion(HashAlgorithm::kSha256, root, key, proof));
      } else {
        EXPECT_TRUE(verify_exclusion(HashAlgorithm::kSha256, root, key, proof));
        EXPECT_FALSE(verify_inclusion(HashAlgorithm::kSha256, root, key, bytes_of(0, 12), proof));
      }
    }
  }
}

bool accepted(const Digest& root, const BytesOf& key,
              const std::optional<std::span<const uint8_t>>& value, const BytesOf& encoded) {
  consensus::Reader in(encoded);
  const StateProof proof = decode_proof(in);
  if (!in.finished()) return false;
  return value ? verify_inclusion(HashAlgorithm::kSha256, root, key, *value, proof)
               : verify_exclusion(HashAlgorithm::kSha256, root, key, proof);
}

TEST(StateTree, AnyFlippedBitOfAProofFails) {
  StateTree tree(HashAlgorithm::kSha256);
  for (uint64_t i = 0; i < 100; ++i) tree.put(bytes_of(i, 6), bytes_of(i, 3));
  for (const uint64_t number : {5ULL, 1'000'005ULL}) {
    const BytesOf key = bytes_of(number, 6);
    const auto value = tree.find(key);
    BytesOf encoded;
    encode_proof(tree.prove(key), encoded);
    ASSERT_TRUE(accepted(tree.root(), key, value, encoded));
    for (size_t bit = 0; bit < encoded.size() * 8; ++bit) {
      BytesOf damaged = encoded;
      damaged[bit / 8] = static_cast<uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
      EXPECT_FALSE(accepted(tree.root(), key, value, damaged)) << "bit " << bit;
    }
    for (size_t bit = 0; bit < 256; ++bit) {
      Digest root = tree.root();
      root.bytes[bit / 8] = static_cast<uint8_t>(root.bytes[bit / 8] ^ (1U << (bit % 8)));
      EXPECT_FALSE(accepted(root, key, value, encoded)) << "root bit " << bit;
    }
    for (size_t size = 0; size < encoded.size(); ++size) {
      EXPECT_FALSE(
          accepted(tree.root(), key, value,
                   BytesOf(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size))));
    }
  }
  // A proof of absence says nothing about a key that is there, and none about another absent key
  // whose search ends elsewhere.
  const BytesOf absent = bytes_of(1'000'005, 6);
  const StateProof proof = tree.prove(absent);
  int wrong = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    wrong += verify_exclusion(HashAlgorithm::kSha256, tree.root(), bytes_of(i, 6), proof) ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0);
}

// Between any two versions of a tree, and between trees that share nothing.
TEST(StateDifference, IsWhatMakesOneTreeOutOfAnother) {
  Random random(21);
  std::vector<std::map<BytesOf, BytesOf>> models(1);
  std::vector<StateTree> versions{StateTree(HashAlgorithm::kSha256)};
  StateTree tree(HashAlgorithm::kSha256);
  std::map<BytesOf, BytesOf> model;
  for (int i = 0; i < 4'000; ++i) {
    const BytesOf key = bytes_of(random.below(500), 9);
    if (random.one_in(3)) {
      tree.erase(key);
      model.erase(key);
    } else {
      const BytesOf value = bytes_of(random.below(5), random.below(40));
      tree.put(key, value);
      model[key] = value;
    }
    if (random.one_in(150)) {
      versions.push_back(tree);
      models.push_back(model);
    }
  }
  ASSERT_GT(versions.size(), 10U);
  for (int i = 0; i < 300; ++i) {
    const size_t from = random.below(versions.size());
    const size_t to = random.below(versions.size());
    const StateTree apart = tree_of(models[to]);
    std::map<BytesOf, BytesOf> made = models[from];
    std::optional<Digest> last;
    StateDifference difference(versions[from], random.one_in(2) ? apart : versions[to]);
    while (const std::optional<StateDifference::Change> change = difference.next()) {
      const StateLeaf& record = *change->record;
      ASSERT_TRUE(!last || *last < record.path);
      last = record.path;
      const BytesOf key(record.key().begin(), record.key().end());
      if (change->erased) {
        ASSERT_EQ(made.erase(key), 1U);
        continue;
      }
      const BytesOf value(record.value().begin(), record.value().end());
      const auto before = made.find(key);
      ASSERT_TRUE(before == made.end() || before->second != value) << "nothing has changed";
      made[key] = value;
    }
    ASSERT_EQ(made, models[to]);
  }
}

}  // namespace
}  // namespace govchain::models
