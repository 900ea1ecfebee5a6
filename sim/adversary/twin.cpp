#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/memory_block_store.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::Input;
using consensus::MessageRef;
using consensus::ReplicaId;
namespace effect = consensus::effect;
namespace input = consensus::input;

// Bano et al., "Twins: BFT Systems Made Robust" (OPODIS 2021): most known attacks on agreement are
// what two honest copies of one replica do that do not hear of each other. The host's own engine is
// one; the other lives here, with a log that is always durable and a state of its own. Who hears
// and speaks to which of the two is drawn anew from time to time.
class Twin final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    wake(out);
    for (const consensus::Member& member : out.members().members) {
      if (member.id == out.self() || (to != nullptr && member.id != *to)) continue;
      if (!hears_second(member.id)) out.send(member.id, message);
    }
  }

  bool on_receive(ReplicaId from, const MessageRef& message, Outbox& out) override {
    if (hears_second(from)) inputs_.emplace_back(input::MessageReceived{from, message});
    wake(out);
    // Now and then both hear the same.
    return !hears_second(from) || out.random() % 8 == 0;
  }

 private:
  struct Timer {
    consensus::TimerId id;
    TimePoint deadline;
  };
  // Steps in one moment: a second life that answers itself for ever is cut short.
  static constexpr int kMostSteps = 200;

  [[nodiscard]] bool hears_second(ReplicaId member) const {
    return ((second_hears_ >> (member.value() % 64U)) & 1U) != 0;
  }

  void wake(Outbox& out) {
    if (out.now() >= divided_until_) {
      second_hears_ = out.random();
      divided_until_ =
          out.now() + Duration::milliseconds(50 + static_cast<int64_t>(out.random() % 800));
    }
    if (!engine_ && !ended_) {
      application_ = out.another_application();
      engine_ = out.another_engine(out.random());
    }
    const auto later = std::partition(timers_.begin(), timers_.end(), [&](const Timer& timer) {
      return timer.deadline > out.now();
    });
    for (auto due = later; due != timers_.end(); ++due) {
      inputs_.emplace_back(input::TimerFired{due->id});
    }
    timers_.erase(later, timers_.end());
    live(out);
  }

  void live(Outbox& out) {
    for (int step = 0; step < kMostSteps && engine_ && (!inputs_.empty() || first_); ++step) {
      first_ = false;
      now_taken_.swap(inputs_);
      inputs_.clear();
      engine_->step(out.now(), now_taken_, sink_);
      now_taken_.clear();
      for (consensus::Effect& effect : sink_.effects()) {
        std::visit([&](auto& concrete) { carry_out(concrete, out); }, effect);
      }
      sink_.clear();
      if (ended_) engine_.reset();
    }
    inputs_.clear();
  }

  void carry_out(const effect::Persist& persist, Outbox& /*out*/) {
    inputs_.emplace_back(input::Persisted{persist.ticket});
  }
  void carry_out(const effect::Load& load, Outbox& /*out*/) {
    input::Loaded loaded{load.token, {}};
    store_.load(load.first, load.count, load.limit, loaded.blocks);
    inputs_.emplace_back(std::move(loaded));
  }
  void carry_out(const effect::Send& send, Outbox& out) {
    if (hears_second(send.to)) out.send(send.to, send.message);
  }
  void carry_out(const effect::Broadcast& broadcast, Outbox& out) {
    for (const consensus::Member& member : out.members().members) {
      if (member.id != out.self() && hears_second(member.id)) {
        out.send(member.id, broadcast.message);
      }
    }
  }
  void carry_out(const effect::SetTimer& set, Outbox& /*out*/) {
    carry_out(effect::CancelTimer{set.timer});
    timers_.push_back({set.timer, set.deadline});
  }
  void carry_out(const effect::CancelTimer& cancel, Outbox& /*out*/) { carry_out(cancel); }
  void carry_out(const effect::CancelTimer& cancel) {
    std::erase_if(timers_, [&](const Timer& timer) { return timer.id == cancel.timer; });
  }
  void carry_out(const effect::Verify& verify, Outbox& out) {
    const consensus::Message& message = *verify.message;
    const bool valid =
        out.verify({message.statement(out.chain()), message.sender, message.signature});
    inputs_.emplace_back(input::Verified{verify.token, valid, verify.message});
  }
  void carry_out(const effect::VerifyClaims& verify, Outbox& out) {
    const bool valid =
        std::all_of(verify.claims->claims.begin(), verify.claims->claims.end(),
                    [&](const consensus::SignedStatement& claim) { return out.verify(claim); });
    inputs_.emplace_back(input::Verified{verify.token, valid, {}});
  }
  void carry_out(const effect::VerifyPayloads& verify, Outbox& /*out*/) {
    inputs_.emplace_back(input::Verified{verify.token, true, {}});
  }
  void carry_out(const effect::Sign& sign, Outbox& out) {
    inputs_.emplace_back(input::Signed{sign.token, out.sign(sign.statement)});
  }
  void carry_out(const effect::Execute& execute, Outbox& /*out*/) {
    application_->execute(*execute.block, result_);
    inputs_.emplace_back(input::Executed{execute.block->height, result_.state_root});
  }
  void carry_out(effect::Commit& commit, Outbox& /*out*/) {
    if (commit.block->height == store_.newest().next()) {
      (void)store_.put({std::move(commit.block), std::move(commit.certificate)});
    }
  }
  void carry_out(const effect::CheckpointStable& stable, Outbox& /*out*/) {
    if (stable.checkpoint.height > store_.checkpoint().height) {
      (void)store_.put_checkpoint(stable.checkpoint);
    }
  }
  // It has nobody to ask: the host fetches states for its own engine.
  void carry_out(const effect::FetchState& fetch, Outbox& /*out*/) {
    inputs_.emplace_back(input::SnapshotFetched{fetch.checkpoint.height, false});
  }
  void carry_out(const effect::Stopped& /*stopped*/, Outbox& /*out*/) { ended_ = true; }
  // What concerns clients, readers, operators and storage that it does not have.
  template <typename Other>
  void carry_out(const Other& /*other*/, Outbox& /*out*/) {}

  std::unique_ptr<consensus::Engine> engine_;
  std::unique_ptr<consensus::Application> application_;
  consensus::MemoryBlockStore store_;
  consensus::EffectSink sink_;
  consensus::ExecutionResult result_;
  std::vector<Input> inputs_;
  std::vector<Input> now_taken_;
  std::vector<Timer> timers_;
  uint64_t second_hears_ = 0;  // bit i: member i modulo 64
  TimePoint divided_until_;
  bool first_ = true;  // "called once with no inputs right after construction"
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Interceptor> make_twin() { return std::make_unique<Twin>(); }

}  // namespace govchain::sim
