#include "sim/transfers.h"

#include <memory>
#include <utility>

#include "sim/kernel.h"
#include "sim/network/network.h"
#include "sim/world_runner.h"

namespace govchain::sim {

namespace {

using consensus::Result;

WorldSpec undisturbed(const WorldSpec& spec) {
  WorldSpec calm = spec;
  calm.network.jitter = {};
  for (PlaceSpec& place : calm.network.places) place.local_jitter = {};
  for (TrunkSpec& trunk : calm.network.trunks) trunk.loss = 0;
  calm.network.connection_setup_round_trips = 0;
  return calm;
}

class Transfers final : public NetworkSink {
 public:
  explicit Transfers(const WorldSpec& spec) : spec_(undisturbed(spec)) {}

  Result<std::vector<std::vector<Duration>>> measure(
      const std::vector<std::vector<Transfer>>& groups) {
    Result<std::unique_ptr<Network>> network = make_network(spec_, kernel_, *this);
    if (!network) return network.error();
    network_ = *std::move(network);
    std::vector<std::vector<Duration>> all;
    for (const std::vector<Transfer>& group : groups) {
      times_.assign(group.size(), Duration::max());
      begin_ = kernel_.now();
      for (size_t i = 0; i < group.size(); ++i) {
        Parcel parcel;
        parcel.lane = consensus::Lane::kBody;
        parcel.from = group[i].from;
        parcel.size = group[i].size;
        parcel.cookie = i;
        network_->send(parcel, group[i].to, begin_);
      }
      kernel_.run_until(begin_ + kLongest, *this);
      all.push_back(times_);
    }
    return all;
  }

  void dispatch(uint32_t kind, uint32_t index) {
    network_->dispatch(static_cast<EventKind>(kind), index);
  }
  [[nodiscard]] bool stopped() const { return false; }
  // A receiver's card may be busy with what came before: it has it when that is over.
  void deliver(const Parcel& parcel, EndpointIndex /*to*/, TimePoint at,
               Duration /*transit*/) override {
    times_[parcel.cookie] = at - begin_;
  }
  void deliver_transfer(uint64_t /*cookie*/) override {}
  void peer_dropped(EndpointIndex /*from*/, EndpointIndex /*peer*/) override {}
  void peer_writable(EndpointIndex /*from*/, EndpointIndex /*peer*/) override {}

 private:
  static constexpr Duration kLongest = Duration::seconds(10'000);

  const WorldSpec spec_;
  Kernel kernel_;
  std::unique_ptr<Network> network_;
  TimePoint begin_;
  std::vector<Duration> times_;
};

}  // namespace

Result<std::vector<std::vector<Duration>>> measure_transfers(
    const WorldSpec& spec, const std::vector<std::vector<Transfer>>& groups) {
  if (const consensus::Status checked = check_world(spec); !checked) return checked.error();
  return Transfers(spec).measure(groups);
}

}  // namespace govchain::sim
