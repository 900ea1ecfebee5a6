#include "models/services/workload.h"

#include <cstdio>
#include <set>

#include <gtest/gtest.h>

#include "models/services/standard_chain.h"
#include "tests/models/ledger/chain_under_test.h"
#include "tests/models/services/two_chains.h"

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
  uint64_t unforeseen = 0;  // records looked at, of all transactions
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
  outcome.unforeseen = ledger.unforeseen_records();
  return outcome;
}

constexpr uint64_t kEvidenceSize = 300;
WorkloadMaker evidence_of_300_bytes(WorkloadConfig config) {
  return evidence_workload(std::move(config), consensus::Bytes(kEvidenceSize),
                           consensus::HashAlgorithm::kSha256);
}

struct Kind {
  const char* name;
  WorkloadMaker (*maker)(WorkloadConfig);
  uint32_t stated_per_mille;
};
const Kind kKinds[] = {
    {"sharing", sharing_workload, kSharingCostPerMille},
    {"e-licence", licence_workload, kLicenceCostPerMille},
    {"e-invoice", invoice_workload, kInvoiceCostPerMille},
    {"evidence", evidence_of_300_bytes,
     kEvidenceCostPerMille + kEvidenceCostPerMilleAndKilobyte*(kEvidenceSize - 44) / 1'024}};

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

TEST(Workload, EvidenceTakesTheBytesThatItIsAskedFor) {
  const LedgerConfig chain = standard_chain(consensus::ChainId(3), 10, 2);
  for (const uint64_t size : {64U, 128U, 1'024U, 16'384U}) {
    const WorkloadMaker maker = evidence_workload(workload_config(chain, 4), consensus::Bytes(size),
                                                  consensus::HashAlgorithm::kSha256);
    std::vector<uint8_t> bytes;
    maker(7, 5, kStart, bytes);
    EXPECT_EQ(bytes.size(), kTransactionOverhead + size);
  }
}

// What a block waits for at its calls one by one (Contract::foresee). Records whose name depends on
// another record's content cannot be foreseen: the log's next entry, the terms of recognition.
TEST(Workload, LooksMostlyAtRecordsThatWereForeseen) {
  constexpr uint64_t kTransactions = 4'000;
  constexpr uint64_t kPerThousand[] = {800, 500, 0, 0};
  size_t kind = 0;
  for (const uint64_t most : kPerThousand) {
    const LedgerConfig chain = standard_chain(consensus::ChainId(3), 12, 2);
    const Outcome outcome =
        run(chain, kKinds[kind].maker(workload_config(chain, 4)), kTransactions);
    EXPECT_LE(outcome.unforeseen * 1'000, most * kTransactions) << kKinds[kind].name;
    ++kind;
  }
}

TEST(Workload, CostsWhatTheHeaderSays) {
  // README.md prints the same figures.
  WorkUnits reference;
  reference.reads = 2;
  reference.writes = 1;
  reference.hashes = 3;
  reference.bytes = 256;
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

TEST(Workload, GatewayTransactionsCostWhatTheHeaderSays) {
  using namespace gateway;
  testing::Members members(1, 4, consensus::Protocol::kPbft, consensus::SignatureScheme::kModelled);
  LedgerConfig config = testing::connected_chain(1, members.registration(), 1);
  // A chain that calls itself: its own requests are foreign to its other half.
  config.genesis.push_back(register_foreign_chain(members.registration()));
  WorkloadConfig workload = workload_config(config, 1);
  workload.refused_per_thousand = 0;
  const WorkloadMaker maker = gateway_workload(workload, consensus::ChainId(1), testing::kHour);
  testing::ChainUnderTest chain(config);
  Random random(3);
  constexpr uint64_t kRequests = 400;
  std::vector<std::vector<uint8_t>> requests(kRequests);
  for (uint64_t i = 0; i < kRequests; ++i) {
    // The catalogue of the test's chain has four entries.
    maker(i, random.next() / kSharedCatalogueSize * kSharedCatalogueSize + i % 4, kStart,
          requests[i]);
  }
  const auto cost_of = [&](const std::vector<std::vector<uint8_t>>& transactions,
                           uint64_t signatures) {
    for (const uint16_t code : chain.commit(transactions)) EXPECT_EQ(code, 0);
    uint64_t units = 0;
    uint64_t checks = 0;
    for (const WorkUnits& work : chain.ledger().last_work()) {
      units += cost_units(work);
      checks += work.signature_checks;
    }
    EXPECT_EQ(checks, signatures);
    return static_cast<double>(units - 100 * checks) * 1'000 / kReferenceUnits / kRequests;
  };
  EXPECT_NEAR(cost_of(requests, 0), kGatewayRequestCostPerMille,
              0.01 * kGatewayRequestCostPerMille);

  const auto evidence = [&] {
    return evidence_of(*members.certify(chain.ledger().height().value(),
                                        chain.ledger().state_root(), members.quorum()));
  };
  std::vector<RequestName> names;
  for (uint64_t i = 0; i < kRequests; ++i) {
    names.push_back(outbox_entry(chain.state(), consensus::ChainId(1), i));
  }
  std::vector<std::vector<uint8_t>> steps;
  for (const RequestName& name : names) {
    Execute execute{.source = consensus::ChainId(1),
                    .name = name,
                    .request = find_request(chain.state(), name).value(),
                    .checkpoint = evidence(),
                    .proof = {}};
    encode_proof(chain.ledger().tree().prove(request_key(name).bytes()), execute.proof);
    steps.push_back(chain.transaction(testing::kGatewayDepartment, 0, gateway::kContractId,
                                      gateway::Method::kExecute, execute));
  }
  EXPECT_NEAR(cost_of(steps, members.quorum()), kGatewayExecuteCostPerMille,
              0.01 * kGatewayExecuteCostPerMille);
  steps.clear();
  for (const RequestName& name : names) {
    const StateKey key = decision_key(consensus::ChainId(1), name);
    Settle settle{.name = name,
                  .decision = chain.state().get<Decision>(key).value(),
                  .checkpoint = evidence(),
                  .proof = {}};
    encode_proof(chain.ledger().tree().prove(key.bytes()), settle.proof);
    steps.push_back(chain.transaction(testing::kGatewayDepartment, 0, gateway::kContractId,
                                      gateway::Method::kSettle, settle));
  }
  EXPECT_NEAR(cost_of(steps, members.quorum()), kGatewaySettleCostPerMille,
              0.01 * kGatewaySettleCostPerMille);
  EXPECT_EQ(kSignatureCostPerMille, 100 * 1'000 / kReferenceUnits + 1);
}

}  // namespace
}  // namespace govchain::models
