#include "sim/fuzz/upgrades.h"

#include <algorithm>
#include <vector>

#include "consensus/protocols.h"
#include "sim/fuzz/draft.h"

namespace govchain::sim {
namespace {

using consensus::ProtocolVersion;

class Upgrades {
 public:
  Upgrades(WorldSpec& spec, RandomStream random, Duration chaos)
      : spec_(spec),
        chain_(spec.chains.front()),
        random_(random),
        n_(static_cast<uint32_t>(chain_.replicas.size())),
        chaos_(chaos) {}

  void draw() {
    if (!random_.chance(0.25)) return;
    chain_.engine.genesis.version = ProtocolVersion::k1;
    chain_.software.assign(n_, ProtocolVersion::k1);
    const bool held_back = n_ > 1 && !has_faulty(spec_) && random_.chance(0.15);
    if (held_back) {
      hold_back();
    } else {
      roll_out();
      if (random_.chance(0.25)) go_back();
    }
    ask(held_back);
  }

 private:
  Duration between(Duration low, Duration high) {
    return Duration::nanoseconds(random_.between(low.nanoseconds(), high.nanoseconds()));
  }

  // Stopped, and started again a little later with `version`: before the calm begins.
  void restart(ReplicaIndex replica, ProtocolVersion version, Duration at) {
    FaultSpec fault;
    fault.kind = FaultSpec::Kind::kNewSoftware;
    fault.at = at;
    fault.duration =
        between(Duration::milliseconds(1), std::min(chaos_ - at, Duration::milliseconds(150)));
    fault.group = {replica};
    fault.software = version;
    spec_.faults.push_back(std::move(fault));
  }

  // Replicas get the new software one after the other, some at once, some just before the calm.
  void roll_out() {
    const Duration latest = chaos_ * 9 / 10;
    const bool early = random_.chance(0.5);
    for (ReplicaIndex replica = 0; replica < n_; ++replica) {
      if (random_.chance(0.35)) {
        chain_.software[replica] = ProtocolVersion::k2;
        continue;
      }
      const Duration longest = early && random_.chance(0.7) ? chaos_ / 3 : latest;
      restart(replica, ProtocolVersion::k2, between(Duration::zero(), longest));
    }
  }

  // Somebody's new software is taken back, and put in place again.
  void go_back() {
    const auto replica = static_cast<ReplicaIndex>(random_.below(n_));
    std::erase_if(spec_.faults, [&](const FaultSpec& fault) {
      return fault.kind == FaultSpec::Kind::kNewSoftware && fault.group.front() == replica;
    });
    chain_.software[replica] = ProtocolVersion::k2;
    restart(replica, ProtocolVersion::k1, between(Duration::zero(), chaos_ * 7 / 10));
    const Duration back = spec_.faults.back().at + spec_.faults.back().duration;
    restart(replica, ProtocolVersion::k2, between(back, std::max(back, chaos_ * 95 / 100)));
  }

  // Too few run the new software, whoever of them are counted, and it stays so.
  void hold_back() {
    const consensus::FaultModel faults = consensus::traits_of(chain_.protocol).faults;
    std::vector<uint64_t> weights = chain_.weights;
    if (weights.empty()) weights.assign(n_, 1);
    uint64_t total = 0;
    for (const uint64_t weight : weights) total += weight;
    const uint64_t quorum = consensus::quorum_of(faults, total);
    uint64_t ready = 0;
    for (ReplicaIndex replica = 0; replica < n_; ++replica) {
      if (ready + weights[replica] >= quorum || random_.chance(0.3)) continue;
      ready += weights[replica];
      chain_.software[replica] = ProtocolVersion::k2;
    }
    // Other members could be a quorum of their own.
    std::erase_if(spec_.requests, [](const RequestSpec& request) {
      return request.kind == RequestSpec::Kind::kMembership;
    });
  }

  // Early, in the middle of it, and once all is quiet.
  void ask(bool held_back) {
    const uint64_t wishes = 2 + random_.below(4);
    for (uint64_t i = 0; i < wishes; ++i) {
      wish(between(Duration::zero(), chaos_ * (held_back ? 1 : 2) / 2));
    }
    wish(between(chaos_ / 2, chaos_));
    if (random_.chance(0.7)) wish(chaos_ + Duration::milliseconds(100));
  }

  void wish(Duration at) {
    RequestSpec request;
    request.kind = RequestSpec::Kind::kUpgrade;
    request.at = at;
    request.replica = static_cast<ReplicaIndex>(random_.below(n_));
    request.version = ProtocolVersion::k2;
    spec_.requests.push_back(request);
  }

  WorldSpec& spec_;
  ChainSpec& chain_;
  RandomStream random_;
  uint32_t n_;
  Duration chaos_;
};

}  // namespace

void draw_upgrades(WorldSpec& world, RandomStream random, Duration chaos) {
  Upgrades(world, random, chaos).draw();
}

}  // namespace govchain::sim
