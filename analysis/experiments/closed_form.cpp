#include "analysis/experiments/closed_form.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "consensus/protocols.h"
#include "consensus/quorum.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;
using consensus::Protocol;
using sim::HostIndex;
using sim::Rate;

enum class Step : uint8_t {
  kSpread,    // the leader to all
  kGather,    // all to the leader, which needs a quorum
  kExchange,  // all to all, each needs a quorum
};

std::vector<Step> steps_of(const sim::ChainSpec& chain) {
  using enum Step;
  switch (chain.protocol) {
    case Protocol::kRaft:
      return {kSpread, kGather, kSpread};
    case Protocol::kPbft:
    case Protocol::kTendermint:
    case Protocol::kQbft:
      return {kSpread, kExchange, kExchange};
    case Protocol::kHotstuff:
      break;
  }
  std::vector<Step> steps;
  const auto certificates = static_cast<int>(chain.settings.hotstuff.commit_rule);
  for (int i = 0; i < certificates; ++i) {
    steps.push_back(kSpread);
    steps.push_back(kGather);
  }
  steps.push_back(kSpread);
  return steps;
}

class Decision {
 public:
  Decision(const sim::WorldSpec& world, const sim::ChainSpec& chain) : chain_(chain) {
    consensus::Membership members;
    for (uint32_t i = 0; i < chain.replicas.size(); ++i) {
      members.members.push_back({});
      members.members.back().id = consensus::ReplicaId(i);
      members.members.back().weight = chain.weights.empty() ? 1 : chain.weights[i];
      weights_.push_back(members.members.back().weight);
    }
    const consensus::ByzantineQuorum byzantine(members);
    quorum_ = chain.protocol == Protocol::kRaft ? byzantine.total() / 2 + 1 : byzantine.quorum();
    rotates_ = chain.protocol == Protocol::kHotstuff &&
               chain.settings.hotstuff.leader == consensus::hotstuff::LeaderPolicy::kRotating;
    for (const sim::ReplicaSpec& from : chain.replicas) {
      delays_.emplace_back();
      for (const sim::ReplicaSpec& to : chain.replicas) {
        delays_.back().push_back(one_way(world, from.host, to.host));
      }
    }
  }

  [[nodiscard]] bool has_all_ways() const {
    return std::all_of(delays_.begin(), delays_.end(), [](const std::vector<Duration>& row) {
      return std::find(row.begin(), row.end(), Duration::max()) == row.end();
    });
  }

  [[nodiscard]] Duration led_by(size_t leader) const {
    const size_t count = delays_.size();
    std::vector<Duration> times(count);
    for (const Step step : steps_of(chain_)) {
      if (step == Step::kSpread) {
        // What follows something on another way waits for it.
        const Duration sent = times[leader];
        for (size_t i = 0; i < count; ++i) {
          times[i] = std::max(times[i], sent + delays_[leader][i]);
        }
        continue;
      }
      const std::vector<Duration> before = times;
      if (step == Step::kGather && rotates_) leader = (leader + 1) % count;
      for (size_t i = 0; i < count; ++i) {
        if (step == Step::kGather && i != leader) continue;
        // Nobody acts on votes for what it has not seen.
        times[i] = std::max(before[i], quorum_heard_by(i, before));
      }
    }
    std::sort(times.begin(), times.end());
    return times[count / 2];
  }

 private:
  [[nodiscard]] Duration quorum_heard_by(size_t self, const std::vector<Duration>& sent) const {
    std::vector<std::pair<Duration, uint64_t>> heard;
    for (size_t from = 0; from < sent.size(); ++from) {
      heard.emplace_back(sent[from] + delays_[from][self], weights_[from]);
    }
    std::sort(heard.begin(), heard.end());
    uint64_t weight = 0;
    for (const auto& [time, more] : heard) {
      weight += more;
      if (weight >= quorum_) return time;
    }
    return Duration::max();
  }

  const sim::ChainSpec& chain_;
  std::vector<uint64_t> weights_;
  uint64_t quorum_ = 0;
  bool rotates_ = false;
  std::vector<std::vector<Duration>> delays_;
};

const std::vector<sim::TrunkIndex>& route(const sim::NetworkSpec& network, sim::PlaceIndex from,
                                          sim::PlaceIndex to) {
  return network.routes[from * network.places.size() + to];
}

Rate narrower(Rate one, Rate other) {
  if (one.is_unlimited()) return other;
  return other.is_unlimited() ? one : std::min(one, other);
}

}  // namespace

std::optional<DecisionBounds> decision_bounds(const sim::WorldSpec& world, sim::ChainIndex chain) {
  const sim::ChainSpec& spec = world.chains[chain];
  const Decision decision(world, spec);
  if (!decision.has_all_ways()) return std::nullopt;
  DecisionBounds bounds{Duration::max(), Duration::zero()};
  for (size_t leader = 0; leader < spec.replicas.size(); ++leader) {
    const Duration time = decision.led_by(leader);
    bounds.fastest_leader = std::min(bounds.fastest_leader, time);
    bounds.slowest_leader = std::max(bounds.slowest_leader, time);
  }
  return bounds;
}

Duration one_way(const sim::WorldSpec& world, HostIndex from, HostIndex to) {
  const sim::PlaceIndex here = world.hosts[from].place;
  const sim::PlaceIndex there = world.hosts[to].place;
  if (from == to) return Duration::zero();
  if (here == there) return world.network.places[here].local_delay;
  const std::vector<sim::TrunkIndex>& way = route(world.network, here, there);
  if (way.empty()) return Duration::max();
  Duration delay;
  for (const sim::TrunkIndex trunk : way) delay += world.network.trunks[trunk].delay;
  return delay;
}

bool share_narrowest(const sim::WorldSpec& world, HostIndex from, HostIndex to, HostIndex other) {
  const Rate least = narrowest(world, from, to);
  if (narrowest(world, from, other) != least) return false;
  Rate shared = world.hosts[from].profile.nic;
  const sim::PlaceIndex here = world.hosts[from].place;
  if (here != world.hosts[to].place && here != world.hosts[other].place) {
    const std::vector<sim::TrunkIndex>& one = route(world.network, here, world.hosts[to].place);
    const std::vector<sim::TrunkIndex>& two = route(world.network, here, world.hosts[other].place);
    for (size_t i = 0; i < std::min(one.size(), two.size()) && one[i] == two[i]; ++i) {
      shared = narrower(shared, world.network.trunks[one[i]].rate);
    }
  }
  return shared == least;
}

Rate narrowest(const sim::WorldSpec& world, HostIndex from, HostIndex to) {
  Rate least;
  const auto pass = [&least](Rate rate) { least = narrower(least, rate); };
  pass(world.hosts[from].profile.nic);
  pass(world.hosts[to].profile.nic);
  const sim::PlaceIndex here = world.hosts[from].place;
  const sim::PlaceIndex there = world.hosts[to].place;
  if (here != there) {
    for (const sim::TrunkIndex trunk : route(world.network, here, there)) {
      pass(world.network.trunks[trunk].rate);
    }
  }
  return least;
}

}  // namespace govchain::analysis
