#include "consensus/quorum.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/consensus/data_driven.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus {
namespace {

using testing::Case;
using testing::RandomSource;
using Voter = MajorityQuorum::Voter;
using Indices = std::map<Voter, uint64_t>;
using Votes = std::map<Voter, bool>;

template <typename Value>
auto lookup(const std::map<Voter, Value>& values) {
  return [&values](Voter voter) -> std::optional<Value> {
    const auto found = values.find(voter);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

// The picture that etcd-io/raft's vectors hold: per voter a bar as long as the number of voters
// whose index is lower.
std::string describe(const std::vector<Voter>& voters, const Indices& known) {
  if (voters.empty()) return "<empty majority quorum>";
  const size_t n = voters.size();
  const auto index = [&](Voter voter) {
    const auto found = known.find(voter);
    return found == known.end() ? 0 : found->second;
  };
  std::ostringstream out;
  out << std::string(n, ' ') << "    idx\n";
  for (const Voter voter : voters) {
    const auto bar = static_cast<size_t>(std::count_if(
        voters.begin(), voters.end(), [&](Voter other) { return index(other) < index(voter); }));
    if (known.count(voter) == 0) {
      out << '?' << std::string(n, ' ');
    } else {
      out << std::string(bar, 'x') << '>' << std::string(n - bar, ' ');
    }
    std::string number = std::to_string(index(voter));
    out << ' ' << std::string(5 - std::min<size_t>(5, number.size()), ' ') << number
        << "    (id=" << voter << ")\n";
  }
  return out.str();
}

std::string print_index(uint64_t index) {
  return index == UINT64_MAX ? "∞" : std::to_string(index);
}

std::string print(VoteResult result) {
  switch (result) {
    case VoteResult::kPending:
      return "VotePending";
    case VoteResult::kLost:
      return "VoteLost";
    case VoteResult::kWon:
      return "VoteWon";
  }
  return "?";
}

std::vector<Voter> numbers(const Case& data, const std::string& name) {
  std::vector<Voter> result;
  const auto found = data.arguments.find(name);
  if (found == data.arguments.end()) return result;
  for (const std::string& text : found->second) {
    if (text == "zero") return {};
    const std::optional<uint64_t> number = testing::parse_number(text);
    EXPECT_TRUE(number) << data.where() << ": " << text;
    result.push_back(number.value_or(0));
  }
  return result;
}

// Values are listed for the voters in the order in which they are first named; `_` is unknown.
template <typename Value>
std::map<Voter, Value> assign(const Case& data, const std::string& name,
                              const std::function<Value(const std::string&)>& read) {
  std::vector<Voter> order;
  for (const char* configuration : {"cfg", "cfgj"}) {
    for (const Voter voter : numbers(data, configuration)) {
      if (std::find(order.begin(), order.end(), voter) == order.end()) order.push_back(voter);
    }
  }
  std::map<Voter, Value> result;
  const auto values = data.arguments.find(name);
  if (values == data.arguments.end()) return result;
  EXPECT_EQ(values->second.size(), order.size()) << data.where();
  for (size_t i = 0; i < std::min(order.size(), values->second.size()); ++i) {
    if (values->second[i] != "_") result[order[i]] = read(values->second[i]);
  }
  return result;
}

std::string run(const Case& data) {
  const MajorityQuorum incoming(numbers(data, "cfg"));
  const MajorityQuorum outgoing(numbers(data, "cfgj"));
  const JointQuorum joint(incoming, outgoing);
  const bool is_joint = data.has("cfgj");
  if (data.command == "committed") {
    const auto known = assign<uint64_t>(data, "idx", [](const std::string& text) {
      return testing::parse_number(text).value_or(0);
    });
    std::set<Voter> all(incoming.voters().begin(), incoming.voters().end());
    all.insert(outgoing.voters().begin(), outgoing.voters().end());
    const uint64_t index =
        is_joint ? joint.committed(lookup(known)) : incoming.committed(lookup(known));
    if (!is_joint) {
      // Properties that etcd's own harness asserts for every case.
      EXPECT_EQ(index, JointQuorum(incoming, {}).committed(lookup(known))) << data.where();
      EXPECT_EQ(index, JointQuorum({}, incoming).committed(lookup(known))) << data.where();
      EXPECT_EQ(index, JointQuorum(incoming, incoming).committed(lookup(known))) << data.where();
    }
    EXPECT_EQ(index, JointQuorum(outgoing, incoming).committed(lookup(known))) << data.where();
    return describe({all.begin(), all.end()}, known) + print_index(index) + "\n";
  }
  EXPECT_EQ(data.command, "vote") << data.where();
  const auto votes =
      assign<bool>(data, "votes", [](const std::string& text) { return text == "y"; });
  const VoteResult result = is_joint ? joint.result(lookup(votes)) : incoming.result(lookup(votes));
  if (!is_joint) {
    EXPECT_EQ(result, JointQuorum(incoming, {}).result(lookup(votes))) << data.where();
    EXPECT_EQ(result, JointQuorum(incoming, incoming).result(lookup(votes))) << data.where();
  }
  EXPECT_EQ(result, JointQuorum(outgoing, incoming).result(lookup(votes))) << data.where();
  return print(result) + "\n";
}

TEST(Quorum, AgreesWithAllVectorsOfEtcdRaft) {
  const auto folder = testing::find_vectors("etcd-raft/quorum");
  if (!folder)
    GTEST_SKIP() << "no vectors: set GOVCHAIN_VECTORS to the folder that holds etcd-raft";
  size_t cases = 0;
  for (const char* file :
       {"majority_commit.txt", "majority_vote.txt", "joint_commit.txt", "joint_vote.txt"}) {
    const auto read = testing::read_cases(*folder / file);
    ASSERT_TRUE(read) << read.error().where << ": " << read.error().message;
    for (const Case& data : *read) {
      EXPECT_EQ(run(data), data.expected) << data.where();
      ++cases;
    }
  }
  EXPECT_EQ(cases, 127U);
}

Membership random_membership(RandomSource& random, size_t most, uint64_t heaviest) {
  Membership membership;
  const size_t count = 1 + random.below(most);
  for (size_t i = 0; i < count; ++i) {
    membership.members.push_back(Member{
        ReplicaId(static_cast<uint32_t>(3 * i + random.below(3))), random.below(heaviest + 1), {}});
  }
  membership.members[random.below(count)].weight += 1;  // somebody votes
  return membership;
}

TEST(ByzantineQuorum, OfThreeFPlusOneMembersIsTwoFPlusOne) {
  for (uint32_t f = 0; f < 40; ++f) {
    Membership membership;
    for (uint32_t i = 0; i < 3 * f + 1; ++i) {
      membership.members.push_back(Member{ReplicaId(i), 1, {}});
    }
    const ByzantineQuorum quorum(membership);
    EXPECT_EQ(quorum.faulty(), f);
    EXPECT_EQ(quorum.quorum(), 2 * f + 1);
    EXPECT_EQ(quorum.weak(), f + 1);
  }
}

// The two facts that safety and liveness rest on, over all pairs of voter sets of small weighted
// memberships: quorums intersect in more than the faulty weight, and honest members alone reach
// one.
TEST(ByzantineQuorum, AnyTwoQuorumsShareAnHonestMember) {
  RandomSource random(7);
  for (int round = 0; round < 200; ++round) {
    const Membership membership = random_membership(random, 6, 5);
    const ByzantineQuorum quorum(membership);
    const auto weight_of = [&](uint64_t set) {
      uint64_t weight = 0;
      for (size_t i = 0; i < membership.size(); ++i) {
        if (((set >> i) & 1U) != 0) weight += membership.members[i].weight;
      }
      return weight;
    };
    const uint64_t sets = uint64_t{1} << membership.size();
    for (uint64_t a = 0; a < sets; ++a) {
      for (uint64_t b = 0; b < sets; ++b) {
        if (weight_of(a) >= quorum.quorum() && weight_of(b) >= quorum.quorum()) {
          ASSERT_GT(weight_of(a & b), quorum.faulty()) << "round " << round;
        }
      }
      if (weight_of(a) <= quorum.faulty()) {
        ASSERT_GE(quorum.total() - weight_of(a), quorum.quorum()) << "round " << round;
      }
    }
  }
}

TEST(ByzantineQuorum, CountsTheWholeRangeOfWeightsWithoutOverflow) {
  Membership membership;
  membership.members.push_back(Member{ReplicaId(0), UINT64_MAX, {}});
  const ByzantineQuorum quorum(membership);
  EXPECT_EQ(quorum.faulty(), (UINT64_MAX - 1) / 3);
  EXPECT_EQ(quorum.quorum(), UINT64_MAX - (UINT64_MAX - 1) / 3);
}

TEST(VoteSet, CountsEachMemberOnceAndStrangersNever) {
  RandomSource random(11);
  for (int round = 0; round < 100; ++round) {
    const Membership membership = random_membership(random, 150, 9);
    VoteSet votes(membership);
    std::map<ReplicaId, uint64_t> model;
    for (int i = 0; i < 300; ++i) {
      const ReplicaId voter(static_cast<uint32_t>(random.below(500)));
      const Member* member = membership.find(voter);
      const bool is_new = member != nullptr && model.emplace(voter, member->weight).second;
      ASSERT_EQ(votes.add(membership, voter), is_new);
      ASSERT_EQ(votes.contains(membership, voter), member != nullptr);
      uint64_t weight = 0;
      for (const auto& [id, carried] : model) weight += carried;
      ASSERT_EQ(votes.weight(), weight);
      ASSERT_EQ(votes.count(), model.size());
    }
    votes.reset(membership);
    EXPECT_EQ(votes.weight(), 0U);
    EXPECT_FALSE(votes.contains(membership, membership.members.front().id));
  }
}

// The quadratic definition: the highest index that more than half of the voters have reached.
TEST(MajorityQuorum, CommitsWhatMoreThanHalfHaveReached) {
  RandomSource random(3);
  for (int round = 0; round < 5'000; ++round) {
    std::vector<Voter> voters;
    Indices known;
    const size_t count = 1 + random.below(20);  // beyond the 16 that are kept on the stack
    for (size_t i = 0; i < count; ++i) {
      voters.push_back(random.below(30));
      if (!random.chance(4)) known[voters.back()] = random.below(12);
    }
    const MajorityQuorum quorum(voters);
    uint64_t expected = 0;
    for (uint64_t candidate = 0; candidate < 12; ++candidate) {
      const auto reached =
          std::count_if(quorum.voters().begin(), quorum.voters().end(), [&](Voter voter) {
            return candidate == 0 || (known.count(voter) != 0 && known.at(voter) >= candidate);
          });
      if (2 * static_cast<size_t>(reached) > quorum.voters().size()) expected = candidate;
    }
    ASSERT_EQ(quorum.committed(lookup(known)), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace govchain::consensus
