// Signed checkpoints, the common proof of all engines. Raft itself needs none: members only crash.
// Light clients, other chains and snapshots do.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {
namespace {

// A vote that is sent once more says so, and is answered with the proof if there is one.
constexpr uint8_t kAgain = 1;

// What a signature counts; witnesses have no state to sign, and learners no say.
uint64_t weight_of(const Membership& members, ReplicaId replica) {
  const Member* member = members.find(replica);
  return member == nullptr ? 0 : member->signing_weight();
}

bool may_sign(const Membership& members, ReplicaId replica) {
  return weight_of(members, replica) > 0;
}

}  // namespace

void RaftEngine::sign_checkpoint(Height height, const Digest& root) {
  if (own_roots_.size() == kOpenCheckpoints) own_roots_.erase(own_roots_.begin());
  own_roots_.push_back(OwnRoot{height, root});
  const Membership& members = configurations_.members_for(height);
  if (may_sign(members, config_.self) && height > proven_.height &&
      checkpoint_votes_.find(height, config_.self) == nullptr) {
    const Statement statement{
        config_.chain, members.epoch, Protocol::kRaft, kCheckpointStatement, View(),
        height,        root,          members.version};
    signings_.push_back(PendingSignature{new_token(), statement});
    sink_->emit(effect::Sign{signings_.back().token, statement});
  }
  count_checkpoint(height);
}

void RaftEngine::on(const input::Signed& input) {
  const auto signing = std::find_if(
      signings_.begin(), signings_.end(),
      [&input](const PendingSignature& pending) { return pending.token == input.token; });
  if (signing == signings_.end()) return;
  const Statement statement = signing->statement;
  signings_.erase(signing);
  if (statement.height <= stable_.height ||
      checkpoint_votes_.find(statement.height, config_.self) != nullptr) {
    return;
  }
  const CheckpointVotes::Vote vote{config_.self, statement.epoch, statement.digest, input.signature,
                                   CheckpointVotes::State::kVerified};
  broadcast_vote(vote, statement.height, false);
  if (checkpoint_votes_.add(statement.height, vote)) count_checkpoint(statement.height);
}

void RaftEngine::broadcast_vote(const CheckpointVotes::Vote& vote, Height height, bool again) {
  Ref<Message> message = new_message(MessageType::kCheckpointVote, Lane::kVote, height);
  message->epoch = vote.epoch;
  message->version = version_at(height);
  message->view = View();  // a checkpoint is not of any term
  message->digest = vote.root;
  message->signature = vote.signature;
  if (again) message->body.push_back(kAgain);
  send_to_full(std::move(message), hard_state_ticket_);
}

void RaftEngine::resend_checkpoint_votes() {
  for (const CheckpointVotes::Slot& slot : checkpoint_votes_.slots()) {
    const CheckpointVotes::Vote* own = checkpoint_votes_.find(slot.height, config_.self);
    if (own != nullptr && slot.height > stable_.height) broadcast_vote(*own, slot.height, true);
  }
}

void RaftEngine::on_checkpoint_vote(ReplicaId from, const Message& message,
                                    const MessageRef& reference) {
  const bool again = message.body.size() == 1 && message.body[0] == kAgain;
  if (message.view != View() || (!message.body.empty() && !again) || message.block ||
      !message.payloads.empty() || message.height == Height() ||
      message.height.value() % config_.checkpoint_interval != 0) {
    ++counters_.malformed;
    return;
  }
  if (witness_) {
    ++counters_.stale;  // it has no state to compare
    return;
  }
  if (message.height <= stable_.height) {
    ++counters_.stale;
    if (again) send_checkpoint_proof(from);
    return;
  }
  const Membership& members = configurations_.members_for(message.height);
  if (message.epoch != members.epoch) {
    ++(message.epoch < members.epoch ? counters_.stale : counters_.future);
    return;
  }
  if (message.version != members.version) {
    ++counters_.malformed;
    return;
  }
  if (!may_sign(members, from)) {
    ++counters_.unauthorised;
    return;
  }
  if (const CheckpointVotes::Vote* known = checkpoint_votes_.find(message.height, from)) {
    ++(known->root == message.digest ? counters_.duplicate : counters_.conflicting);
    return;
  }
  if (!checkpoint_votes_.add(
          message.height,
          CheckpointVotes::Vote{from, message.epoch, message.digest, message.signature,
                                CheckpointVotes::State::kVerifying})) {
    ++counters_.future;
    return;
  }
  ++counters_.accepted;
  const PendingVerification pending{new_token(), PendingVerification::Kind::kVote, message.height,
                                    from};
  verifications_.push_back(pending);
  sink_->emit(effect::Verify{pending.token, reference});
}

void RaftEngine::on(const input::Verified& input) {
  const auto found = std::find_if(
      verifications_.begin(), verifications_.end(),
      [&input](const PendingVerification& pending) { return pending.token == input.token; });
  if (found == verifications_.end()) return;
  const PendingVerification pending = *found;
  verifications_.erase(found);
  if (!input.valid) ++counters_.forged;
  switch (pending.kind) {
    case PendingVerification::Kind::kVote:
      if (input.valid) {
        checkpoint_votes_.set_verified(pending.height, pending.signer);
        count_checkpoint(pending.height);
      } else {
        checkpoint_votes_.remove(pending.height, pending.signer);
      }
      break;
    case PendingVerification::Kind::kProof:
      if (input.valid && proof_candidate_ && proof_candidate_->height > proven_.height) {
        proven_ = *proof_candidate_;
      }
      proof_candidate_.reset();
      make_stable();
      break;
    case PendingVerification::Kind::kSnapshot:
      on_snapshot_verified(input.valid);
      break;
  }
}

void RaftEngine::count_checkpoint(Height height) {
  // Which members sign for a height is certain once everything before it is committed.
  if (height <= proven_.height || height > commit_) return;
  const CheckpointVotes::Slot* slot = checkpoint_votes_.find(height);
  if (slot == nullptr) return;
  const Membership& members = configurations_.members_for(height);
  uint64_t needed = signing_quorum(members);
  if (planted(Mutant::kCheckpointWithoutMajority) && needed > 1) --needed;
  for (const CheckpointVotes::Vote& candidate : slot->votes) {
    const auto agrees = [&](const CheckpointVotes::Vote& vote) {
      return vote.state == CheckpointVotes::State::kVerified && vote.root == candidate.root &&
             vote.epoch == members.epoch && may_sign(members, vote.signer);
    };
    uint64_t weight = 0;
    for (const CheckpointVotes::Vote& vote : slot->votes) {
      if (agrees(vote)) weight += weight_of(members, vote.signer);
    }
    if (weight < needed) continue;
    Ref<Certificate> certificate = Ref<Certificate>::make();
    certificate->statement =
        Statement{config_.chain, members.epoch, Protocol::kRaft, kCheckpointStatement,
                  View(),        height,        candidate.root,  members.version};
    weight = 0;
    for (const CheckpointVotes::Vote& vote : slot->votes) {
      if (!agrees(vote) || weight >= needed) continue;
      weight += weight_of(members, vote.signer);
      certificate->signers.push_back(vote.signer);
      certificate->signatures.push_back(vote.signature);
    }
    proven_ =
        Checkpoint{height, candidate.root, members.epoch, CertificateRef(std::move(certificate))};
    make_stable();
    return;
  }
}

// A proven checkpoint becomes ours when our own state and log have reached it.
void RaftEngine::make_stable() {
  if (proven_.height <= stable_.height || executed_ < proven_.height ||
      durable_height_ < proven_.height) {
    return;
  }
  const auto own =
      std::find_if(own_roots_.begin(), own_roots_.end(),
                   [this](const OwnRoot& candidate) { return candidate.height == proven_.height; });
  if (own == own_roots_.end()) return;
  if (own->root != proven_.state_root) {
    stop(true);  // our state is not the one that the majority has
    return;
  }
  const Height previous = stable_.height;
  stable_ = proven_;
  ++counters_.checkpoints;
  sink_->emit(effect::CheckpointStable{stable_});
  checkpoint_votes_.drop_to(stable_.height);
  std::erase_if(own_roots_, [this](const OwnRoot& root) { return root.height <= stable_.height; });
  compact_log(previous);
}

// The write-ahead log keeps everything above the checkpoint before this one, in case the newest
// snapshot does not survive a crash. In memory the terms of retained blocks stay, so that a lagging
// follower is served from the block store.
void RaftEngine::compact_log(Height previous) {
  const std::optional<View> term = log_.term_at(stable_.height);
  if (!term) return;
  const uint64_t retained = stable_.height.value() > config_.retained_blocks
                                ? stable_.height.value() - config_.retained_blocks
                                : 0;
  store_from_ = std::max(store_from_, Height(retained + 1));
  const Ticket oldest_entry = log_.ticket_at(previous.next());
  const Ticket oldest_base = base_ticket_;
  BaseRecord base;
  base.height = stable_.height;
  base.term = *term;
  base.store_from = store_from_;
  base.window_from = window_from_;
  base.configuration = configurations_.at(stable_.height);
  base.committed = committed_window(kMaxBaseDigests);
  if (mempool_.committed_payloads() > kMaxBaseDigests) base.window_from = stable_.height.next();
  base_ticket_ = persist(make_base_record(RecordType::kBase, base));
  saved_.commit = commit_;
  const Ticket after = persist(make_hard_state_record(saved_));
  if (oldest_base != Ticket() && oldest_entry != Ticket()) {
    sink_->emit(effect::Truncate{std::min(oldest_base, oldest_entry), after});
  }
  const Height keep = std::min(Height(retained), previous);
  if (keep > log_.base()) log_.compact(keep);
  configurations_.compact(log_.base());
}

std::vector<Digest> RaftEngine::committed_window(uint32_t newest) const {
  std::vector<Digest> digests;
  digests.reserve(std::min(newest, mempool_.committed_payloads()));
  mempool_.for_each_committed([&digests](const Digest& digest) { digests.push_back(digest); },
                              newest);
  return digests;
}

// --- Proofs for those who missed the votes

bool RaftEngine::is_proof(const Checkpoint& checkpoint, const Membership& members) const {
  if (!checkpoint.certificate) return false;
  const Certificate& certificate = *checkpoint.certificate;
  const Statement expected{config_.chain,         members.epoch,  Protocol::kRaft,
                           kCheckpointStatement,  View(),         checkpoint.height,
                           checkpoint.state_root, members.version};
  uint64_t weight = 0;
  for (const ReplicaId signer : certificate.signers) weight += weight_of(members, signer);
  return certificate.statement == expected && checkpoint.epoch == members.epoch &&
         certificate.signers.size() == certificate.signatures.size() &&
         weight >= signing_quorum(members) && certificate.signers.size() <= members.size() &&
         std::is_sorted(certificate.signers.begin(), certificate.signers.end()) &&
         std::adjacent_find(certificate.signers.begin(), certificate.signers.end()) ==
             certificate.signers.end() &&
         std::all_of(certificate.signers.begin(), certificate.signers.end(),
                     [&members](ReplicaId signer) { return may_sign(members, signer); });
}

ClaimListRef RaftEngine::claims_of(const Certificate& certificate) const {
  Ref<ClaimList> list = Ref<ClaimList>::make();
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    list->claims.push_back(
        SignedStatement{certificate.statement, certificate.signers[i], certificate.signatures[i]});
  }
  return ClaimListRef(std::move(list));
}

void RaftEngine::send_checkpoint_proof(ReplicaId to) {
  if (!stable_.certificate) return;
  Ref<Message> message = new_message(MessageType::kCheckpointProof, Lane::kVote, stable_.height);
  message->digest = stable_.state_root;
  message->version = stable_.certificate->statement.version;
  message->epoch = stable_.epoch;
  Writer out(message->body);
  encode_certificate(*stable_.certificate, out);
  send(to, std::move(message), hard_state_ticket_);
}

void RaftEngine::on_checkpoint_proof(ReplicaId /*from*/, const Message& message) {
  if (witness_ || message.height <= proven_.height || proof_candidate_) {
    ++counters_.stale;
    return;
  }
  if (message.height > commit_) {
    ++counters_.future;
    return;
  }
  Reader in(message.body);
  const Checkpoint checkpoint{message.height, message.digest, message.epoch,
                              decode_certificate(in)};
  if (!in.finished() || !is_proof(checkpoint, configurations_.members_for(message.height))) {
    ++counters_.malformed;
    return;
  }
  ++counters_.accepted;
  proof_candidate_ = checkpoint;
  const PendingVerification pending{new_token(), PendingVerification::Kind::kProof, message.height,
                                    ReplicaId()};
  verifications_.push_back(pending);
  sink_->emit(effect::VerifyClaims{pending.token, claims_of(*checkpoint.certificate)});
}

}  // namespace govchain::consensus::raft
