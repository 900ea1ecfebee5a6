// What engines ask for: consensus/effect.h, one function per effect.

#include <algorithm>
#include <variant>

#include "sim/replica_host.h"

namespace govchain::sim {

namespace effect = consensus::effect;
namespace input = consensus::input;

void ReplicaHost::carry_out_effects() {
  crashed_in_effects_ = false;
  for (consensus::Effect& effect : sink_.effects()) {
    fabric_.observe(
        [&](Observer& observer) { observer.on_effect(address_, now(), effect, log_.durable()); });
    carry_out(effect);
    // A crash in the middle: what stands behind it never happens.
    if (crashed_in_effects_) break;
  }
  sink_.clear();
  hand_over_verifications();
  if (crashed_in_effects_) {
    crash(false);
    restart_at(crash_down_for_ == Duration::max() ? TimePoint::max() : now() + crash_down_for_);
    return;
  }
  kick_disk();
  arm_timers();
}

void ReplicaHost::carry_out(consensus::Effect& effect) {
  std::visit([this](auto& concrete) { carry_out(concrete); }, effect);
}

void ReplicaHost::carry_out(effect::Persist& persist) {
  if (persist.record->block && persist.record->type != consensus::kBatchRecord)
    note_proposal(persist.record->block->height);
  persist_cause_ = cause_;
  persist_since_ = now();
  if (disk_full_ || !refused_appends_.empty()) {
    complete_later(now(), input::PersistFailed{persist.ticket, true});
    refused_appends_.push_back(std::move(persist));
  } else {
    const Bytes size = persist.record->size();
    const consensus::Status appended = log_.append(persist.ticket, std::move(persist.record));
    GOVCHAIN_ASSERT(appended.ok());
    unsynced_ += size;
    count_written(size);
    if (threads_) append_on_thread(persist.ticket, size);
  }
  if (persists_until_crash_ > 0 && --persists_until_crash_ == 0) crashed_in_effects_ = true;
}

void ReplicaHost::carry_out(effect::Truncate& truncate) {
  Gated gated;
  gated.kind = GatedEffect::kTruncate;
  gated.after = truncate.after;
  gated.before = truncate.before;
  gate(std::move(gated));
}

void ReplicaHost::carry_out(effect::Load& load) {
  input::Loaded loaded;
  loaded.token = load.token;
  store_.load(load.first, load.count, load.limit, loaded.blocks);
  Bytes size;
  for (const consensus::StoredBlock& block : loaded.blocks) size += block.block->payload_size();
  const TimePoint done = disk().read(now(), size);
  PathCost path = cause_;
  path.disk += done - now();
  complete_later(done, std::move(loaded), path);
}

void ReplicaHost::carry_out(effect::Send& send) {
  Gated gated;
  gated.kind = GatedEffect::kSend;
  gated.after = send.after;
  gated.to = send.to;
  gated.message = std::move(send.message);
  gate(std::move(gated));
}

void ReplicaHost::carry_out(effect::Broadcast& broadcast) {
  Gated gated;
  gated.kind = GatedEffect::kBroadcast;
  gated.after = broadcast.after;
  gated.message = std::move(broadcast.message);
  gate(std::move(gated));
}

void ReplicaHost::carry_out(effect::SetTimer& set) {
  const auto found = std::find_if(timers_.begin(), timers_.end(),
                                  [&](const Timer& timer) { return timer.id == set.timer; });
  if (found != timers_.end()) {
    found->deadline = set.deadline;
    found->queued = false;
  } else {
    timers_.push_back(Timer{set.timer, set.deadline, false});
  }
}

void ReplicaHost::carry_out(effect::CancelTimer& cancel) {
  std::erase_if(timers_, [&](const Timer& timer) { return timer.id == cancel.timer; });
}

void ReplicaHost::carry_out(effect::Verify& verify_message) {
  Verification answer;
  answer.at = threads_ ? now() : cpu().run(now(), costs_.verify);
  answer.token = verify_message.token;
  answer.valid = verify(verify_message.message);
  answer.message = std::move(verify_message.message);
  verified_at_ = std::max(verified_at_, answer.at);
  step_verifications_.push_back(std::move(answer));
}

// The pool of cores reports what one step asked for together, when the last of it is done: one
// notification, not one per signature.
void ReplicaHost::hand_over_verifications() {
  if (step_verifications_.empty()) return;
  if (threads_) return verify_on_thread();
  PathCost path = cause_;
  path.cpu += verified_at_ - now();
  for (Verification& answer : step_verifications_) {
    answer.at = verified_at_;
    answer.path = path;
    verifications_.insert(std::move(answer));
  }
  step_verifications_.clear();
  wake(verified_at_);
  verified_at_ = TimePoint{};
}

void ReplicaHost::carry_out(effect::VerifyClaims& verify_claims) {
  const std::vector<consensus::SignedStatement>& claims = verify_claims.claims->claims;
  const bool valid =
      std::all_of(claims.begin(), claims.end(), [&](const auto& claim) { return verify(claim); });
  if (threads_) {
    return work_on(threads_->crypto, threads_->model.verify * static_cast<int64_t>(claims.size()),
                   input::Verified{verify_claims.token, valid, {}});
  }
  const TimePoint done =
      cpu().run_spread(now(), costs_.verify * static_cast<int64_t>(claims.size()));
  complete_later(done, input::Verified{verify_claims.token, valid, {}});
}

void ReplicaHost::carry_out(effect::VerifyPayloads& verify_payloads) {
  // Clients are honest here; what their signatures cost is what matters.
  const auto count = static_cast<int64_t>(verify_payloads.block->transactions());
  if (threads_) {
    return work_on(threads_->crypto, threads_->model.verify_client * count,
                   input::Verified{verify_payloads.token, true, {}});
  }
  complete_later(cpu().run_spread(now(), costs_.client_verify * count),
                 input::Verified{verify_payloads.token, true, {}});
}

void ReplicaHost::carry_out(effect::Sign& sign) {
  if (threads_) {
    return work_on(threads_->crypto, threads_->model.sign,
                   input::Signed{sign.token, signer_->sign(sign.statement)});
  }
  complete_later(cpu().run(now(), costs_.sign),
                 input::Signed{sign.token, signer_->sign(sign.statement)});
}

void ReplicaHost::carry_out(effect::Execute& execute_block) {
  if (threads_) return execute_on_thread(execute_block);
  const uint64_t weight = execution_weight(*execute_block.block);
  constexpr auto kUnit = 1024;
  const Duration cost = costs_.execute_transaction * static_cast<int64_t>(weight) / kUnit;
  execution_free_ = cpu().run_on(execution_core_, std::max(now(), execution_free_), cost);
  Completion completion;
  completion.kind = Completion::Kind::kExecute;
  completion.at = execution_free_;
  completion.path = cause_;
  completion.path.cpu += execution_free_ - now();
  completion.block = std::move(execute_block.block);
  completion.take_snapshot = execute_block.take_snapshot;
  completions_.insert(std::move(completion));
  wake(execution_free_);
}

void ReplicaHost::put_in_store(const consensus::StoredBlock& stored) {
  if (stored.block->height <= store_.newest()) return;
  // An earlier one waits still, and this one with it.
  if (stored.block->height != store_.newest().next()) return;
  const Bytes size = stored.block->payload_size();
  const consensus::Status put =
      store_.put({stored.block, shared_certificate(*stored.block, stored.certificate)});
  GOVCHAIN_ASSERT(put.ok());
  store_dirty_ = true;
  if (threads_) {
    threads_->storage.give(
        threads_->model.store.each * static_cast<int64_t>(stored.block->payloads.size()), nullptr,
        threads_->model.store.once);
  }
  // The body is in the log already; a store writes it once more when it compacts.
  count_written(size);
}

void ReplicaHost::carry_out(effect::Commit& commit) {
  // What a full disk refuses to log must not be in the store before the log has it.
  if (commit.after <= log_.last()) put_in_store({commit.block, commit.certificate});
  Gated gated;
  gated.kind = GatedEffect::kCommit;
  gated.after = commit.after;
  gated.block = std::move(commit.block);
  gated.certificate = std::move(commit.certificate);
  gate(std::move(gated));
}

void ReplicaHost::carry_out(effect::CheckpointStable& stable) {
  fabric_.observe(
      [&](Observer& observer) { observer.on_checkpoint(address_, now(), stable.checkpoint); });
  if (stable.checkpoint.height > store_.checkpoint().height) {
    const consensus::Status stored = store_.put_checkpoint(stable.checkpoint);
    GOVCHAIN_ASSERT(stored.ok());
    store_dirty_ = true;
  }
  fabric_.clients.on_checkpoint(address_, stable.checkpoint);
}

void ReplicaHost::carry_out(effect::FetchState& fetch) {
  fetch_ = Fetch{};
  fetch_.active = true;
  fetch_.checkpoint = fetch.checkpoint;
  request_state();
}

void ReplicaHost::carry_out(effect::InstallSnapshot& install_snapshot) {
  GOVCHAIN_ASSERT(fetch_.application != nullptr);
  const TimePoint done = disk().sync(now(), Bytes(fetch_.bytes->size()), disk_slowness_);
  count_written(Bytes(fetch_.bytes->size()));
  Completion completion;
  completion.kind = Completion::Kind::kInstall;
  completion.at = done;
  completion.path = cause_;
  completion.path.disk += done - now();
  completion.input = input::SnapshotInstalled{install_snapshot.checkpoint.height,
                                              install_snapshot.checkpoint.state_root};
  completions_.insert(std::move(completion));
  wake(done);
}

void ReplicaHost::carry_out(effect::EvidenceFound& evidence) {
  fabric_.observe([&](Observer& observer) { observer.on_evidence(address_, now(), evidence); });
}

void ReplicaHost::carry_out(effect::ReadReady& ready) {
  waiting_reads_.push_back(ready);
  answer_reads();
}
void ReplicaHost::carry_out(effect::ReadRefused& refused) {
  fabric_.clients.on_read(refused.token, nullptr);
}

void ReplicaHost::carry_out(effect::Refused& refused) {
  if (refused.reason != consensus::RefusalReason::kDuplicate) {
    return fabric_.clients.on_refused(endpoint_, *refused.payload);
  }
  // One that was never sent twice is in a block that this replica skipped. An agent's that was sent
  // again may be under way still: it is answered as if it had not been.
  const consensus::Digest& digest = refused.payload->digest;
  const TransactionBook::Index entry = fabric_.book.find(digest);
  const bool by_agent = entry != TransactionBook::kNone && fabric_.book.submission(entry).by_agent;
  if (by_agent && !chain().ordered_of_agents.contains(digest)) {
    return fabric_.book.dropped(entry, endpoint_);
  }
  fabric_.clients.on_duplicate(endpoint_, *refused.payload);
}

void ReplicaHost::carry_out(effect::MembershipActive& active) {
  membership_ = active.membership;
  keys_ = membership_ == chain().genesis ? &chain().genesis : &membership_;
  peers_.clear();
  // Everybody begins with the next one, so that no replica is always the last to hear.
  const auto own = std::find_if(
      membership_.members.begin(), membership_.members.end(),
      [&](const consensus::Member& member) { return member.id.value() > address_.replica; });
  for (auto member = own; member != membership_.members.end(); ++member) {
    peers_.push_back(member->id.value());
  }
  for (auto member = membership_.members.begin(); member != own; ++member) {
    if (member->id != self()) peers_.push_back(member->id.value());
  }
  std::erase_if(peers_, [&](ReplicaIndex peer) { return peer >= chain().spec->replicas.size(); });
  fabric_.observe([&](Observer& observer) { observer.on_membership(address_, now(), active); });
}

// Software that is too old can be replaced; what its clients gave it is lost as in a crash.
void ReplicaHost::carry_out(effect::Stopped& stopped) {
  if (!stopped.software_outdated) {
    stopped_ = true;
    return;
  }
  outdated_ = true;
  last_change_ = now();
  fabric_.book.lost_with_crash(endpoint_);
}

void ReplicaHost::carry_out(effect::Metric& /*metric*/) {}

bool ReplicaHost::verify(const consensus::MessageRef& message) {
  ChainRuntime& runtime = chain();
  const auto compute = [&] {
    return verify({message->statement(runtime.id), message->sender, message->signature});
  };
  // Verdicts hold for the genesis keys.
  if (keys_ != &runtime.genesis) return compute();
  constexpr unsigned kObjectBits = 6;  // neighbouring messages differ above these
  const size_t slot =
      (reinterpret_cast<uintptr_t>(message.get()) >> kObjectBits) % ChainRuntime::kVerdicts;
  ChainRuntime::Verdict& verdict = runtime.verdicts[slot];
  if (verdict.message != message) verdict = {message, compute()};
  return verdict.valid;
}

bool ReplicaHost::verify(const consensus::SignedStatement& claim) const {
  const consensus::Member* member = keys_->find(claim.signer);
  if (member == nullptr) member = chain().genesis.find(claim.signer);
  return member != nullptr &&
         chain().verifier->verify(member->key, claim.statement, claim.signature);
}

void ReplicaHost::note_proposal(consensus::Height height) {
  std::deque<TimePoint>& proposed = chain().proposed_at;
  // Heights far ahead are an adversary's invention.
  constexpr uint64_t kFarAhead = 1U << 16U;
  const uint64_t index = height.value();
  if (index == 0 || index > chain().committed_height + kFarAhead) return;
  if (proposed.size() < index) proposed.resize(index, TimePoint::max());
  if (proposed[index - 1] == TimePoint::max()) proposed[index - 1] = now();
}

// Every replica makes a certificate of its own for each block, of whichever votes came first; one
// proof of the same statement is as good as another, and a world of many replicas keeps one.
consensus::CertificateRef ReplicaHost::shared_certificate(
    const consensus::Block& block, const consensus::CertificateRef& certificate) {
  if (!certificate) return certificate;
  std::map<uint64_t, consensus::CertificateRef>& kept = chain().certificates;
  consensus::CertificateRef& first = kept[block.height.value()];
  if (!first) {
    // With signatures of its own: it outlives the votes that the engines' certificates refer to.
    consensus::Ref<consensus::Certificate> copy = consensus::Ref<consensus::Certificate>::make();
    copy->statement = certificate->statement;
    copy->signers = certificate->signers;
    copy->link = certificate->link;
    for (size_t i = 0; i < certificate->signatures.size(); ++i) {
      copy->signatures.push_back(certificate->signatures[i]);
    }
    first = std::move(copy);
  }
  const bool same = first->statement == certificate->statement;
  const consensus::CertificateRef shared = same ? first : certificate;
  if (kept.size() > chain().spec->engine.retained_blocks) kept.erase(kept.begin());
  return shared;
}

void ReplicaHost::arm_timers() {
  TimePoint next = TimePoint::max();
  for (const Timer& timer : timers_) {
    if (!timer.queued) next = std::min(next, timer.deadline);
  }
  if (next == TimePoint::max()) return;
  const TimePoint at = clock_.global(next, now());
  if (at >= timer_armed_at_ || at == TimePoint::max()) return;
  timer_armed_at_ = at;
  fabric_.kernel.schedule(at, static_cast<uint32_t>(EventKind::kReplicaTimer), endpoint_);
}

void ReplicaHost::on_timer_event() {
  if (!engine_ || now() != timer_armed_at_) return;  // superseded
  timer_armed_at_ = TimePoint::max();
  const TimePoint local = clock_.local(now());
  std::sort(timers_.begin(), timers_.end(), [](const Timer& a, const Timer& b) {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.id < b.id;
  });
  for (Timer& timer : timers_) {
    if (timer.deadline > local) break;
    if (timer.queued) continue;
    timer.queued = true;
    complete_later(now(), input::TimerFired{timer.id}, PathCost{});
  }
  arm_timers();
}

// Whether a timer that waited for the loop is still wanted: it may have been moved or cancelled.
bool ReplicaHost::take_timer(consensus::TimerId id) {
  const TimePoint local = clock_.local(now());
  return std::erase_if(timers_, [&](const Timer& timer) {
           return timer.id == id && timer.deadline <= local;
         }) > 0;
}

}  // namespace govchain::sim
