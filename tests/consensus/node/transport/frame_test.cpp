#include "consensus/node/transport/frame.h"

#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using testing::RandomSource;
using Frames = std::vector<std::pair<Channel, std::vector<uint8_t>>>;

class Collector final : public FrameSink {
 public:
  void on_frame(Channel channel, std::span<const uint8_t> bytes) override {
    frames.emplace_back(channel, std::vector<uint8_t>(bytes.begin(), bytes.end()));
  }
  Frames frames;
};

void append_chunk(std::vector<uint8_t>& stream, Channel channel, bool more,
                  std::span<const uint8_t> bytes) {
  const EncodedHeader header =
      encode_header(FrameHeader{static_cast<uint32_t>(bytes.size()), channel, more});
  stream.insert(stream.end(), header.begin(), header.end());
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

std::vector<uint8_t> chunk(Channel channel, bool more, size_t size) {
  std::vector<uint8_t> stream;
  append_chunk(stream, channel, more, std::vector<uint8_t>(size, 7));
  return stream;
}

// Frames of random lengths on all channels, their chunks mixed; `frames` in the order in which they
// are complete.
std::vector<uint8_t> random_stream(RandomSource& random, Frames& frames) {
  struct Open {
    std::vector<uint8_t> bytes;
    size_t sent = 0;
    bool begun = false;
  };
  std::map<Channel, Open> open;
  std::vector<uint8_t> stream;
  uint64_t left = 40;
  while (left > 0 || !open.empty()) {
    const auto channel = static_cast<Channel>(random.below(kQueuedChannels + 1));
    if (channel == Channel::kHeartbeat) {
      append_chunk(stream, channel, false, {});
      frames.emplace_back(channel, std::vector<uint8_t>());
      continue;
    }
    if (!open.contains(channel)) {
      if (left == 0) continue;
      --left;
      open[channel].bytes = random.bytes(random.below(random.chance(4) ? 40'000 : 200));
    }
    Open& frame = open[channel];
    const size_t rest = frame.bytes.size() - frame.sent;
    size_t length = std::min(rest, kChunkBytes);
    if (rest > 1 && random.chance(2)) length = 1 + random.below(length);
    append_chunk(stream, channel, length < rest,
                 std::span(frame.bytes).subspan(frame.sent, length));
    frame.sent += length;
    if (frame.sent < frame.bytes.size()) continue;
    frames.emplace_back(channel, frame.bytes);
    open.erase(channel);
  }
  return stream;
}

TEST(FrameHeader, HasALayoutThatDoesNotChange) {
  const EncodedHeader bytes = encode_header(FrameHeader{0x1234, Channel::kBulkMessages, true});
  EXPECT_EQ(bytes, (EncodedHeader{0x34, 0x12, 0, 0, 2, 1, 1, 0}));
  EXPECT_EQ(*decode_header(bytes), (FrameHeader{0x1234, Channel::kBulkMessages, true}));
}

TEST(FrameReader, PutsTogetherWhatComesInAnyPieces) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomSource random(seed);
    Frames frames;
    const std::vector<uint8_t> stream = random_stream(random, frames);
    FrameReader reader(Bytes(4 * 40'000));
    Collector collector;
    std::span<const uint8_t> rest = stream;
    const uint64_t longest = random.chance(3) ? 20 : 30'000;
    while (!rest.empty()) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + random.below(longest));
      ASSERT_TRUE(reader.feed(rest.first(piece), collector)) << "seed " << seed;
      rest = rest.subspan(piece);
    }
    ASSERT_EQ(collector.frames, frames) << "seed " << seed;
  }
}

TEST(FrameReader, ReservesNothingForALengthThatIsOnlyClaimed) {
  FrameReader reader(Bytes(64U << 20U));
  Collector collector;
  std::vector<uint8_t> stream = chunk(Channel::kBodies, true, kChunkBytes);
  ASSERT_TRUE(reader.feed(std::span(stream).first(kFrameHeaderBytes), collector));
  EXPECT_EQ(reader.held(), Bytes(0));
  ASSERT_TRUE(reader.feed(std::span(stream).subspan(kFrameHeaderBytes, 100), collector));
  EXPECT_LE(reader.held(), Bytes(200));
}

TEST(FrameReader, ForgetsTheRoomOfAFrameThatWasLarge) {
  FrameReader reader(Bytes(1U << 20U));
  Collector collector;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(reader.feed(chunk(Channel::kBodies, i < 49, kChunkBytes), collector));
  }
  ASSERT_EQ(collector.frames.size(), 1U);
  EXPECT_EQ(collector.frames[0].second.size(), 50 * kChunkBytes);
  EXPECT_LE(reader.held(), Bytes(16'384));
}

TEST(FrameReader, TakesFramesUpToTheLimitAndNoneAbove) {
  constexpr size_t kLimit = 3 * kChunkBytes;
  Collector collector;
  {
    FrameReader reader{Bytes(kLimit)};
    // Twice, because the first one's bytes no longer count.
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(reader.feed(chunk(Channel::kBodies, i % 3 < 2, kChunkBytes), collector));
    }
    EXPECT_EQ(collector.frames.size(), 2U);
  }
  FrameReader reader{Bytes(kLimit)};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader.feed(chunk(Channel::kBodies, true, kChunkBytes), collector));
  }
  EXPECT_EQ(reader.feed(chunk(Channel::kBodies, false, 1), collector).error().code,
            ErrorCode::kMalformed);
}

TEST(FrameReader, BoundsWhatIsNotCompleteOverAllChannelsTogether) {
  FrameReader reader{Bytes(2 * kChunkBytes)};
  Collector collector;
  ASSERT_TRUE(reader.feed(chunk(Channel::kBodies, true, kChunkBytes), collector));
  ASSERT_TRUE(reader.feed(chunk(Channel::kBulkBytes, true, kChunkBytes), collector));
  // A frame of one chunk is not put together, so it passes.
  ASSERT_TRUE(reader.feed(chunk(Channel::kVotes, false, 100), collector));
  EXPECT_EQ(reader.feed(chunk(Channel::kBulkMessages, true, 1), collector).error().code,
            ErrorCode::kMalformed);
}

TEST(FrameReader, RefusesAFrameOfOneChunkAboveTheLimit) {
  FrameReader reader{Bytes(100)};
  Collector collector;
  ASSERT_TRUE(reader.feed(chunk(Channel::kBodies, false, 100), collector));
  EXPECT_FALSE(reader.feed(chunk(Channel::kBodies, false, 101), collector));
}

TEST(FrameReader, RefusesWhatIsNoFraming) {
  const EncodedHeader good = encode_header(FrameHeader{10, Channel::kVotes, false});
  const auto with = [&](size_t at, uint8_t value) {
    EncodedHeader bytes = good;
    bytes[at] = value;
    return bytes;
  };
  ASSERT_TRUE(decode_header(good));
  EXPECT_FALSE(decode_header(with(1, 0x40))) << "a chunk of 16,394 bytes";
  EXPECT_FALSE(decode_header(with(3, 1))) << "a length beyond 24 bits";
  EXPECT_FALSE(decode_header(with(4, 5))) << "a channel that is none";
  EXPECT_FALSE(decode_header(with(5, 2))) << "an unknown flag";
  EXPECT_FALSE(decode_header(with(6, 2))) << "another version";
  EXPECT_FALSE(decode_header(with(7, 1))) << "a version of two bytes";
  EXPECT_FALSE(decode_header(encode_header({0, Channel::kBodies, true}))) << "empty, with more";
  EXPECT_FALSE(decode_header(encode_header({1, Channel::kHeartbeat, false}))) << "a heartbeat's";
  EXPECT_TRUE(decode_header(encode_header({kChunkBytes, Channel::kBulkBytes, true})));
  EXPECT_FALSE(decode_header(encode_header({kChunkBytes + 1, Channel::kBulkBytes, true})));
}

TEST(FrameReader, GarbageEndsInAnErrorAndHoldsLittle) {
  uint64_t refused = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomSource random(seed);
    Frames frames;
    std::vector<uint8_t> stream = random_stream(random, frames);
    for (uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
      stream[random.below(stream.size())] ^= static_cast<uint8_t>(1 + random.below(255));
    }
    FrameReader reader(Bytes(50'000));
    Collector collector;
    std::span<const uint8_t> rest = stream;
    while (!rest.empty()) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + random.below(5'000));
      const Status fed = reader.feed(rest.first(piece), collector);
      ASSERT_LE(reader.held(), Bytes(3 * 50'000)) << "seed " << seed;
      if (!fed) {
        ASSERT_EQ(fed.error().code, ErrorCode::kMalformed);
        ++refused;
        break;
      }
      rest = rest.subspan(piece);
    }
  }
  EXPECT_GT(refused, 20U);
}

}  // namespace
}  // namespace govchain::consensus::node
