// What a desk answers, with a replica that only remembers and a clock that stands still.

#include "consensus/node/client/client_desk.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/node/client/fake_replica.h"

namespace govchain::consensus::node {
namespace {

using testing::EmptyApplication;
using testing::FakeReplica;
using testing::finalise;

const Duration kNoWait = Duration::zero();
const Duration kWait = Duration::seconds(5);

class Desk : public ::testing::Test {
 protected:
  void make(DeskSettings settings = {}) {
    settings.clock = [this] { return now_; };
    settings.finality_reached = [this](Duration latency) { latencies_.push_back(latency); };
    desk_ = std::make_unique<ClientDesk>(std::move(settings));
    desk_->attach(replica_, Checkpoint{});
  }
  static std::vector<uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }
  // The answers that this submission has got, once and no more.
  using Answers = std::shared_ptr<std::vector<Answer>>;
  Answers submit(const std::string& text, Duration wait = kWait, uint32_t transactions = 1) {
    auto answers = std::make_shared<std::vector<Answer>>();
    desk_->submit(bytes(text), transactions, wait,
                  [answers](const Answer& answer) { answers->push_back(answer); });
    return answers;
  }
  Answers look_up(const Digest& id, Duration wait = kNoWait) {
    auto answers = std::make_shared<std::vector<Answer>>();
    desk_->look_up(id, wait, [answers](const Answer& answer) { answers->push_back(answer); });
    return answers;
  }
  static const Answer& only(const Answers& answers) {
    EXPECT_EQ(answers->size(), 1U);
    static const Answer none;
    return answers->size() == 1 ? answers->front() : none;
  }
  void pass(Duration time) {
    now_ += time;
    desk_->on_time();
  }

  TimePoint now_ = TimePoint::since_start(Duration::seconds(100));
  FakeReplica replica_;
  std::vector<Duration> latencies_;
  std::unique_ptr<ClientDesk> desk_;
};

TEST_F(Desk, AnswersWithHeightIndexReceiptsAndCertificateOnceTheBlockIsFinal) {
  make();
  const Answers first = submit("a", kWait, 2);
  const Answers second = submit("b", kWait, 3);
  EXPECT_TRUE(first->empty());
  ASSERT_EQ(replica_.proposed().size(), 2U);
  now_ += Duration::milliseconds(40);
  finalise(*desk_, 7, replica_.proposed());
  const Answer& answer = only(second);
  EXPECT_EQ(answer.outcome, Outcome::kFinal);
  EXPECT_EQ(answer.id, replica_.proposed()[1]->digest);
  EXPECT_EQ(answer.height, Height(7));
  EXPECT_EQ(answer.index, 1U);
  ASSERT_TRUE(answer.receipts);
  EXPECT_EQ(*answer.receipts, (std::vector<Receipt>{Receipt{2, 3}, Receipt{3, 3}, Receipt{4, 3}}));
  ASSERT_TRUE(answer.certificate);
  EXPECT_EQ(answer.certificate->statement.height, Height(7));
  EXPECT_EQ(only(first).receipts->size(), 2U);
  EXPECT_EQ(latencies_, std::vector<Duration>(2, Duration::milliseconds(40)));
  EXPECT_TRUE(desk_->is_idle());
}

TEST_F(Desk, ProposesOnceWhatIsSubmittedAgainWhilePending) {
  make();
  const Answers first = submit("a");
  const Answers second = submit("a");
  const Answers third = submit("a", kNoWait);
  EXPECT_EQ(only(third).outcome, Outcome::kPending);
  EXPECT_EQ(replica_.proposed().size(), 1U);
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_EQ(only(first).outcome, Outcome::kFinal);
  EXPECT_EQ(only(second).outcome, Outcome::kFinal);
}

TEST_F(Desk, GivesTheSameAnswerToWhatIsFinalAlready) {
  make();
  const Answers first = submit("a");
  finalise(*desk_, 1, replica_.proposed());
  const Answers again = submit("a");
  EXPECT_EQ(only(again).height, only(first).height);
  EXPECT_EQ(only(again).receipts, only(first).receipts);
  EXPECT_EQ(only(look_up(only(first).id)).outcome, Outcome::kFinal);
  EXPECT_EQ(replica_.proposed().size(), 1U);
  EXPECT_EQ(desk_->view().counters.repeated, 1U);
}

TEST_F(Desk, KnowsWhatOtherReplicasClientsSubmitted) {
  make();
  const PayloadRef other = make_payload(HashAlgorithm::kSha256, bytes("theirs"), 1);
  finalise(*desk_, 4, std::vector<PayloadRef>{other});
  EXPECT_EQ(only(look_up(other->digest)).height, Height(4));
  EXPECT_EQ(only(submit("theirs")).outcome, Outcome::kFinal);
  EXPECT_TRUE(replica_.proposed().empty());
}

TEST_F(Desk, SaysPendingWhenTheWaitIsOverAndFinalToWhoAsksLater) {
  make();
  const Answers first = submit("a");
  pass(kWait - Duration::milliseconds(1));
  EXPECT_TRUE(first->empty());
  pass(Duration::milliseconds(1));
  EXPECT_EQ(only(first).outcome, Outcome::kPending);
  const Answers later = look_up(only(first).id, kWait);
  EXPECT_TRUE(later->empty());
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_EQ(only(later).outcome, Outcome::kFinal);
  EXPECT_EQ(first->size(), 1U);
}

TEST_F(Desk, RefusesWhatNoBlockMayHold) {
  DeskSettings settings;
  settings.max_payload = Bytes(4);
  settings.max_transactions = 2;
  make(settings);
  EXPECT_EQ(only(submit("12345")).cause, Cause::kOversize);
  EXPECT_EQ(only(submit("1", kWait, 3)).cause, Cause::kOversize);
  EXPECT_EQ(only(submit("1", kWait, 0)).cause, Cause::kOversize);
  EXPECT_EQ(only(submit("")).cause, Cause::kOversize);
  EXPECT_TRUE(replica_.proposed().empty());
  EXPECT_TRUE(submit("1234", kWait, 2)->empty());
}

TEST_F(Desk, RefusesUntilLaterWhatFindsNoRoom) {
  DeskSettings settings;
  settings.max_pending = 2;
  settings.max_pending_bytes = Bytes(10);
  make(settings);
  replica_.set_credit(Bytes(3));
  const Answers refused = submit("1234");
  EXPECT_EQ(only(refused).outcome, Outcome::kRefused);
  EXPECT_EQ(only(refused).cause, Cause::kFull);
  EXPECT_EQ(only(refused).try_again_after, Duration::seconds(1));
  replica_.set_credit(Bytes(100));
  EXPECT_TRUE(submit("123456")->empty());
  EXPECT_EQ(only(submit("12345")).cause, Cause::kFull) << "bytes";
  EXPECT_TRUE(submit("12")->empty());
  EXPECT_EQ(only(submit("1")).cause, Cause::kFull) << "number";
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_TRUE(submit("1234")->empty());
  EXPECT_EQ(desk_->view().counters.refused[static_cast<size_t>(Cause::kFull)], 3U);
}

TEST_F(Desk, TellsWhyTheEngineRefuses) {
  make();
  const std::vector<std::pair<RefusalReason, Cause>> cases = {
      {RefusalReason::kFull, Cause::kFull},         {RefusalReason::kOversize, Cause::kOversize},
      {RefusalReason::kNoLeader, Cause::kNoLeader}, {RefusalReason::kStopped, Cause::kStopped},
      {RefusalReason::kWitness, Cause::kWitness},
  };
  for (const auto& [reason, cause] : cases) {
    const Answers answers = submit("a");
    EXPECT_TRUE(answers->empty()) << "what was refused may be submitted again";
    const PayloadRef payload = replica_.proposed().back();
    desk_->on_refused(payload, reason);
    EXPECT_EQ(only(answers).outcome, Outcome::kRefused);
    EXPECT_EQ(only(answers).cause, cause);
    const bool later = cause == Cause::kFull || cause == Cause::kNoLeader;
    EXPECT_EQ(only(answers).try_again_after > Duration::zero(), later);
    EXPECT_EQ(only(look_up(payload->digest)).cause, cause);
  }
  EXPECT_EQ(replica_.proposed().size(), cases.size());
  EXPECT_TRUE(desk_->is_idle());
}

// A witness has no credit, which elsewhere means that there is no room at present.
TEST_F(Desk, SendsTheClientsOfAWitnessToAnotherReplica) {
  DeskSettings settings;
  settings.self = ReplicaId(4);
  make(settings);
  replica_.set_credit(Bytes(0));
  EXPECT_EQ(only(submit("a")).cause, Cause::kFull);
  Membership membership;
  membership.members = {Member{ReplicaId(3), 1, {}, MemberRole::kFull},
                        Member{ReplicaId(4), 1, {}, MemberRole::kWitness}};
  desk_->on_membership(membership);
  EXPECT_EQ(only(submit("a")).cause, Cause::kWitness);
  EXPECT_EQ(only(submit("a")).try_again_after, Duration::zero());
}

// Its client may have been at another replica before: it becomes final soon.
TEST_F(Desk, WaitsForWhatTheEngineKnowsAlready) {
  make();
  const Answers first = submit("a");
  desk_->on_refused(replica_.proposed()[0], RefusalReason::kDuplicate);
  EXPECT_TRUE(first->empty());
  EXPECT_EQ(only(submit("a", kNoWait)).cause, Cause::kDuplicate);
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_EQ(only(first).outcome, Outcome::kFinal);
}

TEST_F(Desk, SaysUnknownWhenWhatTheEngineKnowsDoesNotBecomeFinal) {
  make();
  const Answers waits = submit("a");
  desk_->on_refused(replica_.proposed()[0], RefusalReason::kDuplicate);
  pass(kWait);
  EXPECT_EQ(only(waits).outcome, Outcome::kUnknown);
  EXPECT_EQ(only(waits).cause, Cause::kDuplicate);
  EXPECT_FALSE(desk_->is_idle());
  pass(desk_->settings().duplicate_patience);
  EXPECT_TRUE(desk_->is_idle());
  EXPECT_EQ(only(look_up(only(waits).id)).cause, Cause::kDuplicate);
}

TEST_F(Desk, SaysUnknownOfWhatAFetchedStateOvertook) {
  make();
  const Answers waits = submit("a");
  desk_->on_overtaken(Height(20));
  EXPECT_EQ(only(waits).outcome, Outcome::kUnknown);
  EXPECT_EQ(only(waits).cause, Cause::kOvertaken);
  // It is proposed anew if the client wants it so: engine and ledger order it once.
  EXPECT_TRUE(submit("a")->empty());
  EXPECT_EQ(replica_.proposed().size(), 2U);
}

TEST_F(Desk, AsksAStateThatCanTellWhatBecameOfWhatWasOvertaken) {
  DeskSettings settings;
  settings.recall = [](const Application&, const Digest& id) -> std::optional<Answer> {
    if (id != make_payload(HashAlgorithm::kSha256, bytes("a"), 1)->digest) return std::nullopt;
    Answer answer;
    answer.height = Height(17);
    answer.receipts = {Receipt{1, 2}};
    return answer;
  };
  make(settings);
  const Answers ordered = submit("a");
  const Answers not_ordered = submit("b");
  desk_->on_overtaken(Height(20));
  EXPECT_TRUE(ordered->empty());
  const auto queries = replica_.take_queries();
  ASSERT_EQ(queries.size(), 1U);
  queries[0](EmptyApplication(), Height(20));
  EXPECT_EQ(only(ordered).outcome, Outcome::kOrdered);
  EXPECT_EQ(only(ordered).height, Height(17));
  EXPECT_EQ(only(ordered).receipts, std::vector<Receipt>{(Receipt{1, 2})});
  EXPECT_TRUE(not_ordered->empty());
  finalise(*desk_, 21, std::vector<PayloadRef>{replica_.proposed()[1]});
  EXPECT_EQ(only(not_ordered).outcome, Outcome::kFinal);
}

TEST_F(Desk, GivesUpWhatNothingIsHeardOf) {
  make();
  const Answers first = submit("a", kNoWait);
  pass(desk_->settings().pending_lifetime);
  EXPECT_TRUE(desk_->is_idle());
  EXPECT_EQ(only(look_up(only(first).id)).cause, Cause::kExpired);
  // And still knows it if it becomes final after all.
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_EQ(only(look_up(only(first).id)).outcome, Outcome::kFinal);
}

TEST_F(Desk, TakesNothingNewWhileItDrainsAndAnswersTheRest) {
  make();
  const Answers pending = submit("a");
  desk_->drain();
  EXPECT_EQ(only(submit("b")).cause, Cause::kDraining);
  EXPECT_TRUE(submit("a")->empty()) << "what is pending already may be waited for";
  EXPECT_FALSE(desk_->is_idle());
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_EQ(only(pending).outcome, Outcome::kFinal);
  EXPECT_TRUE(desk_->is_idle());
  EXPECT_EQ(only(submit("a")).outcome, Outcome::kFinal);
}

TEST_F(Desk, AnswersEverybodyWhenTheReplicaStops) {
  make();
  const Answers pending = submit("a");
  std::optional<ReadFailure> failure;
  desk_->read(ReadConsistency::kLinearizable, kWait, {}, [&](ReadFailure it) { failure = it; });
  desk_->on_stopped(StopReason::kStorageFailed, "the disk is gone");
  EXPECT_EQ(only(pending).outcome, Outcome::kUnknown);
  EXPECT_EQ(only(pending).cause, Cause::kStopped);
  EXPECT_EQ(failure, ReadFailure::kStopped);
  EXPECT_EQ(only(submit("b")).outcome, Outcome::kRefused);
  EXPECT_EQ(only(submit("b")).cause, Cause::kStopped);
  EXPECT_EQ(desk_->view().explanation, "the disk is gone");
}

TEST_F(Desk, AnswersEverybodyWhenTheReplicaIsTakenAway) {
  make();
  const Answers pending = submit("a");
  desk_->detach();
  EXPECT_EQ(only(pending).cause, Cause::kStopped);
  EXPECT_EQ(only(submit("a")).cause, Cause::kStopped);
  FakeReplica next;
  desk_->attach(next, Checkpoint{});
  EXPECT_TRUE(submit("a")->empty());
  EXPECT_EQ(next.proposed().size(), 1U);
}

TEST_F(Desk, TakesNoMoreWaitersThanItsBound) {
  DeskSettings settings;
  settings.max_waiters = 2;
  make(settings);
  const Answers first = submit("a");
  const Answers second = submit("a");
  EXPECT_EQ(only(submit("a")).outcome, Outcome::kPending);
  finalise(*desk_, 1, replica_.proposed());
  EXPECT_EQ(only(first).outcome, Outcome::kFinal);
  EXPECT_EQ(only(second).outcome, Outcome::kFinal);
  EXPECT_TRUE(submit("b")->empty());
}

TEST_F(Desk, RemembersNoMoreFailuresThanItsBound) {
  DeskSettings settings;
  settings.remembered_failures = 3;
  make(settings);
  std::vector<Digest> ids;
  for (int i = 0; i < 10; ++i) {
    (void)submit(std::to_string(i), kNoWait);
    ids.push_back(replica_.proposed().back()->digest);
    desk_->on_refused(replica_.proposed().back(), RefusalReason::kFull);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(only(look_up(ids[i])).outcome, i < 7 ? Outcome::kMissing : Outcome::kRefused) << i;
  }
}

TEST_F(Desk, ReadsOnTheExecutionThreadOnceTheEngineAllowsIt) {
  make();
  std::optional<Height> seen;
  const auto fail = [](ReadFailure) { ADD_FAILURE(); };
  desk_->read(
      ReadConsistency::kLinearizable, kWait,
      [&](const Application&, Height height) { seen = height; }, fail);
  const std::vector<Token> tokens = replica_.take_reads();
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_TRUE(replica_.take_queries().empty());
  desk_->on_read_ready(tokens[0], Height(5));
  const auto queries = replica_.take_queries();
  ASSERT_EQ(queries.size(), 1U);
  EXPECT_FALSE(seen);
  queries[0](EmptyApplication(), Height(6));
  EXPECT_EQ(seen, Height(6));
  pass(kWait);
  EXPECT_TRUE(desk_->is_idle());
}

TEST_F(Desk, ReadsTheStateAsItIsWhereTheClientWantsNoMore) {
  make();
  std::optional<Height> seen;
  desk_->read(
      ReadConsistency::kLocal, kWait, [&](const Application&, Height height) { seen = height; },
      [](ReadFailure) { ADD_FAILURE(); });
  EXPECT_TRUE(replica_.take_reads().empty());
  const auto queries = replica_.take_queries();
  ASSERT_EQ(queries.size(), 1U);
  queries[0](EmptyApplication(), Height(3));
  EXPECT_EQ(seen, Height(3));
}

TEST_F(Desk, AnswersReadsThatAreRefusedLateOrTooMany) {
  DeskSettings settings;
  settings.max_reads = 2;
  make(settings);
  std::vector<ReadFailure> failures;
  const auto run = [](const Application&, Height) { ADD_FAILURE() << "answered already"; };
  const auto fail = [&](ReadFailure failure) { failures.push_back(failure); };
  desk_->read(ReadConsistency::kLinearizable, kWait, run, fail);
  desk_->read(ReadConsistency::kLinearizable, kWait, run, fail);
  desk_->read(ReadConsistency::kLinearizable, kWait, run, fail);
  EXPECT_EQ(failures, std::vector{ReadFailure::kTooMany});
  const std::vector<Token> tokens = replica_.take_reads();
  ASSERT_EQ(tokens.size(), 2U);
  desk_->on_read_refused(tokens[0]);
  EXPECT_EQ(failures.back(), ReadFailure::kRefused);
  // Ready, but the execution thread is busy until it is too late.
  desk_->on_read_ready(tokens[1], Height(1));
  pass(kWait);
  EXPECT_EQ(failures.back(), ReadFailure::kTimedOut);
  for (const auto& query : replica_.take_queries()) query(EmptyApplication(), Height(1));
  desk_->on_read_ready(tokens[1], Height(1));
  EXPECT_TRUE(replica_.take_queries().empty());
  EXPECT_EQ(failures.size(), 3U);
}

TEST_F(Desk, LooksAtTheReplicaOneLookAtATime) {
  make();
  pass(Duration::zero());
  pass(Duration::seconds(10));
  auto lookers = replica_.take_lookers();
  ASSERT_EQ(lookers.size(), 1U);
  EXPECT_FALSE(desk_->view().look);
  Replica::Look look;
  look.status.committed = Height(9);
  lookers[0](look);
  ASSERT_TRUE(desk_->view().look);
  EXPECT_EQ(desk_->view().look->status.committed, Height(9));
  pass(desk_->settings().look_interval);
  EXPECT_EQ(replica_.take_lookers().size(), 1U);
  pass(Duration::seconds(7));
  EXPECT_GE(desk_->view().look_age, Duration::seconds(7));
}

}  // namespace
}  // namespace govchain::consensus::node
