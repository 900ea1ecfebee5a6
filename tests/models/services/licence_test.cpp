#include <map>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "models/services/licence/contract.h"
#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models::licence {
namespace {

using testing::ChainUnderTest;
using testing::kHour;
using testing::Random;

constexpr uint64_t kRegions = 3;
constexpr uint64_t kDepartments = 7;

constexpr uint16_t code(Refusal refusal) { return static_cast<uint16_t>(refusal); }

// Six departments of three regions, every role in each; the seventh is a ministry, without role.
LedgerConfig chain_config() {
  LedgerConfig config = standard_chain(consensus::ChainId(1), 6, kRegions);
  Department ministry;
  ministry.id = DepartmentId(7);
  ministry.region = kNationwide;
  ministry.roles = static_cast<uint32_t>(Role::kLicenceAuthority);
  config.departments.push_back(ministry);
  return config;
}

struct Card {
  uint64_t holder, region, type;
  int64_t ends;
  std::string state = "active";
  std::vector<uint64_t> shown;
};
struct Permit {
  uint64_t verifier, left;
  int64_t ends;
  bool gone = false;
};
using CardKey = std::pair<uint64_t, uint64_t>;
using PermitKey = std::tuple<uint64_t, uint64_t, uint64_t>;

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), chain_(chain_config()) {
    for (const Department& department : chain_.ledger().config().departments) {
      departments_[department.id.value()] = department;
    }
  }

  bool agrees() {
    if (random_.one_in(8)) {
      chain_.pass(static_cast<int64_t>(random_.below(6 * static_cast<uint64_t>(kHour))));
    }
    const uint64_t who = 1 + random_.below(kDepartments);
    const CardKey card{1 + random_.below(kDepartments), random_.below(4)};
    const auto [done, found] = step(who, card);
    successes += done ? 1U : 0U;
    return done == (found == 0);
  }

  std::pair<bool, uint16_t> step(uint64_t who, const CardKey& key) {
    const uint64_t draw = random_.below(16);
    if (draw < 3) return issue(who, key.second);
    if (draw < 6) return authorise(who, key);
    if (draw < 11) return present(who, key);
    if (draw < 14) return change(who, key.second, draw);
    if (draw == 14) return withdraw(who, key);
    return recognise(who);
  }

  std::pair<bool, uint16_t> issue(uint64_t who, uint64_t number) {
    const Department& sender = departments_[who];
    const Issue issue{number, LicenceType(random_.below(2)), PartyId(random_.below(4)),
                      RegionId(random_.below(kRegions + 1)), end()};
    const uint16_t found = call(who, 0, Method::kIssue, issue);
    const bool entitled = sender.has(Role::kLicenceAuthority) &&
                          (sender.region == kNationwide || sender.region == issue.region);
    if (!entitled || issue.holder == kNobody || issue.expiry <= chain_.now() ||
        cards_.count({who, number}) != 0) {
      return {false, found};
    }
    cards_[{who, number}] = {
        issue.holder.value(), issue.region.value(), issue.type.value(), issue.expiry, "active", {}};
    return {true, found};
  }
  std::pair<bool, uint16_t> authorise(uint64_t who, const CardKey& key) {
    uint64_t party = random_.below(4);
    if (cards_.count(key) != 0 && !random_.one_in(3)) {
      party = cards_[key].holder;
      while (!departments_[who].has(Role::kPortal)) who = 1 + who % kDepartments;
    }
    const Authorise permit{DepartmentId(key.first),
                           key.second,
                           DepartmentId(1 + random_.below(kDepartments + 1)),
                           random_.below(3),
                           static_cast<uint32_t>(random_.below(4)),
                           end()};
    const uint16_t found = call(who, party, Method::kAuthorise, permit);
    const PermitKey name{key.first, key.second, permit.authorisation};
    if (!holder_speaks(who, party, key) || !usable(key) || permit.uses == 0 ||
        permit.expiry <= chain_.now() || permit.verifier.value() > kDepartments ||
        permits_.count(name) != 0) {
      return {false, found};
    }
    permits_[name] = {permit.verifier.value(), permit.uses, permit.expiry};
    return {true, found};
  }
  std::pair<bool, uint16_t> present(uint64_t who, const CardKey& key) {
    const Present present{DepartmentId(key.first), key.second, random_.below(3), random_.next()};
    const auto permit = permits_.find({key.first, key.second, present.authorisation});
    if (permit != permits_.end() && !random_.one_in(3)) who = permit->second.verifier;
    const uint16_t found = call(who, 0, Method::kPresent, present);
    if (permit == permits_.end() || permit->second.verifier != who || permit->second.gone ||
        permit->second.left == 0 || chain_.now() > permit->second.ends || !usable(key)) {
      return {false, found};
    }
    Card& card = cards_[key];
    const uint64_t here = departments_[who].region.value();
    if (card.region != 0 && card.region != here &&
        recognised_.count({card.type, card.region, here}) == 0) {
      ++refused_by_region;
      return {false, found};
    }
    --permit->second.left;
    card.shown.push_back(who);
    return {true, found};
  }
  std::pair<bool, uint16_t> change(uint64_t who, uint64_t number, uint64_t draw) {
    const CardKey key{who, number};
    const bool known = cards_.count(key) != 0;
    if (draw == 11) {
      const uint16_t found = call(who, 0, Method::kSuspend, Named{number});
      if (!usable(key)) return {false, found};
      cards_[key].state = "suspended";
      return {true, found};
    }
    if (draw == 12) {
      const uint16_t found = call(who, 0, Method::kResume, Named{number});
      if (!known || cards_[key].state != "suspended") return {false, found};
      cards_[key].state = "active";
      return {true, found};
    }
    if (!random_.one_in(5)) return {false, 1};
    const uint16_t found = call(who, 0, Method::kRevoke, Named{number});
    if (!known || cards_[key].state == "revoked") return {false, found};
    cards_[key].state = "revoked";
    return {true, found};
  }
  std::pair<bool, uint16_t> withdraw(uint64_t who, const CardKey& key) {
    const uint64_t party = random_.below(4);
    const uint64_t number = random_.below(3);
    const uint16_t found = call(who, party, Method::kWithdrawAuthorisation,
                                WithdrawAuthorisation{DepartmentId(key.first), key.second, number});
    const auto permit = permits_.find({key.first, key.second, number});
    if (!holder_speaks(who, party, key) || permit == permits_.end() || permit->second.gone) {
      return {false, found};
    }
    permit->second.gone = true;
    return {true, found};
  }
  std::pair<bool, uint16_t> recognise(uint64_t who) {
    const Recognise rule{LicenceType(random_.below(2)), RegionId(1 + random_.below(kRegions)),
                         random_.one_in(2)};
    const uint16_t found = call(who, 0, Method::kRecognise, rule);
    const Department& sender = departments_[who];
    if (!sender.has(Role::kRegulator)) return {false, found};
    const std::tuple<uint64_t, uint64_t, uint64_t> name{rule.type.value(), rule.from.value(),
                                                        sender.region.value()};
    if (rule.recognised) {
      recognised_.insert(name);
    } else {
      recognised_.erase(name);
    }
    return {true, found};
  }

  void expect_same_presentations() {
    for (const auto& [key, card] : cards_) {
      const auto shown =
          presentations(chain_.state(), DepartmentId(key.first), key.second, 0, 100'000);
      ASSERT_EQ(shown.size(), card.shown.size());
      for (size_t i = 0; i < shown.size(); ++i) {
        EXPECT_EQ(shown[i].verifier.value(), card.shown[i]);
      }
    }
  }
  ChainUnderTest& chain() { return chain_; }
  Random& random() { return random_; }
  uint64_t successes = 0;
  uint64_t refused_by_region = 0;

 private:
  int64_t end() { return chain_.now() + (static_cast<int64_t>(random_.below(300)) - 10) * kHour; }
  template <typename Arguments>
  uint16_t call(uint64_t who, uint64_t party, Method method, const Arguments& arguments) {
    return chain_.call(who, party, kContractId, method, arguments);
  }
  bool usable(const CardKey& key) {
    const auto card = cards_.find(key);
    return card != cards_.end() && card->second.state == "active" &&
           chain_.now() <= card->second.ends;
  }
  bool holder_speaks(uint64_t who, uint64_t party, const CardKey& key) {
    const auto card = cards_.find(key);
    return card != cards_.end() && departments_[who].has(Role::kPortal) &&
           card->second.holder == party;
  }

  Random random_;
  ChainUnderTest chain_;
  std::map<uint64_t, Department> departments_;
  std::map<CardKey, Card> cards_;
  std::map<PermitKey, Permit> permits_;
  std::set<std::tuple<uint64_t, uint64_t, uint64_t>> recognised_;
};

TEST(Licence, AgreesWithAPlainModelOverRandomHistories) {
  uint64_t successes = 0;
  uint64_t refused_by_region = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    History history(seed);
    for (int i = 0; i < 900; ++i) {
      ASSERT_TRUE(history.agrees()) << "seed " << seed << " step " << i;
      if (history.random().one_in(150)) {
        ASSERT_TRUE(history.chain().restart());
        ASSERT_EQ(broken_invariant(history.chain().ledger().tree()), std::nullopt);
      }
    }
    history.expect_same_presentations();
    successes += history.successes;
    refused_by_region += history.refused_by_region;
  }
  EXPECT_GT(successes, 3'000U);
  EXPECT_GT(refused_by_region, 50U);
}

TEST(Licence, HoldsInItsLegalRegionUntilAnotherRecognisesIt) {
  ChainUnderTest chain(chain_config());
  // Departments 2 and 5 are those of region 2, 1 and 4 those of region 1.
  uint64_t authority = 0;
  uint64_t portal = 0;
  uint64_t regulator = 0;
  for (const Department& department : chain.ledger().config().departments) {
    const uint64_t id = department.id.value();
    if (department.region == RegionId(1) && department.has(Role::kLicenceAuthority)) authority = id;
    if (department.region == RegionId(1) && department.has(Role::kPortal)) portal = id;
    if (department.region == RegionId(2) && department.has(Role::kRegulator)) regulator = id;
  }
  const int64_t end = chain.now() + kHour;
  ASSERT_EQ(chain.call(authority, 0, kContractId, Method::kIssue,
                       Issue{1, LicenceType(4), PartyId(9), RegionId(1), end}),
            0);
  ASSERT_EQ(chain.call(portal, 9, kContractId, Method::kAuthorise,
                       Authorise{DepartmentId(authority), 1, DepartmentId(5), 1, 1, end}),
            0);
  const Present present{DepartmentId(authority), 1, 1, 42};
  EXPECT_EQ(chain.call(5, 0, kContractId, Method::kPresent, present), code(Refusal::kNotValidHere));
  ASSERT_EQ(chain.call(regulator, 0, kContractId, Method::kRecognise,
                       Recognise{LicenceType(4), RegionId(1), true}),
            0);
  EXPECT_EQ(chain.call(5, 0, kContractId, Method::kPresent, present), 0);
  EXPECT_EQ(chain.call(5, 0, kContractId, Method::kPresent, present),
            code(Refusal::kAuthorisationUsedUp));
}

TEST(LicenceText, EveryRefusalHasOne) {
  for (uint16_t refusal = 100; refusal <= 120; ++refusal) {
    EXPECT_FALSE(text_of(static_cast<Refusal>(refusal)).empty()) << refusal;
  }
  EXPECT_TRUE(text_of(static_cast<Refusal>(121)).empty());
}

}  // namespace
}  // namespace govchain::models::licence
