// The FIFO network against closed forms, without any engine.

#include <gtest/gtest.h>

#include "sim/distribution.h"
#include "sim/kernel.h"
#include "sim/network/fifo.h"

namespace govchain::sim {
namespace {

using consensus::Lane;

struct Delivery {
  EndpointIndex to = 0;
  TimePoint at;
  Bytes size;
  Duration transit;
};

// Two places, a trunk between them, one host per replica; replicas alternate between the places if
// `apart`.
class NetworkTest : public testing::Test, public NetworkSink {
 protected:
  WorldSpec& make(uint32_t replicas, bool apart, Rate nic = {}) {
    spec_.duration = Duration::seconds(1'000);
    spec_.warmup = Duration::zero();
    spec_.network.connection_setup_round_trips = 0;
    spec_.network.places = {{"a", Duration::microseconds(100), {}},
                            {"b", Duration::microseconds(100), {}}};
    spec_.network.trunks = {{"ab", 0, 1, Rate::unlimited(), Duration::milliseconds(10), 0}};
    spec_.network.routes = {{}, {0}, {0}, {}};
    ChainSpec chain;
    for (uint32_t i = 0; i < replicas; ++i) {
      HostSpec host;
      host.name = "host" + std::to_string(i);
      host.place = apart ? i % 2 : 0;
      host.profile = free_machine();
      host.profile.nic = nic;
      spec_.hosts.push_back(host);
      chain.replicas.push_back({i});
    }
    spec_.chains.push_back(chain);
    return spec_;
  }
  void build() { network_ = std::make_unique<FifoNetwork>(spec_, kernel_, *this); }
  void send(EndpointIndex from, ReplicaIndex to, uint64_t size, Lane lane = Lane::kBody) {
    Parcel parcel;
    parcel.from = from;
    parcel.lane = lane;
    parcel.size = Bytes(size);
    network_->send(parcel, to, kernel_.now());
  }
  void broadcast(EndpointIndex from, const std::vector<ReplicaIndex>& to, uint64_t size) {
    Parcel parcel;
    parcel.from = from;
    parcel.lane = Lane::kBody;
    parcel.size = Bytes(size);
    network_->broadcast(parcel, to, kernel_.now(), Duration::zero());
  }
  void run(Duration until = Duration::seconds(1'000)) {
    kernel_.run_until(TimePoint::since_start(until), *this);
  }

 public:
  void dispatch(uint32_t kind, uint32_t index) {
    if (static_cast<EventKind>(kind) == EventKind::kSample) {
      later_();
      return;
    }
    network_->dispatch(static_cast<EventKind>(kind), index);
  }
  [[nodiscard]] bool stopped() const { return false; }
  void deliver(const Parcel& parcel, EndpointIndex to, TimePoint at, Duration transit) override {
    deliveries_.push_back({to, at, parcel.size, transit});
  }
  void deliver_transfer(uint64_t cookie) override { transfers_.push_back(cookie); }
  void peer_dropped(EndpointIndex, EndpointIndex peer) override { dropped_.push_back(peer); }
  void peer_writable(EndpointIndex, EndpointIndex peer) override { writable_.push_back(peer); }

 protected:
  void at(Duration when, std::function<void()> what) {
    later_ = std::move(what);
    kernel_.schedule(TimePoint::since_start(when), static_cast<uint32_t>(EventKind::kSample), 0);
  }
  WorldSpec spec_;
  Kernel kernel_;
  std::unique_ptr<FifoNetwork> network_;
  std::vector<Delivery> deliveries_;
  std::vector<uint64_t> transfers_;
  std::vector<EndpointIndex> dropped_;
  std::vector<EndpointIndex> writable_;
  std::function<void()> later_;
};

TimePoint ms(int64_t milliseconds) {
  return TimePoint::since_start(Duration::milliseconds(milliseconds));
}
const Rate kGigabit = Rate::bits_per_second(1'000'000'000);

TEST_F(NetworkTest, WithoutLimitsAMessageTakesThePropagationDelay) {
  make(2, true);
  build();
  send(0, 1, 1'000'000);
  run();
  ASSERT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(deliveries_[0].at, ms(10));
}

TEST_F(NetworkTest, OneMegabyteOverAGigabitCostsEightMillisecondsOnce) {
  // shared table of PEERS.md: 1 MB, 1 Gb/s, cut-through: 8 ms + delay.
  make(2, true, kGigabit);
  build();
  send(0, 1, 1'000'000);
  run();
  EXPECT_EQ(deliveries_[0].at, ms(18));
}

TEST_F(NetworkTest, ABroadcastLeavesTheCardCopyByCopy) {
  make(17, false, kGigabit);
  build();
  std::vector<ReplicaIndex> everybody;
  for (ReplicaIndex i = 1; i < 17; ++i) everybody.push_back(i);
  broadcast(0, everybody, 1'000'000);
  run();
  ASSERT_EQ(deliveries_.size(), 16U);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(deliveries_[i].at, ms(8 * static_cast<int64_t>(i + 1)) + Duration::microseconds(100));
    EXPECT_EQ(deliveries_[i].to, i + 1);
  }
  EXPECT_EQ(network_->traffic(0).window_bytes, Bytes(16'000'000));
}

TEST_F(NetworkTest, ManySendersShareTheReceiversCard) {
  make(5, false, kGigabit);
  build();
  for (EndpointIndex from = 1; from < 5; ++from) send(from, 0, 1'000'000);
  run();
  ASSERT_EQ(deliveries_.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(deliveries_[i].at, ms(8 * static_cast<int64_t>(i + 1)) + Duration::microseconds(100));
  }
}

TEST_F(NetworkTest, AVoteDoesNotWaitBehindABody) {
  make(2, true, kGigabit);
  build();
  send(0, 1, 1'000'000);
  send(0, 1, 125, Lane::kVote);
  run();
  ASSERT_EQ(deliveries_.size(), 2U);
  EXPECT_EQ(deliveries_[0].at, ms(10) + Duration::microseconds(1));
  EXPECT_EQ(deliveries_[1].at, ms(18) + Duration::microseconds(1)) << "pushed back by the vote";
}

TEST_F(NetworkTest, AMessageNeverOvertakesOneBeforeItOnTheSameConnection) {
  make(2, true);
  spec_.network.jitter = {Jitter::Kind::kExponential, Duration::milliseconds(20), 0};
  build();
  for (uint64_t i = 1; i <= 200; ++i) send(0, 1, i);
  run();
  ASSERT_EQ(deliveries_.size(), 200U);
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(deliveries_[i].size, Bytes(i + 1));
  EXPECT_GT(deliveries_[199].at, ms(10));
}

TEST_F(NetworkTest, NormalJitterHasTheRightMeanAndIsCutAtZero) {
  make(2, true);
  spec_.network.jitter = {Jitter::Kind::kNormal, Duration::milliseconds(20), 0};
  build();
  double sum = 0;
  constexpr int kCount = 2'000;
  for (int i = 0; i < kCount; ++i) {
    at(Duration::milliseconds(500 * i), [&] { send(0, 1, 1); });
    run(Duration::milliseconds(500 * i + 499));
  }
  for (const Delivery& delivery : deliveries_) {
    EXPECT_GE(delivery.transit, Duration::zero());
    sum += delivery.transit.to_milliseconds();
  }
  ASSERT_EQ(deliveries_.size(), static_cast<size_t>(kCount));
  // E[max(0, N(10, 20))] = 10 Phi(0.5) + 20 phi(0.5) = 13.956.
  EXPECT_NEAR(sum / kCount, 13.956, 1.0);
}

TEST_F(NetworkTest, ATrunkIsSharedFirstComeFirstServed) {
  make(4, true, kGigabit);
  spec_.network.trunks[0].rate = kGigabit;
  build();
  // Replicas 0 and 2 are in a, 1 and 3 in b: both streams cross the one trunk.
  send(0, 1, 1'000'000);
  send(2, 3, 1'000'000);
  run();
  ASSERT_EQ(deliveries_.size(), 2U);
  EXPECT_EQ(deliveries_[0].at, ms(18));
  EXPECT_EQ(deliveries_[1].at, ms(26));
}

TEST_F(NetworkTest, OppositeDirectionsOfATrunkDoNotMeet) {
  make(2, true, kGigabit);
  spec_.network.trunks[0].rate = kGigabit;
  build();
  send(0, 1, 1'000'000);
  send(1, 0, 1'000'000);
  run();
  EXPECT_EQ(deliveries_[0].at, ms(18));
  EXPECT_EQ(deliveries_[1].at, ms(18));
}

TEST_F(NetworkTest, AFastTrunkCarriesManySlowCardsAtOnce) {
  make(8, true, kGigabit);
  spec_.network.trunks[0].rate = Rate::bits_per_second(4'000'000'000);
  build();
  for (const EndpointIndex from : {0U, 2U, 4U, 6U}) send(from, from + 1, 1'000'000);
  run();
  ASSERT_EQ(deliveries_.size(), 4U);
  // Four gigabit streams just fit into four gigabits; the last waits for the three first quarters.
  EXPECT_LE(deliveries_[3].at, ms(18));
}

TEST_F(NetworkTest, TrunksInARowAreCrossedOneByOneWithoutStoringWholeMessages) {
  make(2, true, kGigabit);
  spec_.network.places.push_back({"m", {}, {}});
  spec_.network.trunks = {{"am", 0, 2, kGigabit, Duration::milliseconds(4), 0},
                          {"mb", 2, 1, kGigabit, Duration::milliseconds(6), 0}};
  spec_.network.routes = {{}, {0, 1}, {0}, {1, 0}, {}, {1}, {0}, {1}, {}};
  build();
  send(0, 1, 1'000'000);
  run();
  EXPECT_EQ(deliveries_[0].at, ms(18)) << "cut-through: serialised once";
}

TEST_F(NetworkTest, TheFirstMessageOfAPairWaitsForItsConnection) {
  make(2, true);
  spec_.network.connection_setup_round_trips = 2;
  build();
  send(0, 1, 1);
  at(Duration::milliseconds(100), [&] {
    send(0, 1, 1);
    send(1, 0, 1);
  });
  run(Duration::milliseconds(200));
  ASSERT_EQ(deliveries_.size(), 3U);
  EXPECT_EQ(deliveries_[0].at, ms(50));
  EXPECT_EQ(deliveries_[1].at, ms(110));
  EXPECT_EQ(deliveries_[2].at, ms(110)) << "a connection serves both directions";
  network_->reset_connections(1);
  send(0, 1, 1);
  run(Duration::milliseconds(400));
  EXPECT_EQ(deliveries_[3].at, ms(250)) << "after a crash it is set up again";
}

TEST_F(NetworkTest, LossCostsTimeoutsThatDouble) {
  make(2, true);
  spec_.network.trunks[0].loss = 0.3;
  spec_.network.retransmission_timeout = Duration::milliseconds(200);
  build();
  int late[3] = {0, 0, 0};
  constexpr int kCount = 3'000;
  for (int i = 0; i < kCount; ++i) {
    // Far apart, so that no message waits for the one before it.
    at(Duration::milliseconds(int64_t{i} * 10), [&] { send(0, 1, 1, static_cast<Lane>(0)); });
    run(Duration::milliseconds(int64_t{i} * 10 + 9));
  }
  run();
  ASSERT_EQ(deliveries_.size(), static_cast<size_t>(kCount)) << "TCP loses nothing";
  for (const Delivery& delivery : deliveries_) {
    const int64_t extra = (delivery.transit - Duration::milliseconds(10)).nanoseconds() / 1'000'000;
    if (extra == 0) ++late[0];
    if (extra == 200) ++late[1];
  }
  EXPECT_GT(late[0], 0);
  EXPECT_GT(late[1], 0);
}

TEST_F(NetworkTest, ACutTrunkIsBypassedOrElseCarriesNothing) {
  make(2, true);
  spec_.network.places.push_back({"m", {}, {}});
  spec_.network.trunks.push_back({"am", 0, 2, {}, Duration::milliseconds(15), 0});
  spec_.network.trunks.push_back({"mb", 2, 1, {}, Duration::milliseconds(16), 0});
  spec_.network.routes = {{}, {0}, {1}, {0}, {}, {2}, {1}, {2}, {}};
  build();
  network_->set_trunk(0, false);
  send(0, 1, 1);
  run(Duration::milliseconds(100));
  ASSERT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(deliveries_[0].at, ms(31));
  network_->set_trunk(1, false);
  EXPECT_FALSE(network_->reachable(0, 1));
  send(0, 1, 1);
  run(Duration::milliseconds(500));
  EXPECT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(dropped_, std::vector<EndpointIndex>{1});
  network_->set_trunk(0, true);
  send(0, 1, 1);
  run(Duration::seconds(2));
  EXPECT_EQ(deliveries_.size(), 2U);
  EXPECT_EQ(writable_, std::vector<EndpointIndex>{1}) << "the sender hears that it may go on";
}

TEST_F(NetworkTest, APartitionCutsWhatIsUnderWayToo) {
  make(3, true);
  build();
  send(0, 1, 1);
  send(0, 2, 1);
  Disturbance cut;
  cut.partitions.push_back({true, false, true});
  at(Duration::milliseconds(5), [&] { network_->set_disturbance(0, cut); });
  run(Duration::milliseconds(50));
  ASSERT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(deliveries_[0].to, 2U);
  EXPECT_FALSE(network_->reachable(0, 1));
  EXPECT_TRUE(network_->reachable(0, 2));
}

TEST_F(NetworkTest, LossDuplicationAndReorderHappenAsOftenAsAskedFor) {
  make(2, true);
  build();
  Disturbance disturbance;
  disturbance.loss = 0.2;
  disturbance.duplicate = 0.1;
  network_->set_disturbance(0, disturbance);
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) send(0, 1, 1);
  run(Duration::seconds(5));
  EXPECT_NEAR(static_cast<double>(deliveries_.size()) / kCount, 0.8 * 1.1, 0.01);
  deliveries_.clear();
  disturbance = {};
  disturbance.reorder = 0.5;
  disturbance.reorder_spread = Duration::milliseconds(3);
  network_->set_disturbance(0, disturbance);
  for (uint64_t i = 1; i <= 100; ++i) send(0, 1, i);
  run(Duration::seconds(10));
  ASSERT_EQ(deliveries_.size(), 100U);
  bool out_of_order = false;
  for (size_t i = 1; i < 100; ++i) {
    out_of_order = out_of_order || deliveries_[i].size < deliveries_[i - 1].size;
  }
  EXPECT_TRUE(out_of_order);
}

TEST_F(NetworkTest, TransfersBetweenPlacesTakeTheTrunksTime) {
  make(2, true);
  spec_.network.trunks[0].rate = kGigabit;
  build();
  network_->transfer(0, 1, Bytes(1'000'000), 77);
  run(Duration::microseconds(17'999));
  EXPECT_TRUE(transfers_.empty());
  run(Duration::milliseconds(18));
  EXPECT_EQ(transfers_, std::vector<uint64_t>{77});
}

TEST_F(NetworkTest, ReportsUtilisationByName) {
  make(2, true, kGigabit);
  spec_.duration = Duration::milliseconds(80);
  spec_.network.trunks[0].rate = kGigabit;
  build();
  send(0, 1, 1'000'000);
  run(Duration::milliseconds(80));
  std::vector<ResourceUse> uses;
  network_->report(uses);
  ASSERT_EQ(uses.size(), 5U);
  EXPECT_EQ(uses[0].name, "host host0 nic out");
  EXPECT_DOUBLE_EQ(uses[0].utilisation, 0.1);
  EXPECT_EQ(uses[3].name, "host host1 nic in");
  EXPECT_DOUBLE_EQ(uses[3].utilisation, 0.1);
  EXPECT_EQ(uses[4].name, "trunk ab");
  EXPECT_DOUBLE_EQ(uses[4].utilisation, 0.1);
}

}  // namespace
}  // namespace govchain::sim
