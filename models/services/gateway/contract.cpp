#include "models/services/gateway/contract.h"

#include "models/ledger/proof.h"

namespace govchain::models::gateway {
namespace {

constexpr uint16_t kDone = 0;
uint16_t refuse(Refusal refusal) { return static_cast<uint16_t>(refusal); }

// Phase one, on the source: the request becomes provable, the lock is taken.
uint16_t make_request(CallContext& context, const MakeRequest& arguments) {
  const Request& request = arguments.request;
  if (!context.state.has(foreign_chain_key(request.target))) {
    return refuse(Refusal::kUnknownChain);
  }
  if (request.deadline <= context.block_time ||
      request.deadline - context.block_time > kMaxTimeout) {
    return refuse(Refusal::kDeadlineOutOfRange);
  }
  if (request.call.contract == kContractId) return refuse(Refusal::kNoGatewayCalls);
  const RequestName name{.requester = context.sender.id, .number = arguments.number};
  if (context.state.has(request_key(name))) return refuse(Refusal::kRequestExists);
  if (!request.lock.is_zero()) {
    if (context.state.has(lock_key(request.lock))) return refuse(Refusal::kLocked);
    context.state.put(lock_key(request.lock), name);
  }
  context.state.put(request_key(name), request);
  RequestStatus status;
  status.requested_at = context.block_time;
  context.state.put(request_status_key(name), status);
  const StateKey size_key = outbox_size_key(request.target);
  Position size = context.state.get<Position>(size_key).value_or(Position{});
  context.state.put(outbox_key(request.target, size.value), name);
  ++size.value;
  context.state.put(size_key, size);
  return kDone;
}

uint16_t code_of_check(EvidenceCheck check) {
  switch (check) {
    case EvidenceCheck::kGood:
      return kDone;
    case EvidenceCheck::kOtherEpoch:
      return refuse(Refusal::kOtherEpoch);
    case EvidenceCheck::kStale:
      return refuse(Refusal::kStaleCheckpoint);
    case EvidenceCheck::kConflicting:
      return refuse(Refusal::kConflictingCheckpoint);
    case EvidenceCheck::kNoQuorum:
      return refuse(Refusal::kNoQuorum);
  }
  return refuse(Refusal::kNoQuorum);
}

// That `key` has `value` on the foreign chain, by a checkpoint that its members signed.
uint16_t check_foreign_record(CallContext& context, const ForeignChain& foreign,
                              const CheckpointEvidence& checkpoint, const StateKey& key,
                              std::span<const uint8_t> value,
                              std::span<const uint8_t> encoded_proof) {
  consensus::Reader in(encoded_proof);
  const StateProof proof = decode_proof(in);
  if (!in.finished()) return refuse(Refusal::kBadProof);
  context.state.work().hashes += proof.steps.size() + 3;
  // The cheap check first; it means nothing before the second.
  if (!verify_inclusion(static_cast<consensus::HashAlgorithm>(foreign.hash_algorithm),
                        checkpoint.state_root, key.bytes(), value, proof)) {
    return refuse(Refusal::kBadProof);
  }
  return code_of_check(check_evidence(context, foreign, checkpoint));
}

Decision decide(CallContext& context, const ForeignChain& source, const Execute& arguments) {
  Decision decision;
  decision.decided_at = context.block_time;
  if (context.block_time > arguments.request.deadline) {
    decision.outcome = Outcome::kExpired;
  } else if (adapter_fails(source, arguments.name)) {
    decision.outcome = Outcome::kUntranslatable;
  } else {
    const std::optional<Department> acting = context.host.department(source.acting_as);
    const Call& call = arguments.request.call;
    decision.code = acting ? context.call(*acting, call.contract, call.method, call.arguments)
                           : code_of(ReceiptCode::kUnknownSender);
  }
  return decision;
}

// Phase two, on the target: the decision, once.
uint16_t execute(CallContext& context, const Execute& arguments) {
  if (!context.sender.has(Role::kGateway)) return refuse(Refusal::kNotAGateway);
  const auto source = context.state.get<ForeignChain>(foreign_chain_key(arguments.source));
  if (!source) return refuse(Refusal::kUnknownChain);
  if (arguments.request.target != context.chain) return refuse(Refusal::kOtherTarget);
  const StateKey key = decision_key(arguments.source, arguments.name);
  if (context.state.has(key)) return refuse(Refusal::kAlreadyDecided);
  const uint16_t code =
      check_foreign_record(context, *source, arguments.checkpoint, request_key(arguments.name),
                           encode_fields(arguments.request), arguments.proof);
  if (code != kDone) return code;
  context.state.put(key, decide(context, *source, arguments));
  return kDone;
}

// Phase three, on the source: it follows the decision and frees the lock.
uint16_t settle(CallContext& context, const Settle& arguments) {
  if (!context.sender.has(Role::kGateway)) return refuse(Refusal::kNotAGateway);
  const auto request = context.state.get<Request>(request_key(arguments.name));
  auto status = context.state.get<RequestStatus>(request_status_key(arguments.name));
  if (!request || !status) return refuse(Refusal::kNoSuchRequest);
  if (status->state != RequestState::kPending) return refuse(Refusal::kAlreadySettled);
  const auto target = context.state.get<ForeignChain>(foreign_chain_key(request->target));
  if (!target) return refuse(Refusal::kUnknownChain);
  const uint16_t code = check_foreign_record(context, *target, arguments.checkpoint,
                                             decision_key(context.chain, arguments.name),
                                             encode_fields(arguments.decision), arguments.proof);
  if (code != kDone) return code;
  status->state =
      arguments.decision.took_effect() ? RequestState::kCompleted : RequestState::kCompensated;
  status->decision = arguments.decision;
  status->settled_by = context.sender.id;
  status->settled_at = context.block_time;
  context.state.put(request_status_key(arguments.name), *status);
  if (!request->lock.is_zero()) context.state.erase(lock_key(request->lock));
  return kDone;
}

uint16_t tick(CallContext& context, const Tick& /*arguments*/) {
  return context.sender.has(Role::kGateway) ? kDone : refuse(Refusal::kNotAGateway);
}

}  // namespace

uint16_t GatewayContract::call(CallContext& context, uint16_t method,
                               std::span<const uint8_t> arguments) const {
  switch (static_cast<Method>(method)) {
    case Method::kRequest:
      return run_method<MakeRequest>(context, arguments, make_request);
    case Method::kExecute:
      return run_method<Execute>(context, arguments, execute);
    case Method::kSettle:
      return run_method<Settle>(context, arguments, settle);
    case Method::kTick:
      return run_method<Tick>(context, arguments, tick);
  }
  return code_of(ReceiptCode::kUnknownMethod);
}

}  // namespace govchain::models::gateway
