#include "consensus/node/transport/outbox.h"

#include <array>

#include <gtest/gtest.h>

namespace govchain::consensus::node {
namespace {

constexpr TimePoint kNow = TimePoint::since_start(Duration::seconds(100));
constexpr ReplicaId kA(1);
constexpr ReplicaId kB(2);

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() {
    outbox_.name(kA, Duration::zero());
    outbox_.name(kB, Duration::zero());
    outbox_.set_up(kA);
  }
  Outbox::Pushed push(std::vector<ReplicaId> to, size_t size, bool tell = true) {
    return outbox_.push(to, Channel::kVotes, std::make_shared<const std::vector<uint8_t>>(size),
                        kNow, tell);
  }
  Outbox::Filled fill(ReplicaId peer) {
    std::array<uint8_t, kRecordBytes> record{};
    return outbox_.fill(peer, record, kNow);
  }
  Outbox outbox_{Bytes(1'000), Bytes(100'000)};
};

TEST_F(OutboxTest, QueuesOnlyForThoseThatAreUp) {
  EXPECT_EQ(push({kA, kB, ReplicaId(9)}, 100).taken, 1U);
  EXPECT_EQ(outbox_.size(), Bytes(108));
  EXPECT_TRUE(outbox_.any_up(std::array{kB, kA}));
  EXPECT_FALSE(outbox_.any_up(std::array{kB, ReplicaId(9)}));
  EXPECT_EQ(outbox_.set_down(kA), 1U);
  EXPECT_EQ(outbox_.size(), Bytes(0));
  EXPECT_EQ(push({kA}, 100).taken, 0U);
}

TEST_F(OutboxTest, WakesOnceForManySends) {
  outbox_.set_up(kB);
  EXPECT_TRUE(push({kA}, 10).wake);
  EXPECT_FALSE(push({kA}, 10).wake);
  EXPECT_FALSE(push({kB}, 10).wake) << "whoever comes serves both";
  EXPECT_EQ(outbox_.take_woken(), (std::vector{kA, kB}));
  EXPECT_TRUE(outbox_.take_woken().empty());
  EXPECT_TRUE(push({kB}, 10).wake);
}

TEST_F(OutboxTest, TellsOfALossOnceAndThenOfRoom) {
  ASSERT_EQ(push({kA}, 900).taken, 1U);
  (void)outbox_.take_woken();
  EXPECT_FALSE(outbox_.take_notices(kA).dropped);
  const Outbox::Pushed lost = push({kA}, 900);
  EXPECT_EQ(lost.taken, 0U);
  EXPECT_TRUE(lost.wake) << "somebody has to tell";
  EXPECT_EQ(push({kA}, 900).taken, 0U);
  const Outbox::Notices first = outbox_.take_notices(kA);
  EXPECT_TRUE(first.dropped);
  EXPECT_FALSE(first.writable);
  EXPECT_EQ(push({kA}, 900).taken, 0U);
  EXPECT_FALSE(outbox_.take_notices(kA).dropped);
  EXPECT_TRUE(fill(kA).writable);
  EXPECT_FALSE(fill(kA).writable);
  ASSERT_EQ(push({kA}, 900).taken, 1U);
  ASSERT_EQ(push({kA}, 900).taken, 0U);
  EXPECT_TRUE(outbox_.take_notices(kA).dropped) << "a new loss";
}

TEST_F(OutboxTest, TellsOfRoomAtOnceIfTheQueueIsEmptyAgainBeforeItTellsOfTheLoss) {
  ASSERT_EQ(push({kA}, 900).taken, 1U);
  ASSERT_EQ(push({kA}, 900).taken, 0U);
  EXPECT_FALSE(fill(kA).writable) << "the loss comes first";
  const Outbox::Notices notices = outbox_.take_notices(kA);
  EXPECT_TRUE(notices.dropped);
  EXPECT_TRUE(notices.writable);
}

TEST_F(OutboxTest, SaysNothingOfALossThatItsCallerKnowsOf) {
  ASSERT_EQ(push({kA}, 900).taken, 1U);
  EXPECT_EQ(push({kA}, 900, false).taken, 0U);
  EXPECT_FALSE(outbox_.take_notices(kA).dropped);
}

TEST_F(OutboxTest, APeerThatGoesDownHasNoLossToTellOf) {
  ASSERT_EQ(push({kA}, 900).taken, 1U);
  ASSERT_EQ(push({kA}, 900).taken, 0U);
  outbox_.set_down(kA);
  outbox_.set_up(kA);
  EXPECT_FALSE(outbox_.take_notices(kA).dropped);
}

TEST_F(OutboxTest, DelaysByPeer) {
  outbox_.name(kA, Duration::milliseconds(20));
  outbox_.set_up(kB);
  ASSERT_EQ(push({kA, kB}, 10).taken, 2U);
  EXPECT_EQ(fill(kA).bytes, 0U);
  EXPECT_EQ(fill(kA).next_ready, kNow + Duration::milliseconds(20));
  EXPECT_EQ(fill(kB).bytes, 18U);
}

}  // namespace
}  // namespace govchain::consensus::node
