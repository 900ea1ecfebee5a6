#include "consensus/pool.h"

#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/block.h"
#include "consensus/message.h"
#include "tests/consensus/allocation_counter.h"

namespace govchain::consensus {
namespace {

struct Probe : Counted {
  static inline int recycled = 0;
  int value = 0;
  std::vector<int> content;
  void recycle() {
    ++recycled;
    value = 0;
    content.clear();
  }
};

TEST(Pool, RecyclesAnObjectWhenItsLastReferenceGoes) {
  Probe::recycled = 0;
  Ref<Probe> maker = Ref<Probe>::make();
  maker->value = 7;
  const Probe* object = maker.get();
  Ref<const Probe> shared = std::move(maker);
  Ref<const Probe> copy = shared;
  EXPECT_EQ(copy->value, 7);
  shared.reset();
  EXPECT_EQ(Probe::recycled, 0);
  copy.reset();
  EXPECT_EQ(Probe::recycled, 1);
  const Ref<Probe> again = Ref<Probe>::make();
  EXPECT_EQ(again.get(), object) << "the freed object is the next to be handed out";
  EXPECT_EQ(again->value, 0);
}

TEST(Pool, KeepsTheCapacityOfRecycledObjects) {
  const auto fill = [] {
    Ref<Probe> probe = Ref<Probe>::make();
    for (int i = 0; i < 100; ++i) probe->content.push_back(i);
  };
  fill();
  const testing::AllocationCounter counter;
  fill();
  EXPECT_EQ(counter.count(), 0U);
}

TEST(Ref, SurvivesAssignmentToItselfAndOfItsOwnCopy) {
  Ref<Probe> probe = Ref<Probe>::make();
  probe->value = 5;
  Ref<Probe>& alias = probe;
  probe = alias;
  EXPECT_EQ(probe->value, 5);
  const Ref<Probe> copy = probe;
  probe = copy;
  EXPECT_EQ(probe->value, 5);
  probe = std::move(alias);
  EXPECT_EQ(probe->value, 5);
}

TEST(Ref, ComparesByObject) {
  const Ref<Probe> first = Ref<Probe>::make();
  const Ref<Probe> second = Ref<Probe>::make();
  EXPECT_FALSE(first == second);
  EXPECT_TRUE(first == Ref<Probe>(first));
  EXPECT_FALSE(Ref<Probe>());
}

TEST(Pool, FreesWhatExceedsItsBound) {
  {
    std::vector<Ref<Message>> burst;
    for (size_t i = 0; i < Pool<Message>::kKept + 100; ++i) burst.push_back(Ref<Message>::make());
  }
  // All but the bound are gone: exactly that many come without allocation, the next one does not.
  std::vector<Ref<Message>> again;
  again.reserve(Pool<Message>::kKept + 1);
  const testing::AllocationCounter counter;
  for (size_t i = 0; i < Pool<Message>::kKept; ++i) again.push_back(Ref<Message>::make());
  EXPECT_EQ(counter.count(), 0U);
  again.push_back(Ref<Message>::make());
  EXPECT_EQ(counter.count(), 1U);
}

TEST(Pool, LetsAnotherThreadReleaseTheLastReference) {
  constexpr int kRounds = 2'000;
  for (int round = 0; round < 3; ++round) {
    std::vector<Ref<const Message>> messages;
    for (int i = 0; i < kRounds; ++i) {
      Ref<Message> message = Ref<Message>::make();
      message->height = Height(static_cast<uint64_t>(i));
      messages.push_back(std::move(message));
    }
    std::array<std::thread, 4> threads;
    for (std::thread& thread : threads) {
      thread = std::thread([copy = messages] {
        uint64_t sum = 0;
        for (const Ref<const Message>& message : copy) sum += message->height.value();
        EXPECT_EQ(sum, uint64_t{kRounds} * (kRounds - 1) / 2);
      });
    }
    messages.clear();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(Pool, BlocksDropTheirPayloadsWhenRecycled) {
  PayloadRef payload = Ref<Payload>::make();
  const Payload* object = payload.get();
  {
    Ref<Block> block = Ref<Block>::make();
    block->payloads.push_back(payload);
    payload.reset();
  }
  EXPECT_EQ(Ref<Payload>::make().get(), object);
}

}  // namespace
}  // namespace govchain::consensus
