// How threads share a machine's cores, and what one of them does with its time.

#include "sim/host/run_queue.h"

#include <vector>

#include <gtest/gtest.h>

#include "sim/host/flushes.h"
#include "sim/host/worker.h"

namespace govchain::sim {
namespace {

constexpr Duration us(int64_t count) { return Duration::microseconds(count); }
TimePoint at(int64_t microseconds) { return TimePoint::since_start(us(microseconds)); }

class RunQueueTest : public testing::Test {
 protected:
  void start(uint32_t cores, int64_t beside_others = 1'024) {
    cpu_.emplace(cores, TimePoint{}, at(1'000'000));
    queue_.emplace(kernel_, *cpu_, 0,
                   WakeCosts{us(2), us(10), us(5), beside_others, us(7), rested_});
  }
  void run(TimePoint until) { kernel_.run_until(until, *this); }
  std::function<void()> note(int what) {
    return [this, what] { done_.emplace_back(what, kernel_.now()); };
  }

  std::vector<WakeCosts::Rested> rested_;
  Kernel kernel_;
  std::optional<Cpu> cpu_;
  std::optional<RunQueue> queue_;
  std::vector<std::pair<int, TimePoint>> done_;

 public:
  // For Kernel::run_until.
  void dispatch(uint32_t /*kind*/, uint32_t index) { queue_->on_event(index); }
  [[nodiscard]] static bool stopped() { return false; }
};

using Done = std::vector<std::pair<int, TimePoint>>;

TEST_F(RunQueueTest, WakesACoreThatSleeps) {
  start(1);
  Worker worker(*queue_, "worker", 64);
  worker.give(us(100), note(1));
  run(at(1'000));
  // 5 until it runs, 10 for the awakening, and the work.
  EXPECT_EQ(done_, (Done{{1, at(115)}}));
  EXPECT_EQ(cpu_->utilisation(), 110e-6);
}

TEST_F(RunQueueTest, WhoWaitedForADiskGoesOnWhenItHasACoreAgain) {
  start(1);
  Worker storage(*queue_, "worker", 64);
  Worker other(*queue_, "worker", 64);
  storage.give(us(10), [&] {
    note(1)();
    storage.wait();
  });
  run(at(30));
  storage.give(us(10), note(3));
  other.give(us(100), note(2));
  run(at(50));
  storage.resume(note(4));
  run(at(1'000));
  // The other one has the core until 145; then an awakening of 2, and what came meanwhile after it.
  EXPECT_EQ(done_, (Done{{1, at(25)}, {2, at(145)}, {4, at(147)}, {3, at(157)}}));
}

TEST_F(RunQueueTest, ACoreThatHasSleptLongerCostsMoreToWake) {
  rested_ = {{us(100), us(30)}, {us(1'000), us(50)}};
  start(1);
  Worker worker(*queue_, "worker", 64);
  worker.give(us(1), note(1));  // at once
  run(at(65));
  worker.give(us(1), note(2));  // asleep for 50 since 16
  run(at(1'000));
  worker.give(us(1), note(3));  // asleep for longer than was measured
  run(at(10'000));
  worker.give(us(1), note(4));
  run(at(20'000));
  ASSERT_EQ(done_.size(), 4U);
  EXPECT_EQ(done_[0], std::pair(1, at(16)));
  EXPECT_EQ(done_[1].second, at(65 + 5 + 19 + 1) + Duration::nanoseconds(800));
  EXPECT_EQ(done_[3].second, at(10'000 + 5 + 50 + 1));
}

TEST_F(RunQueueTest, AThreadPaysForTheCachesThatAnotherHasFilled) {
  start(1);
  Worker one(*queue_, "one", 64, 0, us(3));
  Worker other(*queue_, "other", 64);
  one.give(us(100), note(1));
  run(at(200));
  one.give(us(100), note(2));  // nobody was there meanwhile
  other.give(us(100), note(3));
  run(at(350));
  one.give(us(100), note(4));
  run(at(1'000));
  EXPECT_EQ(done_, (Done{{1, at(5 + 10 + 3 + 100)},
                         {2, at(200 + 5 + 10 + 100)},
                         {3, at(315 + 2 + 100)},
                         {4, at(417 + 2 + 3 + 100)}}));
}

TEST_F(RunQueueTest, ACoreThatTurnsToAnotherProcessPaysForIt) {
  start(1);
  Worker first(*queue_, "worker", 64, queue_->add_process());
  Worker sibling(*queue_, "worker", 64, 1);
  Worker stranger(*queue_, "worker", 64, queue_->add_process());
  first.give(us(100), note(1));
  run(at(50));
  sibling.give(us(10), note(2));
  stranger.give(us(10), note(3));
  run(at(1'000));
  // 2 for each awakening on a core that works, and 7 for the other process.
  EXPECT_EQ(done_, (Done{{1, at(115)}, {2, at(127)}, {3, at(146)}}));
}

TEST_F(RunQueueTest, AThreadThatWaitsForACoreDoesAtOnceWhatHasComeMeanwhile) {
  start(1);
  Worker first(*queue_, "worker", 64);
  Worker second(*queue_, "worker", 64);
  first.give(us(100), note(1));
  run(at(10));
  // Two of one party share what is paid once.
  second.give(us(3), note(2), us(20), 7);
  run(at(50));
  second.give(us(3), note(3), us(20), 7);
  run(at(1'000));
  const TimePoint both = at(115 + 2 + 20 + 3 + 3);
  EXPECT_EQ(done_, (Done{{1, at(115)}, {2, both}, {3, both}}));
}

TEST_F(RunQueueTest, WhoeverWorksForLongLetsOthersGoFirst) {
  start(1);
  Worker hog(*queue_, "worker", 1);
  Worker other(*queue_, "worker", 1);
  hog.give(us(2'000), note(1));
  run(at(100));
  other.give(us(10), note(2));
  run(at(10'000));
  // A slice of 700 from 5 on.
  EXPECT_EQ(done_, (Done{{2, at(5 + 700 + 2 + 10)}, {1, at(5 + 10 + 2'000 + 2 + 10)}}));
}

TEST_F(RunQueueTest, TakesTheOtherCoreIfThatIsIdle) {
  start(2);
  Worker first(*queue_, "worker", 1);
  Worker second(*queue_, "worker", 1);
  first.give(us(100), note(1));
  second.give(us(100), note(2));
  run(at(1'000));
  EXPECT_EQ(done_, (Done{{1, at(115)}, {2, at(115)}}));
}

TEST_F(RunQueueTest, WorkTakesLongerBesideOthers) {
  start(2, 1'536);
  Worker first(*queue_, "first", 1);
  Worker second(*queue_, "second", 1);
  first.give(us(100), note(1));
  second.give(us(100), note(2));
  run(at(1'000));
  EXPECT_EQ(done_, (Done{{1, at(115)}, {2, at(165)}}));
  EXPECT_NEAR(queue_->shares_by_role().at("second") / queue_->shares_by_role().at("first"),
              160.0 / 110, 1e-9);
}

TEST_F(RunQueueTest, NobodyIsTwiceOnACore) {
  start(2);
  Worker worker(*queue_, "worker", 1);
  worker.give(us(100), note(1));
  worker.give(us(100), note(2));
  run(at(1'000));
  EXPECT_EQ(done_, (Done{{1, at(115)}, {2, at(215)}}));
}

TEST_F(RunQueueTest, WhatStandsStillDoesNothingUntilItGoesOn) {
  start(1);
  Worker worker(*queue_, "worker", 1);
  worker.hold(true);
  worker.give(us(100), note(1));
  run(at(500));
  EXPECT_TRUE(done_.empty());
  worker.hold(false);
  run(at(1'000));
  EXPECT_EQ(done_, (Done{{1, at(615)}}));
}

TEST_F(RunQueueTest, WhoWaitsForTheDiskKeepsNoCore) {
  start(1);
  Worker waits(*queue_, "worker", 1);
  Worker other(*queue_, "worker", 1);
  waits.give(us(10), [&] { waits.wait(); });
  waits.give(us(10), note(1));
  other.give(us(50), note(2));
  run(at(1'000));
  EXPECT_EQ(done_.size(), 1U);
  waits.go_on();
  run(at(2'000));
  EXPECT_EQ(done_.back(), (std::pair{1, at(1'025)}));
  EXPECT_LT(cpu_->utilisation(), 200e-6);
}

TEST_F(RunQueueTest, WhatACrashForgetsNeverHappens) {
  start(1);
  Worker worker(*queue_, "worker", 64);
  worker.give(us(100), note(1));
  run(at(50));
  worker.give(us(100), note(2));
  worker.clear();
  run(at(1'000));
  EXPECT_TRUE(done_.empty());
}

TEST(RunQueue, SlicesGrowWithTheLogarithmOfTheCores) {
  EXPECT_EQ(RunQueue::slice(1), us(700));
  EXPECT_EQ(RunQueue::slice(2), us(1'400));
  EXPECT_EQ(RunQueue::slice(8), us(2'800));
  EXPECT_EQ(RunQueue::slice(64), us(2'800));
}

MeasuredTime always_taking(int64_t microseconds) {
  const Duration time = us(microseconds);
  return {time, time, time, time, time, time, time};
}

TEST(Flushes, TakeLongerAfterARestByStraightLines) {
  const FlushTimes times{{{Duration::zero(), always_taking(100)},
                          {us(1'000), always_taking(200)},
                          {us(3'000), always_taking(300)}}};
  EXPECT_EQ(times.at(Duration::zero(), 0.5), us(100));
  EXPECT_EQ(times.at(us(500), 0.5), us(150));
  EXPECT_EQ(times.at(us(1'000), 0.5), us(200));
  EXPECT_EQ(times.at(us(2'000), 0.5), us(250));
  EXPECT_EQ(times.at(us(50'000), 0.5), us(300));
  // Half of it for the data, and half for the flush, which comes at once.
  Flushes disk(RandomStream(1, RandomPurpose::kTest, 1), TimePoint{}, at(1'000'000));
  EXPECT_EQ(disk.write(at(3'000), times), at(3'150));
  EXPECT_EQ(disk.sync(at(3'150), times), at(3'200));
  // Half a millisecond later.
  EXPECT_EQ(disk.write(at(3'700), times), at(3'775));
}

TEST(Flushes, WhoAsksWhileOneIsUnderWaySharesTheNext) {
  const FlushTimes always{{{Duration::zero(), always_taking(200)}}};
  Flushes disk(RandomStream(1, RandomPurpose::kTest, 1), TimePoint{}, at(1'000'000));
  EXPECT_EQ(disk.sync(at(0), always), at(100));
  EXPECT_EQ(disk.sync(at(10), always), at(200));
  EXPECT_EQ(disk.sync(at(90), always), at(200));
  EXPECT_EQ(disk.sync(at(150), always), at(300));
  EXPECT_EQ(disk.sync(at(1'000), always), at(1'100));
  // Data of others need not wait.
  EXPECT_EQ(disk.write(at(1'010), always), at(1'110));
  // Four flushes for five who asked.
  EXPECT_NEAR(disk.utilisation(), 400e-6, 1e-12);
}

TEST(MeasuredTime, DrawsStraightLinesBetweenWhatIsKnown) {
  const MeasuredTime time{us(10), us(20), us(40), us(60), us(100), us(200), us(400)};
  EXPECT_EQ(time.at(0), us(10));
  EXPECT_EQ(time.at(0.125), us(15));
  EXPECT_EQ(time.at(0.5), us(40));
  EXPECT_EQ(time.at(0.945), us(150));
  EXPECT_EQ(time.at(1), us(400));
}

}  // namespace
}  // namespace govchain::sim
