// The generator, the filter of its items, and campaigns too short to prove anything but that they
// work; the long ones are in results/fuzz.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/protocols.h"
#include "sim/adversary/interceptor.h"
#include "sim/fuzz/campaign.h"
#include "sim/fuzz/generator.h"
#include "sim/fuzz/verdict.h"
#include "tests/sim/every_protocol.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;

class Fuzz : public testing::TestWithParam<Protocol> {};

TEST_P(Fuzz, AWorldHasAtMostFAdversariesAndIsCalmInTheEnd) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const WorldSpec world = generate_world(GetParam(), seed);
    const size_t n = world.chains[0].replicas.size();
    const uint64_t faulty = consensus::tolerated_faults(consensus::traits_of(GetParam()).faults, n);
    std::set<ReplicaIndex> adversaries;
    for (const AdversarySpec& adversary : world.adversaries) {
      adversaries.insert(adversary.replica);
      EXPECT_TRUE(applies(adversary.kind, GetParam())) << seed;
    }
    EXPECT_EQ(adversaries.size(), world.adversaries.size());
    for (const FaultSpec& fault : world.faults) {
      if (fault.kind == FaultSpec::Kind::kBitRot) adversaries.insert(fault.group.front());
    }
    EXPECT_LE(adversaries.size(), faulty) << seed << ", those with rotten disks included";
    EXPECT_GT(world.progress_bound, Duration::zero());
    for (const FaultSpec& fault : world.faults) {
      EXPECT_LT(fault.at + fault.duration + world.progress_bound, world.duration) << seed;
    }
    for (const LoadSpec& load : world.loads) EXPECT_FALSE(adversaries.contains(load.ingress));
  }
}

TEST_P(Fuzz, EveryKindOfItemIsDrawn) {
  std::set<std::string> drawn;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const WorldSpec world = generate_world(GetParam(), seed);
    for (size_t i = 0; i < item_count(world); ++i) drawn.emplace(item_name(world, i));
  }
  // Kinds that are not for this engine.
  const consensus::ProtocolTraits& traits = consensus::traits_of(GetParam());
  const bool crash_only = traits.faults == consensus::FaultModel::kCrash;
  size_t without = traits.reconfigures ? 0 : 1;          // changes of membership
  without += traits.reconfigures && crash_only ? 0 : 1;  // leadership handed over
  without += GetParam() == Protocol::kRaft ? 0 : 1;      // leaders forgotten
  for (int kind = 0; kind <= static_cast<int>(AdversarySpec::Kind::kTwin); ++kind) {
    without += applies(static_cast<AdversarySpec::Kind>(kind), GetParam()) ? 0 : 1;
  }
  EXPECT_EQ(drawn.size(), item_names().size() - without);
}

// Seeds that broke a rule once, and what was wrong then. A change of the generator may give one of
// them another world; what it found is then told by the change log only.
TEST(FuzzSeeds, ThatOnceBrokeARuleStayClean) {
  struct Found {
    Protocol protocol;
    uint64_t seed;
    const char* what;
  };
  constexpr Found kFound[] = {
      {Protocol::kPbft, 93, "blocks asked of a replica just after its restart"},
      {Protocol::kPbft, 764, "a full disk that set an overdue timer for ever"},
      {Protocol::kPbft, 990, "an overdue view change put off by every input"},
      {Protocol::kPbft, 2'859, "null blocks decided on hearsay"},
      {Protocol::kPbft, 14'047, "null blocks decided on hearsay"},
      {Protocol::kPbft, 29'266, "prepared certificates forgotten above a proven checkpoint"},
      {Protocol::kPbft, 36'355, "a window that only a store behind the log vouched for"},
      {Protocol::kPbft, 37'664, "a bound of light that knew no way by a third place"},
      {Protocol::kPbft, 59'069, "answers held back by a full disk, lost to a snapshot"},
      {Protocol::kRaft, 8'445, "a state asked of a dead peer for five seconds"},
      {Protocol::kRaft, 29'406, "a snapshot at the block that completes a change"},
      {Protocol::kRaft, 34'080, "a snapshot at the block that completes a change"},
      {Protocol::kRaft, 96'594, "a snapshot at the block that completes a change"},
      {Protocol::kTendermint, 49, "votes that a full disk held back and nobody cast"},
      {Protocol::kTendermint, 503, "a polka that an equivocator's victims could not see"},
      {Protocol::kTendermint, 1'715, "payloads in flight at a height that another block decided"},
      {Protocol::kTendermint, 3'644, "a change of membership forgotten in a crash"},
      {Protocol::kTendermint, 4'574, "a change of membership forgotten in a crash"},
      {Protocol::kTendermint, 34'263, "prevotes of a valid round, asked for after the round"},
      {Protocol::kTendermint, 48'175, "a slow disk that had a queue when it was quick again"},
      {Protocol::kTendermint, 70'606, "prevotes of a valid round, asked for after the round"},
      {Protocol::kTendermint, 22'827, "a lock whose polka later proposers did not bring up again"},
      {Protocol::kHotstuff, 38'388, "one's own proposals, lost to a snapshot and not taken back"},
      {Protocol::kHotstuff, 80'357, "one's own proposals, logged and never signed"},
      {Protocol::kHotstuff, 85'268, "a parent that nobody asked for after a crash"},
      {Protocol::kHotstuff, 909, "a view that one replica alone knew to be over"},
      {Protocol::kHotstuff, 5'377, "a read answered by replies to the life before a crash"},
      {Protocol::kHotstuff, 6'615, "batches certified for heights that empty blocks had reached"},
      {Protocol::kHotstuff, 41'357, "a proposal signed again in a view that was left"},
      {Protocol::kHotstuff, 47'651, "a certificate of timeouts lost where its view was voted in"},
      {Protocol::kHotstuff, 143'056, "a store ahead of what a full disk let the log have"},
      {Protocol::kPbft, 1'143, "a NEW-VIEW of a later view that kept all others out"},
      {Protocol::kPbft, 86'451, "a state of lost blocks given to others"},
      {Protocol::kRaft, 160'163, "a checkpoint without a term, which nobody could be given"},
      {Protocol::kRaft, 26'090, "a state asked of one dead peer after the other"},
      {Protocol::kTendermint, 57'063, "payloads that each left to another's dead batch"},
      {Protocol::kTendermint, 78'048, "payloads of blocks between two records, ordered again"},
      {Protocol::kQbft, 33'303, "a batch that came while the disk was full"},
      {Protocol::kQbft, 81'458, "certified batches whose certificates a crash had taken"},
  };
  for (const Found& found : kFound) {
    const Verdict verdict = judge_seed(found.protocol, found.seed, ItemFilter());
    EXPECT_EQ(verdict.rule, "") << found.seed << ", once " << found.what << ": " << verdict.detail;
  }
}

TEST_P(Fuzz, EveryWorldHasTheNumberOfReplicasThatIsAskedFor) {
  for (uint32_t replicas = 1; replicas <= kMostFuzzedReplicas; ++replicas) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const WorldSpec world = generate_world(GetParam(), seed, replicas);
      EXPECT_EQ(world.chains[0].replicas.size(), replicas) << seed;
      const uint64_t faulty =
          consensus::tolerated_faults(consensus::traits_of(GetParam()).faults, uint64_t{replicas});
      EXPECT_LE(world.adversaries.size(), faulty) << seed;
    }
  }
  EXPECT_EQ(judge_seed(GetParam(), 3, ItemFilter(), 4).digest,
            judge_seed(GetParam(), 3, ItemFilter(), 4).digest);
  EXPECT_NE(judge_seed(GetParam(), 3, ItemFilter(), 4).digest,
            judge_seed(GetParam(), 3, ItemFilter(), 7).digest);
}

// What a campaign's silence is worth: worlds long enough to have a history, and each of these in a
// tenth of them (by chance alone few replicas fall so far behind that nobody has the blocks any
// more).
TEST_P(Fuzz, SeedsAreLongAndATenthOfThemSeesEachSituationThatMatters) {
  using Counters = consensus::EngineCounters;
  constexpr uint64_t kSeeds = 150;
  constexpr uint64_t kMedianHeight = 20;
  const std::vector<std::pair<const char*, uint64_t Counters::*>> situations = {
      {"view change", &Counters::view_changes},
      {"recovery", &Counters::recoveries},
      {"state transfer", &Counters::state_transfers},
      {"membership change", &Counters::membership_changes}};
  std::vector<uint64_t> seeds(situations.size());
  std::vector<uint64_t> heights;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Verdict verdict = judge_seed(GetParam(), seed, ItemFilter());
    heights.push_back(verdict.height);
    for (size_t i = 0; i < situations.size(); ++i) {
      seeds[i] += verdict.counters.*situations[i].second > 0 ? 1 : 0;
    }
  }
  for (size_t i = 0; i < situations.size(); ++i) {
    EXPECT_GE(seeds[i], kSeeds / 10) << situations[i].first;
  }
  std::sort(heights.begin(), heights.end());
  EXPECT_GE(heights[kSeeds / 2], kMedianHeight);
}

TEST_P(Fuzz, ASeedGivesTheSameBytesAgain) {
  for (const uint64_t seed : {3U, 16U}) {
    const Verdict first = judge_seed(GetParam(), seed, ItemFilter());
    EXPECT_EQ(first.digest, judge_seed(GetParam(), seed, ItemFilter()).digest);
    EXPECT_NE(first.digest, judge_seed(GetParam(), seed + 1, ItemFilter()).digest);
  }
}

TEST_P(Fuzz, ACampaignIsCleanSeesEverySituationAndDoesNotDependOnThreads) {
  CampaignSpec spec;
  spec.protocol = GetParam();
  spec.end_seed = 100;  // the rarest situation happens in a twentieth of the seeds
  spec.threads = 2;
  const auto parallel = run_campaign(spec);
  spec.threads = 1;
  const auto serial = run_campaign(spec);
  ASSERT_TRUE(parallel.ok() && serial.ok());
  for (const SeedFailure& failure : serial->failures) {
    ADD_FAILURE() << failure.rule << ": " << failure.detail << "\n" << failure.replay;
  }
  EXPECT_TRUE(serial->missing_situations.empty());
  EXPECT_GT(serial->median_height, 10U);
  EXPECT_EQ(parallel->situations, serial->situations);
  EXPECT_EQ(parallel->seeds_with, serial->seeds_with);
  for (size_t i = 0; i < serial->situations.size(); ++i) {
    EXPECT_LE(serial->seeds_with[i], std::min(serial->seeds, serial->situations[i].second));
    EXPECT_GT(serial->seeds_with[i], 0U) << serial->situations[i].first;
  }
  EXPECT_EQ(parallel->median_height, serial->median_height);
}

INSTANTIATE_TEST_SUITE_P(Engines, Fuzz, testing::ValuesIn(every_protocol()),
                         [](const auto& tested) {
                           return std::string(consensus::traits_of(tested.param).name);
                         });

TEST(FuzzItems, AFilterTakesNamesAndNumbers) {
  WorldSpec whole;
  for (uint64_t seed = 0; whole.faults.size() <= 3; ++seed) {
    ASSERT_LT(seed, 1'000U);
    whole = generate_world(Protocol::kPbft, seed);
  }
  WorldSpec world = whole;
  keep_items(*ItemFilter::parse("all"), world);
  EXPECT_EQ(item_count(world), item_count(whole));
  world = whole;
  keep_items(*ItemFilter::parse("none"), world);
  EXPECT_EQ(item_count(world), 0U);
  world = whole;
  keep_items(*ItemFilter::parse("1,3"), world);
  ASSERT_EQ(world.faults.size(), 2U);
  EXPECT_EQ(world.faults[1].at, whole.faults[3].at);
  world = whole;
  keep_items(*ItemFilter::parse(std::string(item_name(whole, 0))), world);
  ASSERT_GE(item_count(world), 1U);
  for (size_t i = 0; i < item_count(world); ++i) {
    EXPECT_EQ(item_name(world, i), item_name(whole, 0));
  }
}

TEST(FuzzItems, AMistypedNameIsAnsweredWithTheNearest) {
  const auto parsed = ItemFilter::parse("crash,partitoin");
  ASSERT_FALSE(parsed.ok());
  EXPECT_NE(parsed.error().message.find("did you mean \"partition\""), std::string::npos);
  EXPECT_FALSE(ItemFilter::parse("").ok());
  EXPECT_FALSE(ItemFilter::parse("1,,2").ok());
}

TEST(FuzzCampaign, AnEmptyRangeIsAnError) {
  CampaignSpec spec;
  spec.first_seed = 5;
  spec.end_seed = 5;
  EXPECT_FALSE(run_campaign(spec).ok());
}

TEST(FuzzCampaign, AReplayNamesTheNumberOfReplicasIfItWasFixed) {
  CampaignSpec spec;
  spec.protocol = Protocol::kRaft;
  spec.replicas = 4;
  EXPECT_EQ(replay_command(spec, 7, "none"),
            "govchain fuzz --protocol raft --replicas 4 --seeds 7:8 --faults none");
}

TEST(FuzzCampaign, AReplayNamesProtocolOrMutant) {
  CampaignSpec spec;
  spec.protocol = Protocol::kRaft;
  EXPECT_EQ(replay_command(spec, 7, "1,2"),
            "govchain fuzz --protocol raft --seeds 7:8 --faults 1,2");
  spec.mutant = "raft/x";
  EXPECT_EQ(replay_command(spec, 7, "none"),
            "govchain fuzz --mutant raft/x --seeds 7:8 --faults none");
}

}  // namespace
}  // namespace govchain::sim
