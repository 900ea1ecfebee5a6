// A load that is made while it is used: nothing is lost, memory is bounded.

#include "analysis/live/load_ahead.h"

#include <atomic>

#include <gtest/gtest.h>

namespace govchain::analysis::live {
namespace {

using consensus::Bytes;
using consensus::Duration;

constexpr size_t kBytesOfOne = 1'000;

std::optional<Offered> numbered(uint64_t number, uint64_t count) {
  if (number >= count) return std::nullopt;
  Offered offered;
  offered.record.due = Duration::milliseconds(static_cast<int64_t>(number));
  offered.bytes.assign(kBytesOfOne, 7);
  return offered;
}

// Takes all of it, and looks that it is in order and whole.
void expect_all(LoadAhead& load, uint64_t count) {
  std::deque<Offered> taken;
  while (load.take(taken, 3)) std::this_thread::yield();
  ASSERT_EQ(taken.size(), count);
  for (size_t i = 0; i < taken.size(); ++i) {
    ASSERT_EQ(taken[i].record.due, Duration::milliseconds(static_cast<int64_t>(i)));
    ASSERT_EQ(taken[i].bytes.size(), kBytesOfOne);
  }
}

TEST(LoadAhead, MakesEverythingBeforehandIfThereIsRoom) {
  std::atomic<uint64_t> made{0};
  LoadAhead load([&made] { return numbered(made++, 500); }, Bytes(1 << 20U));
  load.await_ready();
  EXPECT_EQ(made.load(), 501U);
  expect_all(load, 500);
}

TEST(LoadAhead, MakesNoMoreThanThereIsRoomForAndGoesOnAsItIsUsed) {
  constexpr uint64_t kRoom = 20;
  std::atomic<uint64_t> made{0};
  LoadAhead load([&made] { return numbered(made++, 500); }, Bytes(kRoom * kBytesOfOne));
  load.await_ready();
  EXPECT_LE(made.load(), kRoom + 1);  // one in hand
  expect_all(load, 500);
}

TEST(LoadAhead, EndsWhenNobodyWantsTheRest) {
  std::atomic<uint64_t> made{0};
  {
    LoadAhead load([&made] { return numbered(made++, UINT64_MAX); }, Bytes(20 * kBytesOfOne));
    load.await_ready();
  }
  EXPECT_LE(made.load(), 21U);
}

TEST(LoadAhead, OfNothingIsReadyAtOnce) {
  LoadAhead load([] { return std::optional<Offered>(); }, Bytes(1));
  load.await_ready();
  std::deque<Offered> taken;
  EXPECT_FALSE(load.take(taken, 1));
}

}  // namespace
}  // namespace govchain::analysis::live
