#include "models/interconnect/gateway.h"

#include <utility>

#include "models/ledger/batch.h"
#include "models/ledger/proof.h"
#include "models/ledger/transaction.h"

namespace govchain::models {

using consensus::Receipt;
using gateway::Method;
using sim::AgentContext;

namespace {

// Cookies: place in the outbox, attempt, so that an answer to an earlier attempt is recognised. The
// two purposes without a task use the highest values.
constexpr unsigned kAttemptBits = 16;
constexpr uint64_t kNudgeTimer = UINT64_MAX;
constexpr uint64_t kNudgeSubmitted = UINT64_MAX - 1;

uint64_t cookie_of(uint64_t index, uint16_t attempt) { return (index << kAttemptBits) | attempt; }
uint64_t index_of(uint64_t cookie) { return cookie >> kAttemptBits; }
uint16_t attempt_of(uint64_t cookie) { return static_cast<uint16_t>(cookie); }

bool is(const Receipt& receipt, gateway::Refusal refusal) {
  return receipt.contract == gateway::kContractId && receipt.code == static_cast<uint16_t>(refusal);
}

}  // namespace

std::vector<sim::Agent::Watch> Gateway::watches() const {
  return {{.chain = link_.source.chain, .replica = link_.source.replica},
          {.chain = link_.target.chain, .replica = link_.target.replica}};
}

void Gateway::start(AgentContext& context) {
  salt_ = context.random() << 32U;
  scan_outbox(context);
}

const Ledger* Gateway::ledger_of(AgentContext& context, const GatewayEnd& end) const {
  return dynamic_cast<const Ledger*>(context.application(end.chain, end.replica));
}

Gateway::Certified Gateway::certified(AgentContext& context, const GatewayEnd& end,
                                      const GatewayEnd& checker) {
  const consensus::Checkpoint checkpoint = context.checkpoint(end.chain, end.replica);
  const Ledger* ledger = ledger_of(context, end);
  if (!checkpoint.certificate || ledger == nullptr) return {};
  const StateTree* tree = ledger->tree_at(checkpoint.height);
  if (tree == nullptr || tree->root() != checkpoint.state_root) return {};
  CheckedCheckpoint& checked = &end == &link_.source ? checked_source_ : checked_target_;
  if (checked.height != checkpoint.height || checked.root != checkpoint.state_root) {
    const consensus::Certificate& certificate = *checkpoint.certificate;
    std::vector<consensus::SignedStatement> claims;
    for (size_t i = 0; i < certificate.signers.size(); ++i) {
      claims.push_back({.statement = certificate.statement,
                        .signer = certificate.signers[i],
                        .signature = certificate.signatures[i]});
    }
    checked = {.root = checkpoint.state_root,
               .height = checkpoint.height,
               .good = context.verify(checker.host, end.chain, claims)};
    if (!checked.good) ++counters_.bad_certificates;
  }
  if (!checked.good) return {};
  return {.tree = tree, .evidence = gateway::evidence_of(*checkpoint.certificate)};
}

std::vector<uint8_t> Gateway::transaction(AgentContext& context, const GatewayEnd& end,
                                          Method method, std::vector<uint8_t> arguments) {
  Transaction made;
  made.chain = end.chain_id;
  made.sender = end.department;
  made.nonce = salt_ + ++nonce_;
  made.expiry = context.wall_time() + link_.validity;
  made.contract = gateway::kContractId;
  made.method = static_cast<uint16_t>(method);
  made.arguments = std::move(arguments);
  if (end.key != nullptr) {
    const Ledger* ledger = ledger_of(context, end);
    const consensus::HashAlgorithm hash =
        ledger == nullptr ? consensus::HashAlgorithm::kSha256 : ledger->config().hash;
    made.signature = end.key->sign(transaction_statement(made.chain, transaction_id(hash, made)));
  }
  std::vector<uint8_t> bytes;
  encode_transaction(made, bytes);
  return bytes;
}

void Gateway::arm(AgentContext& context, uint64_t index, Task& task, sim::Duration after) {
  context.set_timer(after, cookie_of(index, ++task.attempt));
}

// --- What the chains say

void Gateway::on_block(AgentContext& context, sim::ChainIndex chain, const consensus::Block& block,
                       std::span<const Receipt> receipts) {
  if (link_.nudge == sim::Duration::zero()) return;
  // Which blocks hold something that a checkpoint must still cover. Ticks are no reason for ticks.
  size_t before = 0;
  bool matters = false;
  for (const consensus::PayloadRef& payload : block.payloads) {
    const std::vector<Transaction> held = transactions_of(*payload);
    for (size_t i = 0; i < held.size() && before + i < receipts.size(); ++i) {
      if (receipts[before + i].code != 0 || held[i].contract != gateway::kContractId) continue;
      const auto method = static_cast<Method>(held[i].method);
      matters = matters || method == Method::kRequest || method == Method::kExecute;
    }
    before += payload->transactions;
  }
  if (!matters) return;
  if (chain == link_.source.chain) uncovered_source_ = block.height;
  if (chain == link_.target.chain) uncovered_target_ = block.height;
  if (!nudge_armed_) context.set_timer(link_.nudge, kNudgeTimer);
  nudge_armed_ = true;
}

void Gateway::nudge(AgentContext& context, const GatewayEnd& end) {
  ++counters_.nudges;
  context.submit(
      end.place, end.chain, end.replica,
      &end == &link_.source ? link_.settle_class : link_.execute_class,
      transaction(context, end, Method::kTick, encode_fields(gateway::Tick{.number = nonce_})),
      kNudgeSubmitted);
}

void Gateway::on_checkpoint(AgentContext& context, sim::ChainIndex chain,
                            const consensus::Checkpoint& /*checkpoint*/) {
  if (chain == link_.source.chain) scan_outbox(context);
  if (chain != link_.target.chain) return;
  for (auto place = tasks_.begin(); place != tasks_.end(); ++place) {
    if (place->second.stage == Stage::kDecided) bring_back(context, place->first, place->second);
  }
}

// --- The way there

void Gateway::scan_outbox(AgentContext& context) {
  const Certified source = certified(context, link_.source, link_.target);
  if (source.tree == nullptr) return;
  const StateReader covered(*source.tree);
  const StateReader& newest = ledger_of(context, link_.source)->state();
  const uint64_t size = gateway::outbox_size(covered, link_.target.chain_id);
  while (scanned_ < size && tasks_.size() < kMaxTasks) {
    const uint64_t index = scanned_++;
    const gateway::RequestName name = gateway::outbox_entry(covered, link_.target.chain_id, index);
    const auto status = gateway::find_status(newest, name);
    if (status && status->state != gateway::RequestState::kPending) continue;
    Task& task = tasks_[index];
    task.name = name;
    task.request = gateway::find_request(covered, name).value();
    if (link_.patience == sim::Duration::zero()) {
      ++counters_.taken;
      carry(context, index, task);
    } else {
      arm(context, index, task, link_.patience);
    }
  }
}

void Gateway::carry(AgentContext& context, uint64_t index, Task& task) {
  const Ledger* target = ledger_of(context, link_.target);
  if (target != nullptr &&
      gateway::find_decision(target->state(), link_.source.chain_id, task.name)) {
    bring_back(context, index, task);
    return;
  }
  const Certified source = certified(context, link_.source, link_.target);
  if (source.tree == nullptr) {
    task.stage = Stage::kWaiting;
    arm(context, index, task, link_.retry);
    return;
  }
  gateway::Execute execute{.source = link_.source.chain_id,
                           .name = task.name,
                           .request = task.request,
                           .checkpoint = source.evidence,
                           .proof = {}};
  encode_proof(source.tree->prove(gateway::request_key(task.name).bytes()), execute.proof);
  task.message = transaction(context, link_.target, Method::kExecute, encode_fields(execute));
  task.stage = Stage::kCarrying;
  send(context, index, task, link_.source, link_.target);
}

void Gateway::send(AgentContext& context, uint64_t index, Task& task, const GatewayEnd& from,
                   const GatewayEnd& to) {
  // Its timer, the transfer and the submission carry the same attempt: whichever answers to an
  // earlier one is late and ignored.
  arm(context, index, task, link_.retry);
  context.transfer(from.place, to.place, sim::Bytes(task.message.size()),
                   cookie_of(index, task.attempt));
}

void Gateway::on_transferred(AgentContext& context, uint64_t cookie) {
  const auto place = tasks_.find(index_of(cookie));
  if (place == tasks_.end() || place->second.attempt != attempt_of(cookie)) return;
  const Task& task = place->second;
  const bool there = task.stage == Stage::kCarrying;
  const GatewayEnd& end = there ? link_.target : link_.source;
  context.submit(end.place, end.chain, end.replica,
                 there ? link_.execute_class : link_.settle_class, task.message, cookie);
}

// --- The way back

void Gateway::bring_back(AgentContext& context, uint64_t index, Task& task) {
  task.stage = Stage::kDecided;
  const Certified target = certified(context, link_.target, link_.source);
  const StateKey key = gateway::decision_key(link_.source.chain_id, task.name);
  if (target.tree == nullptr || !target.tree->find(key.bytes())) {
    // The next checkpoint of the target will call; the timer is for the case that it never comes.
    arm(context, index, task, link_.retry);
    return;
  }
  gateway::Settle settle{.name = task.name,
                         .decision = StateReader(*target.tree).get<gateway::Decision>(key).value(),
                         .checkpoint = target.evidence,
                         .proof = {}};
  encode_proof(target.tree->prove(key.bytes()), settle.proof);
  task.took_effect = settle.decision.took_effect();
  task.message = transaction(context, link_.source, Method::kSettle, encode_fields(settle));
  task.stage = Stage::kReturning;
  send(context, index, task, link_.target, link_.source);
}

void Gateway::on_final(AgentContext& context, uint64_t cookie, Receipt receipt) {
  if (cookie == kNudgeSubmitted) return;
  const auto place = tasks_.find(index_of(cookie));
  // A late answer counts if it brings good news; the next attempt would only be refused.
  if (place == tasks_.end()) return;
  Task& task = place->second;
  const bool current = task.attempt == attempt_of(cookie);
  if (task.stage == Stage::kCarrying && current) {
    if (receipt.code == 0 || is(receipt, gateway::Refusal::kAlreadyDecided)) {
      bring_back(context, place->first, task);
    } else {
      arm(context, place->first, task, link_.retry);
    }
  } else if (task.stage == Stage::kReturning && current) {
    if (receipt.code == 0) {
      settled(context, place, true);
    } else if (!drop_if_settled(context, place->first, task)) {
      arm(context, place->first, task, link_.retry);
    }
  }
}

void Gateway::settled(AgentContext& context, Tasks::iterator place, bool by_this_gateway) {
  if (by_this_gateway) {
    const bool completed = place->second.took_effect;
    ++(completed ? counters_.completed : counters_.compensated);
    context.record_service(
        link_.service,
        sim::Duration::nanoseconds(context.wall_time() - place->second.request.submitted_at),
        completed);
  } else {
    ++counters_.settled_by_others;
  }
  tasks_.erase(place);
  if (tasks_.size() + 1 == kMaxTasks) scan_outbox(context);
}

bool Gateway::drop_if_settled(AgentContext& context, uint64_t index, Task& task) {
  const Ledger* source = ledger_of(context, link_.source);
  if (source == nullptr) return false;
  const auto status = gateway::find_status(source->state(), task.name);
  if (!status || status->state == gateway::RequestState::kPending) return false;
  task.took_effect = status->state == gateway::RequestState::kCompleted;
  settled(context, tasks_.find(index), status->settled_by == link_.source.department);
  return true;
}

// --- When nothing comes

void Gateway::on_refused(AgentContext& /*context*/, uint64_t /*cookie*/) {
  // Turned away by admission or lost: the timer of the attempt is running.
}

void Gateway::on_timer(AgentContext& context, uint64_t cookie) {
  if (cookie == kNudgeTimer) {
    const bool source_waits =
        context.checkpoint(link_.source.chain, link_.source.replica).height < uncovered_source_;
    const bool target_waits =
        context.checkpoint(link_.target.chain, link_.target.replica).height < uncovered_target_;
    if (source_waits) nudge(context, link_.source);
    if (target_waits) nudge(context, link_.target);
    nudge_armed_ = source_waits || target_waits;
    if (nudge_armed_) context.set_timer(link_.nudge, kNudgeTimer);
    return;
  }
  const auto place = tasks_.find(index_of(cookie));
  if (place == tasks_.end() || place->second.attempt != attempt_of(cookie)) return;
  retry(context, place->first, place->second);
}

void Gateway::retry(AgentContext& context, uint64_t index, Task& task) {
  if (drop_if_settled(context, index, task)) return;
  if (task.stage == Stage::kWaiting) {
    ++counters_.taken;
  } else {
    ++counters_.retries;
  }
  // From the beginning: carry() sees whether the target has decided, and a replica that had said so
  // wrongly costs a second try, not the request.
  carry(context, index, task);
}

}  // namespace govchain::models
