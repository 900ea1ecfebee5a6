// Membership by epochs. The operators of a quorum of members approve a target; a block carries it
// with the approvals; with the first height after the next checkpoint the target's members take
// over. So every epoch ends at a checkpoint that its own members sign, and the blocks that changed
// the membership, each certified by the epoch it ended, lead anybody from one epoch to the next.
// The version of the rules is part of a membership, and changes as it does (versions.cpp).

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

namespace {

bool is_sane(const Membership& target) {
  if (target.members.empty() || target.members.size() > kMaxMembers) return false;
  if (!has_bounded_weight(target.members)) return false;
  uint64_t total = 0;
  for (size_t i = 0; i < target.members.size(); ++i) {
    const Member& member = target.members[i];
    if (i > 0 && member.id <= target.members[i - 1].id) return false;
    if (member.is_witness()) return false;
    total += member.weight;
  }
  return total > 0;
}

// Whether the epoch of `present` may be followed by that of `target`.
bool is_successor(const Membership& target, const Membership& present) {
  return is_sane(target) && target.epoch == present.epoch.next() &&
         may_follow(present.version, target.version);
}

}  // namespace

// --- asking for a change

void ChainEngine::on(const input::Reconfigure& input) {
  Membership target{epoch().next(), input.change.target, std::max(version(), input.change.version)};
  if (target.members.empty() && target.version > version()) target.members = membership_.members;
  if (!is_successor(target, membership_) || !is_member()) {
    ++counters_.malformed;
    return;
  }
  // What this replica knows of a member's key must not be changed under its identity.
  for (const Member& member : target.members) {
    const Member* const known = membership_.find(member.id);
    if (known != nullptr && known->key != member.key) {
      ++counters_.malformed;
      return;
    }
  }
  const bool same = target.members == membership_.members && target.version == version();
  if (same || epoch_end_) {
    ++counters_.stale;
    return;
  }
  if (!is_approvable(target)) {
    ++counters_.unsupported;
    return;
  }
  wanted_ = std::move(target);
  approvals_.messages[self_].reset();
  dirty_ = true;
  approve();
}

// Signed anew at every status message until the change has happened: a crash forgets both the
// operator's wish and the approvals of others, neither of which binds anybody.
void ChainEngine::approve() {
  if (!wanted_ || epoch_end_ || !may_vote() || approvals_.messages[self_]) return;
  Ref<Message> draft = new_common(CommonType::kApproval, Lane::kVote);
  draft->view = View(0);
  draft->height = Height(0);
  encode_target(*wanted_, draft->body);
  draft->digest = hash(config_.hash, draft->body);
  request_signature(std::move(draft), Ticket());
}

void ChainEngine::receive_approval(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.epoch != epoch() || epoch_end_) {
    ++(message.epoch > epoch() ? counters_.future : counters_.stale);
    return;
  }
  const MessageRef& held = approvals_.messages[peer];
  if (held && held->digest == message.digest) {
    ++counters_.duplicate;
    return;
  }
  const std::optional<Membership> target = decode_target(message.body);
  if (!target || !is_successor(*target, membership_) || message.version != version() ||
      message.view != View(0) || message.height != Height(0) ||
      message.digest != hash(config_.hash, message.body)) {
    ++counters_.malformed;
    return;
  }
  Peer& state = peers_[peer];
  if (state.verifications >= kMaxPendingPerPeer) {
    ++counters_.oversize;
    return;
  }
  ++state.verifications;
  sink_->emit(effect::Verify{new_token(), reference});
}

void ChainEngine::on_approval_verified(const MessageRef& reference, bool valid) {
  if (reference->epoch != epoch()) return;
  const uint32_t position = position_of(reference->sender);
  if (peers_[position].verifications > 0) --peers_[position].verifications;
  if (!valid) {
    ++counters_.forged;
    return;
  }
  if (epoch_end_) return;
  ++counters_.accepted;
  approvals_.messages[position] = reference;
  approvals_.verified.add(position);
  dirty_ = true;
  count_approvals();
}

void ChainEngine::count_approvals() {
  if (approved_ || epoch_end_) return;
  for (const MessageRef& candidate : approvals_.messages) {
    if (!candidate) continue;
    uint64_t weight = 0;
    for (uint32_t i = 0; i < approvals_.messages.size(); ++i) {
      const MessageRef& approval = approvals_.messages[i];
      if (approval && approval->digest == candidate->digest) weight += weight_of(i);
    }
    if (weight < quorum_.quorum()) continue;
    Ref<Certificate> certificate = Ref<Certificate>::make();
    certificate->statement = candidate->statement(config_.chain);
    for (const MessageRef& approval : approvals_.messages) {
      if (!approval || approval->digest != candidate->digest) continue;
      certificate->signers.push_back(approval->sender);
      certificate->signatures.push_back(approval);
    }
    std::optional<Membership> target = decode_target(candidate->body);
    GOVCHAIN_ASSERT(target.has_value());
    approved_ = MembershipControl{std::move(*target), CertificateRef(std::move(certificate))};
    dirty_ = true;
    return;
  }
}

// With every answer to a status message: an approval may have been lost, or forgotten in a crash.
void ChainEngine::resend_approval(uint32_t peer) {
  if (!is_member() || epoch_end_ || peers_[peer].epoch != epoch()) return;
  const MessageRef& own = approvals_.messages[self_];
  if (own) forward(peer, own);
}

bool ChainEngine::is_valid_control(const Block& block) const {
  if (epoch_end_ || block.control.size() > kMaxControlBytes) return false;
  const std::optional<MembershipControl> control = decode_control(block.control);
  if (!control || !is_successor(control->target, membership_)) return false;
  std::vector<uint8_t> target;
  encode_target(control->target, target);
  const Statement wanted{config_.chain,
                         epoch(),
                         protocol_,
                         static_cast<uint8_t>(CommonType::kApproval),
                         View(0),
                         Height(0),
                         hash(config_.hash, target),
                         version()};
  return control->approvals->statement == wanted &&
         weight_of(*control->approvals, membership_) >= quorum_.quorum();
}

// --- the change itself

// The last height of the epoch whose membership a block at `change` replaces.
Height ChainEngine::end_of_epoch_after(Height change) const {
  const uint64_t interval = config_.checkpoint_interval;
  return Height((change.value() + interval - 1) / interval * interval);
}

// A committed block that carries a change: the next epoch is known from here on.
void ChainEngine::note_change(const StoredBlock& stored) {
  if (stored.block->epoch != epochs_.back().membership.epoch) return;
  learn_epoch(stored);
}

void ChainEngine::learn_epoch(const StoredBlock& stored) {
  std::optional<MembershipControl> control = decode_control(stored.block->control);
  GOVCHAIN_ASSERT(control.has_value());  // a quorum has looked at it
  EpochStart start;
  start.membership = std::move(control->target);
  start.from = end_of_epoch_after(stored.block->height).next();
  if (is_version_active_at_once() && start.membership.version > epochs_.back().membership.version) {
    start.from = stored.block->height.next();
  }
  start.change = stored;
  epochs_.push_back(std::move(start));
  find_epoch_end();
}

void ChainEngine::find_epoch_end() {
  epoch_end_.reset();
  for (const EpochStart& start : epochs_) {
    if (start.membership.epoch == epoch().next()) epoch_end_ = Height(start.from.value() - 1);
  }
}

bool ChainEngine::proves_change(const StoredBlock& change, const Membership& members) const {
  const std::optional<MembershipControl> control = decode_control(change.block->control);
  return control && is_successor(control->target, members) &&
         is_of(change.certificate->statement, members) &&
         proves_commit(*change.certificate, *change.block, members);
}

// A change that somebody showed because this replica lacks the blocks up to a checkpoint.
void ChainEngine::on_epoch_change_verified(const PendingVerification& pending, bool valid) {
  if (!valid) {
    ++counters_.forged;
    return;
  }
  ++counters_.accepted;
  if (pending.block->epoch == epochs_.back().membership.epoch) {
    epochs_ticket_ = persist(make_epoch_record(pending.certificate, pending.block));
    learn_epoch({pending.block, pending.certificate});
    // Signatures of the new members are looked up by the host from now on.
    const EpochStart& learnt = epochs_.back();
    sink_->emit(effect::MembershipActive{learnt.membership, learnt.from});
    enter_epochs();
  }
  if (pending.peer != kNobody) continue_checkpoint_proof(pending.peer, pending.message);
}

// Takes over the membership that agrees upon the next height.
void ChainEngine::enter_epochs() {
  const Membership& next = members_at(committed_.next());
  if (next.epoch <= epoch()) return;
  const Height from = committed_.next();
  const bool upgraded = next.version > version();
  use_membership(next);
  ++counters_.membership_changes;
  sink_->emit(effect::MembershipActive{membership_, from});
  sink_->emit(effect::Metric{MetricId::kMembershipChange, membership_.epoch.value()});
  if (upgraded) {
    ++counters_.upgrades;
    sink_->emit(effect::Metric{MetricId::kUpgrade, number_of(version())});
  }
  announce_ = members() > 1;
  dirty_ = true;
  leave_if_outdated();
  if (upgraded && certifies()) begin_certifying();
  on_epoch_changed();
  // Now the protocol knows that the old height is over, and may not name it, or one above it, as
  // one that may be committed.
  if (!stopped_ && is_member() && reads_asked_.empty()) start_read_round();
}

void ChainEngine::use_membership(const Membership& membership) {
  const Membership old = std::exchange(membership_, membership);
  quorum_ = ByzantineQuorum(membership_);
  voters_.clear();
  weights_.clear();
  dense_ = true;
  for (uint32_t i = 0; i < membership_.size(); ++i) {
    const Member& member = membership_.members[i];
    if (member.weight > 0) voters_.push_back(i);
    weights_.push_back(member.weight);
    dense_ = dense_ && member.id == ReplicaId(i);
  }
  self_ = position_of(config_.self);
  std::vector<Peer> peers(membership_.size());
  for (uint32_t i = 0; i < peers_.size(); ++i) {
    const uint32_t position = position_of(old.members[i].id);
    if (position == kNobody) continue;
    peers[position] = std::move(peers_[i]);
    peers[position].verifications = 0;
    peers[position].loading = false;
  }
  peers_ = std::move(peers);
  for (CatchUpBlock& held : catch_up_) held.peer = kNobody;
  find_epoch_end();
  wanted_.reset();
  approved_.reset();
  approvals_ = VoteTable();
  approvals_.resize(membership_.size());
  ordered_notices_.clear();
  named_.clear();
  fetched_.clear();
  blamed_.clear();
  blamed_next_ = 0;
  responder_ = 0;
  read_repliers_.resize(membership_.size());
  // Asked anew, of those who decide now: while the members of the last epoch told how far they
  // were, those of the next may have gone on without them.
  for (const ReadyAt& read : reads_confirmed_) reads_waiting_.push_back(read.token);
  reads_confirmed_.clear();
  reads_waiting_.insert(reads_waiting_.begin(), reads_asked_.begin(), reads_asked_.end());
  reads_asked_.clear();
}

// A member that the last change removed shows others over the boundary: those who were not there
// yet still talk to it. The members of the new epoch do not, so it cannot know when all of them are
// there; it stays for some status messages, which a replica without work sends rarely.
void ChainEngine::leave_if_removed() {
  constexpr uint32_t kFarewellTicks = 8;
  const bool was_member =
      epochs_.size() > 1 && !is_member() &&
      std::any_of(epochs_.begin(), epochs_.end(), [&](const EpochStart& start) {
        return start.membership.epoch < epoch() && start.membership.find(config_.self) != nullptr;
      });
  if (!was_member || executed_.next() < epochs_.back().from) return;
  if (++farewell_ticks_ >= kFarewellTicks) stop(false);
}

// --- who is who

uint32_t ChainEngine::position_of(ReplicaId replica) const {
  if (dense_) return replica.value() < weights_.size() ? replica.value() : kNobody;
  const Member* const member = membership_.find(replica);
  if (member == nullptr) return kNobody;
  return static_cast<uint32_t>(member - membership_.members.data());
}

uint64_t ChainEngine::weight_of(const Certificate& certificate, const Membership& members) {
  if (certificate.signers.size() != certificate.signatures.size()) return 0;
  uint64_t weight = 0;
  ReplicaId previous;
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    const ReplicaId signer = certificate.signers[i];
    const Member* const member = members.find(signer);
    // Somebody who is no member, or who is named twice, makes it worthless.
    if (member == nullptr || (i > 0 && signer <= previous)) return 0;
    previous = signer;
    weight += member->weight;
  }
  return weight;
}

// Of those known here; for a height beyond the newest known epoch's begin, that one.
const Membership& ChainEngine::members_at(Height height) const {
  for (size_t i = epochs_.size(); i > 1; --i) {
    if (epochs_[i - 1].from <= height) return epochs_[i - 1].membership;
  }
  return epochs_.front().membership;
}

const Membership* ChainEngine::members_of(Epoch epoch) const {
  for (const EpochStart& start : epochs_) {
    if (start.membership.epoch == epoch) return &start.membership;
  }
  return nullptr;
}

}  // namespace govchain::consensus::chain
