#include "consensus/node/host/state_fetch.h"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;

constexpr Height kHeight(12);

StateFetchSettings small_parts() {
  StateFetchSettings settings;
  settings.part_bytes = 10;
  settings.parts_under_way = 3;
  settings.largest = 1'000;
  return settings;
}

Checkpoint checkpoint() {
  Checkpoint checkpoint;
  checkpoint.height = kHeight;
  return checkpoint;
}

std::vector<uint8_t> state_of(size_t size, uint8_t first = 0) {
  std::vector<uint8_t> state(size);
  for (size_t i = 0; i < size; ++i) state[i] = static_cast<uint8_t>(first + i);
  return state;
}

StatePart part_of(const std::vector<uint8_t>& state, const StateRequest& request) {
  StatePart part{request.height, request.offset, state.size(), {}};
  for (uint64_t i = request.offset; i < std::min<uint64_t>(request.offset + 10, state.size());
       ++i) {
    part.bytes.push_back(state[i]);
  }
  return part;
}

// Peers and what they have; one with nothing says so, one that is not here says nothing.
using Peers = std::map<ReplicaId, std::vector<uint8_t>>;

// Until it is complete or has failed; time passes when nobody answers.
StateFetch::Progress pursue(StateFetch& fetch, StateFetch::Progress progress, const Peers& peers,
                            TimePoint& now) {
  std::vector<StateFetch::Ask> asks = std::move(progress.asks);
  while (!progress.complete && !progress.failed) {
    if (asks.empty()) {
      now = fetch.deadline().value();
      progress = fetch.on_time(now);
    } else {
      const StateFetch::Ask ask = asks.front();
      asks.erase(asks.begin());
      const auto peer = peers.find(ask.peer);
      if (peer == peers.end()) continue;
      StatePart part{ask.request.height, ask.request.offset, 0, {}};
      if (!peer->second.empty()) part = part_of(peer->second, ask.request);
      progress = fetch.on_part(ask.peer, part, now);
    }
    asks.insert(asks.end(), progress.asks.begin(), progress.asks.end());
  }
  return progress;
}

TEST(StateFetch, PutsTogetherWhatOnePeerHasWhateverItsLength) {
  for (const size_t size : {1U, 9U, 10U, 11U, 29U, 30U, 31U, 100U, 1'000U}) {
    StateFetch fetch(small_parts());
    TimePoint now;
    const std::vector<uint8_t> state = state_of(size);
    const auto done =
        pursue(fetch, fetch.begin(checkpoint(), {ReplicaId(1)}, now), {{ReplicaId(1), state}}, now);
    EXPECT_TRUE(done.complete) << size;
    EXPECT_EQ(fetch.take(), state);
  }
}

TEST(StateFetch, HasNoMoreUnderWayThanItMay) {
  StateFetch fetch(small_parts());
  const std::vector<uint8_t> state = state_of(200);
  auto progress = fetch.begin(checkpoint(), {ReplicaId(1)}, TimePoint{});
  // How long the state is nobody has said yet.
  ASSERT_EQ(progress.asks.size(), 1U);
  progress = fetch.on_part(ReplicaId(1), part_of(state, progress.asks[0].request), TimePoint{});
  EXPECT_EQ(progress.asks.size(), 3U);
  EXPECT_EQ(progress.asks.back().request.offset, 30U);
}

TEST(StateFetch, AsksTheNextPeerWhereOneHasNothingOrSaysNothing) {
  StateFetch fetch(small_parts());
  TimePoint now;
  const std::vector<uint8_t> state = state_of(55);
  const auto done =
      pursue(fetch, fetch.begin(checkpoint(), {ReplicaId(1), ReplicaId(2), ReplicaId(3)}, now),
             {{ReplicaId(1), {}}, {ReplicaId(3), state}}, now);
  EXPECT_TRUE(done.complete);
  EXPECT_EQ(fetch.take(), state);
  EXPECT_GT(now, TimePoint{});
}

TEST(StateFetch, GivesUpWhenEverybodyWasAskedTwiceInVain) {
  StateFetch fetch(small_parts());
  TimePoint now;
  const auto done =
      pursue(fetch, fetch.begin(checkpoint(), {ReplicaId(1), ReplicaId(2)}, now), {}, now);
  EXPECT_TRUE(done.failed);
  EXPECT_FALSE(fetch.is_active());
  // Two, four, eight and sixteen seconds.
  EXPECT_EQ(now.since_start(), Duration::seconds(30));
  EXPECT_TRUE(fetch.begin(checkpoint(), {}, now).failed);
}

// Nobody waits for the answer of a peer that cannot give one any more; others may come and go.
TEST(StateFetch, AsksTheNextPeerAtOnceWhenTheConnectionIsGone) {
  StateFetch fetch(small_parts());
  const TimePoint now;
  const std::vector<uint8_t> state = state_of(25);
  auto progress = fetch.begin(checkpoint(), {ReplicaId(1), ReplicaId(2)}, now);
  progress = fetch.on_part(ReplicaId(1), part_of(state, progress.asks[0].request), now);
  EXPECT_TRUE(fetch.on_down(ReplicaId(2), now).asks.empty());
  progress = fetch.on_down(ReplicaId(1), now);
  ASSERT_FALSE(progress.asks.empty());
  EXPECT_EQ(progress.asks[0].peer, ReplicaId(2));
  EXPECT_EQ(progress.asks[0].request.offset, 10U);  // what the first one gave is kept
  EXPECT_TRUE(
      fetch.on_part(ReplicaId(1), part_of(state, progress.asks[0].request), now).asks.empty());
  for (const StateFetch::Ask& ask : std::vector<StateFetch::Ask>(progress.asks)) {
    progress = fetch.on_part(ReplicaId(2), part_of(state, ask.request), now);
  }
  EXPECT_TRUE(progress.complete);
  // The whole is being looked at: who goes now takes nothing with him.
  EXPECT_FALSE(fetch.on_down(ReplicaId(2), now).failed);
  EXPECT_EQ(fetch.take(), state);
}

// A peer that is lost in the middle costs nothing of what it gave.
TEST(StateFetch, GoesOnWithTheNextPeerWhereTheLastOneFellSilent) {
  StateFetch fetch(small_parts());
  const std::vector<uint8_t> state = state_of(100);
  auto progress = fetch.begin(checkpoint(), {ReplicaId(1), ReplicaId(2)}, TimePoint{});
  progress = fetch.on_part(ReplicaId(1), part_of(state, progress.asks[0].request), TimePoint{});
  progress = fetch.on_part(ReplicaId(1), part_of(state, progress.asks[0].request), TimePoint{});
  progress = fetch.on_time(fetch.deadline().value());
  ASSERT_FALSE(progress.asks.empty());
  EXPECT_EQ(progress.asks[0].peer, ReplicaId(2));
  EXPECT_EQ(progress.asks[0].request.offset, 20U);
}

// One that lies spoils its own turn only: whole answers of single peers are compared from then on.
TEST(StateFetch, NeverMixesPeersAfterAWholeThatWasWrong) {
  StateFetch fetch(small_parts());
  TimePoint now;
  const std::vector<uint8_t> state = state_of(40);
  const std::vector<uint8_t> lie = state_of(40, 100);
  const std::vector<ReplicaId> peers{ReplicaId(1), ReplicaId(2)};
  auto progress = fetch.begin(checkpoint(), peers, now);
  progress = fetch.on_part(ReplicaId(1), part_of(lie, progress.asks[0].request), now);
  now = fetch.deadline().value();
  progress = pursue(fetch, fetch.on_time(now), {{ReplicaId(2), state}}, now);
  ASSERT_TRUE(progress.complete);
  EXPECT_NE(fetch.take(), state);
  progress =
      pursue(fetch, fetch.on_mismatch(now), {{ReplicaId(1), lie}, {ReplicaId(2), state}}, now);
  ASSERT_TRUE(progress.complete);
  EXPECT_EQ(fetch.take(), lie);
  progress =
      pursue(fetch, fetch.on_mismatch(now), {{ReplicaId(1), lie}, {ReplicaId(2), state}}, now);
  ASSERT_TRUE(progress.complete);
  EXPECT_EQ(fetch.take(), state);
}

// Whatever peers say, it ends, and holds no more bytes than have come.
TEST(StateFetch, EndsWhateverIsSaid) {
  RandomSource random(5);
  for (int run = 0; run < 200; ++run) {
    StateFetch fetch(small_parts());
    TimePoint now;
    auto progress = fetch.begin(checkpoint(), {ReplicaId(1), ReplicaId(2), ReplicaId(3)}, now);
    uint64_t came = 0;
    int words = 0;
    while (fetch.is_active() && words < 10'000) {
      ++words;
      if (progress.complete) {
        EXPECT_LE(fetch.take().size(), came);
        progress = fetch.on_mismatch(now);
      } else if (random.chance(4)) {
        now = fetch.deadline().value();
        progress = fetch.on_time(now);
      } else {
        StatePart part;
        part.height = Height(kHeight.value() + random.below(2));
        part.offset = 10 * random.below(4);
        part.total = random.below(4) == 0 ? random.below(2'000) : 35;
        part.bytes.resize(random.below(3) == 0 ? random.below(20) : 10);
        came += part.bytes.size();
        progress = fetch.on_part(ReplicaId(static_cast<uint32_t>(random.below(5))), part, now);
      }
    }
    EXPECT_FALSE(fetch.is_active());
  }
}

TEST(StateWords, AreReadBackAndRubbishIsNot) {
  const StateRequest request{Height(3), 77};
  const Result<StateWord> asked = decode_state_word(encode(request));
  ASSERT_TRUE(asked.ok() && asked->request);
  EXPECT_EQ(asked->request->height, request.height);
  EXPECT_EQ(asked->request->offset, request.offset);
  StatePart part{Height(3), 77, 1'000, {1, 2, 3}};
  std::vector<uint8_t> bytes = encode(part);
  const Result<StateWord> given = decode_state_word(bytes);
  ASSERT_TRUE(given.ok() && given->part);
  EXPECT_EQ(given->part->total, part.total);
  EXPECT_EQ(given->part->bytes, part.bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_state_word(std::span(bytes).first(length)).ok());
  }
  bytes.push_back(0);
  EXPECT_FALSE(decode_state_word(bytes).ok());
}

}  // namespace
}  // namespace govchain::consensus::node
