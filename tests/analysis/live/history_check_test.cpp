// Histories of clients that fit an order, and such that do not.

#include "analysis/live/history_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/random.h"

namespace govchain::analysis::live {
namespace {

using consensus::Digest;
using consensus::Duration;
using consensus::Height;
using Rules = std::vector<std::string>;

Duration at(int64_t milliseconds) { return Duration::milliseconds(milliseconds); }

Digest digest(size_t number) {
  Digest digest;
  digest.bytes[0] = static_cast<uint8_t>(number);
  digest.bytes[1] = static_cast<uint8_t>(number >> 8U);
  return digest;
}

// Clients and one chain that has what they were told.
struct History {
  LoadRecords records;
  ReplicaChain chain;

  History() { chain.oldest = Height(1); }

  // Submitted and answered at these milliseconds, in this block.
  size_t write(int64_t called, int64_t answered, uint64_t height) {
    SubmissionRecord record;
    record.payload = digest(records.submissions.size());
    record.sent = at(called);
    record.answered = at(answered);
    record.height = Height(height);
    record.fate = Fate::kAcknowledged;
    chain.payloads[record.payload] = Height(height);
    records.submissions.push_back(record);
    return records.submissions.size() - 1;
  }
  void read(size_t submission, int64_t called, int64_t answered, uint64_t height, bool present) {
    records.reads.push_back(
        {1, submission, at(called), at(answered), ReadFate::kAnswered, present, Height(height)});
  }
  [[nodiscard]] Rules rules_broken(HistoryChecked* checked = nullptr) const {
    HistoryChecked done;
    std::vector<sim::Violation> violations;
    check_history(records, {chain}, done, violations);
    Rules rules;
    for (const sim::Violation& one : violations) rules.push_back(one.rule);
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
    if (checked != nullptr) *checked = done;
    return rules;
  }
};

TEST(HistoryCheck, FindsNothingInOneThatFitsTheChain) {
  History history;
  const size_t first = history.write(1, 10, 3);
  const size_t second = history.write(2, 20, 5);
  history.read(first, 4, 6, 2, false);  // while it was written: before ...
  history.read(first, 7, 9, 3, true);   // ... or after it
  history.read(second, 11, 15, 4, false);
  history.read(second, 21, 22, 5, true);
  HistoryChecked checked;
  EXPECT_EQ(history.rules_broken(&checked), Rules());
  EXPECT_EQ(checked.operations, 6U);
  EXPECT_EQ(checked.reads, 4U);
  EXPECT_EQ(checked.registers, 2U);
}

TEST(HistoryCheck, AStaleReadBreaksTheOrder) {
  History history;
  const size_t first = history.write(1, 10, 3);
  history.read(first, 11, 12, 2, false);
  // The register tells it without heights, too.
  EXPECT_EQ(history.rules_broken(), Rules({"real-time order", "linearizability"}));
}

TEST(HistoryCheck, AReadOfAnotherTransactionMustNotGoBackEither) {
  History history;
  history.write(1, 10, 7);
  const size_t later = history.write(9, 40, 9);
  history.read(later, 11, 12, 6, false);
  EXPECT_EQ(history.rules_broken(), Rules({"real-time order"}));
}

TEST(HistoryCheck, ReadsSeeNoLessThanEarlierReads) {
  History history;
  const size_t first = history.write(1, 100, 5);
  history.read(first, 10, 11, 5, true);
  history.read(first, 12, 13, 4, false);
  EXPECT_EQ(history.rules_broken(), Rules({"real-time order", "linearizability"}));
}

TEST(HistoryCheck, WhatIsAskedAfterAnAnswerIsNotOrderedBeforeIt) {
  History history;
  history.write(1, 10, 7);
  history.write(11, 20, 7);
  EXPECT_EQ(history.rules_broken(), Rules({"real-time order"}));
}

TEST(HistoryCheck, AnAnswerHasWhatTheStateOfItsHeightHas) {
  History absent;
  const size_t first = absent.write(5, 10, 3);
  absent.read(first, 6, 7, 3, false);
  EXPECT_EQ(absent.rules_broken(), Rules({"read"}));
  History invented;
  const size_t nowhere = invented.write(5, 10, 3);
  invented.chain.payloads.clear();
  invented.read(nowhere, 6, 7, 3, true);
  EXPECT_EQ(invented.rules_broken(), Rules({"read"}));
}

TEST(HistoryCheck, WhatNobodyAnsweredMayHaveHappenedOrNot) {
  History history;
  const size_t open = history.write(5, 0, 4);
  history.records.submissions[open].fate = Fate::kOpen;
  history.records.submissions[open].height = Height();
  history.read(open, 20, 21, 3, false);
  history.read(open, 30, 31, 4, true);
  EXPECT_EQ(history.rules_broken(), Rules());
}

TEST(HistoryCheck, WhatWasNeverSentIsNotThere) {
  History history;
  const size_t never = history.write(0, 0, 4);
  history.records.submissions[never].fate = Fate::kOpen;
  history.records.submissions[never].height = Height();
  history.read(never, 30, 31, 4, true);
  EXPECT_EQ(history.rules_broken(), Rules({"linearizability"}));
}

// A store that executes one block a millisecond: operations happen at some moment between call and
// answer. Every history of it passes; with one read moved back before what it must see, none does.
TEST(HistoryCheck, AcceptsEveryHistoryOfAnAtomicStoreAndNoneWithAStaleRead) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    sim::RandomStream random(seed, sim::RandomPurpose::kTest, 0);
    History history;
    std::vector<int64_t> happened;
    for (int64_t i = 0; i < 40; ++i) {
      const int64_t moment = 10 + 3 * i + static_cast<int64_t>(random.below(3));
      const auto before = static_cast<int64_t>(random.below(10));
      const auto after = static_cast<int64_t>(random.below(10)) + 1;
      if (i < 5 || random.below(2) == 0) {
        history.write(moment - before, moment + after, static_cast<uint64_t>(moment));
        happened.push_back(moment);
      } else {
        const size_t which = random.below(happened.size());
        history.read(which, moment - before, moment + after, static_cast<uint64_t>(moment),
                     happened[which] <= moment);
      }
    }
    ASSERT_EQ(history.rules_broken(), Rules()) << seed;
    const size_t chosen = random.below(history.records.reads.size());
    ReadRecord& read = history.records.reads[chosen];
    const SubmissionRecord& seen = history.records.submissions[read.submission];
    if (seen.answered >= read.called) continue;
    read.height = Height(seen.height.value() - 1);
    read.present = false;
    EXPECT_NE(history.rules_broken(), Rules()) << seed;
  }
}

}  // namespace
}  // namespace govchain::analysis::live
