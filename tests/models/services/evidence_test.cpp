#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/crypto/hash.h"
#include "models/services/evidence/contract.h"
#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models::evidence {
namespace {

using testing::ChainUnderTest;
using testing::kSecond;
using testing::Random;

constexpr uint64_t kDepartments = 4;
constexpr uint64_t kNumbers = 6;

consensus::Digest digest_of(uint8_t object) {
  return consensus::hash(consensus::HashAlgorithm::kSha256, std::vector<uint8_t>{object});
}
LedgerConfig chain_config() { return standard_chain(consensus::ChainId(1), kDepartments, 1); }

// The matter in plain terms: what lies where, and whether it was found altered.
struct Thing {
  uint8_t object = 0;
  uint64_t custodian = 0;
  uint64_t receiver = 0;
  bool closed = false;
  uint32_t altered = 0;
  std::vector<Event> events;
};
using Name = std::pair<uint64_t, uint64_t>;

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), chain_(chain_config()) {}

  bool agrees() {
    chain_.pass(kSecond);
    const uint64_t who = 1 + random_.below(kDepartments);
    const auto [done, found] = step(who);
    successes += done ? 1U : 0U;
    return done == (found == 0);
  }
  std::pair<bool, uint16_t> step(uint64_t who) {
    switch (random_.below(8)) {
      case 0:
        return collect(who);
      case 1:
        return process(who);
      case 2:
      case 3:
        return check(who);
      case 4:
        return hand_over(who);
      case 5:
        return receive(who, Method::kAccept);
      case 6:
        return receive(who, Method::kReturn);
      default:
        return random_.one_in(4) ? close(who) : hand_over(who);
    }
  }
  void expect_same_things() {
    for (const auto& [name, thing] : things_) {
      const EvidenceName key{DepartmentId(name.first), name.second};
      const auto evidence = find_evidence(chain_.state(), key);
      ASSERT_TRUE(evidence.has_value());
      EXPECT_EQ(evidence->custodian.value(), thing.custodian);
      EXPECT_EQ(evidence->receiver.value(), thing.receiver);
      EXPECT_EQ(evidence->altered, thing.altered);
      EXPECT_EQ(evidence->digest, digest_of(thing.object));
      std::vector<Event> events;
      for (const HistoryEntry& entry : history(chain_.state(), key, 0, 1'000)) {
        events.push_back(entry.event);
      }
      EXPECT_EQ(events, thing.events);
    }
  }
  ChainUnderTest& chain() { return chain_; }
  Random& random() { return random_; }
  uint64_t successes = 0;

 private:
  Name any_name() { return {1 + random_.below(kDepartments), random_.below(kNumbers)}; }
  static EvidenceName key_of(const Name& name) { return {DepartmentId(name.first), name.second}; }
  template <typename Arguments>
  uint16_t call(uint64_t who, Method method, const Arguments& arguments) {
    return chain_.call(who, 0, kContractId, method, arguments);
  }
  // The thing, if `who` may dispose of it.
  Thing* held_by(uint64_t who, const Name& name) {
    const auto found = things_.find(name);
    if (found == things_.end() || found->second.custodian != who || found->second.receiver != 0 ||
        found->second.closed) {
      return nullptr;
    }
    return &found->second;
  }
  // Objects with their content, without, and with another's.
  struct Object {
    uint8_t object = 0;
    std::vector<uint8_t> content;
    bool honest = true;
  };
  Object draw_object() {
    Object drawn;
    drawn.object = static_cast<uint8_t>(random_.below(3));
    if (random_.one_in(2)) drawn.content = {drawn.object};
    if (random_.one_in(8)) {
      drawn.content = {static_cast<uint8_t>(drawn.object + 1)};
      drawn.honest = false;
    }
    return drawn;
  }
  std::pair<bool, uint16_t> collect(uint64_t who) {
    const Object drawn = draw_object();
    const Name name{who, random_.below(kNumbers)};
    const uint16_t found =
        call(who, Method::kCollect, Collect{name.second, digest_of(drawn.object), drawn.content});
    if (things_.count(name) != 0 || !drawn.honest) return {false, found};
    things_[name] = {drawn.object, who, 0, false, 0, {Event::kCollected}};
    return {true, found};
  }
  std::pair<bool, uint16_t> process(uint64_t who) {
    const Object drawn = draw_object();
    const Name source = any_name();
    const Name name{who, random_.below(kNumbers)};
    const uint16_t found =
        call(who, Method::kProcess,
             Process{key_of(source), name.second, digest_of(drawn.object), drawn.content});
    if (held_by(who, source) == nullptr || things_.count(name) != 0 || !drawn.honest) {
      return {false, found};
    }
    things_[name] = {drawn.object, who, 0, false, 0, {Event::kProcessed}};
    return {true, found};
  }
  std::pair<bool, uint16_t> check(uint64_t who) {
    const Name name = any_name();
    const auto object = static_cast<uint8_t>(random_.below(3));
    const uint16_t found = call(who, Method::kCheck, Check{key_of(name), digest_of(object)});
    const auto thing = things_.find(name);
    if (thing == things_.end()) return {false, found};
    const bool same = thing->second.object == object;
    thing->second.altered += same ? 0U : 1U;
    thing->second.events.push_back(same ? Event::kChecked : Event::kAltered);
    return {true, found};
  }
  std::pair<bool, uint16_t> hand_over(uint64_t who) {
    const Name name = any_name();
    const uint64_t to = random_.below(kDepartments + 2);  // nobody, somebody, or no department
    const uint16_t found = call(who, Method::kHandOver, HandOver{key_of(name), DepartmentId(to)});
    Thing* const thing = held_by(who, name);
    if (thing == nullptr || to == who || to == 0 || to > kDepartments) return {false, found};
    thing->receiver = to;
    thing->events.push_back(Event::kHandedOver);
    return {true, found};
  }
  std::pair<bool, uint16_t> receive(uint64_t who, Method method) {
    const Name name = any_name();
    const uint16_t found = call(who, method, Named{key_of(name)});
    const auto thing = things_.find(name);
    if (thing == things_.end() || thing->second.receiver != who) return {false, found};
    const bool accepts = method == Method::kAccept;
    if (accepts) thing->second.custodian = who;
    thing->second.receiver = 0;
    thing->second.events.push_back(accepts ? Event::kAccepted : Event::kReturned);
    return {true, found};
  }
  std::pair<bool, uint16_t> close(uint64_t who) {
    const Name name = any_name();
    const uint16_t found = call(who, Method::kClose, Named{key_of(name)});
    Thing* const thing = held_by(who, name);
    if (thing == nullptr) return {false, found};
    thing->closed = true;
    thing->events.push_back(Event::kClosed);
    return {true, found};
  }

  Random random_;
  ChainUnderTest chain_;
  std::map<Name, Thing> things_;
};

TEST(Evidence, AgreesWithAPlainModelOverRandomHistories) {
  uint64_t successes = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    History history(seed);
    for (int i = 0; i < 800; ++i) {
      ASSERT_TRUE(history.agrees()) << "seed " << seed << " step " << i;
      if (history.random().one_in(100)) {
        ASSERT_TRUE(history.chain().restart());
        ASSERT_EQ(broken_invariant(history.chain().ledger().tree()), std::nullopt);
      }
    }
    history.expect_same_things();
    successes += history.successes;
  }
  EXPECT_GT(successes, 4'000U);
}

// What a court asks: who had it when, and whether it is still what was collected.
TEST(Evidence, TellsACourtWhoHeldItWhenAndThatItWasAltered) {
  ChainUnderTest chain(chain_config());
  const EvidenceName name{DepartmentId(1), 7};
  const int64_t begun = chain.now();
  ASSERT_EQ(chain.call(1, 0, kContractId, Method::kCollect, Collect{7, digest_of(1), {1}}), 0);
  chain.pass(kSecond);
  ASSERT_EQ(chain.call(1, 0, kContractId, Method::kHandOver, HandOver{name, DepartmentId(2)}), 0);
  chain.pass(kSecond);
  ASSERT_EQ(chain.call(2, 0, kContractId, Method::kAccept, Named{name}), 0);
  chain.pass(kSecond);
  ASSERT_EQ(chain.call(3, 0, kContractId, Method::kCheck, Check{name, digest_of(2)}), 0);
  const std::vector<HistoryEntry> entries = history(chain.state(), name, 0, 10);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].time, begun);
  EXPECT_EQ(entries[1].to, DepartmentId(2));
  EXPECT_EQ(entries[2].time, begun + 2 * kSecond);
  EXPECT_EQ(entries[3].event, Event::kAltered);
  EXPECT_EQ(entries[3].digest, digest_of(2));
  EXPECT_EQ(find_evidence(chain.state(), name)->altered, 1U);
  // The former custodian no longer disposes of it.
  EXPECT_EQ(chain.call(1, 0, kContractId, Method::kClose, Named{name}),
            static_cast<uint16_t>(Refusal::kNotTheCustodian));
  EXPECT_EQ(history(chain.state(), name, 1, 2).size(), 2U);
  EXPECT_EQ(history(chain.state(), name, 9, 2).size(), 0U);
}

TEST(EvidenceText, EveryRefusalHasOne) {
  for (uint16_t refusal = 100; refusal <= 108; ++refusal) {
    EXPECT_FALSE(text_of(static_cast<Refusal>(refusal)).empty()) << refusal;
  }
  EXPECT_TRUE(text_of(static_cast<Refusal>(109)).empty());
}

}  // namespace
}  // namespace govchain::models::evidence
