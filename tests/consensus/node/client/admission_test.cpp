// Clients' signatures are checked before a payload goes any further, on a replica that only
// remembers what it was asked to check.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/node/client/client_desk.h"
#include "tests/consensus/node/client/fake_replica.h"

namespace govchain::consensus::node {
namespace {

using testing::FakeReplica;
using testing::finalise;

const Duration kNoWait = Duration::zero();
const Duration kWait = Duration::seconds(5);

class Admission : public ::testing::Test {
 protected:
  Admission() { make({}); }
  void make(DeskSettings settings) {
    settings.verify_payloads = true;
    settings.clock = [this] { return now_; };
    desk_ = std::make_unique<ClientDesk>(std::move(settings));
    desk_->attach(replica_, Checkpoint{});
  }
  using Answers = std::shared_ptr<std::vector<Answer>>;
  Answers submit(const std::string& text, Duration wait = kWait) {
    auto answers = std::make_shared<std::vector<Answer>>();
    desk_->submit(std::vector<uint8_t>(text.begin(), text.end()), 1, wait,
                  [answers](const Answer& answer) { answers->push_back(answer); });
    return answers;
  }
  void answer_checks(bool good) {
    for (const FakeReplica::Check& check : replica_.take_checks()) check.taker(good);
  }
  static void expect_only(const Answers& answers, Outcome outcome, Cause cause = Cause::kNone) {
    ASSERT_EQ(answers->size(), 1U);
    EXPECT_EQ(answers->front().outcome, outcome);
    EXPECT_EQ(answers->front().cause, cause);
  }
  static Digest id_of(const std::string& text) {
    return make_payload(HashAlgorithm::kSha256, std::vector<uint8_t>(text.begin(), text.end()), 1)
        ->digest;
  }
  Outcome looked_up(const std::string& text) {
    Outcome outcome = Outcome::kPending;
    desk_->look_up(id_of(text), kNoWait, [&](const Answer& answer) { outcome = answer.outcome; });
    return outcome;
  }

  TimePoint now_ = TimePoint::since_start(Duration::seconds(100));
  FakeReplica replica_;
  std::unique_ptr<ClientDesk> desk_;
};

TEST_F(Admission, ProposesNothingBeforeItsSignaturesWereFoundGood) {
  const Answers first = submit("a");
  const Answers second = submit("a");
  EXPECT_TRUE(replica_.proposed().empty());
  EXPECT_EQ(desk_->view().counters.admitted, 0U);
  EXPECT_EQ(desk_->view().checking, 1U);
  answer_checks(true);
  ASSERT_EQ(replica_.proposed().size(), 1U);
  EXPECT_EQ(desk_->view().counters.admitted, 1U);
  EXPECT_EQ(desk_->view().checking, 0U);
  EXPECT_TRUE(first->empty());
  finalise(*desk_, 1, replica_.proposed());
  expect_only(first, Outcome::kFinal);
  expect_only(second, Outcome::kFinal);
  EXPECT_EQ(desk_->view().waiters, 0U);
}

TEST_F(Admission, RefusesWhatIsForgedToEverybodyWhoSubmittedIt) {
  const Answers waits = submit("a", kWait);
  const Answers does_not_wait = submit("a", kNoWait);
  answer_checks(false);
  expect_only(waits, Outcome::kRefused, Cause::kForged);
  expect_only(does_not_wait, Outcome::kRefused, Cause::kForged);
  EXPECT_TRUE(replica_.proposed().empty());
  EXPECT_TRUE(desk_->is_idle());
  EXPECT_EQ(desk_->view().waiters, 0U);
  EXPECT_EQ(desk_->view().counters.refused.at(static_cast<size_t>(Cause::kForged)), 1U);
}

// Or a flood of them would drive out what others may still ask for.
TEST_F(Admission, RemembersNothingThatIsForged) {
  submit("a");
  answer_checks(false);
  EXPECT_EQ(looked_up("a"), Outcome::kMissing);
  const Answers again = submit("a");
  answer_checks(true);
  finalise(*desk_, 1, replica_.proposed());
  expect_only(again, Outcome::kFinal);
}

TEST_F(Admission, SaysPendingToWhoDoesNotWaitOnlyOnceItIsNotForged) {
  const Answers answers = submit("a", kNoWait);
  EXPECT_TRUE(answers->empty());
  answer_checks(true);
  expect_only(answers, Outcome::kPending);
}

TEST_F(Admission, AnswersAtOnceWhoOnlyLooksUpWhatIsBeingChecked) {
  submit("a");
  EXPECT_EQ(looked_up("a"), Outcome::kPending);
  EXPECT_EQ(desk_->view().waiters, 1U);
}

TEST_F(Admission, TheTimeOfTheCheckCountsAsWaiting) {
  const Answers answers = submit("a", Duration::seconds(5));
  now_ += Duration::seconds(3);
  answer_checks(true);
  now_ += Duration::seconds(3);
  desk_->on_time();
  expect_only(answers, Outcome::kPending);
}

TEST_F(Admission, RefusesUntilLaterWhatIsMoreThanItsQueueTakes) {
  DeskSettings settings;
  settings.max_checking = 2;
  make(settings);
  submit("a");
  submit("b");
  const Answers third = submit("c");
  expect_only(third, Outcome::kRefused, Cause::kFull);
  EXPECT_GT(third->front().try_again_after, Duration::zero());
  answer_checks(false);
  EXPECT_TRUE(submit("c")->empty());
  settings.max_checking = 100;
  settings.max_checking_bytes = Bytes(5);
  make(settings);
  submit("aaa");
  expect_only(submit("bbb"), Outcome::kRefused, Cause::kFull);
  EXPECT_TRUE(submit("bb")->empty());
}

TEST_F(Admission, ForgetsACheckOfWhatIsFinalByWayOfAnotherReplica) {
  const Answers answers = submit("a");
  const PayloadRef same = make_payload(HashAlgorithm::kSha256, std::vector<uint8_t>{'a'}, 1);
  finalise(*desk_, 1, std::vector<PayloadRef>{same});
  expect_only(answers, Outcome::kFinal);
  answer_checks(true);
  EXPECT_TRUE(replica_.proposed().empty());
  EXPECT_EQ(desk_->view().checking, 0U);
}

TEST_F(Admission, KnowsThatWhatIsStillBeingCheckedIsInNoBlock) {
  const Answers answers = submit("a");
  desk_->on_overtaken(Height(9));
  EXPECT_TRUE(answers->empty());
  desk_->detach();
  expect_only(answers, Outcome::kRefused, Cause::kStopped);
  answer_checks(true);
  EXPECT_TRUE(replica_.proposed().empty());
  EXPECT_TRUE(desk_->is_idle());
}

TEST_F(Admission, LetsWhatWasTakenBeforeADrainBecomeFinal) {
  const Answers answers = submit("a");
  desk_->drain();
  EXPECT_FALSE(desk_->is_idle());
  answer_checks(true);
  finalise(*desk_, 1, replica_.proposed());
  expect_only(answers, Outcome::kFinal);
}

}  // namespace
}  // namespace govchain::consensus::node
