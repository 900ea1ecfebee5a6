#pragma once
// Calls from one chain to another. The source chain commits a request and holds a lock; the target
// chain decides on it once (it runs the call, or refuses it for good because its time is up) and
// records the decision; the source chain follows the decision. Gateways carry proofs in between and
// are trusted with nothing: what they could forge is refused, what they withhold another brings.
//
// Why both never happen, and why neither does not either. Only the target decides, in one record
// that is written once, and by its own block time alone, so that clocks of different chains need
// not agree. The source completes or compensates only upon proof of that record. A request is
// therefore pending until the target has decided and a gateway has said so; how long that takes
// depends on gateways and on both chains, what the outcome is does not.

#include <cstdint>
#include <vector>

#include "consensus/types.h"
#include "models/ledger/identifiers.h"
#include "models/ledger/state_key.h"

namespace govchain::models::gateway {

inline constexpr uint32_t kContractId = 4;
// Longest time from a request to its deadline.
inline constexpr int64_t kMaxTimeout = 7 * 86'400'000'000'000;

enum class Method : uint16_t {
  kRequest = 1,
  kExecute = 2,
  kSettle = 3,
  kTick = 4,
};

struct Call {
  uint32_t contract = 0;
  uint16_t method = 0;
  std::vector<uint8_t> arguments;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(contract, method, arguments);
  }
  friend bool operator==(const Call&, const Call&) = default;
};

// The request itself never changes, so that every later checkpoint proves it as well as the first.
struct Request {
  consensus::ChainId target;
  Call call;
  int64_t deadline = 0;      // last block time of the target at which it may run the call
  consensus::Digest lock;    // what nobody else may request while this is pending; zero = nothing
  int64_t submitted_at = 0;  // the client's clock; measured against, never decided by
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(target, call, deadline, lock, submitted_at);
  }
  friend bool operator==(const Request&, const Request&) = default;
};

enum class RequestState : uint8_t { kPending, kCompleted, kCompensated };
[[nodiscard]] constexpr RequestState last_value(RequestState /*type*/) {
  return RequestState::kCompensated;
}

enum class Outcome : uint8_t {
  kExecuted,        // the call ran; `code` is what its contract said
  kExpired,         // the deadline had passed
  kUntranslatable,  // the adapter could not map the request to this chain's schema
};
[[nodiscard]] constexpr Outcome last_value(Outcome /*type*/) { return Outcome::kUntranslatable; }

// The target's decision.
struct Decision {
  Outcome outcome = Outcome::kExecuted;
  uint16_t code = 0;  // receipt code of the call, if it ran
  int64_t decided_at = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(outcome, code, decided_at);
  }
  // Nothing of a call that was refused took effect.
  [[nodiscard]] bool took_effect() const { return outcome == Outcome::kExecuted && code == 0; }
  friend bool operator==(const Decision&, const Decision&) = default;
};

// Where a request stands on the source.
struct RequestStatus {
  RequestState state = RequestState::kPending;
  Decision decision;         // once settled
  DepartmentId settled_by;   // the gateway that brought the proof
  int64_t requested_at = 0;  // block times of the source
  int64_t settled_at = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(state, decision, settled_by, requested_at, settled_at);
  }
  friend bool operator==(const RequestStatus&, const RequestStatus&) = default;
};

// Names a request on its source chain.
struct RequestName {
  DepartmentId requester;
  uint64_t number = 0;  // the requester's own; a second request takes another
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(requester, number);
  }
  friend auto operator<=>(const RequestName&, const RequestName&) = default;
};

// A stable checkpoint with the signatures of its quorum (consensus/checkpoint.h).
struct CheckpointEvidence {
  consensus::Height height;
  consensus::Epoch epoch;
  consensus::Digest state_root;
  std::vector<consensus::ReplicaId> signers;  // ascending
  std::vector<consensus::Signature> signatures;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(height, epoch, state_root, signers, signatures);
  }
};

// --- Arguments of the methods. Who may call is said beside each.

// Any department.
struct MakeRequest {
  uint64_t number = 0;
  Request request;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number, request);
  }
};
// A gateway, on the target.
struct Execute {
  consensus::ChainId source;
  RequestName name;
  Request request;
  CheckpointEvidence checkpoint;  // of the source
  std::vector<uint8_t> proof;     // of the request under the checkpoint's root (ledger/proof.h)
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(source, name, request, checkpoint, proof);
  }
};
// A gateway, on the source.
struct Settle {
  RequestName name;
  Decision decision;
  CheckpointEvidence checkpoint;  // of the target
  std::vector<uint8_t> proof;     // of the decision under the checkpoint's root
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name, decision, checkpoint, proof);
  }
};
// A gateway, anywhere: does nothing, but makes a block, where a chain has so little to do that its
// next checkpoint would not come.
struct Tick {
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number);
  }
};

// --- Other records

struct Position {
  uint64_t value = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(value);
  }
};

// --- Keys

[[nodiscard]] inline StateKey request_key(const RequestName& name) {
  return StateKey(kContractId, 0).with(name.requester).with(name.number);
}
[[nodiscard]] inline StateKey request_status_key(const RequestName& name) {
  return StateKey(kContractId, 1).with(name.requester).with(name.number);
}
[[nodiscard]] inline StateKey lock_key(const consensus::Digest& lock) {
  return StateKey(kContractId, 2).with(lock);
}
// Requests to one target in the order in which they were committed, numbered from 0: what a gateway
// that has just started reads.
[[nodiscard]] inline StateKey outbox_size_key(consensus::ChainId target) {
  return StateKey(kContractId, 3).with(target);
}
[[nodiscard]] inline StateKey outbox_key(consensus::ChainId target, uint64_t index) {
  return StateKey(kContractId, 4).with(target).with(index);
}
[[nodiscard]] inline StateKey decision_key(consensus::ChainId source, const RequestName& name) {
  return StateKey(kContractId, 5).with(source).with(name.requester).with(name.number);
}

}  // namespace govchain::models::gateway
