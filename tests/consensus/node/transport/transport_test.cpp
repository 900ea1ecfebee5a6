// Transports of honest replicas, over real sockets.

#include "consensus/node/transport/transport.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "tests/consensus/node/transport/test_network.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::random_message;
using consensus::testing::RandomSource;
using testing::encoded;
using testing::make_message;
using testing::peer;
using testing::RawPeer;
using testing::RawSocket;
using testing::Recorder;
using testing::TestNetwork;

constexpr ReplicaId kFirst(0);
constexpr ReplicaId kSecond(1);
constexpr ReplicaId kThird(2);

class TransportTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Transport> start(const TransportSettings& settings, Recorder& recorder) {
    auto transport = Transport::start(settings, recorder);
    EXPECT_TRUE(transport) << transport.error().message << " " << transport.error().where;
    return *std::move(transport);
  }
  // Replica 0, which is dialled by 1, both up.
  void start_pair() {
    first_ = start(network_.settings(0, {peer(1)}), at_first_);
    second_ = start(network_.settings(1, {peer(0, first_->port())}), at_second_);
    ASSERT_TRUE(at_first_.wait_event("up 1"));
    ASSERT_TRUE(at_second_.wait_event("up 0"));
  }

  TestNetwork network_;
  Recorder at_first_;
  Recorder at_second_;
  Recorder at_third_;
  std::unique_ptr<Transport> first_;
  std::unique_ptr<Transport> second_;
  std::unique_ptr<Transport> third_;
};

TEST_F(TransportTest, MessagesOfAllLanesArriveUnchangedAndInOrderOfTheirLane) {
  start_pair();
  RandomSource random(1);
  std::array<std::vector<std::vector<uint8_t>>, kLanes> sent;
  constexpr size_t kMessages = 600;
  for (size_t i = 0; i < kMessages; ++i) {
    MessageRef message = random_message(random, HashAlgorithm::kSha256);
    if (random.chance(20)) {
      message = make_message(static_cast<Lane>(random.below(kLanes)), i, random.below(300'000));
    }
    sent[static_cast<size_t>(message->lane)].push_back(encoded(message));
    second_->send(kFirst, message);
  }
  ASSERT_TRUE(at_first_.wait_messages(kMessages));
  std::array<std::vector<std::vector<uint8_t>>, kLanes> arrived;
  for (const auto& [from, message] : at_first_.messages()) {
    EXPECT_EQ(from, kSecond);
    arrived[static_cast<size_t>(message->lane)].push_back(encoded(message));
  }
  EXPECT_EQ(arrived, sent);

  // The same bytes were counted at both ends.
  const TransportCounters out = second_->counters();
  const TransportCounters in = first_->counters();
  EXPECT_EQ(out.frames_sent, kMessages);
  EXPECT_EQ(in.frames_received, kMessages);
  EXPECT_EQ(in.bytes_received, out.bytes_sent);
  EXPECT_EQ(out.frames_dropped, 0U);
  EXPECT_EQ(in.connections, 1U);
  EXPECT_EQ(out.connections, 1U);
  EXPECT_EQ(in.undecodable, 0U);
  EXPECT_EQ(second_->queued(), Bytes(0));
}

TEST_F(TransportTest, BulkArrivesBesideMessages) {
  start_pair();
  RandomSource random(2);
  std::vector<std::vector<uint8_t>> sent;
  for (const size_t size : {0U, 1U, 16'376U, 16'377U, 3'000'000U}) {
    sent.push_back(random.bytes(size));
    ASSERT_TRUE(first_->send_bulk(kSecond, sent.back()));
  }
  first_->send(kSecond, make_message(Lane::kVote, 1));
  ASSERT_TRUE(at_second_.wait_bulks(sent.size()));
  ASSERT_TRUE(at_second_.wait_messages(1));
  EXPECT_EQ(at_second_.bulks(), sent);
}

TEST_F(TransportTest, ABroadcastReachesAllThatAreUpAndCountsTheOthers) {
  start_pair();
  third_ =
      start(network_.settings(2, {peer(0, first_->port()), peer(1, second_->port())}), at_third_);
  first_->set_peers({peer(1), peer(2)});
  ASSERT_TRUE(at_first_.wait_event("up 2"));
  const std::vector<ReplicaId> all = {kFirst, kSecond, kThird, ReplicaId(3)};
  first_->broadcast(all, make_message(Lane::kBody, 5, 100'000));
  ASSERT_TRUE(at_second_.wait_messages(1));
  ASSERT_TRUE(at_third_.wait_messages(1));
  EXPECT_EQ(encoded(at_second_.messages()[0].second), encoded(at_third_.messages()[0].second));
  EXPECT_EQ(first_->counters().frames_dropped, 2U) << "itself, and one that is nobody";
  first_->broadcast({}, make_message(Lane::kVote, 1));
  EXPECT_EQ(first_->counters().frames_dropped, 2U);
}

TEST_F(TransportTest, AVoteOvertakesABodyWhoseFirstPartsHaveArrived) {
  first_ = start(network_.settings(0, {peer(1)}), at_first_);
  RawPeer reader(std::make_unique<RawSocket>(first_->port()), network_.issue(1));
  ASSERT_TRUE(reader.let_in());
  ASSERT_TRUE(at_first_.wait_event("up 1"));
  const MessageRef body = make_message(Lane::kBody, 1, 8U << 20U);
  const std::vector<uint8_t> sent = encoded(body);
  const MessageRef vote = make_message(Lane::kVote, 2);
  first_->send(kSecond, body);
  std::vector<uint8_t> arrived;
  const auto take = [&](const RawPeer::Chunk& chunk) {
    EXPECT_EQ(chunk.header.channel, Channel::kBodies);
    arrived.insert(arrived.end(), chunk.bytes.begin(), chunk.bytes.end());
  };
  auto chunk = reader.read_chunk();
  ASSERT_TRUE(chunk);
  take(*chunk);
  first_->send(kSecond, vote);
  bool overtook = false;
  while (arrived.size() < sent.size()) {
    chunk = reader.read_chunk();
    ASSERT_TRUE(chunk);
    if (chunk->header.channel == Channel::kVotes) {
      EXPECT_EQ(chunk->bytes, encoded(vote));
      overtook = true;
    } else {
      take(*chunk);
    }
  }
  EXPECT_TRUE(overtook);
  EXPECT_EQ(arrived, sent);
}

TEST_F(TransportTest, AVoteIsHandedOverBeforeTheBodyThatItOvertook) {
  start_pair();
  // The receiver reads nothing meanwhile, so that most of the body is still here.
  at_second_.hold_next();
  first_->send(kSecond, make_message(Lane::kVote, 1));
  ASSERT_TRUE(at_second_.wait_held());
  const MessageRef body = make_message(Lane::kBody, 2, 16U << 20U);
  first_->send(kSecond, body);
  first_->send(kSecond, make_message(Lane::kVote, 3));
  at_second_.let_go();
  ASSERT_TRUE(at_second_.wait_messages(3));
  const auto messages = at_second_.messages();
  EXPECT_EQ(messages[1].second->height, Height(3));
  EXPECT_EQ(encoded(messages[2].second), encoded(body));
}

TEST_F(TransportTest, APeerThatComesBackIsReachedAgainWhicheverSideItIs) {
  start_pair();
  const uint16_t port = first_->port();
  first_.reset();
  ASSERT_TRUE(at_second_.wait_event("down 0"));
  second_->send(kFirst, make_message(Lane::kVote, 1));
  EXPECT_EQ(second_->counters().frames_dropped, 1U);
  TransportSettings settings = network_.settings(0, {peer(1)});
  settings.listen_port = port;
  first_ = start(settings, at_first_);
  ASSERT_TRUE(at_second_.wait_event("up 0", 2));
  ASSERT_TRUE(at_first_.wait_event("up 1", 2));
  second_->send(kFirst, make_message(Lane::kVote, 2));
  ASSERT_TRUE(at_first_.wait_messages(1));

  second_.reset();
  ASSERT_TRUE(at_first_.wait_event("down 1"));
  second_ = start(network_.settings(1, {peer(0, port)}), at_second_);
  ASSERT_TRUE(at_first_.wait_event("up 1", 3));
  ASSERT_TRUE(at_second_.wait_event("up 0", 3));
  first_->send(kSecond, make_message(Lane::kVote, 3));
  ASSERT_TRUE(at_second_.wait_messages(1));
  EXPECT_EQ(at_first_.messages()[0].second->height, Height(2)) << "what was dropped stays so";
}

TEST_F(TransportTest, ANameIsLookedUp) {
  first_ = start(network_.settings(0, {peer(1)}), at_first_);
  PeerAddress named = peer(0, first_->port());
  named.host = "localhost";
  second_ = start(network_.settings(1, {named}), at_second_);
  EXPECT_TRUE(at_second_.wait_event("up 0"));
}

TEST_F(TransportTest, EndsWhileItLooksForAPeerThatIsNowhere) {
  PeerAddress nowhere = peer(0);
  nowhere.host = "no-such-host.invalid";
  second_ = start(network_.settings(1, {nowhere, peer(3)}), at_second_);
  third_ = start(network_.settings(2, {peer(0), peer(1, second_->port())}), at_third_);
  second_.reset();
  third_.reset();
  EXPECT_TRUE(at_second_.events().empty());
}

TEST_F(TransportTest, AListOfPeersMayChangeAtAnyTime) {
  start_pair();
  // 2 is no member, until it is.
  third_ = start(network_.settings(2, {peer(0, first_->port())}), at_third_);
  ASSERT_TRUE(at_first_.wait_refused("replica 2 of chain 7 is no member"));
  EXPECT_EQ(at_third_.count("up 0"), 0U) << "it was never let in";
  first_->set_peers({peer(1), peer(2)});
  ASSERT_TRUE(at_first_.wait_event("up 2"));
  ASSERT_TRUE(at_third_.wait_event("up 0"));
  EXPECT_EQ(at_first_.count("down 1"), 0U) << "nothing changed for it";

  first_->set_peers({peer(2)});
  ASSERT_TRUE(at_first_.wait_event("down 1"));
  ASSERT_TRUE(at_second_.wait_event("down 0"));
  ASSERT_TRUE(at_first_.wait_refused("replica 1 of chain 7 is no member"));
  first_->send(kSecond, make_message(Lane::kVote, 1));
  EXPECT_EQ(first_->counters().frames_dropped, 1U);
  first_->send(kThird, make_message(Lane::kVote, 2));
  ASSERT_TRUE(at_third_.wait_messages(1));
}

TEST_F(TransportTest, APeerThatMovesIsDialledWhereItIsNow) {
  start_pair();
  Recorder at_new;
  const auto moved = start(network_.settings(0, {peer(1)}), at_new);
  second_->set_peers({peer(0, moved->port())});
  ASSERT_TRUE(at_second_.wait_event("down 0"));
  ASSERT_TRUE(at_second_.wait_event("up 0", 2));
  ASSERT_TRUE(at_new.wait_event("up 1"));
  ASSERT_TRUE(at_first_.wait_event("down 1"));
  second_->send(kFirst, make_message(Lane::kVote, 1));
  ASSERT_TRUE(at_new.wait_messages(1));
}

TEST_F(TransportTest, ANewerConnectionOfAReplicaReplacesTheOlder) {
  first_ = start(network_.settings(0, {peer(1)}), at_first_);
  RawPeer older(std::make_unique<RawSocket>(first_->port()), network_.issue(1));
  ASSERT_TRUE(older.let_in());
  RawPeer newer(std::make_unique<RawSocket>(first_->port()), network_.issue(1));
  ASSERT_TRUE(newer.let_in());
  EXPECT_TRUE(older.wait_closed());
  ASSERT_TRUE(at_first_.wait_event("up 1", 2));
  EXPECT_EQ(at_first_.events(), (std::vector<std::string>{"up 1", "down 1", "up 1"}));
  first_->send(kSecond, make_message(Lane::kVote, 1));
  EXPECT_TRUE(newer.read_chunk());
}

TEST_F(TransportTest, ADelayedFrameTakesItsTimeAndKeepsItsPlace) {
  first_ = start(network_.settings(0, {peer(1)}), at_first_);
  PeerAddress far = peer(0, first_->port());
  far.delay = Duration::milliseconds(60);
  second_ = start(network_.settings(1, {far}), at_second_);
  ASSERT_TRUE(at_second_.wait_event("up 0"));
  const auto sent = std::chrono::steady_clock::now();
  for (uint64_t i = 1; i <= 20; ++i) second_->send(kFirst, make_message(Lane::kVote, i));
  ASSERT_TRUE(at_first_.wait_messages(20));
  EXPECT_GE(std::chrono::steady_clock::now() - sent, std::chrono::milliseconds(60));
  // Nearer now: what is under way is not overtaken.
  second_->send(kFirst, make_message(Lane::kVote, 21));
  second_->set_peers({peer(0, first_->port())});
  second_->send(kFirst, make_message(Lane::kVote, 22));
  ASSERT_TRUE(at_first_.wait_messages(22));
  const auto messages = at_first_.messages();
  for (uint64_t i = 0; i < 22; ++i) EXPECT_EQ(messages[i].second->height, Height(i + 1));
  EXPECT_EQ(at_second_.count("down 0"), 0U) << "a delay is no new address";
}

TEST_F(TransportTest, ManyThreadsMaySend) {
  start_pair();
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kEach = 300;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < kEach; ++i) {
        first_->send(kSecond, make_message(Lane::kVote, t * kEach + i));
        second_->send(kFirst, make_message(Lane::kVote, t * kEach + i));
        (void)first_->counters();
        (void)first_->queued();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Recorder* recorder : {&at_first_, &at_second_}) {
    ASSERT_TRUE(recorder->wait_messages(kThreads * kEach));
    std::array<uint64_t, kThreads> next{};
    for (const auto& [from, message] : recorder->messages()) {
      const uint64_t thread = message->height.value() / kEach;
      EXPECT_EQ(message->height.value() % kEach, next[thread]++) << "of thread " << thread;
    }
  }
}

TEST_F(TransportTest, AFrameAboveTheLimitIsDroppedHere) {
  TransportSettings settings = network_.settings(0, {peer(1)});
  settings.frame_limit = Bytes(100'000);
  first_ = start(settings, at_first_);
  settings = network_.settings(1, {peer(0, first_->port())});
  settings.frame_limit = Bytes(100'000);
  second_ = start(settings, at_second_);
  ASSERT_TRUE(at_first_.wait_event("up 1"));
  first_->send(kSecond, make_message(Lane::kBody, 1, 100'000));
  EXPECT_FALSE(first_->send_bulk(kSecond, std::vector<uint8_t>(100'001)));
  EXPECT_EQ(first_->counters().frames_dropped, 2U);
  EXPECT_TRUE(first_->send_bulk(kSecond, std::vector<uint8_t>(100'000)));
  first_->send(kSecond, make_message(Lane::kBody, 2, 99'000));
  ASSERT_TRUE(at_second_.wait_messages(1));
  ASSERT_TRUE(at_second_.wait_bulks(1));
  EXPECT_EQ(at_first_.count("dropped 1"), 0U) << "no room would help";
}

TEST_F(TransportTest, StartsOnlyWithCredentialsAndAnAddressOfItsOwn) {
  start_pair();
  Recorder recorder;
  TransportSettings settings = network_.settings(3);
  settings.listen_port = first_->port();
  auto refused = Transport::start(settings, recorder);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  EXPECT_EQ(refused.error().where, "127.0.0.1:" + std::to_string(first_->port()));

  settings = network_.settings(3);
  settings.listen_host = std::string(70, 'x');  // too long for a name, so nobody is asked
  refused = Transport::start(settings, recorder);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);

  settings = network_.settings(3);
  settings.self.replica = ReplicaId(4);
  refused = Transport::start(settings, recorder);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().where, settings.credentials.certificate);

  settings = network_.settings(3);
  settings.frame_limit = Bytes(kMaxMessageBytes + 1);
  EXPECT_EQ(Transport::start(settings, recorder).error().code, ErrorCode::kInvalid);
  settings = network_.settings(3);
  settings.silence_timeout = Duration::zero();
  EXPECT_EQ(Transport::start(settings, recorder).error().code, ErrorCode::kInvalid);
  settings = network_.settings(3);
  settings.longest_backoff = Duration::milliseconds(1);
  EXPECT_EQ(Transport::start(settings, recorder).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace govchain::consensus::node
