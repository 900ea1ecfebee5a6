#pragma once
// What Tendermint writes ahead, beside what every chain does (consensus/chain/records.h). All of a
// height is void when the height is over.
//
//   Proposal  one's own, with its block: after a crash the same is proposed again
//   Vote      a prevote, or a precommit for nil
//   Lock      a precommit for a block: the polka, and the block if no earlier record of the height
//             has it. The vote, the lock (line 38) and the valid value (line 42) in one
//   Polka     a valid value that came too late to be locked (line 42 in step precommit)

#include <cstdint>
#include <optional>

#include "consensus/log_record.h"
#include "consensus/tendermint/round.h"

namespace govchain::consensus::tendermint {

enum class RecordType : uint8_t { kProposal = 1, kVote = 2, kLock = 3, kPolka = 4 };

struct ProposalRecord {
  Epoch epoch;
  Height height;
  Round round = 0;
  Round valid_round = kNoRound;
};
struct VoteRecord {
  Epoch epoch;
  Height height;
  Round round = 0;
  VoteType type = VoteType::kPrevote;
  ValueId value;
};

[[nodiscard]] Ref<LogRecord> make_record(const ProposalRecord& proposal, BlockRef block);
[[nodiscard]] Ref<LogRecord> make_record(const VoteRecord& vote);
[[nodiscard]] Ref<LogRecord> make_polka_record(RecordType type, CertificateRef polka,
                                               BlockRef block);

// Nullopt if the record does not decode.
[[nodiscard]] std::optional<ProposalRecord> read_proposal(const LogRecord& record);
[[nodiscard]] std::optional<VoteRecord> read_vote(const LogRecord& record);
[[nodiscard]] bool is_polka(const LogRecord& record);

}  // namespace govchain::consensus::tendermint
