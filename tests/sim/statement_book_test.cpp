// What contradicts what, in protocols that no engine of ours may speak yet: their traits are made
// here.

#include "sim/checkers/statement_book.h"

#include <gtest/gtest.h>

#include "consensus/pbft/messages.h"
#include "consensus/protocols.h"

namespace govchain::sim {
namespace {

using consensus::Height;
using consensus::ProtocolTraits;
using consensus::StatementKey;
using consensus::StatementKind;
using consensus::View;
using consensus::ViewScope;
using consensus::pbft::MessageType;

consensus::Ref<consensus::Message> message(MessageType type, uint64_t view, uint64_t height,
                                           uint8_t digest = 0) {
  auto made = consensus::Ref<consensus::Message>::make();
  // A message from the pool keeps the header that it had.
  made->protocol = consensus::Protocol::kPbft;
  made->epoch = {};
  made->type = static_cast<uint8_t>(type);
  made->view = View(view);
  made->height = Height(height);
  made->digest.bytes.fill(digest);
  return made;
}

class StatementBookTest : public testing::Test {
 protected:
  // The rule that is broken by it; empty if none.
  std::string_view sign(MessageType type, uint64_t view, uint64_t height, uint8_t digest = 0) {
    const auto broken = book_.sign(*message(type, view, height, digest));
    return broken ? broken->rule : std::string_view();
  }
  bool both(MessageType first, uint64_t height, MessageType second, uint64_t other_height) {
    const consensus::ChainId chain(1);
    return contradict(traits_, message(first, 1, height, 1)->statement(chain),
                      message(second, 1, other_height, 2)->statement(chain));
  }

  ProtocolTraits traits_ = consensus::traits_of(consensus::Protocol::kPbft);
  StatementBook book_{traits_};
};

TEST_F(StatementBookTest, AllPhasesNameOneBlock) {
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 1, 1), "");
  EXPECT_EQ(sign(MessageType::kCommit, 1, 1, 1), "");
  EXPECT_EQ(sign(MessageType::kCommit, 1, 1, 2), "double-sign");
  EXPECT_EQ(sign(MessageType::kCommit, 2, 1, 2), "");
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 2, 2), "");
  EXPECT_TRUE(both(MessageType::kPrepare, 1, MessageType::kCommit, 1));
  EXPECT_FALSE(both(MessageType::kPrepare, 1, MessageType::kCommit, 2));
}

// Tendermint: a prevote for nil and a precommit for a block are no contradiction.
TEST_F(StatementBookTest, WhereEachPhaseIsItsOwnOnlyEqualTypesContradict) {
  traits_.statement_kind = StatementKind::kEachPhase;
  EXPECT_EQ(sign(MessageType::kPrePrepare, 1, 1, 1), "");
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 1, 0), "");
  EXPECT_EQ(sign(MessageType::kCommit, 1, 1, 2), "");
  EXPECT_EQ(sign(MessageType::kCheckpoint, 0, 1, 3), "");
  EXPECT_EQ(sign(MessageType::kPrePrepare, 1, 1, 4), "double-sign");
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 1, 4), "double-sign");
  EXPECT_EQ(sign(MessageType::kCommit, 1, 1, 4), "double-sign");
  EXPECT_EQ(sign(MessageType::kCheckpoint, 0, 1, 4), "double-sign");
  EXPECT_FALSE(both(MessageType::kPrepare, 1, MessageType::kCommit, 1));
  EXPECT_TRUE(both(MessageType::kPrepare, 1, MessageType::kPrepare, 1));
}

// HotStuff: one vote in a view, whatever the height; checkpoints are still by height.
TEST_F(StatementBookTest, WhereAViewHasOneVoteHeightsDoNotMatter) {
  traits_.statement_key = StatementKey::kView;
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 1, 1), "");
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 2, 2), "double-sign");
  EXPECT_EQ(sign(MessageType::kPrepare, 2, 2, 2), "");
  EXPECT_EQ(sign(MessageType::kCheckpoint, 0, 1, 3), "");
  EXPECT_EQ(sign(MessageType::kCheckpoint, 0, 2, 4), "");
  EXPECT_TRUE(both(MessageType::kPrepare, 1, MessageType::kPrepare, 2));
}

TEST_F(StatementBookTest, WhoeverAskedForAViewMakesNoNewStatementBelowIt) {
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 1, 1), "");
  EXPECT_EQ(sign(MessageType::kViewChange, 3, 0), "");
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 1, 1), "");  // said before, sent again
  EXPECT_EQ(sign(MessageType::kPrepare, 2, 2, 1), "monotone-view");
  EXPECT_EQ(sign(MessageType::kPrepare, 3, 2, 1), "");
  EXPECT_EQ(sign(MessageType::kCheckpoint, 0, 2, 1), "");
}

// Rounds begin at 0 again at the next height.
TEST_F(StatementBookTest, WhereViewsCountAttemptsAtAHeightTheNextHeightIsFree) {
  traits_.view_scope = ViewScope::kHeight;
  EXPECT_EQ(sign(MessageType::kViewChange, 3, 7), "");
  EXPECT_EQ(sign(MessageType::kPrepare, 2, 7, 1), "monotone-view");
  EXPECT_EQ(sign(MessageType::kPrepare, 0, 8, 1), "");
  EXPECT_EQ(sign(MessageType::kViewChange, 2, 8), "");
  EXPECT_EQ(sign(MessageType::kViewChange, 9, 7), "");  // late: of a height that is over
  EXPECT_EQ(sign(MessageType::kPrepare, 1, 8, 2), "monotone-view");
  EXPECT_EQ(sign(MessageType::kPrepare, 2, 8, 2), "");
}

}  // namespace
}  // namespace govchain::sim
