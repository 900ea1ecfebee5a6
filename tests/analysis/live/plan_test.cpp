// What a live run takes of a scenario, and what it refuses.

#include "analysis/live/plan.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace govchain::analysis::live {
namespace {

using consensus::Duration;

consensus::Result<LivePlan> plan_of(const std::vector<std::string>& changes) {
  scenarios::LoadOptions options;
  options.home = GOVCHAIN_SOURCE_DIR;
  options.overrides = changes;
  const auto scenario = scenarios::load_scenario(
      std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/live/pbft.json", options);
  EXPECT_TRUE(scenario.ok()) << scenario.error().where << scenario.error().message;
  return plan_live(*scenario);
}

TEST(LivePlan, HasNoDelaysWhereTheScenarioHasNone) {
  const auto plan = plan_of({});
  ASSERT_TRUE(plan.ok()) << plan.error().where << plan.error().message;
  EXPECT_EQ(plan->replicas, 4U);
  EXPECT_EQ(plan->departments, 5U);
  EXPECT_TRUE(plan->delays.empty());
  EXPECT_FALSE(plan->kills);
  EXPECT_FALSE(plan->cuts);
}

TEST(LivePlan, HasTheDelayBetweenThePlacesOfEachTwoReplicas) {
  const auto plan = plan_of({R"(/network={"places":[{"id":"a","local_delay_ms":1},{"id":"b"}],)"
                             R"("delay_ms":7})"});
  ASSERT_TRUE(plan.ok()) << plan.error().where << plan.error().message;
  // Replicas are dealt to the places in turn.
  EXPECT_EQ(plan->delays[0][1], Duration::milliseconds(7));
  EXPECT_EQ(plan->delays[1][0], Duration::milliseconds(7));
  EXPECT_EQ(plan->delays[0][2], Duration::milliseconds(1));
  EXPECT_EQ(plan->delays[1][3], Duration::zero());
}

TEST(LivePlan, OrdersTheStepsOfAllFaultsByTime) {
  const auto plan =
      plan_of({R"(/faults=[{"kind":"crash","at_seconds":3,"duration_seconds":4,"replicas":[1]},)"
               R"({"kind":"partition","at_seconds":4,"duration_seconds":1,"replicas":[0]}])"});
  ASSERT_TRUE(plan.ok()) << plan.error().where << plan.error().message;
  ASSERT_EQ(plan->steps.size(), 4U);
  EXPECT_EQ(plan->steps[0].kind, FaultStep::Kind::kKill);
  EXPECT_EQ(plan->steps[1].kind, FaultStep::Kind::kCut);
  EXPECT_EQ(plan->steps[2].kind, FaultStep::Kind::kHeal);
  EXPECT_EQ(plan->steps[3].kind, FaultStep::Kind::kStart);
  EXPECT_TRUE(plan->kills);
  EXPECT_TRUE(plan->cuts);
}

TEST(LivePlan, GivesSmallDisksToThoseWhoseDisksAreFilled) {
  const auto plan = plan_of(
      {R"(/faults=[{"kind":"disk_full","at_seconds":3,"duration_seconds":4,"replicas":[2]},)"
       R"({"kind":"disk_full","at_seconds":9,"duration_seconds":1,"replicas":[1,2]}])"});
  ASSERT_TRUE(plan.ok()) << plan.error().where << plan.error().message;
  ASSERT_EQ(plan->steps.size(), 4U);
  EXPECT_EQ(plan->steps[0].kind, FaultStep::Kind::kFill);
  EXPECT_EQ(plan->steps[1].kind, FaultStep::Kind::kEmpty);
  EXPECT_EQ(plan->small_disks, (std::vector<sim::ReplicaIndex>{1, 2}));
}

TEST(LivePlan, RefusesByThePlaceInTheScenario) {
  struct Case {
    std::string change;
    std::string pointer;
  };
  for (const Case& one : {
           Case{R"(/faults=[{"kind":"pause","at_seconds":1,"replicas":[1]},)"
                R"({"kind":"clock_drift","at_seconds":1,"replicas":[1],"drift":0.01}])",
                "/faults/1"},
           Case{R"(/faults=[{"kind":"loss","at_seconds":1,"probability":0.1}])", "/faults/0"},
           Case{R"(/faults=[{"kind":"slow_disk","at_seconds":1,"replicas":[0],"factor":3}])",
                "/faults/0"},
           Case{"/network/loss=0.1", "/network/loss"},
           Case{R"(/adversaries=[{"kind":"forger","replica":1}])", "/adversaries/0"},
           Case{R"(/requests=[{"kind":"read","at_seconds":1,"replica":1}])", "/requests/0"},
           Case{"/chains/0/weights=[1,1,1,2]", "/chains/0/weights"},
           Case{"/chains/0/engine/batch_delay_ms=0.5", "/chains/0/engine/batch_delay_ms"},
       }) {
    const auto plan = plan_of({one.change});
    ASSERT_FALSE(plan.ok()) << one.change;
    EXPECT_EQ(plan.error().code, consensus::ErrorCode::kUnsupported);
    EXPECT_TRUE(plan.error().where.ends_with(" " + one.pointer)) << plan.error().where;
  }
}

}  // namespace
}  // namespace govchain::analysis::live
