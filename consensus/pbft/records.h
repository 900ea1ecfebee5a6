#pragma once
// What PBFT writes ahead, beside what chains share (consensus/chain/records.h).
//
// - View: epoch, view, whether it is only asked for, and what it binds: (height, digest) pairs that
//   the replica may vote for in it. The last one counts, if it is of the present epoch; a new epoch
//   begins in view 0 without one.
//
// - Proposal: a pre-prepare that was accepted, with its block; binds the replica at (view, height).
//
// - Body: a block that a new view names and this replica lacked.
//
// - Prepared: a prepared certificate, before the COMMIT that rests on it.
//
// - Checkpoint: the certificate of a proven checkpoint. It moves the watermarks, so it is durable
//   before anything that only it allows to vote for: after a crash the votes above it would
//   otherwise lie outside the window and be forgotten.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "consensus/log_record.h"
#include "consensus/pbft/messages.h"

namespace govchain::consensus::pbft {

enum class RecordType : uint8_t {
  kView = 1,
  kProposal = 2,
  kBody = 3,
  kPrepared = 4,
  kCheckpoint = 5,
};

struct ViewRecord {
  Epoch epoch;
  View view;
  bool in_view_change = false;
  std::vector<std::pair<Height, Digest>> bindings;
};
struct ProposalRecord {
  View view;
  Signature signature;  // the primary's; zero for one's own, which is signed again
};

[[nodiscard]] Ref<LogRecord> make_record(const ViewRecord& view);
[[nodiscard]] Ref<LogRecord> make_proposal_record(const ProposalRecord& proposal, BlockRef block);
[[nodiscard]] Ref<LogRecord> make_body_record(BlockRef block);
[[nodiscard]] Ref<LogRecord> make_prepared_record(const PreparedProof& proof);
[[nodiscard]] Ref<LogRecord> make_checkpoint_record(CertificateRef certificate);

// Nullopt if the record does not decode.
[[nodiscard]] std::optional<ViewRecord> read_view(const LogRecord& record);
[[nodiscard]] std::optional<ProposalRecord> read_proposal(const LogRecord& record);
[[nodiscard]] std::optional<PreparedProof> read_prepared(const LogRecord& record);

}  // namespace govchain::consensus::pbft
