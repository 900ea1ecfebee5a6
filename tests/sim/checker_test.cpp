// Every rule of safety is shown one history that keeps it and one that breaks it.

#include "tests/sim/checker_fixture.h"

namespace govchain::sim {
namespace {

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

}  // namespace
}  // namespace govchain::sim
