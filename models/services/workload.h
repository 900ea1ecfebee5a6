#pragma once
// Transaction makers: streams of realistic calls, one maker per load and contract.
//
// A stream is made of cases (a resource from registration to its last access; a licence; an
// invoice; a piece of evidence), each with a fixed script. The steps of one case lie `kLag` rounds
// apart, so that a step is offered long after those it builds on; in between other cases go on. A
// few calls break a rule on purpose (a second claim, another purpose), as they do in life. A maker
// keeps nothing: the bytes are a function of (config, ordinal, random, wall time) and differ
// between ordinals and between sources.

#include <cstdint>
#include <functional>
#include <vector>

#include "models/ledger/call_state.h"
#include "models/ledger/department.h"
#include "models/ledger/ledger.h"
#include "models/ledger/transaction.h"

namespace govchain::models {

// The shape of sim::TransactionMaker.
using WorkloadMaker = std::function<void(uint64_t ordinal, uint64_t random, int64_t wall_time,
                                         std::vector<uint8_t>& out)>;

struct WorkloadConfig {
  consensus::ChainId chain;
  // Number of this load on its chain, below 2^20: no two loads of a chain may share it.
  uint32_t source = 0;
  std::vector<Department> departments;   // of the chain; every role must occur
  int64_t validity = 1'800'000'000'000;  // from making to expiry, at most the ledger's
  uint32_t refused_per_thousand = 10;    // calls that break a rule on purpose
};

// Rounds between two steps of one case; a round offers one step of each of a script's positions. So
// a stream needs (script length)² * kLag transactions, 1,024 at most, until all steps occur; before
// that, first steps stand in for those that are still to come. Between two steps of a case lie 32
// (e-licence, e-invoice) or 64 (sharing) transactions of the stream.
inline constexpr uint64_t kLag = 4;

[[nodiscard]] WorkloadMaker sharing_workload(WorkloadConfig config);
[[nodiscard]] WorkloadMaker licence_workload(WorkloadConfig config);
[[nodiscard]] WorkloadMaker invoice_workload(WorkloadConfig config);
// Evidence that is collected with its content in the call; the arguments take `size`, or
// kLeastEvidenceCall if that is more. The hash is that of `hash`, the chain's. Some give the hash
// of something else, on purpose.
inline constexpr consensus::Bytes kLeastEvidenceCall{64};
[[nodiscard]] WorkloadMaker evidence_workload(WorkloadConfig config, consensus::Bytes size,
                                              consensus::HashAlgorithm hash);

// Requests from `config.chain` to `target`: looks at the resources that shared_catalogue() put into
// the target's genesis. One request in `config.refused_per_thousand` asks for a resource that the
// target does not have, and ends compensated.
[[nodiscard]] WorkloadMaker gateway_workload(WorkloadConfig config, consensus::ChainId target,
                                             int64_t timeout);
// Unconditional resources 1 … `count`, managed by `manager`, for LedgerConfig::genesis.
[[nodiscard]] std::vector<GenesisRecord> shared_catalogue(DepartmentId manager, uint32_t count);
inline constexpr uint32_t kSharedCatalogueSize = 256;

// --- Cost

// Work in hash equivalents (one SHA-256 of up to 64 bytes): a read hashes its key and walks the
// tree; a write rehashes its share of the path to the root; bytes are copied and hashed; a
// signature check inside a contract costs about 100 hashes (Ed25519 verification over SHA-256,
// measured by tests/models/services).
[[nodiscard]] uint64_t cost_units(const WorkUnits& work);
// The call that a machine profile's `execute_transaction` stands for: sender and one record read,
// the record written, 256 bytes in all.
inline constexpr uint64_t kReferenceUnits = 23;
// Mean cost of a stream's transactions in thousandths of the reference: execution_factor * 1000 of
// sim::TransactionClass. A test recomputes them.
inline constexpr uint32_t kSharingCostPerMille = 3'091;
inline constexpr uint32_t kLicenceCostPerMille = 1'665;
inline constexpr uint32_t kInvoiceCostPerMille = 1'430;
// A call without content, and what 1,024 bytes more of it add.
inline constexpr uint32_t kEvidenceCostPerMille = 1'637;
inline constexpr uint32_t kEvidenceCostPerMilleAndKilobyte = 1'391;
// Gateway transactions read the other chain's members: these figures are for 4; each further member
// adds kMemberCostPerMille.
inline constexpr uint32_t kMemberCostPerMille = 52;
inline constexpr uint32_t kGatewayRequestCostPerMille = 3'217;
// What a gateway submits, without the certificate's signatures. The first transaction under a
// checkpoint checks a quorum of them at kSignatureCostPerMille each; the others that travel under
// the same checkpoint check none.
inline constexpr uint32_t kGatewayExecuteCostPerMille = 5'357;
inline constexpr uint32_t kGatewaySettleCostPerMille = 2'841;
inline constexpr uint32_t kSignatureCostPerMille = 4'348;

}  // namespace govchain::models
