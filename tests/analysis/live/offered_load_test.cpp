// What clients offer: the scenario's transactions, signed, alone or many at once.

#include "analysis/live/offered_load.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "consensus/crypto/crypto.h"
#include "models/ledger/batch.h"
#include "scenarios/scenario.h"

namespace govchain::analysis::live {
namespace {

using consensus::Duration;

constexpr auto kScheme = consensus::SignatureScheme::kEd25519;

scenarios::Scenario a_scenario() {
  scenarios::LoadOptions options;
  options.home = GOVCHAIN_SOURCE_DIR;
  options.overrides = {"/duration_seconds=2", "/warmup_seconds=0",
                       "/chains/0/load/rate_per_second=1000"};
  auto scenario = scenarios::load_scenario(
      std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/live/pbft.json", options);
  EXPECT_TRUE(scenario.ok());
  return *std::move(scenario);
}

Departments five_departments() {
  Departments departments;
  for (uint32_t i = 1; i <= 5; ++i) {
    departments.signers.push_back(
        consensus::make_signer(kScheme, 7, consensus::ChainId(1), consensus::ReplicaId(i)));
  }
  return departments;
}

std::vector<Offered> offered(const Batching& batching) {
  const scenarios::Scenario scenario = a_scenario();
  const Departments departments = five_departments();
  LoadMaker maker(scenario.world, departments, batching, 1'000'000'000);
  std::vector<Offered> made;
  while (std::optional<Offered> next = maker.next()) made.push_back(std::move(*next));
  return made;
}

TEST(OfferedLoad, LeavesWhenItIsIntendedSignedByItsDepartment) {
  const std::vector<Offered> load = offered({});
  EXPECT_NEAR(static_cast<double>(load.size()), 2'000, 200);
  const Departments departments = five_departments();
  const auto verifier = consensus::make_verifier(kScheme);
  Duration last;
  for (const Offered& one : load) {
    ASSERT_EQ(one.record.transactions.size(), 1U);
    EXPECT_EQ(one.record.due, one.record.transactions[0].intended);
    EXPECT_GE(one.record.due, last);
    last = one.record.due;
    consensus::Reader in(one.bytes);
    const auto transaction = models::decode_transaction(in);
    ASSERT_TRUE(transaction && in.finished());
    ASSERT_TRUE(verifier->verify(
        departments.signers[transaction->sender.value() - 1]->public_key(),
        models::transaction_statement(transaction->chain,
                                      models::transaction_id(departments.hash, *transaction)),
        transaction->signature));
  }
}

TEST(OfferedLoad, ComesByDueWhateverTheClientsDistance) {
  scenarios::Scenario scenario = a_scenario();
  Duration distance;
  for (sim::LoadSpec& load : scenario.world.loads) {
    load.access_delay = distance;
    distance += Duration::milliseconds(30);
  }
  const Departments departments = five_departments();
  LoadMaker maker(scenario.world, departments, {4, Duration::milliseconds(20)}, 1'000'000'000);
  Duration last;
  size_t transactions = 0;
  while (const std::optional<Offered> next = maker.next()) {
    EXPECT_GE(next->record.due, last);
    last = next->record.due;
    transactions += next->record.transactions.size();
  }
  EXPECT_NEAR(static_cast<double>(transactions), 2'000, 200);
}

TEST(OfferedLoad, IsTheSameHoweverManyTravelTogether) {
  std::vector<Duration> alone;
  for (const Offered& one : offered({})) alone.push_back(one.record.transactions[0].intended);
  std::vector<Duration> together;
  for (const Offered& one : offered({2, Duration::milliseconds(20)})) {
    for (const TransactionRecord& transaction : one.record.transactions) {
      together.push_back(transaction.intended);
    }
  }
  std::sort(together.begin(), together.end());
  EXPECT_EQ(alone, together);
}

TEST(OfferedLoad, ABatchLeavesWhenItIsFullOrItsOldestHasWaitedLongEnough) {
  const Batching batching{2, Duration::milliseconds(20)};
  size_t full = 0;
  size_t partial = 0;
  for (const Offered& one : offered(batching)) {
    const auto batch = models::decode_batch(one.bytes);
    ASSERT_TRUE(batch);
    const auto& records = one.record.transactions;
    ASSERT_EQ(batch->transactions.size(), records.size());
    ASSERT_LE(records.size(), batching.transactions);
    if (records.size() == batching.transactions) {
      ++full;
      EXPECT_EQ(one.record.due, records.back().intended);
    } else {
      ++partial;
      EXPECT_EQ(one.record.due, records.front().intended + batching.patience);
    }
    EXPECT_LE(one.record.due - records.front().intended, batching.patience);
  }
  EXPECT_GT(full, 0U);
  EXPECT_GT(partial, 0U);
}

}  // namespace
}  // namespace govchain::analysis::live
