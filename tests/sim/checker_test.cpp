// Every rule is shown one history that keeps it and one that breaks it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "consensus/raft/messages.h"
#include "sim/checkers/checkers.h"

namespace govchain::sim {
namespace {

using consensus::Block;
using consensus::BlockRef;
using consensus::Certificate;
using consensus::CertificateRef;
using consensus::Digest;
using consensus::Epoch;
using consensus::HashAlgorithm;
using consensus::Height;
using consensus::Message;
using consensus::Protocol;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::Statement;
using consensus::Ticket;
using consensus::View;

Digest digest_of(uint8_t value) {
  Digest digest;
  digest.bytes.fill(value);
  return digest;
}

class CheckerTest : public testing::Test {
 protected:
  static constexpr uint32_t kReplicas = 4;

  void start(Protocol protocol) {
    world_.chains.resize(1);
    world_.chains[0].name = "chain";
    world_.chains[0].protocol = protocol;
    world_.chains[0].replicas.resize(kReplicas);
    world_.progress_bound = Duration::seconds(5);
    for (uint32_t i = 0; i < kReplicas; ++i) {
      signers_.push_back(consensus::make_signer(consensus::SignatureScheme::kModelled, 7, chain_id_,
                                                ReplicaId(i)));
      genesis_.members.push_back({ReplicaId(i), 1, signers_[i]->public_key()});
    }
    checkers_ = make_checkers(world_);
    checkers_->on_begin(world_, std::span(&genesis_, 1));
  }
  void SetUp() override { start(Protocol::kPbft); }

  void restart_as(Protocol protocol) {
    signers_.clear();
    genesis_ = {};
    world_ = {};
    start(protocol);
  }

  static ReplicaAddress replica(uint32_t index) { return {0, index}; }
  static TimePoint at(int64_t milliseconds) {
    return TimePoint::since_start(Duration::milliseconds(milliseconds));
  }

  static BlockRef block(uint64_t height, uint8_t variant = 0, std::vector<uint8_t> payloads = {}) {
    auto made = Ref<Block>::make();
    made->height = Height(height);
    made->wall_time = variant;
    for (const uint8_t payload : payloads) {
      made->payloads.push_back(
          consensus::make_payload(HashAlgorithm::kSha256, std::vector<uint8_t>{payload}, 1));
    }
    consensus::seal_block(HashAlgorithm::kSha256, *made);
    return made;
  }

  Statement statement(uint8_t type, uint64_t height, const Digest& digest) const {
    return {chain_id_, Epoch(0), Protocol::kPbft, type, View(0), Height(height), digest};
  }

  Ref<Certificate> certify(const Statement& about, std::vector<uint32_t> signers) {
    auto certificate = Ref<Certificate>::make();
    certificate->statement = about;
    for (const uint32_t signer : signers) {
      certificate->signers.emplace_back(signer);
      certificate->signatures.push_back(signers_[signer]->sign(about));
    }
    return certificate;
  }

  void commit(uint32_t who, const BlockRef& what) {
    const CertificateRef proof =
        certify(statement(3, what->height.value(), what->digest), {0, 1, 2});
    checkers_->on_commit(replica(who), at(1), *what, proof.get());
  }

  void execute(uint32_t who, const BlockRef& what, uint8_t root) {
    consensus::ExecutionResult result;
    result.state_root = digest_of(root);
    checkers_->on_executed(replica(who), at(1), *what, result);
  }

  void expect_clean() const {
    for (const Violation& violation : checkers_->violations()) {
      ADD_FAILURE() << violation.rule << ": " << violation.detail;
    }
  }
  void expect_broken(const std::string& rule) const {
    ASSERT_EQ(checkers_->violations().size(), 1U) << rule;
    EXPECT_EQ(checkers_->violations()[0].rule, rule) << checkers_->violations()[0].detail;
    EXPECT_FALSE(checkers_->violations()[0].detail.empty());
  }

  consensus::ChainId chain_id_{1};
  WorldSpec world_;
  consensus::Membership genesis_;
  std::vector<std::unique_ptr<consensus::Signer>> signers_;
  std::unique_ptr<CheckerSuite> checkers_;
};

TEST_F(CheckerTest, EqualBlocksAgreeAndDifferentOnesDoNot) {
  commit(0, block(1));
  commit(1, block(1));
  expect_clean();
  commit(2, block(1, 9));
  expect_broken("agreement");
}

TEST_F(CheckerTest, RecoveredBlocksMustAgreeToo) {
  commit(0, block(1));
  consensus::RecoveredState state;
  state.blocks.push_back({block(1, 9), {}});
  checkers_->on_restart(replica(1), at(2), state);
  expect_broken("agreement");
}

TEST_F(CheckerTest, CommitsComeInOrderWithoutGaps) {
  commit(0, block(1));
  commit(0, block(2));
  expect_clean();
  commit(0, block(4));
  expect_broken("order");
}

TEST_F(CheckerTest, CommittingTheSameHeightAgainIsAnErrorExceptAfterARestart) {
  commit(0, block(1));
  commit(0, block(2));
  consensus::RecoveredState state;
  state.blocks = {{block(1), {}}, {block(2), {}}};
  checkers_->on_restart(replica(0), at(2), state);
  commit(0, block(2));
  commit(0, block(3));
  expect_clean();
  commit(0, block(3));
  expect_broken("order");
}

TEST_F(CheckerTest, AnAdversarysEngineIsHeldToNoRule) {
  world_.adversaries.push_back({AdversarySpec::Kind::kDoubleVoter, 0, 3, {}});
  checkers_->on_begin(world_, std::span(&genesis_, 1));
  commit(0, block(1));
  commit(3, block(1, 9));
  expect_clean();
}

TEST_F(CheckerTest, CertificateNeedsAQuorum) {
  const BlockRef one = block(1);
  const auto proof = certify(statement(3, 1, one->digest), {0, 1});
  checkers_->on_commit(replica(0), at(1), *one, proof.get());
  expect_broken("certificate");
}

TEST_F(CheckerTest, CertificateNeedsDistinctSigners) {
  const BlockRef one = block(1);
  const auto proof = certify(statement(3, 1, one->digest), {0, 1, 1});
  checkers_->on_commit(replica(0), at(1), *one, proof.get());
  expect_broken("certificate");
}

TEST_F(CheckerTest, CertificateNeedsGenuineSignatures) {
  const BlockRef one = block(1);
  commit(0, one);  // so that the genuine ones are remembered
  const auto proof = certify(statement(3, 1, one->digest), {0, 1, 2});
  proof->signatures[1].bytes[5] ^= 1U;
  checkers_->on_commit(replica(1), at(1), *one, proof.get());
  expect_broken("certificate");
}

TEST_F(CheckerTest, CertificateMustNameTheBlock) {
  const auto proof = certify(statement(3, 1, digest_of(1)), {0, 1, 2});
  checkers_->on_commit(replica(0), at(1), *block(1), proof.get());
  expect_broken("certificate");
}

// A quorum that prepared a block has not decided it: another view may decide another.
TEST_F(CheckerTest, CertificateOfAnEarlierPhaseProvesNothing) {
  const BlockRef one = block(1);
  const auto vote =
      consensus::traits_of(Protocol::kPbft).roles.type_of(consensus::MessageRole::kVote);
  ASSERT_TRUE(vote);
  const auto proof = certify(statement(*vote, 1, one->digest), {0, 1, 2});
  checkers_->on_commit(replica(0), at(1), *one, proof.get());
  expect_broken("certificate");
}

TEST_F(CheckerTest, CommitWithoutCertificateIsForRaftOnly) {
  checkers_->on_commit(replica(0), at(1), *block(1), nullptr);
  expect_broken("certificate");
  restart_as(Protocol::kRaft);
  checkers_->on_commit(replica(0), at(1), *block(1), nullptr);
  expect_clean();
}

TEST_F(CheckerTest, CheckpointNeedsAQuorumOfItsOwnStatement) {
  consensus::Checkpoint checkpoint;
  checkpoint.height = Height(1);
  checkpoint.state_root = digest_of(5);
  checkpoint.certificate =
      certify(statement(consensus::kCheckpointStatement, 1, digest_of(5)), {1, 2, 3});
  checkers_->on_checkpoint(replica(0), at(1), checkpoint);
  expect_clean();
  checkpoint.certificate =
      certify(statement(consensus::kCheckpointStatement, 1, digest_of(5)), {1, 2});
  checkers_->on_checkpoint(replica(0), at(1), checkpoint);
  expect_broken("certificate");
}

TEST_F(CheckerTest, ReleaseBeforeTheTicketIsDurableIsSeen) {
  checkers_->on_release(replica(0), at(1), GatedEffect::kSend, Ticket(3), Ticket(3));
  expect_clean();
  checkers_->on_release(replica(0), at(1), GatedEffect::kSend, Ticket(4), Ticket(3));
  expect_broken("durable-before-send");
}

TEST_F(CheckerTest, WaitingForATicketThatWasNeverIssuedIsSeen) {
  namespace effect = consensus::effect;
  checkers_->on_effect(replica(0), at(1), effect::Persist{Ticket(1), {}}, Ticket(0));
  checkers_->on_effect(replica(0), at(1), effect::Send{ReplicaId(1), {}, Ticket(1)}, Ticket(0));
  expect_clean();
  checkers_->on_effect(replica(0), at(1), effect::Send{ReplicaId(1), {}, Ticket(2)}, Ticket(0));
  expect_broken("durable-before-send");
}

TEST_F(CheckerTest, TicketsGoOnFromWhatWasRecovered) {
  namespace effect = consensus::effect;
  consensus::RecoveredState state;
  state.last_ticket = Ticket(7);
  checkers_->on_restart(replica(0), at(1), state);
  checkers_->on_effect(replica(0), at(1), effect::Persist{Ticket(8), {}}, Ticket(7));
  expect_clean();
  checkers_->on_effect(replica(0), at(1), effect::Persist{Ticket(10), {}}, Ticket(7));
  expect_broken("durable-before-send");
}

TEST_F(CheckerTest, AnswersComeAfterCommitAndExecution) {
  const BlockRef one = block(1);
  commit(0, one);
  execute(0, one, 1);
  checkers_->on_answered(replica(0), at(1), *one);
  expect_clean();
  const BlockRef two = block(2);
  commit(0, two);
  checkers_->on_answered(replica(0), at(1), *two);
  expect_broken("answer");
}

TEST_F(CheckerTest, AnsweredBlocksSurviveACrash) {
  const BlockRef one = block(1);
  commit(0, one);
  execute(0, one, 1);
  checkers_->on_answered(replica(0), at(1), *one);
  consensus::RecoveredState state;
  state.blocks = {{one, {}}};
  checkers_->on_restart(replica(0), at(2), state);
  auto record = Ref<consensus::LogRecord>::make();
  record->block = one;
  state.blocks.clear();
  state.records = {record};  // the engine will commit it again
  checkers_->on_restart(replica(0), at(3), state);
  expect_clean();
  state.records.clear();
  checkers_->on_restart(replica(0), at(4), state);
  expect_broken("durable-prefix");
}

TEST_F(CheckerTest, StatesAreEqualAtEqualHeights) {
  execute(0, block(1), 1);
  execute(1, block(1), 1);
  expect_clean();
  execute(2, block(1), 2);
  expect_broken("state-root");
}

TEST_F(CheckerTest, ACheckpointMustProveTheStateThatWasExecuted) {
  execute(0, block(1), 1);
  consensus::Checkpoint checkpoint;
  checkpoint.height = Height(1);
  checkpoint.state_root = digest_of(2);
  checkpoint.certificate =
      certify(statement(consensus::kCheckpointStatement, 1, digest_of(2)), {1, 2, 3});
  checkers_->on_checkpoint(replica(1), at(1), checkpoint);
  expect_broken("state-root");
}

TEST_F(CheckerTest, ExecutionIsInOrder) {
  execute(0, block(1), 1);
  execute(0, block(3), 3);
  expect_broken("order");
}

TEST_F(CheckerTest, APayloadIsCommittedOnce) {
  commit(0, block(1, 0, {1, 2}));
  commit(1, block(1, 0, {1, 2}));  // another replica, the same height
  commit(0, block(2, 0, {3}));
  expect_clean();
  commit(0, block(3, 0, {2}));
  expect_broken("exactly-once");
}

consensus::SignedStatement claim(consensus::Signer& signer, uint32_t who, const Statement& about) {
  return {about, ReplicaId(who), signer.sign(about)};
}

TEST_F(CheckerTest, EvidenceMayBlameAdversariesOnly) {
  world_.adversaries.push_back({AdversarySpec::Kind::kDoubleVoter, 0, 3, {}});
  checkers_->on_begin(world_, std::span(&genesis_, 1));
  const Statement first = statement(2, 1, digest_of(1));
  const Statement second = statement(2, 1, digest_of(2));
  checkers_->on_evidence(replica(0), at(1),
                         {claim(*signers_[3], 3, first), claim(*signers_[3], 3, second)});
  expect_clean();
  checkers_->on_evidence(replica(0), at(1),
                         {claim(*signers_[1], 1, first), claim(*signers_[1], 1, second)});
  expect_broken("evidence");
}

TEST_F(CheckerTest, EvidenceMustContradictItself) {
  world_.adversaries.push_back({AdversarySpec::Kind::kDoubleVoter, 0, 3, {}});
  checkers_->on_begin(world_, std::span(&genesis_, 1));
  const Statement first = statement(2, 1, digest_of(1));
  const Statement second = statement(2, 2, digest_of(2));
  checkers_->on_evidence(replica(0), at(1),
                         {claim(*signers_[3], 3, first), claim(*signers_[3], 3, second)});
  expect_broken("evidence");
}

TEST_F(CheckerTest, EvidenceMustBeSigned) {
  world_.adversaries.push_back({AdversarySpec::Kind::kDoubleVoter, 0, 3, {}});
  checkers_->on_begin(world_, std::span(&genesis_, 1));
  const Statement first = statement(2, 1, digest_of(1));
  const Statement second = statement(2, 1, digest_of(2));
  checkers_->on_evidence(replica(0), at(1),
                         {claim(*signers_[3], 3, first), claim(*signers_[2], 3, second)});
  expect_broken("evidence");
}

ChainPulse pulse(int64_t now_milliseconds, uint64_t blocks) {
  ChainPulse pulse;
  pulse.now = TimePoint::since_start(Duration::milliseconds(now_milliseconds));
  pulse.waiting = 1;
  pulse.committed_blocks = blocks;
  return pulse;
}

TEST_F(CheckerTest, WaitingTransactionsAreOrderedWithinTheBound) {
  checkers_->on_pulse(pulse(100, 0));
  checkers_->on_pulse(pulse(5'000, 0));
  expect_clean();
  checkers_->on_pulse(pulse(5'200, 0));
  expect_broken("progress");
}

TEST_F(CheckerTest, NoProgressIsDemandedDuringFaultsWithoutQuorumOrWithoutLoad) {
  for (int64_t now = 100; now < 60'000; now += 100) {
    ChainPulse faulty = pulse(now, 0);
    faulty.calm_since = TimePoint::max();
    ChainPulse lost = pulse(now, 0);
    lost.quorum_up = false;
    ChainPulse idle = pulse(now, 0);
    idle.waiting = 0;
    checkers_->on_pulse(now < 20'000 ? faulty : now < 40'000 ? lost : idle);
  }
  expect_clean();
}

TEST_F(CheckerTest, BlocksAreProgress) {
  for (int64_t now = 100; now < 60'000; now += 100) {
    ChainPulse moving = pulse(now, static_cast<uint64_t>(now) / 4'000);
    moving.oldest_waiting = moving.now - Duration::seconds(1);
    checkers_->on_pulse(moving);
  }
  expect_clean();
}

TEST_F(CheckerTest, ATransactionThatManyBlocksPassOverIsStarved) {
  for (int64_t now = 100; now < 60'000; now += 100) {
    checkers_->on_pulse(pulse(now, static_cast<uint64_t>(now) / 100));
  }
  expect_broken("progress");
}

class FixedMemoryEngine : public consensus::Engine {
 public:
  explicit FixedMemoryEngine(uint64_t bytes) : bytes_(bytes) {}
  void step(TimePoint, std::span<const consensus::Input>, consensus::EffectSink&) override {}
  [[nodiscard]] Bytes credit() const override { return {}; }
  [[nodiscard]] consensus::EngineStatus status() const override { return {}; }
  [[nodiscard]] const consensus::EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override { return nullptr; }
  [[nodiscard]] Digest fingerprint() const override { return {}; }
  [[nodiscard]] Bytes memory() const override { return Bytes(bytes_); }

 private:
  uint64_t bytes_;
  consensus::EngineCounters counters_;
};

TEST_F(CheckerTest, AnEngineThatGrowsWithoutBoundIsSeenOnce) {
  checkers_->on_sample(replica(0), at(1), FixedMemoryEngine(1U << 20U));
  expect_clean();
  const FixedMemoryEngine huge(uint64_t{1} << 40U);
  checkers_->on_sample(replica(0), at(1), huge);
  checkers_->on_sample(replica(0), at(2), huge);
  expect_broken("memory");
}

class EngineInEpoch final : public FixedMemoryEngine {
 public:
  explicit EngineInEpoch(uint64_t epoch) : FixedMemoryEngine(0), epoch_(epoch) {}
  [[nodiscard]] consensus::EngineStatus status() const override {
    consensus::EngineStatus status;
    status.epoch = epoch_;
    return status;
  }

 private:
  Epoch epoch_;
};

class RemovalTest : public CheckerTest {
 protected:
  // Of an engine on the base of chains; the last replica is no member of epoch 1.
  void SetUp() override {
    start(Protocol::kTendermint);
    consensus::Membership next{Epoch(1), genesis_.members};
    next.members.pop_back();
    checkers_->on_membership(replica(0), at(0), {next, Height(5)});
  }
  // Every replica in the epoch given, at each second up to `to`.
  void run(int64_t from, int64_t to, std::vector<uint64_t> epochs, TimePoint calm_since = {}) {
    for (int64_t second = from; second <= to; ++second) {
      for (uint32_t i = 0; i < epochs.size(); ++i) {
        checkers_->on_sample(replica(i), at(second * 1'000), EngineInEpoch(epochs[i]));
      }
      ChainPulse pulse;
      pulse.now = at(second * 1'000);
      pulse.calm_since = calm_since;
      checkers_->on_pulse(pulse);
    }
  }
};

TEST_F(RemovalTest, WhoIsRemovedLearnsOfItWithinTheBound) {
  run(0, 4, {1, 1, 1, 0});
  run(5, 60, {1, 1, 1, 1});
  expect_clean();
}

TEST_F(RemovalTest, WhoIsNeverToldIsSeenOnce) {
  run(0, 5, {1, 1, 1, 0});
  expect_clean();
  run(6, 20, {1, 1, 1, 0});
  expect_broken("removal");
}

TEST_F(RemovalTest, NothingIsDemandedDuringFaultsOfTheStoppedOrOfMembersThatLag) {
  run(0, 20, {1, 1, 1, 0}, TimePoint::max());
  expect_clean();
  run(21, 40, {1, 1, 0});  // replica 2 is a member of both, and the one removed is down
  expect_clean();
  checkers_->on_effect(replica(3), at(41'000), consensus::effect::Stopped{}, Ticket(0));
  run(42, 80, {1, 1, 1, 0});
  expect_clean();
}

TEST_F(CheckerTest, ReadsSeeWhatClientsWereTold) {
  namespace effect = consensus::effect;
  const BlockRef one = block(1);
  const consensus::Token early(1);
  const consensus::Token late(2);
  checkers_->on_read(replica(2), at(1), early);
  commit(0, one);
  execute(0, one, 1);
  checkers_->on_answered(replica(0), at(1), *one);
  checkers_->on_read(replica(2), at(2), late);
  checkers_->on_read_answered(replica(2), at(3), early, Height(0));
  expect_clean();
  checkers_->on_read_answered(replica(2), at(3), late, Height(0));
  expect_broken("linearizable-read");
}

class RaftCheckerTest : public CheckerTest {
 protected:
  void SetUp() override { start(Protocol::kRaft); }
  void send(uint32_t who, consensus::raft::MessageType type, uint64_t term, uint32_t to = 0,
            bool granted = true) {
    auto message = Ref<Message>::make();
    message->protocol = Protocol::kRaft;
    message->type = static_cast<uint8_t>(type);
    message->view = View(term);
    if (type == consensus::raft::MessageType::kVoteReply) {
      encode_body(consensus::raft::VoteReplyBody{granted}, *message);
    }
    const ReplicaId receiver(to);
    checkers_->on_send(replica(who), at(1), &receiver, *message);
  }
  using Type = consensus::raft::MessageType;
};

TEST_F(RaftCheckerTest, ATermHasOneLeader) {
  send(0, Type::kAppend, 1, 1);
  send(0, Type::kHeartbeat, 1, 2);
  send(1, Type::kAppend, 2, 0);
  expect_clean();
  send(2, Type::kHeartbeat, 2, 0);
  expect_broken("one-leader");
}

TEST_F(RaftCheckerTest, AReplicaVotesOnceInATermAcrossRestarts) {
  send(0, Type::kVoteReply, 1, 1);
  send(0, Type::kVoteReply, 1, 1);         // said again
  send(0, Type::kVoteReply, 1, 2, false);  // a refusal is no vote
  checkers_->on_restart(replica(0), at(2), {});
  expect_clean();
  send(0, Type::kVoteReply, 1, 2);
  expect_broken("double-vote");
}

TEST_F(RaftCheckerTest, ACandidateHasVotedForItself) {
  send(0, Type::kVoteRequest, 3, 1);
  send(0, Type::kVoteReply, 3, 1);
  expect_broken("double-vote");
}

TEST_F(RaftCheckerTest, ATermIsNeverForgotten) {
  send(0, Type::kAppendReply, 5, 1);
  checkers_->on_restart(replica(0), at(2), {});
  send(0, Type::kAppendReply, 5, 1);
  expect_clean();
  send(0, Type::kAppendReply, 4, 1);
  expect_broken("monotone-view");
}

}  // namespace
}  // namespace govchain::sim
