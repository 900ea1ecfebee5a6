// The table of engines, and the arithmetic of fault models that everybody asks it for.

#include "consensus/protocols.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "consensus/certificate.h"
#include "consensus/fault_model.h"

namespace govchain::consensus {
namespace {

TEST(Protocols, EveryEngineIsFoundByNameNumberAndValue) {
  std::set<std::string_view> names;
  for (const ProtocolTraits* traits : protocols()) {
    EXPECT_EQ(find_protocol(traits->name), traits);
    EXPECT_EQ(find_protocol(static_cast<uint8_t>(traits->protocol)), traits);
    EXPECT_EQ(&traits_of(traits->protocol), traits);
    EXPECT_TRUE(names.insert(traits->name).second) << traits->name;
  }
  EXPECT_EQ(find_protocol("paxos"), nullptr);
  EXPECT_EQ(find_protocol(uint8_t{0}), nullptr);
}

TEST(Protocols, EveryEngineDeclaresWhatCampaignsNeed) {
  for (const ProtocolTraits* traits : protocols()) {
    EXPECT_FALSE(traits->required_situations().empty()) << traits->name;
    EXPECT_FALSE(traits->mutants().empty()) << traits->name;
    for (const MutantDescription& mutant : traits->mutants()) {
      EXPECT_NE(mutant.mutant, 0) << mutant.name << " is none";
    }
  }
}

TEST(Protocols, EveryRoleIsThatOfAKnownMessage) {
  for (const ProtocolTraits* traits : protocols()) {
    EXPECT_EQ(traits->roles.of(kCheckpointStatement), MessageRole::kCheckpoint) << traits->name;
    for (unsigned type = 0; type < 256; ++type) {
      const auto number = static_cast<uint8_t>(type);
      if (traits->roles.of(number) == MessageRole::kOther) continue;
      EXPECT_NE(traits->message_name(number), "unknown") << traits->name << " type " << type;
    }
  }
}

// What adversaries and checkers work by; without a name for its votes a protocol is not attacked.
TEST(Protocols, AByzantineProtocolNamesItsProposalsAndVotes) {
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->faults != FaultModel::kByzantine) continue;
    EXPECT_TRUE(traits->roles.type_of(MessageRole::kProposal)) << traits->name;
    EXPECT_TRUE(traits->roles.type_of(MessageRole::kVote)) << traits->name;
  }
}

TEST(FaultModel, QuorumsAreMajoritiesOrTwoThirds) {
  constexpr uint64_t kMajorities[] = {1, 1, 2, 2, 3, 3, 4, 4};
  constexpr uint64_t kByzantine[] = {1, 1, 2, 3, 3, 4, 5, 5};
  for (uint64_t total = 0; total < 8; ++total) {
    EXPECT_EQ(quorum_of(FaultModel::kCrash, total), kMajorities[total]) << total;
    EXPECT_EQ(quorum_of(FaultModel::kByzantine, total), kByzantine[total]) << total;
  }
}

TEST(FaultModel, AnyTwoQuorumsShareSomebodyHonest) {
  for (uint64_t total = 1; total < 1'000; ++total) {
    EXPECT_GT(2 * quorum_of(FaultModel::kCrash, total), total);
    const uint64_t faulty = tolerated_faults(FaultModel::kByzantine, total);
    EXPECT_GT(2 * quorum_of(FaultModel::kByzantine, total), total + faulty);
  }
}

TEST(FaultModel, MembersForFaultsTolerateThem) {
  for (const FaultModel model : {FaultModel::kCrash, FaultModel::kByzantine}) {
    for (uint64_t faulty = 0; faulty < 100; ++faulty) {
      EXPECT_EQ(tolerated_faults(model, members_for(model, faulty)), faulty);
      EXPECT_TRUE(faulty == 0 || tolerated_faults(model, members_for(model, faulty) - 1) < faulty);
    }
  }
}

}  // namespace
}  // namespace govchain::consensus
