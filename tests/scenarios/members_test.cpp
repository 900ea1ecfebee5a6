// Who votes in a chain of a scenario, and with what.

#include <gtest/gtest.h>

#include "tests/scenarios/load_text.h"

namespace govchain::scenarios {
namespace {

sim::WorldSpec world_of(const std::string& members, const std::string& load) {
  const auto scenario = load_text(R"({
  "id": "small",
  "kind": "consensus",
  "summary": "a small world",
  "duration_seconds": 5,
  "network": { "places": [ { "id": "room", "local_delay_ms": 1 } ] },
  "chains": [ { "id": "main", "protocol": "raft", )" +
                                  members + R"(, "load": { "rate_per_second": 12, )" + load +
                                  R"( } } ]
})");
  EXPECT_TRUE(scenario.ok()) << scenario.error().message;
  return scenario.ok() ? scenario->world : sim::WorldSpec{};
}

std::vector<sim::ReplicaIndex> ingress_of(const sim::WorldSpec& world) {
  std::vector<sim::ReplicaIndex> out;
  for (const sim::LoadSpec& load : world.loads) out.push_back(load.ingress);
  return out;
}

TEST(Members, OfRaftMayBeWitnessesWhichTakeNoTransactions) {
  const sim::WorldSpec world =
      world_of(R"("replicas": 5, "witnesses": [ 4, 0 ])", R"("ingress": "every_replica")");
  ASSERT_EQ(world.chains.size(), 1U);
  EXPECT_EQ(world.chains[0].witnesses, (std::vector<sim::ReplicaIndex>{0, 4}));
  EXPECT_EQ(ingress_of(world), (std::vector<sim::ReplicaIndex>{1, 2, 3}));
  for (const sim::LoadSpec& load : world.loads) EXPECT_EQ(load.rate[0].per_second, 4);
}

TEST(Members, FirstReplicaIsTheFirstThatIsNoWitness) {
  EXPECT_EQ(
      ingress_of(world_of(R"("replicas": 3, "witnesses": [ 0 ])", R"("ingress": "first_replica")")),
      (std::vector<sim::ReplicaIndex>{1}));
}

TEST(Members, MayWeighMoreThanOneAndWitnessesUpToHalfOfAll) {
  const sim::WorldSpec world = world_of(
      R"("replicas": 3, "weights": [ 2, 1, 3 ], "witnesses": [ 2 ])", R"("arrivals": "uniform")");
  ASSERT_EQ(world.chains.size(), 1U);
  EXPECT_EQ(world.chains[0].weights, (std::vector<uint64_t>{2, 1, 3}));
  EXPECT_EQ(world.chains[0].witnesses, (std::vector<sim::ReplicaIndex>{2}));
}

TEST(Members, ThatTakeTransactionsAreAskedAgainInTurn) {
  const sim::WorldSpec world =
      world_of(R"("replicas": 5, "witnesses": [ 4, 0 ])", R"("ask_again_after_ms": 250)");
  ASSERT_EQ(world.loads.size(), 3U);
  const std::vector<std::vector<sim::ReplicaIndex>> turns = {{2, 3, 1}, {3, 1, 2}, {1, 2, 3}};
  for (size_t i = 0; i < world.loads.size(); ++i) {
    ASSERT_TRUE(world.loads[i].retry.has_value());
    EXPECT_EQ(world.loads[i].retry->after, consensus::Duration::milliseconds(250));
    EXPECT_EQ(world.loads[i].retry->at, turns[i]);
    EXPECT_EQ(world.loads[i].retry->missed, 0);
  }
  for (const sim::LoadSpec& load :
       world_of(R"("replicas": 3)", R"("ingress": "every_replica")").loads) {
    EXPECT_FALSE(load.retry.has_value());
  }
}

TEST(Members, AreAskedAgainByClientsAndNotByCohorts) {
  const auto scenario = load_text(R"({
  "id": "small",
  "kind": "consensus",
  "summary": "a small world",
  "duration_seconds": 5,
  "load_mode": "cohort",
  "network": { "places": [ { "id": "room", "local_delay_ms": 1 } ] },
  "chains": [ { "id": "main", "protocol": "pbft", "replicas": 4,
                "load": { "rate_per_second": 12, "ask_again_after_ms": 100 } } ]
})");
  ASSERT_FALSE(scenario.ok());
  EXPECT_NE(scenario.error().message.find("load_mode exact only"), std::string::npos)
      << scenario.error().message;
}

}  // namespace
}  // namespace govchain::scenarios
