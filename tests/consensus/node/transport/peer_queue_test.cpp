#include "consensus/node/transport/peer_queue.h"

#include <array>
#include <utility>

#include <gtest/gtest.h>

#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using testing::RandomSource;

constexpr TimePoint kNow = TimePoint::since_start(Duration::seconds(100));

FrameRef frame_of(size_t size, uint8_t value = 0) {
  return std::make_shared<const std::vector<uint8_t>>(size, value);
}

class Collector final : public FrameSink {
 public:
  void on_frame(Channel channel, std::span<const uint8_t> bytes) override {
    frames.emplace_back(channel, std::vector<uint8_t>(bytes.begin(), bytes.end()));
  }
  std::vector<std::pair<Channel, std::vector<uint8_t>>> frames;
};

// A queue and a reader at the other end of the line.
class PeerQueueTest : public ::testing::Test {
 protected:
  PeerQueueTest() { restart(Bytes(1U << 20U), Bytes(1U << 20U)); }
  void restart(Bytes limit, Bytes frame_limit) {
    queue_ = PeerQueue(limit, frame_limit);
    reader_ = FrameReader(frame_limit);
  }
  // Moves one record; its size.
  size_t move(TimePoint now = kNow, size_t room = kRecordBytes) {
    std::array<uint8_t, kRecordBytes> record{};
    std::vector<FrameRef> spent;
    const size_t size = queue_.fill(std::span(record).first(room), now, spent);
    EXPECT_TRUE(reader_.feed(std::span(record).first(size), line_));
    return size;
  }

  PeerQueue queue_{Bytes(0), Bytes(0)};
  FrameReader reader_{Bytes(0)};
  Collector line_;
};

TEST_F(PeerQueueTest, ManyVotesFillOneRecord) {
  for (uint8_t i = 0; i < 80; ++i) ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(200, i)));
  EXPECT_EQ(move(), 78 * 208U);
  EXPECT_EQ(move(), 2 * 208U);
  EXPECT_EQ(move(), 0U);
  ASSERT_EQ(line_.frames.size(), 80U);
  for (uint8_t i = 0; i < 80; ++i) EXPECT_EQ(line_.frames[i].second[0], i);
}

TEST_F(PeerQueueTest, AVoteOvertakesABodyThatIsHalfSent) {
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(200'000, 1)));
  EXPECT_EQ(move(), kRecordBytes);
  ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(100, 2)));
  move();
  ASSERT_EQ(line_.frames.size(), 1U);
  EXPECT_EQ(line_.frames[0].first, Channel::kVotes);
  while (move() != 0) {
  }
  ASSERT_EQ(line_.frames.size(), 2U);
  EXPECT_EQ(line_.frames[1].second, *frame_of(200'000, 1));
}

TEST_F(PeerQueueTest, ChannelsGoInTheirOrder) {
  for (const Channel channel :
       {Channel::kBulkBytes, Channel::kBulkMessages, Channel::kBodies, Channel::kVotes}) {
    ASSERT_TRUE(queue_.push(channel, frame_of(10)));
  }
  move();
  ASSERT_EQ(line_.frames.size(), 4U);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(line_.frames[i].first, static_cast<Channel>(i));
}

TEST_F(PeerQueueTest, AFrameThatFitsInARecordIsNotCut) {
  ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(10'000)));
  ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(10'000)));
  ASSERT_TRUE(queue_.push(Channel::kBulkBytes, frame_of(10)));
  EXPECT_EQ(move(), 10'008U) << "nor does a lower channel go before it";
  EXPECT_EQ(move(), 10'008U + 18U);
}

TEST_F(PeerQueueTest, TheLimitIsOfEachChannel) {
  restart(Bytes(1'000), Bytes(1U << 20U));
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(492)));
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(492)));
  EXPECT_FALSE(queue_.push(Channel::kBodies, frame_of(0)));
  EXPECT_TRUE(queue_.push(Channel::kVotes, frame_of(492)));
  EXPECT_EQ(queue_.size(), Bytes(1'500));
  EXPECT_FALSE(queue_.half_empty());
  // One that is larger than the limit goes alone.
  EXPECT_TRUE(queue_.push(Channel::kBulkBytes, frame_of(5'000)));
  EXPECT_FALSE(queue_.push(Channel::kBulkBytes, frame_of(0)));
}

TEST_F(PeerQueueTest, IsHalfEmptyOnceNoChannelIsMoreThanHalfFull) {
  restart(Bytes(40'000), Bytes(1U << 20U));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(9'992)));
  EXPECT_FALSE(queue_.half_empty());
  move();
  EXPECT_FALSE(queue_.half_empty());
  move();
  EXPECT_TRUE(queue_.half_empty());
  EXPECT_EQ(queue_.size(), Bytes(20'000));
}

TEST_F(PeerQueueTest, LeavesNoMoreHalfSentThanAReaderHolds) {
  restart(Bytes(1U << 20U), Bytes(100'000));
  ASSERT_TRUE(queue_.push(Channel::kBulkBytes, frame_of(70'000, 1)));
  ASSERT_EQ(move(), kRecordBytes);
  // Together they would be too much: the body waits for the end of what has begun.
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(40'000, 2)));
  // This one is small enough to overtake.
  ASSERT_TRUE(queue_.push(Channel::kBulkMessages, frame_of(30'000, 3)));
  while (move() != 0) {
  }
  ASSERT_EQ(line_.frames.size(), 3U);
  EXPECT_EQ(line_.frames[0].first, Channel::kBulkMessages);
  EXPECT_EQ(line_.frames[1].first, Channel::kBulkBytes);
  EXPECT_EQ(line_.frames[2].first, Channel::kBodies);
}

TEST_F(PeerQueueTest, DelayedFramesLeaveWhenTheyAreReadyAndInOrder) {
  const auto later = [](int64_t ms) { return kNow + Duration::milliseconds(ms); };
  ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(1, 1), later(10)));
  ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(1, 2), later(5)));
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(1, 3), later(7)));
  EXPECT_EQ(move(later(6)), 0U);
  EXPECT_EQ(queue_.next_ready(), later(7));
  EXPECT_EQ(move(later(7)), 9U);
  EXPECT_EQ(queue_.next_ready(), later(10));
  EXPECT_EQ(move(later(10)), 18U);
  ASSERT_EQ(line_.frames.size(), 3U);
  EXPECT_EQ(line_.frames[1].second[0], 1);
  EXPECT_EQ(line_.frames[2].second[0], 2);
  EXPECT_FALSE(queue_.next_ready());
}

TEST_F(PeerQueueTest, AfterClearingAFrameBeginsAnew) {
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(50'000, 1)));
  ASSERT_TRUE(queue_.push(Channel::kVotes, frame_of(10)));
  move();
  EXPECT_EQ(queue_.clear().size(), 1U) << "the vote is gone already";
  EXPECT_EQ(queue_.size(), Bytes(0));
  EXPECT_EQ(move(), 0U);
  line_.frames.clear();
  restart(Bytes(1U << 20U), Bytes(50'000));
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(50'000, 2)));
  move();
  (void)queue_.clear();
  reader_ = FrameReader(Bytes(50'000));
  ASSERT_TRUE(queue_.push(Channel::kBodies, frame_of(50'000, 3)));
  while (move() != 0) {
  }
  ASSERT_EQ(line_.frames.size(), 1U);
  EXPECT_EQ(line_.frames[0].second, *frame_of(50'000, 3));
}

TEST_F(PeerQueueTest, WhateverIsPushedArrivesWholeAndInOrderOfItsChannel) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    RandomSource random(seed);
    restart(Bytes(200'000), Bytes(60'000));
    line_.frames.clear();
    std::array<std::vector<std::vector<uint8_t>>, kQueuedChannels> pushed;
    for (int i = 0; i < 200; ++i) {
      const size_t channel = random.below(kQueuedChannels);
      auto bytes = random.bytes(random.below(random.chance(5) ? 60'001 : 300));
      if (queue_.push(static_cast<Channel>(channel),
                      std::make_shared<const std::vector<uint8_t>>(bytes), kNow)) {
        pushed[channel].push_back(std::move(bytes));
      }
      // Records of all sizes: a heartbeat may have taken the front.
      if (random.chance(2)) move(kNow, kRecordBytes - random.below(40));
    }
    while (move() != 0) {
    }
    EXPECT_EQ(queue_.size(), Bytes(0));
    std::array<std::vector<std::vector<uint8_t>>, kQueuedChannels> arrived;
    for (auto& [channel, bytes] : line_.frames) {
      arrived[static_cast<size_t>(channel)].push_back(std::move(bytes));
    }
    ASSERT_EQ(arrived, pushed) << "seed " << seed;
  }
}

}  // namespace
}  // namespace govchain::consensus::node
