#pragma once
// What HotStuff writes ahead.
//
//   Node     a node that this replica is about to vote for, or to propose: block, certificate of
//            its parent, and all that its proposal said, so that it can be passed on after a crash
//   Promise  a view given up with the highest certificate then known, and the proof that the view
//            before had failed, if it had; and, at each stable checkpoint, everything that binds
//            this replica, because older records go
//
// Both carry the whole promise: the last one counts.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/hotstuff/messages.h"
#include "consensus/hotstuff/tree.h"
#include "consensus/log_record.h"

namespace govchain::consensus::hotstuff {

enum class RecordType : uint8_t { kNode = 1, kPromise = 2 };

// What this replica must never contradict.
struct Promise {
  Epoch epoch;
  View voted;             // it votes in no view up to this one (Jolteon, Fig. 2: r_vote)
  View given_up;          // nor up to this one, for which it signed a TIMEOUT
  View given_up_highest;  // as that TIMEOUT says
  // Three-chain: the locked node (PODC'19: lockedQC). View 0: none.
  View locked_view;
  Digest locked;
  // The newest block that a quorum may have made final by votes of which this replica's is one,
  // and its view.
  Height may_be_final;
  View may_be_final_view;
  friend bool operator==(const Promise&, const Promise&) = default;
};

[[nodiscard]] Ref<LogRecord> make_node_record(const Promise& promise, const Node& node);
// `failed`: of the view before the one given up, if that had failed, too; else null.
[[nodiscard]] Ref<LogRecord> make_promise_record(const Promise& promise, CertificateRef highest,
                                                 const TimeoutCertificate* failed);

// Nullopt if the record does not decode.
struct RecoveredPromise {
  Promise promise;
  std::optional<TimeoutCertificate> failed;
};
[[nodiscard]] std::optional<RecoveredPromise> read_promise(const LogRecord& record);
struct RecoveredNode {
  Promise promise;
  View view;
  Signature signature;  // of the proposal; zero for one's own, whose signature was under way
  ProposalBody body;
};
[[nodiscard]] std::optional<RecoveredNode> read_node(const LogRecord& record);

}  // namespace govchain::consensus::hotstuff
