#include <map>

#include "models/services/gateway/contract.h"

namespace govchain::models::gateway {

std::string_view text_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kUnknownChain:
      return "the other chain is not registered here";
    case Refusal::kDeadlineOutOfRange:
      return "the deadline must lie in the next seven days";
    case Refusal::kRequestExists:
      return "the requester has used this number";
    case Refusal::kLocked:
      return "another request holds the lock";
    case Refusal::kNoGatewayCalls:
      return "a request may not call the gateway contract";
    case Refusal::kNotAGateway:
      return "only a gateway may do this";
    case Refusal::kOtherTarget:
      return "the request is meant for another chain";
    case Refusal::kAlreadyDecided:
      return "the request was already decided";
    case Refusal::kOtherEpoch:
      return "the checkpoint is of another epoch than the registered members";
    case Refusal::kStaleCheckpoint:
      return "the checkpoint is too old";
    case Refusal::kConflictingCheckpoint:
      return "the checkpoint contradicts the one already seen at its height";
    case Refusal::kNoQuorum:
      return "the checkpoint is not signed by a quorum of the registered members";
    case Refusal::kBadProof:
      return "the proof does not lead to the checkpoint's state root";
    case Refusal::kNoSuchRequest:
      return "there is no such request";
    case Refusal::kAlreadySettled:
      return "the request was already settled";
  }
  return {};
}

std::optional<Request> find_request(const StateReader& state, const RequestName& name) {
  return state.get<Request>(request_key(name));
}

std::optional<RequestStatus> find_status(const StateReader& state, const RequestName& name) {
  return state.get<RequestStatus>(request_status_key(name));
}

std::optional<Decision> find_decision(const StateReader& state, consensus::ChainId source,
                                      const RequestName& name) {
  return state.get<Decision>(decision_key(source, name));
}

uint64_t outbox_size(const StateReader& state, consensus::ChainId target) {
  return state.get<Position>(outbox_size_key(target)).value_or(Position{}).value;
}

RequestName outbox_entry(const StateReader& state, consensus::ChainId target, uint64_t index) {
  return state.get<RequestName>(outbox_key(target, index)).value();
}

bool adapter_fails(const ForeignChain& source, const RequestName& name) {
  if (source.adapter_failures_per_million == 0) return false;
  std::vector<uint8_t> bytes;
  consensus::Writer out(bytes);
  out.ordinal(source.chain);
  encode_fields(name, bytes);
  const consensus::Digest digest = consensus::hash(consensus::HashAlgorithm::kSha256, bytes);
  const uint64_t draw = consensus::Reader(digest.bytes).u64();
  return draw % 1'000'000 < source.adapter_failures_per_million;
}

std::optional<std::string> broken_invariant(const StateTree& tree) {
  std::optional<std::string> breach;
  uint64_t requests = 0;
  uint64_t outbox_entries = 0;
  uint64_t outbox_sizes = 0;
  std::map<RequestName, RequestState> states;
  std::vector<RequestName> lock_holders;
  tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    consensus::Reader in(key);
    if (in.u32() != kContractId) return;
    switch (in.u8()) {
      case 0:
        ++requests;
        break;
      case 1: {
        const RequestName name = read_fields<RequestName>(in);
        const RequestStatus status = decode_fields<RequestStatus>(value).value();
        states[name] = status.state;
        if (status.state != RequestState::kPending &&
            status.decision.took_effect() != (status.state == RequestState::kCompleted)) {
          breach = "a request was settled against its decision";
        }
        break;
      }
      case 2:
        lock_holders.push_back(decode_fields<RequestName>(value).value());
        break;
      case 3:
        outbox_sizes += decode_fields<Position>(value).value().value;
        break;
      case 4:
        ++outbox_entries;
        break;
      default:
        break;
    }
  });
  for (const RequestName& holder : lock_holders) {
    if (states[holder] != RequestState::kPending) breach = "a settled request still holds a lock";
  }
  if (requests != states.size() || requests != outbox_entries || requests != outbox_sizes) {
    breach = "requests, their status and the outbox differ";
  }
  return breach;
}

}  // namespace govchain::models::gateway
