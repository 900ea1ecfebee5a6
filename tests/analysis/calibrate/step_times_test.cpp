// Where the time of short steps goes.

#include "analysis/calibrate/step_times.h"

#include <gtest/gtest.h>

#include "analysis/calibrate/engine_ring.h"
#include "consensus/protocols.h"
#include "tests/analysis/calibrate/fake_clocks.h"

namespace govchain::analysis {
namespace {

using consensus::Duration;
using testing::FakeClocks;

constexpr size_t kPrepare = 2;
constexpr size_t kCommit = 3;

void step(StepTimes& times, FakeClocks& clocks, size_t label, int64_t nanoseconds) {
  times.begin_step();
  clocks.work(Duration::nanoseconds(nanoseconds));
  times.end_step(label);
}

TEST(StepTimes, GoToWhatTheStepWasGiven) {
  FakeClocks clocks;
  StepTimes times(clocks);
  times.begin_piece();
  step(times, clocks, kPrepare, 500);
  step(times, clocks, kCommit, 2'000);
  step(times, clocks, kPrepare, 700);
  EXPECT_TRUE(times.end_piece());
  EXPECT_EQ(times.sum(kPrepare).time, Duration::nanoseconds(1'200));
  EXPECT_EQ(times.sum(kPrepare).steps, 2U);
  EXPECT_EQ(times.sum(kCommit).time, Duration::nanoseconds(2'000));
  EXPECT_EQ(times.sum(kCommit + 1).steps, 0U);
}

TEST(StepTimes, AreWithoutTheCostOfReadingTheClock) {
  FakeClocks clocks;
  clocks.set_cost_of_reading(Duration::nanoseconds(90));
  StepTimes times(clocks);
  EXPECT_EQ(times.clock_cost(), Duration::nanoseconds(90));
  times.begin_piece();
  for (int i = 0; i < 10; ++i) step(times, clocks, kPrepare, 500);
  EXPECT_TRUE(times.end_piece());
  EXPECT_EQ(times.sum(kPrepare).time, Duration::nanoseconds(5'000));
}

// What is left of a step that is shorter than the clock's cost varies around zero.
TEST(StepTimes, AreNeverLessThanANanosecond) {
  FakeClocks clocks;
  clocks.set_cost_of_reading(Duration::nanoseconds(90));
  StepTimes times(clocks);
  clocks.set_cost_of_reading(Duration::nanoseconds(80));
  times.begin_piece();
  for (int i = 0; i < 10; ++i) step(times, clocks, kPrepare, 5);
  EXPECT_TRUE(times.end_piece());
  EXPECT_EQ(times.sum(kPrepare).time, Duration::nanoseconds(10));
}

TEST(StepTimes, OfAPieceInWhichSomebodyElseRanDoNotCount) {
  FakeClocks clocks;
  StepTimes times(clocks);
  times.begin_piece();
  step(times, clocks, kPrepare, 500);
  EXPECT_TRUE(times.end_piece());
  times.begin_piece();
  times.begin_step();
  clocks.work(Duration::nanoseconds(500));
  clocks.wait(Duration::milliseconds(3));  // the scheduler's slice of another program
  times.end_step(kPrepare);
  EXPECT_FALSE(times.end_piece());
  EXPECT_EQ(times.sum(kPrepare).time, Duration::nanoseconds(500));
  EXPECT_EQ(times.pieces(), 1U);
  EXPECT_EQ(times.refused_pieces(), 1U);
}

// Every protocol decides with it, and each step has one cause.
TEST(EngineRing, DecidesUnderEveryProtocolAndNamesWhatEachStepWasGiven) {
  for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
    EngineRing ring(RingShape{protocol, 4, 3});
    FakeClocks clocks;
    StepTimes times(clocks);
    ASSERT_TRUE(ring.run(70, &times)) << protocol->name;
    EXPECT_GE(ring.committed(), 70U);
    uint64_t messages = 0;
    for (size_t label = 0; label < StepTimes::kLabels; ++label) {
      if (ring.steps(label) == 0) continue;
      EXPECT_NE(ring.name_of(label).second, "unknown") << protocol->name << " " << label;
      if (EngineRing::is_message(label)) messages += ring.steps(label);
    }
    EXPECT_EQ(messages, ring.delivered()) << protocol->name;
    EXPECT_GE(ring.messages().size(), 3U) << protocol->name;
  }
}

// With company, some steps begin with others' caches, and are told apart.
TEST(StepTimes, FirstsOfATurnAreNotAmongTheUsual) {
  FakeClocks clocks;
  Company company;
  StepTimes times(clocks, &company, 4);
  times.begin_piece();
  for (int i = 1; i <= 20; ++i) step(times, clocks, 7, i % 4 == 0 ? 900 : 100);
  ASSERT_TRUE(times.end_piece());
  EXPECT_EQ(times.sum(7).steps, 15U);
  EXPECT_EQ(times.sum(7).time, consensus::Duration::nanoseconds(1'500));
  EXPECT_EQ(times.first(7).steps, 5U);
  EXPECT_EQ(times.first(7).time, consensus::Duration::nanoseconds(4'500));
}

TEST(Company, SweepsAsOftenAsItIsAsked) {
  Company company;
  ASSERT_FALSE(usable_cores().empty());
  for (int i = 0; i < 20; ++i) {
    company.sweep_here();
    company.sweep_everywhere();
  }
}

}  // namespace
}  // namespace govchain::analysis
