#include "sim/checkers/checkers.h"

#include <utility>

#include "sim/checkers/agreement.h"
#include "sim/checkers/availability.h"
#include "sim/checkers/certificates.h"
#include "sim/checkers/context.h"
#include "sim/checkers/durability.h"
#include "sim/checkers/evidence.h"
#include "sim/checkers/exactly_once.h"
#include "sim/checkers/hotstuff_rules.h"
#include "sim/checkers/memory.h"
#include "sim/checkers/pbft_locks.h"
#include "sim/checkers/prefix.h"
#include "sim/checkers/progress.h"
#include "sim/checkers/qbft_rounds.h"
#include "sim/checkers/raft_log.h"
#include "sim/checkers/raft_votes.h"
#include "sim/checkers/raft_witnesses.h"
#include "sim/checkers/reads.h"
#include "sim/checkers/removal.h"
#include "sim/checkers/state_root.h"
#include "sim/checkers/statements.h"
#include "sim/checkers/tendermint_locks.h"
#include "sim/checkers/versions.h"

namespace govchain::sim {
namespace {

namespace effect = consensus::effect;

// Hands each event to the rules that it concerns. An adversary's replica is held to no rule: its
// engine is honest, but lives in a world that its interceptor falsifies.
class Suite final : public CheckerSuite {
 public:
  explicit Suite(const WorldSpec& spec)
      : agreement_(context_),
        durability_(context_),
        certificates_(context_),
        availability_(context_, spec.progress_bound),
        prefix_(context_, agreement_),
        state_root_(context_),
        exactly_once_(context_),
        evidence_(context_),
        progress_(context_, spec.progress_bound),
        removal_(context_, spec.progress_bound),
        reads_(context_),
        memory_(context_),
        statements_(context_),
        pbft_locks_(context_),
        qbft_rounds_(context_),
        hotstuff_(context_),
        tendermint_locks_(context_),
        raft_votes_(context_),
        raft_log_(context_),
        raft_witnesses_(context_),
        versions_(context_) {}

  void on_begin(const WorldSpec& spec, std::span<const consensus::Membership> genesis) override {
    context_.begin(spec, genesis);
    agreement_.begin();
    durability_.begin();
    certificates_.begin();
    availability_.begin(spec);
    prefix_.begin();
    state_root_.begin();
    exactly_once_.begin();
    progress_.begin();
    removal_.begin();
    reads_.begin();
    memory_.begin();
    statements_.begin();
    pbft_locks_.begin();
    qbft_rounds_.begin();
    hotstuff_.begin();
    tendermint_locks_.begin();
    raft_votes_.begin();
    raft_log_.begin();
    raft_witnesses_.begin(genesis);
    versions_.begin();
  }

  void on_software(ReplicaAddress who, consensus::ProtocolVersion newest) override {
    versions_.software(who, newest);
    removal_.started(who);
  }

  void on_effect(ReplicaAddress who, TimePoint now, const consensus::Effect& effect,
                 consensus::Ticket durable) override {
    if (!context_.honest(who)) return;
    raft_witnesses_.durable(who, durable);
    if (const auto* persist = std::get_if<effect::Persist>(&effect)) {
      durability_.persist(who, now, persist->ticket);
      availability_.persist(who, now, *persist);
      if (persist->record) {
        raft_log_.persist(who, now, *persist->record);
        raft_witnesses_.persist(who, now, persist->ticket, *persist->record);
        qbft_rounds_.persisted(who, now, *persist->record);
        if (const auto own = hotstuff_.persist(who, *persist->record)) {
          statements_.intended(who, own->view, own->epoch, own->digest);
        }
      }
    } else if (const auto* send = std::get_if<effect::Send>(&effect)) {
      durability_.gated(who, now, send->after);
    } else if (const auto* broadcast = std::get_if<effect::Broadcast>(&effect)) {
      durability_.gated(who, now, broadcast->after);
    } else if (const auto* commit = std::get_if<effect::Commit>(&effect)) {
      durability_.gated(who, now, commit->after);
    } else if (const auto* truncate = std::get_if<effect::Truncate>(&effect)) {
      durability_.gated(who, now, truncate->after);
    } else if (const auto* refused = std::get_if<effect::ReadRefused>(&effect)) {
      reads_.refused(who, refused->token);
    } else if (const auto* stopped = std::get_if<effect::Stopped>(&effect)) {
      removal_.stopped(who, *stopped);
    }
  }

  void on_release(ReplicaAddress who, TimePoint now, GatedEffect effect, consensus::Ticket after,
                  consensus::Ticket durable) override {
    if (!context_.honest(who)) return;
    durability_.release(who, now, effect, after, durable);
    availability_.released(who, durable);
    raft_witnesses_.durable(who, durable);
  }

  void on_send(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
               const consensus::Message& message) override {
    if (!context_.honest(who)) return;
    statements_.sent(who, now, message);
    availability_.sent(who, now, message);
    pbft_locks_.sent(who, now, message);
    qbft_rounds_.sent(who, now, message);
    hotstuff_.sent(who, now, message);
    tendermint_locks_.sent(who, now, message);
    raft_votes_.sent(who, now, to, message);
    raft_log_.sent(who, now, message);
    versions_.sent(who, now, message);
  }

  void on_commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                 const consensus::Certificate* certificate) override {
    if (!context_.honest(who)) return;
    agreement_.commit(who, now, block);
    certificates_.commit(who, now, block, certificate);
    exactly_once_.commit(who, now, block);
    availability_.committed(who, now, block);
    raft_log_.commit(who, block);
    versions_.commit(who, now, block, certificate);
  }

  void on_executed(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                   const consensus::ExecutionResult& result) override {
    if (!context_.honest(who)) return;
    prefix_.executed(who, now, block);
    availability_.executed(who, now, block);
    state_root_.executed(who, now, block, result.state_root);
    agreement_.executed(who, now, block);
    versions_.executed(who, now, block);
  }

  void on_answered(ReplicaAddress who, TimePoint now, const consensus::Block& block) override {
    if (!context_.honest(who)) return;
    prefix_.answered(who, now, block);
    reads_.answered(who, block.height);
  }

  void on_read(ReplicaAddress who, TimePoint /*now*/, consensus::Token token) override {
    if (context_.honest(who)) reads_.asked(who, token);
  }

  void on_read_answered(ReplicaAddress who, TimePoint now, consensus::Token token,
                        consensus::Height height) override {
    if (context_.honest(who)) reads_.ready(who, now, token, height);
  }

  void on_crash(ReplicaAddress who, TimePoint /*now*/) override {
    reads_.crash(who);
    availability_.crashed(who);
  }

  void on_checkpoint(ReplicaAddress who, TimePoint now,
                     const consensus::Checkpoint& checkpoint) override {
    if (!context_.honest(who)) return;
    certificates_.checkpoint(who, now, checkpoint);
    state_root_.claimed(who, now, checkpoint.height, checkpoint.state_root,
                        "holds a checkpoint with");
  }

  void on_evidence(ReplicaAddress who, TimePoint now,
                   const effect::EvidenceFound& evidence) override {
    if (context_.honest(who)) evidence_.evidence(who, now, evidence);
  }

  void on_membership(ReplicaAddress who, TimePoint now,
                     const effect::MembershipActive& membership) override {
    if (!context_.honest(who)) return;
    if (agreement_.membership(who, now, membership.membership, durability_.last_issued(who))) {
      versions_.membership(who, now, membership.membership);
    }
  }

  void on_snapshot_installed(ReplicaAddress who, TimePoint now,
                             const consensus::Checkpoint& checkpoint) override {
    if (!context_.honest(who)) return;
    agreement_.snapshot_installed(who, checkpoint.height);
    prefix_.snapshot_installed(who, checkpoint.height);
    raft_log_.snapshot_installed(who);
    raft_witnesses_.covered(who, checkpoint.height);
    state_root_.claimed(who, now, checkpoint.height, checkpoint.state_root,
                        "installed a snapshot with");
  }

  void on_restart(ReplicaAddress who, TimePoint now,
                  const consensus::RecoveredState& state) override {
    if (!context_.honest(who)) return;
    prefix_.restart(who, now, state);
    agreement_.restart(who, now, state);
    durability_.restart(who, state);
    availability_.restart(who, now);
    raft_log_.restart(who, state);
    raft_witnesses_.restart(who, state);
    if (state.executed_height > consensus::Height(0)) {
      state_root_.claimed(who, now, state.executed_height, state.state_root, "recovered with");
    }
  }

  void on_sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine) override {
    memory_.sample(who, now, engine);
    if (!context_.honest(who)) return;
    availability_.sample(who, now, engine);
    removal_.sample(who, now, engine);
  }

  void on_pulse(const ChainPulse& pulse) override {
    progress_.pulse(pulse);
    availability_.pulse(pulse);
    removal_.pulse(pulse);
  }

  [[nodiscard]] const std::vector<Violation>& violations() const override {
    return context_.violations();
  }

 private:
  CheckContext context_;
  AgreementRule agreement_;
  DurabilityRule durability_;
  CertificateRule certificates_;
  AvailabilityRule availability_;
  PrefixRule prefix_;
  StateRootRule state_root_;
  ExactlyOnceRule exactly_once_;
  EvidenceRule evidence_;
  ProgressRule progress_;
  RemovalRule removal_;
  ReadRule reads_;
  MemoryRule memory_;
  StatementRule statements_;
  PbftLockRule pbft_locks_;
  QbftRoundRule qbft_rounds_;
  HotstuffRule hotstuff_;
  TendermintLockRule tendermint_locks_;
  RaftVoteRule raft_votes_;
  RaftLogRule raft_log_;
  RaftWitnessRule raft_witnesses_;
  VersionRule versions_;
};

}  // namespace

std::unique_ptr<CheckerSuite> make_checkers(const WorldSpec& spec) {
  return std::make_unique<Suite>(spec);
}

}  // namespace govchain::sim
