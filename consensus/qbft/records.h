#pragma once
// What QBFT writes ahead, beside what chains share (consensus/chain/records.h).
//
//   Proposal      a pre-prepare that was accepted, with block and justification: binds the replica
//                 to the block in that round, and to no earlier round
//   Prepared      the quorum of PREPAREs, before the COMMIT that rests on it; its block is in the
//                 Proposal of the same round
//   RoundChange   the round asked for, before the ROUND-CHANGE leaves: nothing is signed in earlier
//                 rounds of the height. What the ROUND-CHANGE says of prepared blocks follows from
//                 the records before.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/log_record.h"
#include "consensus/qbft/messages.h"

namespace govchain::consensus::qbft {

enum class RecordType : uint8_t { kProposal = 1, kPrepared = 2, kRoundChange = 3 };

struct ProposalRecord {
  View round;
  Signature signature;  // the leader's; zero for one's own, which is signed again
  std::vector<uint8_t> justification;
};
struct RoundChangeRecord {
  Height height;
  View round;
};

[[nodiscard]] Ref<LogRecord> make_proposal_record(View round, const Signature& signature,
                                                  std::span<const uint8_t> justification,
                                                  BlockRef block);
[[nodiscard]] Ref<LogRecord> make_prepared_record(CertificateRef prepares);
[[nodiscard]] Ref<LogRecord> make_record(const RoundChangeRecord& round_change);

// Nullopt if the record does not decode.
[[nodiscard]] std::optional<ProposalRecord> read_proposal(const LogRecord& record);
[[nodiscard]] std::optional<RoundChangeRecord> read_round_change(const LogRecord& record);

}  // namespace govchain::consensus::qbft
