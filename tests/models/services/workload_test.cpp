#include "models/services/workload.h"

#include <cstdio>
#include <set>

#include <gtest/gtest.h>

#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models {
namespace {

using testing::kSecond;
using testing::kStart;
using testing::make_block;
using testing::Random;

WorkloadConfig workload_config(const LedgerConfig& chain, uint32_t source) {
  WorkloadConfig config;
  config.chain = chain.chain;
  config.source = source;
  config.departments = chain.departments;
  return config;
}

struct Outcome {
  uint64_t applied = 0;
  uint64_t refused = 0;
  uint64_t units = 0;
};

// Runs `count` transactions of a stream, 25 in a block, as fast as 500 in a second; the first
// `skip`, when the stream's cases are not yet all under way, are not counted.
Outcome run(const LedgerConfig& chain, const WorkloadMaker& maker, uint64_t count,
            uint64_t skip = 0) {
  Ledger ledger(chain);
  Random random(11);
  Outcome outcome;
  consensus::ExecutionResult result;
  uint64_t ordinal = 0;
  for (uint64_t height = 1; ordinal < count; ++height) {
    const int64_t time = kStart + static_cast<int64_t>(height) * kSecond / 20;
    std::vector<std::vector<uint8_t>> transactions(25);
    for (auto& bytes : transactions) maker(ordinal++, random.next(), time, bytes);
    ledger.execute(*make_block(height, time, transactions), result);
    if (ordinal <= skip) continue;
    for (const consensus::Receipt& receipt : result.receipts) {
      ++(receipt.code == 0 ? outcome.applied : outcome.refused);
    }
    for (const WorkUnits& work : ledger.last_work()) outcome.units += cost_units(work);
  }
  return outcome;
}

struct Kind {
  const char* name;
  WorkloadMaker (*maker)(WorkloadConfig);
  uint32_t stated_per_mille;
};
const Kind kKinds[] = {{"sharing", sharing_workload, kSharingCostPerMille},
                       {"e-licence", licence_workload, kLicenceCostPerMille},
                       {"e-invoice", invoice_workload, kInvoiceCostPerMille}};

TEST(Workload, IsMostlyAppliedOnChainsOfEverySize) {
  for (const Kind& kind : kKinds) {
    for (const uint32_t departments : {1U, 2U, 5U, 12U, 60U}) {
      const LedgerConfig chain =
          standard_chain(consensus::ChainId(3), departments, departments < 5 ? 1U : 2U);
      const Outcome outcome = run(chain, kind.maker(workload_config(chain, 4)), 8'000);
      EXPECT_GT(outcome.refused, 10U) << kind.name << " " << departments;
      EXPECT_LT(outcome.refused, 160U) << kind.name << " " << departments;
    }
  }
}

TEST(Workload, IsAFunctionOfItsArgumentsAndDistinctPerOrdinalAndSource) {
  const LedgerConfig chain = standard_chain(consensus::ChainId(3), 10, 2);
  for (const Kind& kind : kKinds) {
    std::set<std::vector<uint8_t>> seen;
    for (const uint32_t source : {0U, 1U, 900'000U}) {
      const WorkloadMaker maker = kind.maker(workload_config(chain, source));
      const WorkloadMaker again = kind.maker(workload_config(chain, source));
      for (uint64_t ordinal = 0; ordinal < 3'000; ++ordinal) {
        std::vector<uint8_t> bytes;
        std::vector<uint8_t> same{1, 2, 3};
        maker(ordinal, 5, kStart, bytes);
        again(ordinal, 5, kStart, same);
        EXPECT_EQ(bytes, same);
        EXPECT_TRUE(seen.insert(bytes).second) << kind.name << " " << source << " " << ordinal;
      }
    }
  }
}

TEST(Workload, CostsWhatTheHeaderSays) {
  // README.md prints the same figures.
  WorkUnits reference;
  reference.reads = 2;
  reference.writes = 1;
  reference.hashes = 2;
  reference.bytes = 200;
  EXPECT_EQ(cost_units(reference), kReferenceUnits);
  const LedgerConfig chain = standard_chain(consensus::ChainId(3), 10, 2);
  for (const Kind& kind : kKinds) {
    const Outcome outcome = run(chain, kind.maker(workload_config(chain, 4)), 8'000, 1'100);
    const uint64_t per_mille =
        outcome.units * 1'000 / (outcome.applied + outcome.refused) / kReferenceUnits;
    EXPECT_NEAR(static_cast<double>(per_mille), kind.stated_per_mille, 0.01 * kind.stated_per_mille)
        << kind.name;
  }
}

}  // namespace
}  // namespace govchain::models
