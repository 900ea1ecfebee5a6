// A description that contradicts itself is refused before anything is built from it.

#include <algorithm>
#include <string>

#include "consensus/protocols.h"
#include "sim/world_runner.h"

namespace govchain::sim {

using consensus::Status;

namespace {

class Check {
 public:
  // Remembers the first thing that is wrong.
  void require(bool holds, const std::string& where, const std::string& message) {
    if (!holds && !error_)
      error_ = consensus::Error{consensus::ErrorCode::kInvalid, message, where};
  }
  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  [[nodiscard]] Status result() const { return error_ ? Status(*error_) : consensus::success(); }

 private:
  std::optional<consensus::Error> error_;
};

std::string at(const char* list, size_t index, const char* field = "") {
  return std::string(list) + "[" + std::to_string(index) + "]" + field;
}

void check_network(const NetworkSpec& network, Check& check) {
  const size_t places = network.places.size();
  check.require(places > 0, "network.places", "a world has at least one place");
  for (size_t i = 0; i < network.trunks.size(); ++i) {
    const TrunkSpec& trunk = network.trunks[i];
    check.require(trunk.a < places && trunk.b < places && trunk.a != trunk.b,
                  at("network.trunks", i), "a trunk joins two different places that exist");
    check.require(trunk.loss >= 0 && trunk.loss < 1, at("network.trunks", i, ".loss"),
                  "a loss probability is at least 0 and below 1");
    check.require(trunk.delay >= Duration::zero(), at("network.trunks", i, ".delay"),
                  "a delay is not negative");
  }
  check.require(places == 1 || network.routes.size() == places * places, "network.routes",
                "there is one route per pair of places, row by row");
  for (size_t i = 0; check.ok() && i < network.routes.size(); ++i) {
    PlaceIndex here = static_cast<PlaceIndex>(i / places);
    for (const TrunkIndex trunk : network.routes[i]) {
      check.require(trunk < network.trunks.size(), at("network.routes", i), "no such trunk");
      if (!check.ok()) return;
      const TrunkSpec& spec = network.trunks[trunk];
      check.require(spec.a == here || spec.b == here, at("network.routes", i),
                    "each trunk of a route begins where the one before it ends");
      here = spec.a == here ? spec.b : spec.a;
    }
    check.require(network.routes[i].empty() || here == i % places, at("network.routes", i),
                  "the route does not end at its destination");
  }
}

void check_weights(const ChainSpec& chain, size_t index, Check& check) {
  const std::string where = at("chains", index, ".weights");
  check.require(chain.weights.empty() || chain.weights.size() == chain.replicas.size(), where,
                "there is one weight per replica, or none");
  uint64_t total = 0;
  for (const uint64_t weight : chain.weights) {
    check.require(weight <= consensus::kMaxTotalWeight - total, where,
                  "members weigh 2^62 together at most");
    if (!check.ok()) return;
    total += weight;
  }
  check.require(chain.weights.empty() || total > 0, where, "somebody votes");
}

void check_witnesses(const ChainSpec& chain, size_t index, Check& check) {
  const std::string where = at("chains", index, ".witnesses");
  check.require(chain.witnesses.empty() || chain.protocol == consensus::Protocol::kRaft, where,
                "only Raft has witnesses");
  const auto weight_of = [&chain](ReplicaIndex replica) {
    return replica < chain.weights.size() ? chain.weights[replica] : uint64_t{1};
  };
  uint64_t total = 0;
  for (ReplicaIndex i = 0; i < chain.replicas.size(); ++i) total += weight_of(i);
  uint64_t witnesses = 0;
  for (size_t i = 0; i < chain.witnesses.size(); ++i) {
    check.require(chain.witnesses[i] < chain.replicas.size() &&
                      (i == 0 || chain.witnesses[i - 1] < chain.witnesses[i]),
                  where, "witnesses are replicas of the chain, ascending");
    check.require(weight_of(chain.witnesses[i]) > 0, where, "a witness votes");
    witnesses += weight_of(chain.witnesses[i]);
  }
  check.require(witnesses <= total / 2, where, "witnesses carry no more than half of the weight");
}

void check_chains(const WorldSpec& spec, Check& check) {
  constexpr size_t kMaxReplicas = 1U << 12U;  // Transmission::kReceiverBits
  check.require(!spec.chains.empty(), "chains", "a world has at least one chain");
  for (size_t i = 0; i < spec.hosts.size(); ++i) {
    check.require(spec.hosts[i].place < spec.network.places.size(), at("hosts", i, ".place"),
                  "no such place");
    const std::optional<HostIndex> machine = spec.hosts[i].machine;
    check.require(!machine || (*machine < spec.hosts.size() && !spec.hosts[*machine].machine),
                  at("hosts", i, ".machine"), "names a host that has cores of its own");
    check.require(spec.hosts[i].profile.cores > 0, at("hosts", i, ".profile.cores"),
                  "a host has at least one core");
  }
  for (size_t i = 0; i < spec.chains.size(); ++i) {
    const ChainSpec& chain = spec.chains[i];
    check.require(!chain.replicas.empty() && chain.replicas.size() <= kMaxReplicas,
                  at("chains", i, ".replicas"), "a chain has 1 to 4096 replicas");
    for (const ReplicaSpec& replica : chain.replicas) {
      check.require(replica.host < spec.hosts.size(), at("chains", i, ".replicas"), "no such host");
    }
    check.require(
        consensus::supports(consensus::traits_of(chain.protocol), chain.engine.proposal_bodies),
        at("chains", i, ".engine.proposal_bodies"),
        "this protocol's proposals carry their payloads");
    const auto known = [](consensus::ProtocolVersion version) {
      return consensus::is_known_version(consensus::number_of(version));
    };
    check.require(known(chain.engine.genesis.version), at("chains", i, ".engine.genesis.version"),
                  "this build knows the protocol versions " + consensus::known_versions());
    check.require(chain.engine.genesis.version == consensus::kOldestProtocolVersion ||
                      consensus::traits_of(chain.protocol).reconfigures,
                  at("chains", i, ".engine.genesis.version"),
                  "this protocol's engine knows protocol version 1 only");
    check.require(chain.software.empty() || chain.software.size() == chain.replicas.size(),
                  at("chains", i, ".software"), "there is one version per replica, or none");
    check.require(std::all_of(chain.software.begin(), chain.software.end(), known),
                  at("chains", i, ".software"),
                  "this build knows the protocol versions " + consensus::known_versions());
    check_weights(chain, i, check);
    if (!check.ok()) return;
    check_witnesses(chain, i, check);
  }
}

void check_loads(const WorldSpec& spec, Check& check) {
  for (size_t i = 0; i < spec.classes.size(); ++i) {
    check.require(spec.classes[i].service < spec.services.size(), at("classes", i, ".service"),
                  "no such service");
    check.require(spec.classes[i].execution_factor >= 0, at("classes", i, ".execution_factor"),
                  "a cost factor is not negative");
  }
  for (size_t i = 0; i < spec.loads.size(); ++i) {
    const LoadSpec& load = spec.loads[i];
    check.require(load.chain < spec.chains.size(), at("loads", i, ".chain"), "no such chain");
    if (!check.ok()) return;
    check.require(load.ingress < spec.chains[load.chain].replicas.size(),
                  at("loads", i, ".ingress"), "no such replica in this chain");
    if (load.retry) {
      const std::string where = at("loads", i, ".retry");
      check.require(spec.load_mode == LoadMode::kExact, where, "only exact runs have retries");
      check.require(load.retry->after > Duration::zero() && !load.retry->at.empty(), where,
                    "clients ask again after some time, somewhere");
      for (const ReplicaIndex other : load.retry->at) {
        check.require(other < spec.chains[load.chain].replicas.size(), where,
                      "no such replica in this chain");
      }
    }
    check.require(load.clients == 0 ||
                      (load.rate.empty() && !load.retry && spec.load_mode == LoadMode::kExact),
                  at("loads", i, ".clients"),
                  "clients that wait have no rate, ask once, and are of exact runs");
    check.require(load.transaction_class < spec.classes.size(),
                  at("loads", i, ".transaction_class"), "no such class");
    check.require(!load.clients_on || *load.clients_on < spec.hosts.size(),
                  at("loads", i, ".clients_on"), "no such host");
    check.require(load.access_delay >= Duration::zero(), at("loads", i, ".access_delay"),
                  "a delay is not negative");
    Duration before = -Duration::nanoseconds(1);
    for (const RateStep& step : load.rate) {
      check.require(step.from > before, at("loads", i, ".rate"), "steps ascend in time from 0");
      check.require(step.per_second >= 0 && step.per_second <= 1e9, at("loads", i, ".rate"),
                    "a rate is 0 to 1e9 per second");
      before = step.from;
    }
  }
}

void check_faults(const WorldSpec& spec, Check& check) {
  const auto is_replica = [&](ChainIndex chain, ReplicaIndex replica) {
    return chain < spec.chains.size() && replica < spec.chains[chain].replicas.size();
  };
  for (size_t i = 0; i < spec.faults.size(); ++i) {
    const FaultSpec& fault = spec.faults[i];
    check.require(fault.at >= Duration::zero() && fault.duration >= Duration::zero(),
                  at("faults", i), "a fault does not begin or last before zero");
    check.require(fault.chain < spec.chains.size(), at("faults", i, ".chain"), "no such chain");
    for (const ReplicaIndex replica : fault.group) {
      check.require(is_replica(fault.chain, replica), at("faults", i, ".group"),
                    "no such replica in this chain");
    }
    if (fault.kind == FaultSpec::Kind::kTrunkCut) {
      check.require(fault.trunk < spec.network.trunks.size(), at("faults", i, ".trunk"),
                    "no such trunk");
    }
    if (fault.kind == FaultSpec::Kind::kPlaceLoss) {
      check.require(fault.place < spec.network.places.size(), at("faults", i, ".place"),
                    "no such place");
    }
    if (fault.kind == FaultSpec::Kind::kClockDrift) {
      check.require(fault.magnitude > -0.9 && fault.magnitude < 10, at("faults", i, ".magnitude"),
                    "a clock's rate deviates by more than -0.9 and less than 10");
    }
  }
  for (size_t i = 0; i < spec.faults.size(); ++i) {
    const bool cuts = spec.faults[i].kind == FaultSpec::Kind::kTrunkCut ||
                      spec.faults[i].kind == FaultSpec::Kind::kPlaceLoss;
    check.require(!cuts || spec.network.model == NetworkModel::kFifo, at("faults", i, ".kind"),
                  "SimGrid's routes are fixed, so no trunk can fail there; use fifo");
  }
  for (size_t i = 0; i < spec.adversaries.size(); ++i) {
    check.require(is_replica(spec.adversaries[i].chain, spec.adversaries[i].replica),
                  at("adversaries", i), "no such replica in this chain");
  }
  for (size_t i = 0; i < spec.requests.size(); ++i) {
    const RequestSpec& request = spec.requests[i];
    check.require(request.at >= Duration::zero(), at("requests", i, ".at"),
                  "a request is not made before zero");
    check.require(
        is_replica(request.chain, request.replica) && is_replica(request.chain, request.leader),
        at("requests", i), "no such replica in this chain");
    for (const ReplicaIndex voter : request.voters) {
      check.require(is_replica(request.chain, voter), at("requests", i, ".voters"),
                    "no such replica in this chain");
    }
  }
}

// What a replica's threads cost must have been measured, wherever anything was.
void check_measurements(const WorldSpec& spec, Check& check) {
  for (size_t i = 0; i < spec.chains.size(); ++i) {
    const ChainSpec& chain = spec.chains[i];
    const Measurements* last = nullptr;
    for (const ReplicaSpec& replica : chain.replicas) {
      const HostIndex machine = spec.hosts[replica.host].machine.value_or(replica.host);
      const Measurements* const measured = spec.hosts[machine].profile.measurements.get();
      if (measured == nullptr || measured == last) continue;
      last = measured;
      const auto model = ProcessorModel::make(*measured, consensus::traits_of(chain.protocol),
                                              static_cast<uint32_t>(chain.replicas.size()),
                                              chain.scheme, chain.engine.hash);
      check.require(model.ok(), at("hosts", machine, ".profile.measurements"),
                    model.ok() ? "" : model.error().message);
    }
  }
}

}  // namespace

Status check_world(const WorldSpec& spec) {
  Check check;
  check.require(spec.duration > Duration::zero(), "duration", "a run lasts longer than nothing");
  check.require(spec.warmup >= Duration::zero() && spec.warmup < spec.duration, "warmup",
                "the warm-up ends before the run does");
  check.require(spec.cohort_interval > Duration::zero(), "cohort_interval",
                "a cohort's interval is longer than nothing");
  check_network(spec.network, check);
  if (check.ok()) check_chains(spec, check);
  if (check.ok()) check_loads(spec, check);
  if (check.ok()) check_faults(spec, check);
  if (check.ok()) check_measurements(spec, check);
  return check.result();
}

}  // namespace govchain::sim
