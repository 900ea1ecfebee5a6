// A world's hosts, links and ways, for a simulator of flows.

#include <set>
#include <string>
#include <utility>

#include "sim/network/flow_network.h"
#include "sim/network/routes.h"

namespace govchain::sim {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

// SimGrid keeps a table of hosts times hosts, and each route by itself.
constexpr size_t kMostRoutes = 1U << 20U;

class PlatformMaker {
 public:
  explicit PlatformMaker(const WorldSpec& spec) : spec_(spec), routes_(spec.network) {}

  Result<FlowPlatform> make() {
    platform_.law = law_of(spec_.network.model);
    platform_.hosts = static_cast<uint32_t>(spec_.hosts.size() + spec_.network.places.size());
    add_links();
    for (const ChainSpec& chain : spec_.chains) {
      for (const ReplicaSpec& from : chain.replicas) {
        for (const ReplicaSpec& to : chain.replicas) connect(from.host, to.host);
      }
      if (platform_.routes.size() > kMostRoutes) return too_many();
    }
    const auto places = static_cast<PlaceIndex>(spec_.network.places.size());
    if (size_t{places} * places > kMostRoutes) return too_many();
    for (PlaceIndex from = 0; from < places; ++from) {
      for (PlaceIndex to = 0; to < places; ++to) {
        if (from != to) connect_places(from, to);
      }
    }
    return std::move(platform_);
  }

 private:
  static FlowLaw law_of(NetworkModel model) {
    if (model == NetworkModel::kSimgridUncapped) return FlowLaw::kCm02Uncapped;
    return model == NetworkModel::kSimgridLv08 ? FlowLaw::kLv08 : FlowLaw::kCm02;
  }
  static Error too_many() {
    return {ErrorCode::kUnsupported,
            "more than " + std::to_string(kMostRoutes) +
                " pairs of hosts that talk: SimGrid wants a route for each; use fifo",
            "network.model"};
  }

  // Local links first, then cards out and in, then trunks there and back.
  [[nodiscard]] uint32_t local(PlaceIndex place) const { return place; }
  [[nodiscard]] uint32_t card(HostIndex host, bool in) const {
    return static_cast<uint32_t>(spec_.network.places.size()) + 2 * host + (in ? 1U : 0U);
  }
  [[nodiscard]] uint32_t trunk(TrunkIndex index, bool back) const {
    return static_cast<uint32_t>(spec_.network.places.size() + 2 * spec_.hosts.size()) + 2 * index +
           (back ? 1U : 0U);
  }

  void add_links() {
    const auto add = [this](std::string name, Rate rate, Duration delay) {
      platform_.links.push_back({std::move(name), rate, delay});
    };
    for (size_t i = 0; i < spec_.network.places.size(); ++i) {
      add("local " + std::to_string(i), Rate::unlimited(), spec_.network.places[i].local_delay);
    }
    for (size_t i = 0; i < spec_.hosts.size(); ++i) {
      add("out " + std::to_string(i), spec_.hosts[i].profile.nic, Duration::zero());
      add("in " + std::to_string(i), spec_.hosts[i].profile.nic, Duration::zero());
    }
    for (size_t i = 0; i < spec_.network.trunks.size(); ++i) {
      const TrunkSpec& spec = spec_.network.trunks[i];
      add("trunk " + std::to_string(i), spec.rate, spec.delay);
      add("trunk " + std::to_string(i) + " back", spec.rate, spec.delay);
    }
  }

  void connect(HostIndex from, HostIndex to) {
    if (from == to || !known_.emplace(from, to).second) return;
    const PlaceIndex here = spec_.hosts[from].place;
    const PlaceIndex there = spec_.hosts[to].place;
    if (!routes_.between(here, there).exists) return;
    FlowRoute route{from, to, {card(from, false)}};
    if (here == there) {
      route.links.push_back(local(here));
    } else {
      append_trunks(here, there, route.links);
    }
    route.links.push_back(card(to, true));
    platform_.routes.push_back(std::move(route));
  }

  void connect_places(PlaceIndex from, PlaceIndex to) {
    if (!routes_.between(from, to).exists) return;
    const auto hosts = static_cast<uint32_t>(spec_.hosts.size());
    FlowRoute route{hosts + from, hosts + to, {}};
    append_trunks(from, to, route.links);
    platform_.routes.push_back(std::move(route));
  }

  void append_trunks(PlaceIndex from, PlaceIndex to, std::vector<uint32_t>& links) const {
    PlaceIndex here = from;
    for (const TrunkIndex index : routes_.between(from, to).trunks) {
      links.push_back(trunk(index, spec_.network.trunks[index].a != here));
      here = routes_.other_end(index, here);
    }
  }

  const WorldSpec& spec_;
  Routes routes_;
  FlowPlatform platform_;
  std::set<std::pair<HostIndex, HostIndex>> known_;
};

}  // namespace

Result<FlowPlatform> flow_platform(const WorldSpec& spec) { return PlatformMaker(spec).make(); }

}  // namespace govchain::sim
