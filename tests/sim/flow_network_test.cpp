// The back end of flows over a model of flows that does as it is told: what is the network's own,
// without SimGrid.

#include "sim/network/flow_network.h"

#include <functional>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "sim/kernel.h"

namespace govchain::sim {
namespace {

using consensus::Lane;

// Each flow takes a nanosecond a byte, whatever else flows.
class EachByItself final : public FlowModel {
 public:
  void start(uint64_t id, uint32_t from, uint32_t to, Bytes size) override {
    started.push_back({from, to, size});
    const auto nanoseconds = static_cast<int64_t>(size.count());
    ends_.emplace(now_ + Duration::nanoseconds(nanoseconds), id);
  }
  [[nodiscard]] TimePoint next_change() override {
    return ends_.empty() ? TimePoint::max() : ends_.begin()->first;
  }
  void advance(TimePoint to, std::vector<uint64_t>& ended) override {
    EXPECT_LE(now_, to);
    now_ = to;
    while (!ends_.empty() && ends_.begin()->first <= to) {
      // A change that is passed by is one that came too late.
      EXPECT_EQ(ends_.begin()->first, to);
      ended.push_back(ends_.begin()->second);
      ends_.erase(ends_.begin());
    }
  }

  struct Started {
    uint32_t from;
    uint32_t to;
    Bytes size;
  };
  std::vector<Started> started;

 private:
  TimePoint now_;
  std::multimap<TimePoint, uint64_t> ends_;
};

struct Delivery {
  EndpointIndex to = 0;
  Duration at;
  Bytes size;
  Duration transit;
};

class FlowNetworkTest : public testing::Test, public NetworkSink {
 protected:
  // Two places with a trunk; replicas alternate between them, each on a host of its own.
  void make(uint32_t replicas, Rate card = {}) {
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
      host.place = i % 2;
      host.profile = free_machine();
      host.profile.nic = card;
      spec_.hosts.push_back(host);
      chain.replicas.push_back({i});
    }
    spec_.chains.push_back(chain);
  }
  void build() { network_ = std::make_unique<FlowNetwork>(spec_, kernel_, *this, flows_); }
  void send(EndpointIndex from, ReplicaIndex to, uint64_t size, Lane lane = Lane::kBody) {
    Parcel parcel;
    parcel.from = from;
    parcel.lane = lane;
    parcel.size = Bytes(size);
    network_->send(parcel, to, kernel_.now());
  }
  void run(Duration until = Duration::seconds(1'000)) {
    kernel_.run_until(TimePoint::since_start(until), *this);
  }
  void at(Duration when, std::function<void()> what) {
    later_.push_back(std::move(what));
    kernel_.schedule(TimePoint::since_start(when), static_cast<uint32_t>(EventKind::kSample),
                     static_cast<uint32_t>(later_.size() - 1));
  }

 public:
  void dispatch(uint32_t kind, uint32_t index) {
    if (static_cast<EventKind>(kind) == EventKind::kSample) return later_[index]();
    if (static_cast<EventKind>(kind) == EventKind::kArrival) {
      receivers_.push_back(network_->next_receiver(index));
    }
    network_->dispatch(static_cast<EventKind>(kind), index);
  }
  [[nodiscard]] bool stopped() const { return false; }
  void deliver(const Parcel& parcel, EndpointIndex to, TimePoint when, Duration transit) override {
    deliveries_.push_back({to, when.since_start(), parcel.size, transit});
  }
  void deliver_transfer(uint64_t cookie) override {
    transfers_.emplace_back(cookie, kernel_.now().since_start());
  }
  void peer_dropped(EndpointIndex, EndpointIndex peer) override { dropped_.push_back(peer); }
  void peer_writable(EndpointIndex, EndpointIndex peer) override { writable_.push_back(peer); }

 protected:
  WorldSpec spec_;
  Kernel kernel_;
  EachByItself flows_;
  std::unique_ptr<FlowNetwork> network_;
  std::vector<Delivery> deliveries_;
  std::vector<EndpointIndex> receivers_;
  std::vector<std::pair<uint64_t, Duration>> transfers_;
  std::vector<EndpointIndex> dropped_;
  std::vector<EndpointIndex> writable_;
  std::vector<std::function<void()>> later_;
};

Duration us(int64_t microseconds) { return Duration::microseconds(microseconds); }

TEST_F(FlowNetworkTest, ABroadcastIsAFlowForEachReceiver) {
  make(4);
  build();
  Parcel parcel;
  parcel.from = 0;
  parcel.size = Bytes(5'000);
  const std::vector<ReplicaIndex> everybody = {1, 2, 3};
  network_->broadcast(parcel, everybody, TimePoint{} + us(2), us(3));
  run();
  ASSERT_EQ(flows_.started.size(), 3U);
  ASSERT_EQ(deliveries_.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(flows_.started[i].from, 0U);
    EXPECT_EQ(flows_.started[i].to, i + 1);
    // Each at its own turn.
    EXPECT_EQ(deliveries_[i].at, us(2 + 3 * static_cast<int64_t>(i) + 5));
    EXPECT_EQ(deliveries_[i].transit, deliveries_[i].at);
    EXPECT_EQ(receivers_[i], deliveries_[i].to);
  }
  EXPECT_EQ(network_->traffic(0).messages, 3U);
  EXPECT_EQ(network_->traffic(0).window_bytes, Bytes(15'000));
}

TEST_F(FlowNetworkTest, WithinALaneWhatWasSentFirstArrivesFirst) {
  make(2);
  build();
  send(0, 1, 9'000);
  send(0, 1, 1'000);
  send(0, 1, 2'000, Lane::kVote);
  run();
  ASSERT_EQ(deliveries_.size(), 3U);
  EXPECT_EQ(deliveries_[0].size, Bytes(2'000));
  EXPECT_EQ(deliveries_[0].at, us(2));
  EXPECT_EQ(deliveries_[1].size, Bytes(9'000));
  EXPECT_EQ(deliveries_[2].size, Bytes(1'000));
  EXPECT_EQ(deliveries_[2].at, us(9));
}

TEST_F(FlowNetworkTest, AConnectionIsSetUpBeforeAnythingFlows) {
  make(2);
  spec_.network.connection_setup_round_trips = 2;
  build();
  send(0, 1, 1'000);
  run();
  ASSERT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(deliveries_[0].at, Duration::milliseconds(40) + us(1));
}

TEST_F(FlowNetworkTest, OneHostHasNoNetworkToItself) {
  make(2);
  spec_.chains[0].replicas[1].host = 0;
  build();
  send(0, 1, 1'000);
  run();
  ASSERT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(deliveries_[0].at, Duration::zero());
  EXPECT_TRUE(flows_.started.empty());
}

TEST_F(FlowNetworkTest, AFullCardDropsAndTellsWhenItIsWritableAgain) {
  make(2, Rate::bits_per_second(8'000));  // a kilobyte a second
  build();
  for (int i = 0; i < 11; ++i) send(0, 1, 1'000);
  EXPECT_TRUE(dropped_.empty());
  send(0, 1, 1'000);
  EXPECT_EQ(dropped_, (std::vector<EndpointIndex>{1}));
  run();
  EXPECT_EQ(deliveries_.size(), 11U);
  EXPECT_EQ(writable_, (std::vector<EndpointIndex>{1}));
  send(0, 1, 1'000);
  EXPECT_EQ(dropped_.size(), 1U);
}

TEST_F(FlowNetworkTest, WhoIsPartitionedAwayHearsNothingNotEvenWhatIsUnderWay) {
  make(2);
  build();
  Disturbance apart;
  apart.partitions = {{true, false}};
  send(0, 1, 9'000);
  at(us(5), [&] { network_->set_disturbance(0, apart); });
  at(us(6), [&] { send(0, 1, 1'000); });
  at(us(20), [&] { network_->set_disturbance(0, {}); });
  at(us(21), [&] { send(0, 1, 1'000); });
  run();
  ASSERT_EQ(deliveries_.size(), 1U);
  EXPECT_EQ(deliveries_[0].at, us(22));
  EXPECT_EQ(dropped_, (std::vector<EndpointIndex>{1}));
}

TEST_F(FlowNetworkTest, DisturbancesLoseDoubleAndHoldMessages) {
  make(2);
  build();
  Disturbance disturbance;
  disturbance.loss = 0.3;
  disturbance.duplicate = 0.3;
  disturbance.reorder = 0.5;
  disturbance.reorder_spread = Duration::milliseconds(3);
  network_->set_disturbance(0, disturbance);
  constexpr int kMessages = 2'000;
  for (int i = 0; i < kMessages; ++i) {
    at(Duration::milliseconds(10 * i), [&] { send(0, 1, 1'000); });
  }
  run();
  // 0.7 of them arrive, 0.3 of those twice.
  EXPECT_NEAR(static_cast<double>(deliveries_.size()), kMessages * 0.7 * 1.3, kMessages * 0.05);
  size_t late = 0;
  for (const Delivery& delivery : deliveries_) late += delivery.transit > us(2) ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(late), static_cast<double>(deliveries_.size()) / 2,
              kMessages * 0.05);
}

TEST_F(FlowNetworkTest, AClogHoldsMessagesInOrderUntilItLetsGo) {
  make(2);
  build();
  Disturbance disturbance;
  disturbance.clogs = {{{false, true}, TimePoint{} + Duration::milliseconds(50)}};
  network_->set_disturbance(0, disturbance);
  send(0, 1, 2'000);
  send(0, 1, 1'000);
  run();
  ASSERT_EQ(deliveries_.size(), 2U);
  EXPECT_EQ(deliveries_[0].size, Bytes(2'000));
  EXPECT_EQ(deliveries_[0].at, Duration::milliseconds(60));
  EXPECT_EQ(deliveries_[1].at, Duration::milliseconds(60));
}

TEST_F(FlowNetworkTest, TransfersFlowBetweenPlaces) {
  make(2);
  build();
  network_->transfer(0, 1, Bytes(4'000), 7);
  network_->transfer(0, 0, Bytes(4'000), 8);
  run();
  ASSERT_EQ(transfers_.size(), 2U);
  EXPECT_EQ(transfers_[0], (std::pair<uint64_t, Duration>(7, us(4))));
  EXPECT_EQ(transfers_[1], (std::pair<uint64_t, Duration>(8, us(100))));
  ASSERT_EQ(flows_.started.size(), 1U);
  // Past all hosts: from a place's own edge to another's.
  EXPECT_EQ(flows_.started[0].from, 2U);
  EXPECT_EQ(flows_.started[0].to, 3U);
}

TEST_F(FlowNetworkTest, UseOfCardsAndTrunksIsWhatWasCarried) {
  make(2, Rate::bits_per_second(8'000'000));
  spec_.network.trunks[0].rate = Rate::bits_per_second(16'000'000);
  spec_.duration = Duration::seconds(10);
  build();
  for (int i = 0; i < 5; ++i) {
    at(Duration::seconds(i), [&] { send(0, 1, 1'000'000); });
  }
  run();
  std::vector<ResourceUse> uses;
  network_->report(uses);
  std::map<std::string, double> by_name;
  for (const ResourceUse& use : uses) by_name[use.name] = use.utilisation;
  EXPECT_DOUBLE_EQ(by_name["host host0 nic out"], 0.5);
  EXPECT_DOUBLE_EQ(by_name["host host1 nic in"], 0.5);
  EXPECT_DOUBLE_EQ(by_name["host host0 nic in"], 0);
  EXPECT_DOUBLE_EQ(by_name["trunk ab"], 0.25);
}

TEST_F(FlowNetworkTest, APlatformHasEveryWayThatIsUsedInBothDirections) {
  make(4);
  const auto platform = flow_platform(spec_);
  ASSERT_TRUE(platform);
  EXPECT_EQ(platform->hosts, 4U + 2U);
  EXPECT_EQ(platform->links.size(), 2U + 4U * 2U + 2U);
  // Each host to each other one, and place to place.
  EXPECT_EQ(platform->routes.size(), 4U * 3U + 2U);
  for (const FlowRoute& route : platform->routes) {
    Duration delay;
    for (const uint32_t link : route.links) delay += platform->links[link].delay;
    const bool hosts = route.from < 4;
    const bool local = hosts && route.from % 2 == route.to % 2;
    EXPECT_EQ(delay, local ? us(100) : Duration::milliseconds(10));
    EXPECT_EQ(route.links.size(), hosts ? 3U : 1U);
  }
}

}  // namespace
}  // namespace govchain::sim
