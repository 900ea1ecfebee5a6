// The checker of histories.

#include "sim/checkers/linearizability.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "sim/random.h"
#include "tests/sim/register_history.h"

namespace govchain::sim {
namespace {

using Kind = RegisterOperation::Kind;
using test::History;

RegisterOperation write(uint64_t value, uint64_t called, std::optional<uint64_t> returned) {
  return {Kind::kWrite, value, called, returned};
}
RegisterOperation read(uint64_t value, uint64_t called, uint64_t returned) {
  return {Kind::kRead, value, called, returned};
}

TEST(Linearizability, OfHistoriesKnownToBeSo) {
  EXPECT_EQ(check_register({}), Linearizability::kLinearizable);
  // Herlihy & Wing, figure 1: overlapping operations may happen in either order.
  EXPECT_EQ(check_register({write(1, 0, 10), read(0, 1, 2), read(1, 3, 4), read(1, 11, 12)}),
            Linearizability::kLinearizable);
  // A write that nobody answered may have happened, late or never.
  EXPECT_EQ(check_register({write(1, 0, std::nullopt), read(0, 5, 6), read(1, 7, 8)}),
            Linearizability::kLinearizable);
  EXPECT_EQ(check_register({write(1, 0, std::nullopt), read(0, 5, 6)}),
            Linearizability::kLinearizable);
}

TEST(Linearizability, OfHistoriesKnownNotToBeSo) {
  // Stale: the write had returned.
  EXPECT_EQ(check_register({write(1, 0, 1), read(0, 2, 3)}), Linearizability::kViolated);
  // New value, then the old one.
  EXPECT_EQ(check_register({write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)}),
            Linearizability::kViolated);
  // Never written.
  EXPECT_EQ(check_register({write(1, 0, 1), read(2, 2, 3)}), Linearizability::kViolated);
  // Before it was called.
  EXPECT_EQ(check_register({read(1, 0, 1), write(1, 2, 3)}), Linearizability::kViolated);
  // Two readers that see two writes in different orders.
  EXPECT_EQ(check_register(
                {write(1, 0, 20), write(2, 0, 20), read(1, 1, 2), read(2, 3, 4), read(1, 5, 6)}),
            Linearizability::kViolated);
}

TEST(Linearizability, GivesUpWhereItWasToldTo) {
  History many;
  for (uint64_t i = 1; i <= 14; ++i) {
    many.push_back(write(i, 0, 1'000));
    many.push_back(read(i, 0, 1'000));
  }
  many.push_back(read(99, 10, 20));
  EXPECT_EQ(check_register(many, 1'000), Linearizability::kUndecided);
}

// Every history of a few operations, against trying all their orders.
bool is_linearizable_by_trying(const History& history) {
  std::vector<size_t> order(history.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    // Some of the operations that were not answered may not have happened: those behind `count`.
    for (size_t count = 0; count <= order.size(); ++count) {
      uint64_t value = 0;
      bool fits = true;
      for (size_t i = 0; i < order.size() && fits; ++i) {
        const RegisterOperation& one = history[order[i]];
        if (i >= count) {
          fits = !one.returned.has_value();
          continue;
        }
        for (size_t k = i + 1; k < order.size(); ++k) {
          const RegisterOperation& later = history[order[k]];
          fits = fits && !(later.returned && *later.returned < one.called);
        }
        if (one.kind == Kind::kRead) fits = fits && one.value == value;
        if (one.kind == Kind::kWrite) value = one.value;
      }
      if (fits) return true;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

TEST(Linearizability, AgreesWithTryingEveryOrder) {
  RandomStream random(1, RandomPurpose::kTest, 0);
  int linearizable = 0;
  for (int round = 0; round < 3'000; ++round) {
    History history;
    const uint64_t operations = 1 + random.below(6);
    for (uint64_t i = 0; i < operations; ++i) {
      const uint64_t called = random.below(12);
      const uint64_t returned = called + random.below(8);
      if (random.chance(0.5)) {
        history.push_back(read(random.below(4), called, returned));
      } else {
        history.push_back(write(1 + i % 3, called, returned));
        if (random.chance(0.2)) history.back().returned.reset();
      }
    }
    const bool expected = is_linearizable_by_trying(history);
    linearizable += expected ? 1 : 0;
    ASSERT_EQ(check_register(history) == Linearizability::kLinearizable, expected) << round;
  }
  EXPECT_GT(linearizable, 500);
  EXPECT_LT(linearizable, 2'500);
}

TEST(Linearizability, AgreesWithZones) {
  RandomStream random(2, RandomPurpose::kTest, 0);
  // Short ones are tried in every order, so that the zones are right too.
  int violated = 0;
  for (int round = 0; round < 2'000; ++round) {
    History history = test::draw_history(random, 2 + random.below(5));
    ASSERT_EQ(check_register(history), Linearizability::kLinearizable) << round;
    for (int change = 0; change < 3; ++change) history = test::change_anything(history, random);
    const bool expected = is_linearizable_by_trying(history);
    violated += expected ? 0 : 1;
    ASSERT_EQ(test::is_linearizable_by_zones(history), expected) << round;
    ASSERT_EQ(check_register(history) == Linearizability::kLinearizable, expected) << round;
  }
  EXPECT_GT(violated, 200);
  EXPECT_LT(violated, 1'800);

  violated = 0;
  for (int round = 0; round < 3'000; ++round) {
    History history = test::draw_history(random, 20 + random.below(100));
    ASSERT_TRUE(test::is_linearizable_by_zones(history)) << round;
    ASSERT_EQ(check_register(history), Linearizability::kLinearizable) << round;
    for (int change = 0; change < 3; ++change) history = test::change_anything(history, random);
    const bool expected = test::is_linearizable_by_zones(history);
    violated += expected ? 0 : 1;
    ASSERT_EQ(check_register(history),
              expected ? Linearizability::kLinearizable : Linearizability::kViolated)
        << round;
  }
  EXPECT_GT(violated, 500);
  EXPECT_LT(violated, 2'500);
}

TEST(Linearizability, RefusesAllThatIsSpoilt) {
  for (const test::Spoiling how : test::kSpoilings) {
    RandomStream random(3, RandomPurpose::kTest, static_cast<uint64_t>(how));
    size_t spoilt = 0;
    for (int round = 0; round < 300; ++round) {
      const History history = test::draw_history(random, 10 + random.below(60));
      for (const History& one : test::spoil(history, how, 5, random)) {
        ++spoilt;
        ASSERT_EQ(check_register(one), Linearizability::kViolated)
            << "spoiling " << static_cast<int>(how) << ", round " << round;
      }
    }
    EXPECT_GT(spoilt, 1'000U) << static_cast<int>(how);
  }
}

}  // namespace
}  // namespace govchain::sim
