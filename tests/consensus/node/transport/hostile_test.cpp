// Whoever is not an honest replica, over real sockets; the honest ones go on.

#include <functional>

#include <gtest/gtest.h>

#include "consensus/node/transport/transport.h"
#include "tests/consensus/node/transport/test_network.h"

namespace govchain::consensus::node {
namespace {

using testing::kChain;
using testing::make_message;
using testing::peer;
using testing::RawListener;
using testing::RawPeer;
using testing::RawSocket;
using testing::Recorder;
using testing::TestNetwork;

constexpr ReplicaId kVictim(1);
constexpr ReplicaId kFriend(2);
constexpr ReplicaId kEnemy(3);

// Replica 1 is attacked; 2 is its friend, and 3 may be an enemy with a good certificate.
class HostileTest : public ::testing::Test {
 protected:
  void start(const std::function<void(TransportSettings&)>& change = [](TransportSettings&) {}) {
    TransportSettings settings = network_.settings(1, {peer(2), peer(3)});
    change(settings);
    victim_ = begin(settings, at_victim_);
    TransportSettings friendly = network_.settings(2, {peer(1, victim_->port())});
    friendly.silence_timeout = settings.silence_timeout;
    friend_ = begin(friendly, at_friend_);
    ASSERT_TRUE(at_victim_.wait_event("up 2"));
    ASSERT_TRUE(at_friend_.wait_event("up 1"));
    expect_friends();
  }
  static std::unique_ptr<Transport> begin(const TransportSettings& settings, Recorder& recorder) {
    auto transport = Transport::start(settings, recorder);
    EXPECT_TRUE(transport) << transport.error().message << " " << transport.error().where;
    return *std::move(transport);
  }
  // A message each way arrives, and nothing has come between the two so far.
  void expect_friends() {
    ++exchanged_;
    victim_->send(kFriend, make_message(Lane::kVote, exchanged_));
    friend_->send(kVictim, make_message(Lane::kVote, exchanged_));
    ASSERT_TRUE(at_friend_.wait_messages(exchanged_));
    ASSERT_TRUE(at_victim_.wait_messages(exchanged_));
    EXPECT_EQ(at_victim_.count("down 2"), 0U);
    EXPECT_EQ(at_friend_.count("down 1"), 0U);
  }
  [[nodiscard]] std::unique_ptr<RawSocket> connect() const {
    return std::make_unique<RawSocket>(victim_->port());
  }
  // Not let in, for a reason with these words; friends stay friends.
  void expect_refused(RawPeer& stranger, const std::string& words) {
    const TransportCounters before = victim_->counters();
    EXPECT_FALSE(stranger.let_in());
    EXPECT_TRUE(at_victim_.wait_refused(words)) << words;
    EXPECT_TRUE(at_victim_.wait_refusals(before.strangers_refused + 1));
    EXPECT_EQ(victim_->counters().strangers_refused, before.strangers_refused + 1);
    EXPECT_EQ(victim_->counters().connections, before.connections);
    expect_friends();
  }
  void expect_refused(const IssuedCertificate& certificate, const std::string& words) {
    RawPeer stranger(connect(), certificate);
    expect_refused(stranger, words);
  }

  TestNetwork network_;
  Recorder at_victim_;
  Recorder at_friend_;
  std::unique_ptr<Transport> victim_;
  std::unique_ptr<Transport> friend_;
  size_t exchanged_ = 0;
};

TEST_F(HostileTest, WhoeverIsNotOfTheNetworkIsRefused) {
  start();
  const TestNetwork other;
  expect_refused(other.issue(3), "certificate verify failed");
  expect_refused(network_.issue(3, ChainId(8)), "replica 3 of chain 8 is not of this chain");
  expect_refused(network_.issue(9), "replica 9 of chain 7 is no member");
  expect_refused(network_.issue(1), "replica 1 of chain 7 is no member");
  expect_refused(network_.issue(3, kChain, 0), "certificate has expired");
  expect_refused(network_.authority(), "");
  RawPeer nameless(connect(), std::nullopt);
  expect_refused(nameless, "peer did not return a certificate");
  RawPeer old(connect(), network_.issue(3), true, TLS1_2_VERSION);
  expect_refused(old, "unsupported protocol");
}

TEST_F(HostileTest, APeerThatShouldBeDialledMayNotDial) {
  start([](TransportSettings& settings) { settings.peers.push_back(peer(0)); });
  expect_refused(network_.issue(0), "replica 0 of chain 7 is one that is dialled from here");
}

TEST_F(HostileTest, WhoeverSpeaksNoTlsIsRefused) {
  start();
  const auto socket = connect();
  socket->write("GET / HTTP/1.1\r\nHost: govchain\r\n\r\n");
  EXPECT_TRUE(socket->wait_closed());
  EXPECT_TRUE(at_victim_.wait_refused("TLS failed"));
  { const auto gone = connect(); }
  EXPECT_TRUE(at_victim_.wait_refused("the line broke"));
  EXPECT_EQ(victim_->counters().strangers_refused, 2U);
  expect_friends();
}

TEST_F(HostileTest, AHandshakeThatStopsHalfWayHasItsTime) {
  start([](TransportSettings& settings) {
    settings.handshake_timeout = Duration::milliseconds(200);
  });
  const auto silent = connect();
  const auto slow = connect();
  slow->write("\x16\x03\x01");
  EXPECT_TRUE(silent->wait_closed());
  EXPECT_TRUE(slow->wait_closed());
  EXPECT_TRUE(at_victim_.wait_refused("too long"));
  EXPECT_TRUE(at_victim_.wait_refusals(2));
  EXPECT_EQ(victim_->counters().strangers_refused, 2U);
  expect_friends();
}

TEST_F(HostileTest, StrangersFromOneAddressTakeOnlySomeOfThePlaces) {
  start([](TransportSettings& settings) { settings.max_strangers_per_address = 2; });
  auto first = connect();
  auto second = connect();
  const auto third = connect();
  EXPECT_TRUE(third->wait_closed());
  EXPECT_TRUE(at_victim_.wait_refused("too many"));
  EXPECT_EQ(victim_->counters().strangers_refused, 1U);
  expect_friends();
  // Whoever goes, or shows who it is, makes room.
  first.reset();
  EXPECT_TRUE(at_victim_.wait_refused("the line broke"));
  RawPeer known(connect(), network_.issue(3));
  EXPECT_TRUE(known.let_in());
  RawPeer again(connect(), network_.issue(3));
  EXPECT_TRUE(again.let_in());
  EXPECT_EQ(victim_->counters().strangers_refused, 2U);
}

TEST_F(HostileTest, StrangersHaveSoManyPlacesInAll) {
  start([](TransportSettings& settings) { settings.max_strangers = 3; });
  std::vector<std::unique_ptr<RawSocket>> inside;
  for (int i = 0; i < 3; ++i) inside.push_back(connect());
  EXPECT_TRUE(connect()->wait_closed());
  EXPECT_TRUE(at_victim_.wait_refused("too many"));
  expect_friends();
}

TEST_F(HostileTest, APeerThatBreaksTheFramingIsCutOffAndKeptOut) {
  start([](TransportSettings& settings) { settings.longest_backoff = Duration::seconds(1'000); });
  RawPeer enemy(connect(), network_.issue(3));
  ASSERT_TRUE(enemy.let_in());
  ASSERT_TRUE(at_victim_.wait_event("up 3"));
  ASSERT_TRUE(enemy.write(std::vector<uint8_t>(100, 0xEE)));
  EXPECT_TRUE(enemy.wait_closed());
  ASSERT_TRUE(at_victim_.wait_event("down 3"));
  EXPECT_TRUE(at_victim_.wait_refused("framing of version"));
  EXPECT_EQ(victim_->counters().malformed, 1U);
  EXPECT_EQ(victim_->counters().strangers_refused, 0U) << "it was no stranger";
  RawPeer again(connect(), network_.issue(3));
  EXPECT_FALSE(again.let_in());
  EXPECT_TRUE(at_victim_.wait_refused("replica 3 of chain 7 is kept out"));
  EXPECT_EQ(victim_->counters().strangers_refused, 1U);
  EXPECT_EQ(victim_->counters().connections, 2U);
  expect_friends();
}

TEST_F(HostileTest, APeerThatBrokeTheFramingIsLetInAgainLater) {
  start([](TransportSettings& settings) { settings.longest_backoff = Duration::milliseconds(50); });
  RawPeer enemy(connect(), network_.issue(3));
  ASSERT_TRUE(enemy.let_in());
  ASSERT_TRUE(enemy.write(std::vector<uint8_t>(100, 0xEE)));
  EXPECT_TRUE(enemy.wait_closed());
  bool let_in = false;
  while (!let_in) {
    RawPeer later(connect(), network_.issue(3));
    let_in = later.let_in();
  }
  ASSERT_TRUE(at_victim_.wait_event("up 3", 2));
  expect_friends();
}

TEST_F(HostileTest, APeerWhoseFramesAreTooLongIsCutOff) {
  start([](TransportSettings& settings) { settings.frame_limit = Bytes(100'000); });
  RawPeer enemy(connect(), network_.issue(3));
  ASSERT_TRUE(enemy.let_in());
  const std::vector<uint8_t> part(16'000);
  for (int i = 0; i < 7; ++i) enemy.write_chunk(Channel::kBodies, true, part);
  EXPECT_TRUE(enemy.wait_closed());
  EXPECT_TRUE(at_victim_.wait_refused("frames of more than 100000 bytes"));
  EXPECT_EQ(victim_->counters().malformed, 1U);
  expect_friends();
}

TEST_F(HostileTest, AMessageThatDoesNotDecodeIsCountedAndNoMore) {
  start();
  RawPeer enemy(connect(), network_.issue(3));
  ASSERT_TRUE(enemy.let_in());
  ASSERT_TRUE(enemy.write_chunk(Channel::kVotes, false, std::vector<uint8_t>(50, 1)));
  ASSERT_TRUE(enemy.write_chunk(Channel::kBulkBytes, false, std::vector<uint8_t>(50, 1)));
  ASSERT_TRUE(at_victim_.wait_bulks(1));
  EXPECT_EQ(victim_->counters().undecodable, 1U);
  EXPECT_EQ(at_victim_.count("down 3"), 0U);
  expect_friends();
}

TEST_F(HostileTest, APeerThatReadsNothingLosesItsOwnFramesAlone) {
  start([](TransportSettings& settings) { settings.queue_limit = Bytes(1U << 20U); });
  RawPeer stalled(connect(), network_.issue(3));
  ASSERT_TRUE(stalled.let_in());
  ASSERT_TRUE(at_victim_.wait_event("up 3"));
  // Until its queue has been full for a while.
  size_t sent = 0;
  size_t after = 0;
  while (after < 10) {
    victim_->broadcast(std::array{kFriend, kEnemy}, make_message(Lane::kBody, ++sent, 200'000));
    ASSERT_TRUE(at_friend_.wait_messages(exchanged_ + sent));
    if (victim_->counters().frames_dropped > 0) ++after;
    ASSERT_LT(sent, 1'000U) << "the system holds more than it should";
  }
  ASSERT_TRUE(at_victim_.wait_event("dropped 3"));
  EXPECT_LE(victim_->queued(), Bytes(2U << 20U));
  EXPECT_EQ(at_victim_.count("dropped 2"), 0U);
  EXPECT_EQ(at_victim_.count("writable 3"), 0U);
  EXPECT_FALSE(victim_->send_bulk(kEnemy, std::vector<uint8_t>(2U << 20U)) &&
               victim_->send_bulk(kEnemy, std::vector<uint8_t>(1)))
      << "bulk has a limit too";

  // Once it reads what lies there, there is room again.
  size_t frames = 0;
  while (at_victim_.count("writable 3") == 0) {
    const auto chunk = stalled.read_chunk();
    ASSERT_TRUE(chunk);
    if (chunk->header.channel == Channel::kBodies && !chunk->header.more) ++frames;
  }
  EXPECT_EQ(at_victim_.count("dropped 3"), 1U) << "said once";
  EXPECT_GE(frames, 1U);
  EXPECT_LT(frames, sent);
}

TEST_F(HostileTest, APeerThatFallsSilentIsTakenForGone) {
  start([](TransportSettings& settings) { settings.silence_timeout = Duration::seconds(1); });
  RawPeer silent(connect(), network_.issue(3));
  ASSERT_TRUE(silent.let_in());
  ASSERT_TRUE(at_victim_.wait_event("up 3"));
  EXPECT_TRUE(silent.wait_closed());
  ASSERT_TRUE(at_victim_.wait_event("down 3"));
  // Friends exchange nothing but heartbeats in that time.
  expect_friends();
}

TEST_F(HostileTest, APeerThatIsDialledMustBeWhoItShould) {
  start();
  const TestNetwork other;
  const struct {
    IssuedCertificate certificate;
    std::string words;
  } impostors[] = {
      {network_.issue(3), "replica 3 of chain 7 is where replica 0 of chain 7 should be"},
      {network_.issue(0, ChainId(8)), "replica 0 of chain 8 is not of this chain"},
      {network_.issue(0, kChain, 0), "certificate has expired"},
      {other.issue(0), "certificate verify failed"},
  };
  uint64_t refused = 0;
  for (const auto& [certificate, words] : impostors) {
    const RawListener listener;
    victim_->set_peers({peer(0, listener.port()), peer(2), peer(3)});
    RawPeer impostor(listener.accept(), certificate, false);
    (void)impostor.handshake();
    EXPECT_TRUE(impostor.wait_closed());
    EXPECT_TRUE(at_victim_.wait_refusals(refused + 1));
    EXPECT_TRUE(at_victim_.wait_refused(words));
    victim_->set_peers({peer(2), peer(3)});
    expect_friends();
    // Those that it met in another try count too.
    refused = victim_->counters().strangers_refused;
  }
  EXPECT_EQ(at_victim_.count("up 0"), 0U);
}

TEST_F(HostileTest, OneThatIsDialledIsUpOnlyOnceItSaysSo) {
  start();
  const RawListener listener;
  victim_->set_peers({peer(0, listener.port()), peer(2), peer(3)});
  RawPeer other(listener.accept(), network_.issue(0), false);
  ASSERT_TRUE(other.handshake());
  expect_friends();
  EXPECT_EQ(at_victim_.count("up 0"), 0U);
  ASSERT_TRUE(other.write_chunk(Channel::kHeartbeat, false, {}));
  EXPECT_TRUE(at_victim_.wait_event("up 0"));
}

}  // namespace
}  // namespace govchain::consensus::node
