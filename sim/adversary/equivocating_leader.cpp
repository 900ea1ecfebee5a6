#include <array>
#include <cstddef>

#include "consensus/pbft/messages.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"
#include "sim/pbft_roles.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;

class EquivocatingLeader final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    const PbftRole role = pbft_role(message->type);
    if (role == PbftRole::kProposal && message->block) {
      propose_two(to, message, out);
    } else if (role == PbftRole::kPrepare || role == PbftRole::kCommit) {
      vote_for_both(to, message, out);
    } else if (role == PbftRole::kNewView && message->sender == out.self()) {
      start_view_on_few(to, message, out);
    } else {
      pass_on(to, message, out);
    }
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }

 private:
  // A proposal of which two versions are about.
  struct Lie {
    consensus::View view;
    consensus::Height height;
    consensus::Digest told;
    consensus::Digest other;
    uint64_t audience = 0;  // bit i: member i modulo 64 was shown the other one
  };
  static constexpr size_t kRemembered = 64;

  static bool shown_other(const Lie& lie, ReplicaId member) {
    return ((lie.audience >> (member.value() % 64U)) & 1U) != 0;
  }
  Lie& lie_at(consensus::Height height) { return lies_[height.value() % kRemembered]; }

  void propose_two(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    Lie& lie = lie_at(message->height);
    const bool known = lie.view == message->view && lie.height == message->height &&
                       lie.told == message->digest && other_;
    if (!known) {
      other_ = other_block(*message->block, out);
      lie = {message->view, message->height, message->digest, other_->digest, out.random()};
    }
    auto copy = copy_of(*message);
    copy->block = other_;
    copy->digest = other_->digest;
    const MessageRef second = sign_and_seal(std::move(copy), out);
    if (to != nullptr) {
      out.send(*to, shown_other(lie, *to) ? second : message);
      return;
    }
    for (const consensus::Member& member : out.members().members) {
      if (member.id == out.self()) continue;
      out.send(member.id, shown_other(lie, member.id) ? second : message);
    }
  }

  void vote_for_both(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    const Lie& lie = lie_at(message->height);
    if (lie.view != message->view || lie.height != message->height || lie.told != message->digest) {
      pass_on(to, message, out);
      return;
    }
    auto copy = copy_of(*message);
    copy->digest = lie.other;
    const MessageRef second = sign_and_seal(std::move(copy), out);
    for (const consensus::Member& member : out.members().members) {
      if (member.id == out.self() || (to != nullptr && member.id != *to)) continue;
      out.send(member.id, shown_other(lie, member.id) ? second : message);
    }
  }

  // A new view that rests on f+1 view changes only, so that it may forget what others prepared.
  static void start_view_on_few(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto body = consensus::pbft::decode_new_view(message->body);
    const size_t few = (out.members().size() - 1) / 3 + 1;
    if (!body || body->view_changes.size() <= few) return pass_on(to, message, out);
    while (body->view_changes.size() > few) {
      const auto unwanted = static_cast<std::ptrdiff_t>(out.random() % body->view_changes.size());
      body->view_changes.erase(body->view_changes.begin() + unwanted);
    }
    auto copy = copy_of(*message);
    copy->body.clear();
    consensus::pbft::encode_body(*body, copy->body);
    copy->digest = consensus::hash(out.hash_algorithm(), copy->body);
    send_like(to, sign_and_seal(std::move(copy), out), out);
  }

  std::array<Lie, kRemembered> lies_{};
  consensus::BlockRef other_;  // of the newest lie
};

}  // namespace

std::unique_ptr<Interceptor> make_equivocating_leader() {
  return std::make_unique<EquivocatingLeader>();
}

}  // namespace govchain::sim
