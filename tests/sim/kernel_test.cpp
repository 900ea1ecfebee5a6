#include "sim/kernel.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "sim/event_queue.h"
#include "sim/inbox.h"
#include "sim/network/arrival_sort.h"
#include "sim/random.h"
#include "sim/replica_clock.h"

namespace govchain::sim {
namespace {

TimePoint at(int64_t nanoseconds) {
  return TimePoint::since_start(Duration::nanoseconds(nanoseconds));
}

// Records what it is told and does what a script says.
struct Recorder {
  explicit Recorder(Kernel& k) : kernel(k) {}
  void dispatch(uint32_t kind, uint32_t index) {
    seen.emplace_back(kernel.now().nanoseconds(), kind, index);
    if (react) react(kind, index);
  }
  [[nodiscard]] bool stopped() const { return stop; }
  Kernel& kernel;
  std::function<void(uint32_t, uint32_t)> react;
  std::vector<std::tuple<int64_t, uint32_t, uint32_t>> seen;
  bool stop = false;
};

// Densities from many events per nanosecond to far apart, so that every part of the queue and every
// change of its bucket width is passed through.
TEST(EventQueue, AgreesWithASortedModelOverRandomHistories) {
  using Key = std::pair<int64_t, uint64_t>;
  for (const uint64_t spread : {3ULL, 50ULL, 3'000ULL, 1'000'000ULL, 50'000'000'000ULL}) {
    RandomStream random(7, RandomPurpose::kTest, spread);
    std::priority_queue<Key, std::vector<Key>, std::greater<>> model;
    EventQueue queue;
    uint64_t sequence = 0;
    int64_t now = 0;
    for (int i = 0; i < 60'000; ++i) {
      // Grows for a while, then shrinks.
      const bool grow = random.below(100) < (i / 10'000 % 2 == 0 ? 60U : 45U);
      if (grow || model.empty()) {
        const uint64_t far = random.below(20) == 0 ? 1'000U : 1U;
        const Event event{now + static_cast<int64_t>(random.below(spread) * far), ++sequence, 0, 0};
        queue.push(event);
        model.emplace(event.time, event.sequence);
      } else {
        now = queue.top().time;
        queue.pop();
        model.pop();
      }
      ASSERT_EQ(queue.size(), model.size());
      if (!model.empty()) {
        ASSERT_EQ(queue.top().time, model.top().first) << spread << " " << i;
        ASSERT_EQ(queue.top().sequence, model.top().second);
      }
    }
  }
}

TEST(ArrivalSorter, SortsWhateverTheShape) {
  RandomStream random(8, RandomPurpose::kTest, 0);
  ArrivalSorter sorter;
  for (int i = 0; i < 2'000; ++i) {
    std::vector<uint64_t> values(random.below(300));
    const uint64_t spread = uint64_t{1} << random.below(60);
    for (uint64_t& value : values) {
      value = random.below(spread) * (random.below(10) == 0 ? 1'000 : 1);
    }
    std::vector<uint64_t> expected = values;
    std::sort(expected.begin(), expected.end());
    sorter.sort(values);
    ASSERT_EQ(values, expected);
  }
}

TEST(Kernel, EqualTimesComeFirstInFirstOut) {
  Kernel kernel;
  Recorder recorder(kernel);
  for (uint32_t i = 0; i < 500; ++i) kernel.schedule(at(i % 3), 0, i);
  kernel.run_until(at(10), recorder);
  ASSERT_EQ(recorder.seen.size(), 500U);
  for (size_t i = 1; i < recorder.seen.size(); ++i) {
    const auto [time, kind, index] = recorder.seen[i];
    const auto [time_before, kind_before, index_before] = recorder.seen[i - 1];
    EXPECT_TRUE(time > time_before || (time == time_before && index > index_before));
  }
}

TEST(Kernel, WhatAnEventSchedulesForNowRunsAfterWhatWaitedAlready) {
  Kernel kernel;
  Recorder recorder(kernel);
  recorder.react = [&](uint32_t kind, uint32_t index) {
    if (kind == 0 && index == 0) {
      kernel.schedule(kernel.now(), 1, 0);
      kernel.schedule(kernel.now(), 1, 1);
    }
  };
  kernel.schedule(at(5), 0, 0);
  kernel.schedule(at(5), 0, 1);
  kernel.run_until(at(5), recorder);
  const std::vector<std::tuple<int64_t, uint32_t, uint32_t>> expected = {
      {5, 0, 0}, {5, 0, 1}, {5, 1, 0}, {5, 1, 1}};
  EXPECT_EQ(recorder.seen, expected);
}

TEST(Kernel, ARearmedSeriesKeepsThePlaceOfItsBeginning) {
  // Series A was reserved before B, so at every common time A comes first, although its events are
  // inserted one by one.
  Kernel kernel;
  Recorder recorder(kernel);
  const uint64_t a = kernel.reserve_sequence();
  const uint64_t b = kernel.reserve_sequence();
  kernel.schedule_reserved(at(1), b, 1, 0);
  kernel.schedule_reserved(at(1), a, 0, 0);
  recorder.react = [&](uint32_t kind, uint32_t index) {
    if (index < 9) {
      kernel.schedule_reserved(kernel.now() + Duration::nanoseconds(1), kind == 0 ? a : b, kind,
                               index + 1);
    }
  };
  kernel.run_until(at(100), recorder);
  ASSERT_EQ(recorder.seen.size(), 20U);
  for (size_t i = 0; i < 20; i += 2) {
    EXPECT_EQ(std::get<1>(recorder.seen[i]), 0U);
    EXPECT_EQ(std::get<1>(recorder.seen[i + 1]), 1U);
  }
}

TEST(Kernel, RandomHistoriesRunInTheOrderOfTimeAndSequence) {
  Kernel kernel;
  Recorder recorder(kernel);
  RandomStream random(3, RandomPurpose::kTest, 2);
  uint32_t made = 0;
  recorder.react = [&](uint32_t, uint32_t) {
    for (uint64_t i = random.below(3); i > 0 && made < 5'000; --i) {
      const auto later = static_cast<int64_t>(random.below(20));
      kernel.schedule(kernel.now() + Duration::nanoseconds(later), 0, made++);
    }
  };
  for (int i = 0; i < 100; ++i) kernel.schedule(at(0), 0, made++);
  kernel.run_until(at(1'000'000), recorder);
  EXPECT_EQ(recorder.seen.size(), made);
  EXPECT_TRUE(
      std::is_sorted(recorder.seen.begin(), recorder.seen.end(), [](const auto& x, const auto& y) {
        return std::get<0>(x) < std::get<0>(y) ||
               (std::get<0>(x) == std::get<0>(y) && std::get<2>(x) < std::get<2>(y));
      }));
  EXPECT_EQ(kernel.now(), at(1'000'000));
}

TEST(Kernel, StopsWhenAsked) {
  Kernel kernel;
  Recorder recorder(kernel);
  recorder.react = [&](uint32_t, uint32_t index) { recorder.stop = index == 2; };
  for (uint32_t i = 0; i < 5; ++i) kernel.schedule(at(i), 0, i);
  kernel.run_until(at(10), recorder);
  EXPECT_EQ(recorder.seen.size(), 3U);
}

TEST(TimedRing, GivesThingsInOrderOfTimeAndThenOfArrival) {
  struct Item {
    TimePoint at;
    uint64_t number = 0;
  };
  TimedRing<Item> ring;
  RandomStream random(5, RandomPurpose::kTest, 3);
  std::vector<std::pair<int64_t, uint64_t>> model;
  uint64_t number = 0;
  for (int i = 0; i < 5'000; ++i) {
    if (random.below(5) < 3) {
      const auto time = static_cast<int64_t>(random.below(30)) + i / 10;
      ring.insert(Item{at(time), number});
      model.emplace_back(time, number++);
      std::stable_sort(model.begin(), model.end());
    } else if (!model.empty()) {
      EXPECT_EQ(ring.front().number, model.front().second);
      ring.pop();
      model.erase(model.begin());
    }
    ASSERT_EQ(ring.size(), model.size());
  }
}

TEST(ReplicaClock, IsTheInverseOfItselfUnderAnyDriftAndNeverSteps) {
  ReplicaClock clock;
  TimePoint global = at(0);
  TimePoint before = clock.local(global);
  for (const int64_t drift : {0L, 10'000'000L, -10'000'000L, 999L, -500'000'000L}) {
    clock.set_drift(global, drift);
    EXPECT_EQ(clock.local(global), before) << "a change of rate is not a step";
    for (int64_t ahead = 0; ahead < 3'000'000'000; ahead += 123'456'789) {
      const TimePoint deadline = before + Duration::nanoseconds(ahead);
      const TimePoint due = clock.global(deadline, global);
      EXPECT_GE(clock.local(due), deadline);
      if (due > global) {
        EXPECT_LT(clock.local(due - Duration::nanoseconds(1)), deadline);
      }
    }
    global += Duration::seconds(3);
    before = clock.local(global);
  }
}

}  // namespace
}  // namespace govchain::sim
