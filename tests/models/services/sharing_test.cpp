#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "models/services/sharing/calendar.h"
#include "models/services/sharing/contract.h"
#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models::sharing {
namespace {

using testing::ChainUnderTest;
using testing::kHour;
using testing::Random;

constexpr uint16_t code(Refusal refusal) { return static_cast<uint16_t>(refusal); }

consensus::Digest record(uint64_t number) {
  consensus::Digest digest;
  digest.bytes[0] = static_cast<uint8_t>(number);
  return digest;
}

// The rules once more, as plainly as possible: what a clerk with a ledger of paper would do.
class Clerk {
 public:
  struct Grant {
    std::string state = "pending";
    uint64_t purpose = 0;
    uint64_t asked = 0;
    uint64_t left = 0;
    int64_t ends = 0;
    int64_t deadline = 0;
    bool revoked = false;
  };
  struct Shelf {
    uint64_t manager = 0;
    DataClass kind = DataClass::kNone;
    int days = 0;
    bool gone = false;
  };
  struct Look {
    uint64_t department, officer, purpose, record;
    friend bool operator==(const Look&, const Look&) = default;
  };
  using Key = std::tuple<uint64_t, uint64_t, uint64_t>;  // resource, applicant, number

  bool enter(uint64_t who, uint64_t id, DataClass kind, int days) {
    if (days < 1 || days > 60 || shelves.count(id) != 0) return false;
    shelves[id] = {who, kind, days, false};
    return true;
  }
  bool apply(int64_t now, uint64_t who, uint64_t id, uint64_t number, uint64_t purpose,
             uint64_t uses) {
    if (!open(id) || shelves[id].kind != DataClass::kConditional || shelves[id].manager == who ||
        purpose == 0 || uses == 0 || grants.count({id, who, number}) != 0) {
      return false;
    }
    Grant grant;
    grant.purpose = purpose;
    grant.asked = uses;
    int64_t day = local_day(now);
    for (int left = shelves[id].days; left > 0;) left -= is_working_day(++day) ? 1 : 0;
    grant.deadline = (day + 1) * kDayNanoseconds - kChinaOffsetNanoseconds;
    grants[{id, who, number}] = grant;
    return true;
  }
  bool answer(int64_t now, uint64_t who, const Key& key, bool yes, uint64_t uses, int64_t ends) {
    const uint64_t id = std::get<0>(key);
    if (shelves.count(id) == 0 || shelves[id].manager != who || grants.count(key) == 0)
      return false;
    Grant& grant = grants[key];
    if (grant.state != "pending") return false;
    if (yes && (shelves[id].gone || uses == 0 || uses > grant.asked || ends <= now)) return false;
    grant.state = yes ? "granted" : "rejected";
    grant.left = yes ? uses : 0;
    grant.ends = ends;
    if (now >= grant.deadline) ++late[who];
    return true;
  }
  bool look(int64_t now, uint64_t id, uint64_t number, const Look& look) {
    if (!open(id) || look.purpose == 0 || look.officer == 0) return false;
    const Shelf& shelf = shelves[id];
    if (shelf.manager == look.department || shelf.kind == DataClass::kUnconditional) {
      if (number != 0) return false;
    } else {
      const auto place = grants.find({id, look.department, number});
      if (shelf.kind == DataClass::kNone || place == grants.end()) return false;
      Grant& grant = place->second;
      if (grant.state != "granted" || grant.revoked || now > grant.ends || grant.left == 0 ||
          grant.purpose != look.purpose) {
        return false;
      }
      --grant.left;
    }
    log[id].push_back(look);
    return true;
  }
  bool take_back(uint64_t who, uint64_t id, uint64_t number) {
    const auto place = grants.find({id, who, number});
    if (place == grants.end() || place->second.state != "pending") return false;
    place->second.state = "taken back";
    return true;
  }
  bool revoke(uint64_t who, const Key& key) {
    const auto place = grants.find(key);
    if (place == grants.end() || shelves[std::get<0>(key)].manager != who) return false;
    if (place->second.state != "granted" || place->second.revoked) return false;
    return place->second.revoked = true;
  }
  bool remove(uint64_t who, uint64_t id) {
    if (!open(id) || shelves[id].manager != who) return false;
    return shelves[id].gone = true;
  }
  bool open(uint64_t id) { return shelves.count(id) != 0 && !shelves[id].gone; }

  std::map<uint64_t, Shelf> shelves;
  std::map<Key, Grant> grants;
  std::map<uint64_t, std::vector<Look>> log;
  std::map<uint64_t, uint64_t> late;
};

// One random call, made on the ledger and by the clerk; true if both agree on whether it is done.
class History {
 public:
  explicit History(uint64_t seed)
      : random_(seed), chain_(standard_chain(consensus::ChainId(1), 4, 2)) {}

  ::testing::AssertionResult step() {
    if (random_.one_in(6)) {
      chain_.pass(static_cast<int64_t>(random_.below(40 * static_cast<uint64_t>(kHour))));
    }
    const uint64_t who = 1 + random_.below(4);
    const uint64_t id = 1 + random_.below(8);
    const uint64_t number = random_.below(3);
    const uint64_t purpose = random_.below(3);
    const uint64_t method = random_.below(20);
    const auto [done, found] = dispatch(method, who, id, number, purpose);
    successes_ += done ? 1U : 0U;
    if (done == (found == 0)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "method draw " << method << " returned " << found;
  }
  std::pair<bool, uint16_t> dispatch(uint64_t method, uint64_t who, uint64_t id, uint64_t number,
                                     uint64_t purpose) {
    const uint64_t other = 1 + random_.below(4);
    const int64_t now = chain_.now();
    const uint64_t uses = random_.below(5);
    if (method == 0) {
      const auto kind = static_cast<DataClass>(random_.below(3));
      const auto days = static_cast<uint16_t>(random_.below(12));
      return {
          clerk_.enter(who, id, kind, days),
          call(who, Method::kRegister, RegisterResource{ResourceId(id), kind, days, record(9)})};
    }
    if (method <= 4) {
      return {clerk_.apply(now, who, id, number, purpose, uses),
              call(who, Method::kApply,
                   Apply{ResourceId(id), number, Purpose(purpose), static_cast<uint32_t>(uses)})};
    }
    if (method <= 9) {
      // Mostly the one who may.
      if (clerk_.shelves.count(id) != 0 && !random_.one_in(3)) who = clerk_.shelves[id].manager;
      const bool yes = !random_.one_in(4);
      const int64_t ends = now + static_cast<int64_t>(random_.below(200)) * kHour - 5 * kHour;
      return {clerk_.answer(now, who, {id, other, number}, yes, uses, ends),
              call(who, Method::kAnswer,
                   Answer{ResourceId(id), DepartmentId(other), number, yes,
                          static_cast<uint32_t>(uses), ends})};
    }
    if (method <= 16) {
      const Clerk::Look look{who, random_.below(4), purpose, random_.below(4)};
      return {clerk_.look(now, id, number, look),
              call(who, Method::kAccess,
                   Access{ResourceId(id), number, Purpose(purpose), record(look.record),
                          look.officer})};
    }
    if (method == 17) {
      return {clerk_.take_back(who, id, number),
              call(who, Method::kWithdrawApplication, WithdrawApplication{ResourceId(id), number})};
    }
    if (method == 18) {
      return {clerk_.revoke(who, {id, other, number}),
              call(who, Method::kRevokeGrant,
                   RevokeGrant{ResourceId(id), DepartmentId(other), number})};
    }
    // Seldom, or nothing would be left.
    if (!random_.one_in(20)) return {false, 1};
    return {clerk_.remove(who, id),
            call(who, Method::kWithdrawResource, WithdrawResource{ResourceId(id)})};
  }
  template <typename Arguments>
  uint16_t call(uint64_t who, Method method, const Arguments& arguments) {
    return chain_.call(who, 0, kContractId, method, arguments);
  }
  void expect_same_log() {
    for (uint64_t id = 1; id <= 8; ++id) {
      const std::vector<LogEntry> entries = read_log(chain_.state(), ResourceId(id), 0, 100'000);
      const std::vector<Clerk::Look>& looks = clerk_.log[id];
      ASSERT_EQ(entries.size(), looks.size());
      std::map<uint64_t, uint64_t> per_record;
      for (size_t i = 0; i < looks.size(); ++i) {
        EXPECT_EQ(looks[i], (Clerk::Look{entries[i].department.value(), entries[i].officer,
                                         entries[i].purpose.value(), entries[i].record.bytes[0]}));
        ++per_record[looks[i].record];
      }
      for (const auto& [number, count] : per_record) {
        const auto traced = accesses_to(chain_.state(), ResourceId(id), record(number), 100'000);
        EXPECT_EQ(traced.size(), count);
        for (const LogEntry& entry : traced) EXPECT_EQ(entry.record, record(number));
      }
    }
    for (uint64_t who = 1; who <= 4; ++who) {
      EXPECT_EQ(answers_of(chain_.state(), DepartmentId(who)).answered_late, clerk_.late[who]);
    }
  }
  Random& random() { return random_; }
  ChainUnderTest& chain() { return chain_; }
  uint64_t successes() const { return successes_; }
  uint64_t late() const {
    uint64_t total = 0;
    for (const auto& [who, count] : clerk_.late) total += count;
    return total;
  }

 private:
  Random random_;
  ChainUnderTest chain_;
  Clerk clerk_;
  uint64_t successes_ = 0;
};

TEST(Sharing, AgreesWithAClerkOverRandomHistories) {
  uint64_t successes = 0;
  uint64_t late = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    History history(seed);
    for (int i = 0; i < 700; ++i) {
      ASSERT_TRUE(history.step()) << "seed " << seed << " step " << i;
      if (history.random().one_in(100)) {
        ASSERT_TRUE(history.chain().restart());
        ASSERT_EQ(broken_invariant(history.chain().ledger().tree()), std::nullopt);
      }
    }
    history.expect_same_log();
    successes += history.successes();
    late += history.late();
  }
  // The histories must reach what they are to test.
  EXPECT_GT(successes, 2'000U);
  EXPECT_GT(late, 50U);
}

class SharingSteps : public ::testing::Test {
 protected:
  void register_conditional() {
    ASSERT_EQ(call(1, Method::kRegister,
                   RegisterResource{ResourceId(5), DataClass::kConditional, 10, {}}),
              0);
  }
  void grant(uint32_t uses, int64_t expiry) {
    ASSERT_EQ(call(2, Method::kApply, Apply{ResourceId(5), 1, Purpose(3), uses}), 0);
    ASSERT_EQ(
        call(1, Method::kAnswer, Answer{ResourceId(5), DepartmentId(2), 1, true, uses, expiry}), 0);
  }
  uint16_t look(uint64_t who, uint64_t purpose, uint64_t number = 1) {
    return call(who, Method::kAccess,
                Access{ResourceId(5), number, Purpose(purpose), record(1), 77});
  }
  template <typename Arguments>
  uint16_t call(uint64_t who, Method method, const Arguments& arguments) {
    return chain_.call(who, 0, kContractId, method, arguments);
  }
  ChainUnderTest chain_{standard_chain(consensus::ChainId(1), 4, 2)};
};

TEST_F(SharingSteps, AGrantHoldsForItsPurposeItsUsesAndItsTimeOnly) {
  register_conditional();
  EXPECT_EQ(look(2, 3), code(Refusal::kNoGrant));
  grant(2, chain_.now() + kHour);
  EXPECT_EQ(look(2, 4), code(Refusal::kOtherPurpose));
  EXPECT_EQ(look(3, 3), code(Refusal::kNoGrant));
  EXPECT_EQ(look(2, 3), 0);
  chain_.pass(kHour);
  EXPECT_EQ(look(2, 3), 0) << "still valid at its expiry";
  EXPECT_EQ(look(2, 3), code(Refusal::kGrantUsedUp));
  chain_.pass(1);
  EXPECT_EQ(look(2, 3), code(Refusal::kGrantExpired));
  EXPECT_EQ(log_size(chain_.state(), ResourceId(5)), 2U);
}

TEST_F(SharingSteps, AnUnansweredApplicationBecomesOverdueAfterTenWorkingDays) {
  register_conditional();
  // Monday 08:00 in China; the tenth working day after it is Monday the 15th.
  ASSERT_EQ(call(2, Method::kApply, Apply{ResourceId(5), 1, Purpose(3), 1}), 0);
  const auto application = find_application(chain_.state(), ResourceId(5), DepartmentId(2), 1);
  ASSERT_TRUE(application.has_value());
  const int64_t deadline = application->deadline;
  EXPECT_EQ(deadline - chain_.now(), 15 * kDayNanoseconds - 8 * kHour);
  EXPECT_FALSE(application->overdue(deadline - 1));
  EXPECT_TRUE(application->overdue(deadline));
  chain_.pass(deadline - chain_.now());
  ASSERT_EQ(call(1, Method::kAnswer,
                 Answer{ResourceId(5), DepartmentId(2), 1, true, 1, chain_.now() + kHour}),
            0);
  EXPECT_EQ(answers_of(chain_.state(), DepartmentId(1)), (AnswerRecord{1, 1}));
}

TEST_F(SharingSteps, TheManagersOwnAccessIsLoggedToo) {
  register_conditional();
  EXPECT_EQ(look(1, 3, 0), 0);
  const auto entries = accesses_to(chain_.state(), ResourceId(5), record(1), 10);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].department, DepartmentId(1));
  EXPECT_EQ(entries[0].officer, 77U);
}

TEST(SharingText, EveryRefusalHasOne) {
  for (uint16_t refusal = 100; refusal <= 121; ++refusal) {
    EXPECT_FALSE(text_of(static_cast<Refusal>(refusal)).empty()) << refusal;
  }
  EXPECT_TRUE(text_of(static_cast<Refusal>(122)).empty());
}

}  // namespace
}  // namespace govchain::models::sharing
