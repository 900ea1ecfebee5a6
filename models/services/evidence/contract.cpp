#include "models/services/evidence/contract.h"

#include "consensus/crypto/hash.h"

namespace govchain::models::evidence {
namespace {

constexpr uint16_t kDone = 0;
uint16_t refuse(Refusal refusal) { return static_cast<uint16_t>(refusal); }

void add_entry(CallContext& context, const EvidenceName& name, Evidence& evidence, Event event,
               const consensus::Digest& digest = {}) {
  HistoryEntry entry;
  entry.time = context.block_time;
  entry.event = event;
  entry.department = context.sender.id;
  if (event == Event::kHandedOver) entry.to = evidence.receiver;
  entry.digest = digest;
  context.state.put(history_key(name, evidence.events), entry);
  ++evidence.events;
}

// Content may stay elsewhere; what is here must be what it is said to be.
uint16_t check_content(CallContext& context, const consensus::Digest& digest,
                       const std::vector<uint8_t>& content) {
  if (digest.is_zero()) return refuse(Refusal::kNoDigest);
  if (content.empty()) return kDone;
  constexpr uint64_t kBytesPerHash = 64;
  context.state.work().hashes += 1 + content.size() / kBytesPerHash;
  return consensus::hash(context.hash, content) == digest ? kDone : refuse(Refusal::kOtherContent);
}

uint16_t put_new(CallContext& context, const EvidenceName& source, uint64_t number,
                 const consensus::Digest& digest, const std::vector<uint8_t>& content) {
  const EvidenceName name{context.sender.id, number};
  const StateKey key = evidence_key(name);
  if (context.state.has(key)) return refuse(Refusal::kNumberUsed);
  if (const uint16_t code = check_content(context, digest, content); code != kDone) return code;
  Evidence evidence;
  evidence.digest = digest;
  evidence.source = source;
  evidence.custodian = context.sender.id;
  evidence.collected_at = context.block_time;
  const bool processed = source.collector.value() != 0;
  add_entry(context, name, evidence, processed ? Event::kProcessed : Event::kCollected, digest);
  context.state.put(key, evidence);
  return kDone;
}

uint16_t collect(CallContext& context, const Collect& arguments) {
  return put_new(context, {}, arguments.number, arguments.digest, arguments.content);
}

// What the sender has in its own hands.
uint16_t check_custody(const CallContext& context, const std::optional<Evidence>& evidence) {
  if (!evidence) return refuse(Refusal::kNoSuchEvidence);
  if (evidence->custodian != context.sender.id) return refuse(Refusal::kNotTheCustodian);
  if (evidence->state == EvidenceState::kClosed) return refuse(Refusal::kIsClosed);
  if (evidence->state == EvidenceState::kHandedOver) return refuse(Refusal::kIsHandedOver);
  return kDone;
}

uint16_t process(CallContext& context, const Process& arguments) {
  const auto source = context.state.get<Evidence>(evidence_key(arguments.source));
  if (const uint16_t code = check_custody(context, source); code != kDone) return code;
  return put_new(context, arguments.source, arguments.number, arguments.digest, arguments.content);
}

uint16_t check(CallContext& context, const Check& arguments) {
  const StateKey key = evidence_key(arguments.name);
  auto evidence = context.state.get<Evidence>(key);
  if (!evidence) return refuse(Refusal::kNoSuchEvidence);
  if (arguments.digest.is_zero()) return refuse(Refusal::kNoDigest);
  // Closed evidence may still be shown, and be found altered.
  const bool same = arguments.digest == evidence->digest;
  if (!same) ++evidence->altered;
  add_entry(context, arguments.name, *evidence, same ? Event::kChecked : Event::kAltered,
            arguments.digest);
  context.state.put(key, *evidence);
  return kDone;
}

uint16_t hand_over(CallContext& context, const HandOver& arguments) {
  const StateKey key = evidence_key(arguments.name);
  auto evidence = context.state.get<Evidence>(key);
  if (const uint16_t code = check_custody(context, evidence); code != kDone) return code;
  if (arguments.to == context.sender.id || !context.host.department(arguments.to)) {
    return refuse(Refusal::kUnknownReceiver);
  }
  evidence->state = EvidenceState::kHandedOver;
  evidence->receiver = arguments.to;
  add_entry(context, arguments.name, *evidence, Event::kHandedOver);
  context.state.put(key, *evidence);
  return kDone;
}

// Ends a handing over, by whom it was meant for.
uint16_t receive(CallContext& context, const Named& arguments, Event event) {
  const StateKey key = evidence_key(arguments.name);
  auto evidence = context.state.get<Evidence>(key);
  if (!evidence) return refuse(Refusal::kNoSuchEvidence);
  if (evidence->state != EvidenceState::kHandedOver || evidence->receiver != context.sender.id) {
    return refuse(Refusal::kNotTheReceiver);
  }
  if (event == Event::kAccepted) evidence->custodian = context.sender.id;
  evidence->receiver = DepartmentId();
  evidence->state = EvidenceState::kHeld;
  add_entry(context, arguments.name, *evidence, event);
  context.state.put(key, *evidence);
  return kDone;
}
uint16_t accept(CallContext& context, const Named& arguments) {
  return receive(context, arguments, Event::kAccepted);
}
uint16_t give_back(CallContext& context, const Named& arguments) {
  return receive(context, arguments, Event::kReturned);
}

uint16_t close(CallContext& context, const Named& arguments) {
  const StateKey key = evidence_key(arguments.name);
  auto evidence = context.state.get<Evidence>(key);
  if (const uint16_t code = check_custody(context, evidence); code != kDone) return code;
  evidence->state = EvidenceState::kClosed;
  add_entry(context, arguments.name, *evidence, Event::kClosed);
  context.state.put(key, *evidence);
  return kDone;
}

}  // namespace

uint16_t EvidenceContract::call(CallContext& context, uint16_t method,
                                std::span<const uint8_t> arguments) const {
  switch (static_cast<Method>(method)) {
    case Method::kCollect:
      return run_method<Collect>(context, arguments, collect);
    case Method::kProcess:
      return run_method<Process>(context, arguments, process);
    case Method::kCheck:
      return run_method<Check>(context, arguments, check);
    case Method::kHandOver:
      return run_method<HandOver>(context, arguments, hand_over);
    case Method::kAccept:
      return run_method<Named>(context, arguments, accept);
    case Method::kReturn:
      return run_method<Named>(context, arguments, give_back);
    case Method::kClose:
      return run_method<Named>(context, arguments, close);
  }
  return code_of(ReceiptCode::kUnknownMethod);
}

void EvidenceContract::foresee(const Transaction& transaction,
                               std::vector<StateKey>& records) const {
  const std::span<const uint8_t> bytes = transaction.arguments;
  switch (static_cast<Method>(transaction.method)) {
    case Method::kCollect:
      if (const auto call = decode_fields<Collect>(bytes)) {
        const EvidenceName name{transaction.sender, call->number};
        records.insert(records.end(), {evidence_key(name), history_key(name, 0)});
      }
      return;
    case Method::kProcess:
      if (const auto call = decode_fields<Process>(bytes)) {
        const EvidenceName name{transaction.sender, call->number};
        records.insert(records.end(),
                       {evidence_key(call->source), evidence_key(name), history_key(name, 0)});
      }
      return;
    case Method::kCheck:
      if (const auto call = decode_fields<Check>(bytes))
        records.push_back(evidence_key(call->name));
      return;
    case Method::kHandOver:
      if (const auto call = decode_fields<HandOver>(bytes)) {
        records.push_back(evidence_key(call->name));
      }
      return;
    case Method::kAccept:
    case Method::kReturn:
    case Method::kClose:
      if (const auto call = decode_fields<Named>(bytes))
        records.push_back(evidence_key(call->name));
      return;
  }
}

}  // namespace govchain::models::evidence
