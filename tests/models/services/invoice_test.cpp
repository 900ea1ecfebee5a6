#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "models/services/invoice/contract.h"
#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models::invoice {
namespace {

using testing::ChainUnderTest;
using testing::Random;

constexpr uint64_t kDepartments = 8;
constexpr uint64_t kParties = 5;

constexpr uint16_t code(Refusal refusal) { return static_cast<uint16_t>(refusal); }
LedgerConfig chain_config() { return standard_chain(consensus::ChainId(1), kDepartments, 2); }

struct Paper {
  uint64_t owner;
  int64_t amount;
  std::string state = "valid";
};
using Name = std::pair<uint64_t, uint64_t>;

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), chain_(chain_config()) {}

  bool agrees() {
    const uint64_t who = 1 + random_.below(kDepartments);
    const uint64_t party = random_.below(kParties);
    const auto [done, found] = step(who, party);
    successes += done ? 1U : 0U;
    return done == (found == 0);
  }
  std::pair<bool, uint16_t> step(uint64_t who, uint64_t party) {
    const uint64_t draw = random_.below(10);
    if (draw == 0) return allot(who);
    if (draw < 4) return issue(who, party);
    if (draw < 6) return transfer(who, party);
    if (draw < 9) return claim(who, party);
    return red_letter(who, party);
  }
  std::pair<bool, uint16_t> allot(uint64_t who) {
    const uint64_t issuer = random_.below(kParties);
    const uint64_t count = random_.below(6);
    const uint16_t found = call(who, 0, Method::kAllot, Allot{PartyId(issuer), count});
    if (!has(who, Role::kTaxAuthority) || issuer == 0 || count == 0) return {false, found};
    allotted_[issuer] += count;
    return {true, found};
  }
  bool number_free(uint64_t issuer, uint64_t number) {
    return number >= 1 && number <= allotted_[issuer] && papers_.count({issuer, number}) == 0;
  }
  std::pair<bool, uint16_t> issue(uint64_t who, uint64_t party) {
    if (!random_.one_in(4)) who = with(Role::kTaxAuthority);
    const Issue issue{random_.below(16), PartyId(random_.below(kParties)),
                      static_cast<int64_t>(random_.below(6)) - 1,
                      static_cast<int64_t>(random_.below(4)) - 1};
    const uint16_t found = call(who, party, Method::kIssue, issue);
    if (!has(who, Role::kTaxAuthority) || party == 0 || !number_free(party, issue.number) ||
        issue.amount <= 0 || issue.tax < 0 || issue.tax >= issue.amount || issue.buyer == kNobody) {
      return {false, found};
    }
    papers_[{party, issue.number}] = {issue.buyer.value(), issue.amount};
    return {true, found};
  }
  std::pair<bool, uint16_t> transfer(uint64_t who, uint64_t party) {
    const Name name = any_name();
    const uint64_t to = random_.below(kParties);
    const uint16_t found = call(who, party, Method::kTransfer,
                                Transfer{PartyId(name.first), name.second, PartyId(to)});
    const auto paper = papers_.find(name);
    if (paper == papers_.end() || !has(who, Role::kPortal) || paper->second.owner != party ||
        party == 0 || paper->second.state != "valid" || to == 0) {
      return {false, found};
    }
    paper->second.owner = to;
    return {true, found};
  }
  std::pair<bool, uint16_t> claim(uint64_t who, uint64_t party) {
    const Name name = any_name();
    const auto paper = papers_.find(name);
    if (!random_.one_in(4)) who = with(Role::kReimburser);
    if (paper != papers_.end() && !random_.one_in(4)) party = paper->second.owner;
    int64_t amount = static_cast<int64_t>(random_.below(5));
    if (paper != papers_.end() && random_.one_in(2)) amount = paper->second.amount;
    const uint16_t found =
        call(who, party, Method::kClaim, Claim{PartyId(name.first), name.second, amount});
    if (paper != papers_.end() && paper->second.state == "claimed") {
      ++second_claims;
      EXPECT_NE(found, 0) << "claimed twice";
    }
    if (paper == papers_.end() || !has(who, Role::kReimburser) || paper->second.owner != party ||
        party == 0 || paper->second.state != "valid" || paper->second.amount != amount) {
      return {false, found};
    }
    paper->second.state = "claimed";
    return {true, found};
  }
  std::pair<bool, uint16_t> red_letter(uint64_t who, uint64_t party) {
    const Name name{party, random_.below(16)};
    const uint64_t red = random_.below(16);
    const uint16_t found = call(who, party, Method::kRedLetter, RedLetter{name.second, red});
    const auto paper = papers_.find(name);
    if (!has(who, Role::kTaxAuthority) || party == 0 || !number_free(party, red) ||
        paper == papers_.end() || paper->second.state != "valid") {
      return {false, found};
    }
    paper->second.state = "cancelled";
    papers_[{party, red}] = {paper->second.owner, -paper->second.amount, "red"};
    return {true, found};
  }
  void expect_same_invoices() {
    static const std::map<std::string, InvoiceState> kStates{
        {"valid", InvoiceState::kValid},
        {"claimed", InvoiceState::kClaimed},
        {"cancelled", InvoiceState::kCancelled},
        {"red", InvoiceState::kRedLetter}};
    for (const auto& [name, paper] : papers_) {
      const auto invoice = find_invoice(chain_.state(), PartyId(name.first), name.second);
      ASSERT_TRUE(invoice.has_value());
      EXPECT_EQ(invoice->owner.value(), paper.owner);
      EXPECT_EQ(invoice->amount, paper.amount);
      EXPECT_EQ(invoice->state, kStates.at(paper.state));
    }
  }
  ChainUnderTest& chain() { return chain_; }
  Random& random() { return random_; }
  uint64_t successes = 0;
  uint64_t second_claims = 0;

 private:
  Name any_name() { return {1 + random_.below(kParties - 1), random_.below(16)}; }
  bool has(uint64_t who, Role role) {
    return chain_.ledger().config().departments[who - 1].has(role);
  }
  uint64_t with(Role role) {
    uint64_t who = 1;
    while (!has(who, role)) ++who;
    return who;
  }
  template <typename Arguments>
  uint16_t call(uint64_t who, uint64_t party, Method method, const Arguments& arguments) {
    return chain_.call(who, party, kContractId, method, arguments);
  }
  Random random_;
  ChainUnderTest chain_;
  std::map<uint64_t, uint64_t> allotted_;
  std::map<Name, Paper> papers_;
};

TEST(Invoice, AgreesWithAPlainModelOverRandomHistoriesAndNeverPaysTwice) {
  uint64_t successes = 0;
  uint64_t second_claims = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    History history(seed);
    for (int i = 0; i < 1'000; ++i) {
      ASSERT_TRUE(history.agrees()) << "seed " << seed << " step " << i;
      if (history.random().one_in(100)) {
        ASSERT_TRUE(history.chain().restart());
        ASSERT_EQ(broken_invariant(history.chain().ledger().tree()), std::nullopt);
      }
    }
    history.expect_same_invoices();
    successes += history.successes;
    second_claims += history.second_claims;
  }
  EXPECT_GT(successes, 1'000U);
  EXPECT_GT(second_claims, 300U);
}

// Every order of two claims, a transfer and a cancellation, in one block and in several: at most
// one claim succeeds, and none after the cancellation.
TEST(Invoice, AtMostOneClaimSucceedsWhateverTheOrder) {
  uint64_t tax = 0;
  uint64_t portal = 0;
  std::vector<uint64_t> units;
  for (const Department& department : chain_config().departments) {
    if (department.has(Role::kTaxAuthority)) tax = department.id.value();
    if (department.has(Role::kPortal)) portal = department.id.value();
    if (department.has(Role::kReimburser)) units.push_back(department.id.value());
  }
  ASSERT_EQ(units.size(), 2U);
  std::vector<int> order{0, 1, 2, 3};
  do {
    for (const bool one_block : {false, true}) {
      ChainUnderTest chain(chain_config());
      ASSERT_EQ(chain.call(tax, 0, kContractId, Method::kAllot, Allot{PartyId(1), 2}), 0);
      ASSERT_EQ(chain.call(tax, 1, kContractId, Method::kIssue, Issue{1, PartyId(2), 100, 6}), 0);
      const std::vector<std::vector<uint8_t>> steps{
          chain.transaction(units[0], 2, kContractId, Method::kClaim, Claim{PartyId(1), 1, 100}),
          chain.transaction(units[1], 3, kContractId, Method::kClaim, Claim{PartyId(1), 1, 100}),
          chain.transaction(portal, 2, kContractId, Method::kTransfer,
                            Transfer{PartyId(1), 1, PartyId(3)}),
          chain.transaction(tax, 1, kContractId, Method::kRedLetter, RedLetter{1, 2})};
      std::vector<std::vector<uint8_t>> block;
      std::vector<uint16_t> codes;
      for (const int step : order) {
        if (one_block) {
          block.push_back(steps[static_cast<size_t>(step)]);
        } else {
          codes.push_back(chain.commit({steps[static_cast<size_t>(step)]}).front());
        }
      }
      if (one_block) codes = chain.commit(block);
      int claims = 0;
      bool cancelled = false;
      for (size_t i = 0; i < order.size(); ++i) {
        if (order[i] <= 1 && codes[i] == 0) {
          ++claims;
          EXPECT_FALSE(cancelled);
        }
        if (order[i] == 3 && codes[i] == 0) cancelled = true;
      }
      EXPECT_LE(claims, 1);
      EXPECT_FALSE(claims == 1 && cancelled);
      EXPECT_EQ(broken_invariant(chain.ledger().tree()), std::nullopt);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(InvoiceText, EveryRefusalHasOne) {
  for (uint16_t refusal = 100; refusal <= 114; ++refusal) {
    EXPECT_FALSE(text_of(static_cast<Refusal>(refusal)).empty()) << refusal;
  }
  EXPECT_TRUE(text_of(static_cast<Refusal>(115)).empty());
  EXPECT_EQ(text_of(Refusal::kAlreadyClaimed), "the invoice was already reimbursed");
  EXPECT_NE(code(Refusal::kAlreadyClaimed), 0);
}

}  // namespace
}  // namespace govchain::models::invoice
