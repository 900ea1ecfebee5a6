#include <array>
#include <cstddef>

#include "consensus/protocols.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"
#include "sim/adversary/pbft_new_view.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::MessageRole;
using consensus::ReplicaId;

class EquivocatingLeader final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    const MessageRole role = consensus::role_of(*message);
    if (role == MessageRole::kProposal && message->block) {
      propose_two(to, message, out);
    } else if (role == MessageRole::kVote || role == MessageRole::kFinalVote) {
      vote_for_both(to, message, out);
    } else if (const MessageRef few = new_view_on_few(*message, out)) {
      send_like(to, few, out);
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
                       lie.told == digest_voted_for(*message) && other_;
    if (!known) {
      other_ = other_block(*message->block, out);
    }
    auto copy = copy_of(*message);
    copy->block = other_;
    copy->digest = digest_of_proposal(*copy, out);
    if (!known) {
      lie = {message->view, message->height, digest_voted_for(*message), digest_voted_for(*copy),
             out.random()};
    }
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

  std::array<Lie, kRemembered> lies_{};
  consensus::BlockRef other_;  // of the newest lie
};

}  // namespace

std::unique_ptr<Interceptor> make_equivocating_leader() {
  return std::make_unique<EquivocatingLeader>();
}

}  // namespace govchain::sim
