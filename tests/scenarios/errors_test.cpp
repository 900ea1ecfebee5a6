// What a person sees when a scenario is wrong. The texts are golden: a change of wording is
// deliberate.

#include <gtest/gtest.h>

#include "scenarios/diagnostic.h"
#include "tests/scenarios/load_text.h"

namespace govchain::scenarios {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

const char* const kSmall = R"({
  "id": "small",
  "kind": "consensus",
  "summary": "a small world",
  "duration_seconds": 10,
  "network": { "places": [ { "id": "room", "local_delay_ms": 1 } ] },
  "chains": [
    {
      "id": "main",
      "protocol": "pbft",
      "replicas": 4,
      "load": { "rate_per_second": 10 }
    }
  ]
}
)";

std::string error_of(const std::string& text, LoadOptions options = {}) {
  const auto scenario = load_text(text, std::move(options));
  return scenario ? "no error" : scenario.error().message;
}

TEST(ScenarioErrors, SmallScenarioItselfIsValid) { EXPECT_EQ(error_of(kSmall), "no error"); }

TEST(ScenarioErrors, AMistypedKeyIsShownWithTheNearestOne) {
  EXPECT_EQ(error_of(replaced(kSmall, "protocol", "protocl")),
            R"(my.json:10:7  /chains/0/protocl  unknown key
   9 |       "id": "main",
  10 |       "protocl": "pbft",
     |       ^^^^^^^^^ did you mean "protocol"?
Allowed here: application, basis, departments, engine, hash, hotstuff, id, load,
  machine, note, one_machine, places, pool, protocol, qbft, raft, replicas,
  signatures, source, tendermint, weights, witnesses (govchain scenario schema))");
}

TEST(ScenarioErrors, AMistypedValueIsShownWithTheNearestOne) {
  EXPECT_EQ(error_of(replaced(kSmall, "\"pbft\"", "\"pbtf\"")),
            R"(my.json:10:19  /chains/0/protocol  unknown value "pbtf"
   9 |       "id": "main",
  10 |       "protocol": "pbtf",
     |                   ^^^^^^ did you mean "pbft"?
Allowed here: pbft, raft, tendermint, qbft, hotstuff (govchain scenario schema))");
}

TEST(ScenarioErrors, ANegativeCountNamesItsBound) {
  EXPECT_EQ(error_of(replaced(kSmall, "\"replicas\": 4", "\"replicas\": -4")),
            R"(my.json:11:19  /chains/0/replicas  -4 is below the least value, 1
  10 |       "protocol": "pbft",
  11 |       "replicas": -4,
     |                   ^^ number of replicas)");
}

TEST(ScenarioErrors, AWrongTypeSaysWhatWasExpected) {
  EXPECT_EQ(error_of(replaced(kSmall, "\"replicas\": 4", "\"replicas\": \"four\"")),
            R"(my.json:11:19  /chains/0/replicas  expected an integer, found the string "four"
  10 |       "protocol": "pbft",
  11 |       "replicas": "four",
     |                   ^^^^^^ number of replicas)");
}

TEST(ScenarioErrors, AMissingKeyIsNamed) {
  EXPECT_EQ(error_of(replaced(kSmall, "  \"duration_seconds\": 10,\n", "")),
            R"(my.json:1:1  the key "duration_seconds" is missing
   1 | {
     | ^ simulated time)");
}

TEST(ScenarioErrors, AKeyTwiceIsAnError) {
  EXPECT_EQ(error_of(replaced(kSmall, "\"replicas\": 4", "\"replicas\": 4, \"replicas\": 7")),
            R"(my.json:11:22  /chains/0/replicas  this key is there twice in the same object
  10 |       "protocol": "pbft",
  11 |       "replicas": 4, "replicas": 7,
     |                      ^^^^^^^^^^)");
}

TEST(ScenarioErrors, AnOptionIsNamedAsTheUserTypedIt) {
  LoadOptions options;
  options.overrides = {"/chains/0/replicas=many"};
  EXPECT_EQ(error_of(kSmall, options),
            "--set /chains/0/replicas=many  /chains/0/replicas  expected an integer, found the "
            "string \"many\"\n  number of replicas");
  options.overrides = {"/chains/0/replcas=7"};
  EXPECT_EQ(error_of(kSmall, options).substr(0, 74),
            "--set /chains/0/replcas=7  /chains/0/replcas  unknown key\n  did you mean \"");
  options.overrides = {"/chains/3/replicas=7"};
  EXPECT_EQ(error_of(kSmall, options),
            "--set /chains/3/replicas=7  /chains/3/replicas  no element 3; this list has 1");
  options.overrides = {"/chains/0/replicas"};
  EXPECT_EQ(error_of(kSmall, options), "expected POINTER=VALUE, like /chains/0/replicas=7");
}

TEST(ScenarioErrors, AFaultAfterTheEndIsAnError) {
  const std::string text =
      replaced(kSmall, "\"chains\"",
               "\"faults\": [ { \"kind\": \"crash\", \"at_seconds\": 11, \"replicas\": [ 0 ] } ],\n"
               "  \"chains\"");
  EXPECT_EQ(error_of(text).substr(0, error_of(text).find('\n')),
            "my.json:7:48  /faults/0/at_seconds  after the end of the run, which lasts 10 s");
}

struct Case {
  const char* what;
  const char* with;
  const char* expected;  // in the first line
};

class SemanticErrors : public testing::TestWithParam<Case> {};

TEST_P(SemanticErrors, AreFoundAndPlaced) {
  const std::string error = error_of(replaced(kSmall, GetParam().what, GetParam().with));
  const std::string first = error.substr(0, error.find('\n'));
  EXPECT_TRUE(first.starts_with("my.json:")) << error;
  EXPECT_NE(first.find(GetParam().expected), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    All, SemanticErrors,
    testing::Values(
        Case{"\"duration_seconds\": 10", "\"duration_seconds\": 10, \"warmup_seconds\": 10",
             "nothing is left to measure"},
        Case{"{ \"id\": \"room\", \"local_delay_ms\": 1 }",
             "{ \"id\": \"room\" }, { \"id\": \"room\" }", "a second place with this id"},
        Case{"{ \"id\": \"room\", \"local_delay_ms\": 1 }", "{ \"id\": \"a\" }, { \"id\": \"b\" }",
             "delay_ms is missing"},
        Case{"\"replicas\": 4", "\"replicas\": 4, \"places\": [ \"rom\" ]", "no place \"rom\""},
        Case{"\"replicas\": 4", "\"replicas\": 4, \"pool\": \"x\"", "no pool \"x\""},
        Case{"\"replicas\": 4", "\"replicas\": 4, \"weights\": [ 1 ]", "1 weights for 4 replicas"},
        Case{"\"replicas\": 4", "\"replicas\": 4, \"weights\": [ 0, 0, 0, 0 ]", "nobody votes"},
        Case{"\"replicas\": 4", "\"replicas\": 4, \"witnesses\": [ 3 ]", "only raft has witnesses"},
        Case{R"("protocol": "pbft")", R"("protocol": "raft", "witnesses": [ 4 ])",
             "no replica 4; the chain has 4"},
        Case{R"("protocol": "pbft")", R"("protocol": "raft", "witnesses": [ 3, 0, 3 ])",
             "replica 3 is there twice"},
        Case{R"("protocol": "pbft")", R"("protocol": "raft", "witnesses": [ 1, 2, 3 ])",
             "they carry 3 of 4 votes, and at most 2 are allowed"},
        Case{R"("protocol": "pbft")",
             R"("protocol": "raft", "weights": [ 1, 1, 1, 0 ], "witnesses": [ 3 ])",
             "replica 3 has no vote to give"},
        Case{"\"pbft\",\n      \"replicas\": 4,\n      \"load\": { ",
             "\"raft\", \"replicas\": 4, \"witnesses\": [ 1 ],\n"
             "      \"load\": { \"ingress\": [ 0, 1 ], ",
             "replica 1 is a witness, which takes none"},
        Case{"\"rate_per_second\": 10", "\"rate_per_second\": 10, \"ingress\": [ 4 ]",
             "no replica 4; the chain has 4"},
        Case{"\"rate_per_second\": 10", "\"payload_bytes\": 10",
             "the key \"rate_per_second\" is missing"},
        Case{"\"rate_per_second\": 10", "\"rate_per_second\": 10, \"clients\": 5",
             "has no effect: clients that wait ask when they have their answers"},
        Case{"\"rate_per_second\": 10", "\"rate_per_second\": 10000000",
             "1e+08 transactions in this run"},
        Case{"\"rate_per_second\": 10",
             "\"rate_per_second\": 10, \"steps\": [ { \"from_seconds\": 20, \"per_second\": 1 } ]",
             "after the end of the run"},
        Case{"\"rate_per_second\": 10",
             "\"rate_per_second\": 10, \"mix\": [ { \"service\": \"x\", \"share\": 0.5 } ]",
             "the shares add up to 0.5"},
        Case{"\"chains\"",
             "\"pools\": [ { \"id\": \"p\", \"hosts_per_place\": 2 } ],\n  \"chains\"",
             "no chain uses this pool"},
        Case{"\"chains\"", "\"machine\": { \"profile\": \"server-9\" },\n  \"chains\"",
             "no machine profile \"server-9\""},
        Case{"\"chains\"",
             "\"faults\": [ { \"kind\": \"loss\", \"at_seconds\": 1, \"probability\": 0 } ],\n"
             "  \"chains\"",
             "a fault without effect"},
        Case{"\"chains\"",
             "\"faults\": [ { \"kind\": \"crash\", \"at_seconds\": 1, \"replicas\": [ 9 ] } ],\n"
             "  \"chains\"",
             "no replica 9; chain main has 4"},
        Case{"\"chains\"",
             "\"faults\": [ { \"kind\": \"crash\", \"at_seconds\": 1 } ],\n  \"chains\"",
             "replicas is missing for a fault of kind crash"},
        Case{"\"chains\"",
             "\"faults\": [ { \"kind\": \"loss\", \"at_seconds\": 1, \"probability\": 0.1, "
             "\"place\": \"room\" } ],\n  \"chains\"",
             "has no effect on a fault of kind loss"},
        Case{"\"chains\"",
             "\"faults\": [ { \"kind\": \"place_loss\", \"at_seconds\": 1, \"place\": \"room\", "
             "\"chain\": \"main\" } ],\n  \"chains\"",
             "has no effect: a fault of kind place_loss strikes every chain there"},
        Case{"\"rate_per_second\": 10",
             "\"rate_per_second\": 10, \"until_seconds\": 3, "
             "\"steps\": [ { \"from_seconds\": 4, \"per_second\": 1 } ]",
             "has no effect: the load ends at until_seconds, 3 s"},
        Case{"{ \"id\": \"room\", \"local_delay_ms\": 1 } ]",
             "{ \"id\": \"a\" }, { \"id\": \"b\" }, { \"id\": \"c\" } ], "
             "\"delays\": [ { \"between\": [ \"a\", \"b\" ], \"ms\": 3 } ]",
             "nothing says how far a is from c"},
        Case{"\"rate_per_second\": 10", "\"rate_per_second\": 900000, \"payload_bytes\": 100000",
             "9e+06 transactions can wait at once and take 909 GB"},
        Case{"\"chains\"", "\"extends\": \"none.json\",\n  \"chains\"", "no file none.json"},
        Case{"\"chains\"", "\"extends\": \"my.json\",\n  \"chains\"", "a cycle"}));

TEST(ScenarioErrors, AnAdversaryNeedsAProtocolThatToleratesLies) {
  const std::string attacked =
      replaced(kSmall, "\"chains\"",
               "\"adversaries\": [ { \"kind\": \"forger\", \"chain\": \"main\", \"replica\": 1 } "
               "],\n  \"chains\"");
  EXPECT_TRUE(load_text(attacked).ok()) << error_of(attacked);
  const std::string error = error_of(replaced(attacked, "\"pbft\"", "\"raft\""));
  EXPECT_NE(error.find("raft tolerates crashes, not lies"), std::string::npos) << error;
}

TEST(ScenarioErrors, SettingsOfAnEngineAreCheckedOneByOne) {
  const auto with = [](const std::string& settings) {
    std::string text = replaced(kSmall, "\"pbft\"", "\"qbft\"");
    return replaced(text, "\"replicas\": 4", "\"replicas\": 4, \"qbft\": { " + settings + " }");
  };
  EXPECT_EQ(error_of(with(R"("dissemination": "leader", "blocks_per_answer": 64)")), "no error");
  EXPECT_EQ(error_of(with(R"("disemination": "leader")")),
            R"(my.json:11:32  /chains/0/qbft/disemination  unknown key
  10 |       "protocol": "qbft",
  11 |       "replicas": 4, "qbft": { "disemination": "leader" },
     |                                ^^^^^^^^^^^^^^
     | did you mean "dissemination"?
Allowed here: basis, blocks_per_answer, dissemination, idle_status_interval_ms,
  note, source, status_interval_ms (govchain scenario schema))");
  for (const char* rubbish :
       {R"("dissemination": "leeder")", R"("dissemination": 1)", R"("blocks_per_answer": 0)",
        R"("blocks_per_answer": 65)", R"("blocks_per_answer": 1.5)", R"("status_interval_ms": 0)",
        R"("status_interval_ms": -1)", R"("status_interval_ms": "soon")",
        R"("idle_status_interval_ms": 1e300)", R"("idle_status_interval_ms": null)"}) {
    const std::string error = error_of(with(rubbish));
    EXPECT_NE(error.find("my.json:11:"), std::string::npos) << rubbish << ": " << error;
    EXPECT_NE(error.find("/chains/0/qbft/"), std::string::npos) << rubbish << ": " << error;
  }
}

TEST(ScenarioSettings, ReachTheEngine) {
  const auto scenario = load_text(replaced(
      replaced(kSmall, "\"pbft\"", "\"tendermint\""), "\"replicas\": 4",
      R"("replicas": 4, "tendermint": { "dissemination": "leader", "status_interval_ms": 250,)"
      R"( "idle_status_interval_ms": 1500, "blocks_per_answer": 8 })"));
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  EXPECT_TRUE(scenario->warnings.empty());
  const auto& settings = scenario->world.chains.at(0).settings;
  EXPECT_EQ(settings.tendermint.dissemination, consensus::chain::Dissemination::kLeader);
  EXPECT_EQ(settings.tendermint.status_interval, sim::Duration::milliseconds(250));
  EXPECT_EQ(settings.tendermint.idle_status_interval, sim::Duration::milliseconds(1'500));
  EXPECT_EQ(settings.tendermint.blocks_per_answer, 8U);
  // Those of another protocol stay what they are.
  EXPECT_EQ(settings.qbft.dissemination, consensus::chain::Dissemination::kAll);
}

TEST(ScenarioWarnings, NameASettingThatCanTakeNoEffect) {
  const auto scenario = load_text(
      replaced(kSmall, "\"replicas\": 4", "\"replicas\": 4, \"raft\": { \"pre_vote\": false }"));
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  ASSERT_EQ(scenario->warnings.size(), 1U);
  EXPECT_EQ(scenario->warnings[0],
            "warning: my.json:11:30  /chains/0/raft  has no effect: the protocol is pbft");
}

TEST(ScenarioWarnings, NameALimitThatNothingCanReach) {
  const auto warned = [](const char* what, const char* with) {
    const auto scenario = load_text(replaced(kSmall, what, with));
    return scenario && scenario->warnings.size() == 1 ? scenario->warnings[0] : "not one warning";
  };
  EXPECT_NE(
      warned("\"duration_seconds\": 10", "\"duration_seconds\": 10, \"client_timeout_seconds\": 11")
          .find("/client_timeout_seconds  has no effect: the run is over before"),
      std::string::npos);
  EXPECT_NE(warned("\"rate_per_second\": 10", "\"rate_per_second\": 10, \"access_delay_ms\": 10000")
                .find("/access_delay_ms  no transaction arrives before the end of the run"),
            std::string::npos);
  EXPECT_NE(
      warned("\"rate_per_second\": 10",
             "\"rate_per_second\": 10, \"payload_bytes\": 5, \"mix\": [ { \"service\": \"x\", "
             "\"share\": 1, \"payload_bytes\": 7 } ]")
          .find("/payload_bytes  has no effect: every entry of mix has its own"),
      std::string::npos);
}

TEST(ScenarioErrors, NoLineOfAnExcerptIsWiderThanATerminal) {
  const std::string error =
      error_of(replaced(kSmall, "\"protocol\": \"pbft\"",
                        "\"" + std::string(300, 'k') + "\": \"pbft\", \"protocol\": \"pbft\""));
  EXPECT_LT(error.size(), 1'000U) << error;
  size_t start = error.find('\n') + 1;
  for (size_t end = error.find('\n', start); end != std::string::npos;
       end = error.find('\n', start)) {
    EXPECT_LE(end - start, 80U) << error.substr(start, end - start);
    start = end + 1;
  }
}

TEST(ScenarioErrors, AComplaintWithoutAPlaceBeginsWithItsMessage) {
  EXPECT_EQ(render({{}, {}, "--profile: x: no such file", {}, {}}), "--profile: x: no such file");
}

TEST(ScenarioBackbones, EveryGraphJoinsTheProvinces) {
  LoadOptions options;
  options.overrides = {"/network/backbone=Cernet"};
  options.home = home();
  const auto scenario = load_scenario(home() + "/scenarios/consensus/wan.json", options);
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  EXPECT_GT(scenario->world.network.trunks.size(), 4U);
}

TEST(ScenarioPrices, ACurrencyWithoutARateIsFoundWhenTheFileIsRead) {
  LoadOptions options;
  options.home = home();
  options.overrides = {R"(/prices/server.general={"mid":1,"currency":"XAU"})"};
  const auto scenario = load_scenario(home() + "/scenarios/national.json", options);
  ASSERT_FALSE(scenario.ok());
  EXPECT_NE(
      scenario.error().message.find("/prices/server.general/currency  no exchange rate of XAU"),
      std::string::npos)
      << scenario.error().message;
}

TEST(ScenarioOverrides, ChangeTheValueAndNothingElse) {
  LoadOptions options;
  options.overrides = {"/chains/0/replicas=7", "/chains/0/protocol=raft", "/seed=9"};
  const auto scenario = load_text(kSmall, options);
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  EXPECT_EQ(scenario->world.chains[0].replicas.size(), 7U);
  EXPECT_EQ(scenario->world.chains[0].protocol, consensus::Protocol::kRaft);
  EXPECT_EQ(scenario->world.seed, 9U);
  EXPECT_NE(scenario->hash, load_text(kSmall)->hash);
}

TEST(ScenarioHash, DoesNotDependOnTheOrderOfKeysOrOnSpace) {
  const std::string other =
      replaced(replaced(kSmall, "  \"id\": \"small\",\n  \"kind\": \"consensus\",\n",
                        "  \"kind\":   \"consensus\",\n\n  \"id\": \"small\",\n"),
               "10,", "10 ,");
  EXPECT_EQ(load_text(kSmall)->hash, load_text(other)->hash);
}

}  // namespace
}  // namespace govchain::scenarios
