#include "sim/fuzz/generator.h"

#include <algorithm>
#include <string>

#include "consensus/protocols.h"
#include "sim/adversary/interceptor.h"
#include "sim/fuzz/raft_leases.h"
#include "sim/fuzz/raft_witnesses.h"
#include "sim/random.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;

// Draws a world part by part. Every part has its own stream, so that a change of one part of the
// generator leaves the others of a seed as they were.
class Generator {
 public:
  Generator(Protocol protocol, uint64_t seed)
      : protocol_(protocol), traits_(consensus::traits_of(protocol)), seed_(seed) {}

  WorldSpec world() {
    draw_shape();
    draw_network();
    draw_hosts();
    draw_chain();
    draw_adversaries();
    if (byzantine()) draw_weights();
    if (traits_.proposes_by_digest) draw_proposal_bodies();
    draw_faults();
    draw_requests();
    if (traits_.reconfigures) draw_corners_of_membership();
    if (protocol_ == Protocol::kRaft) {
      draw_raft_leases(spec_, stream(10), chaos_);
      draw_forgotten_leaders();
      draw_raft_weights(spec_, stream(13), chaos_);
      draw_raft_witnesses(spec_, stream(14), chaos_);
    }
    draw_load();
    spec_.name = "fuzz";
    spec_.seed = seed_;
    spec_.warmup = Duration::zero();
    spec_.duration = chaos_ + spec_.progress_bound + Duration::milliseconds(500);
    return std::move(spec_);
  }

 private:
  [[nodiscard]] RandomStream stream(uint64_t part) const {
    return {seed_, RandomPurpose::kFuzz, (static_cast<uint64_t>(protocol_) << 32U) | part};
  }
  static Duration between(RandomStream& random, Duration low, Duration high) {
    return Duration::nanoseconds(random.between(low.nanoseconds(), high.nanoseconds()));
  }
  [[nodiscard]] bool byzantine() const {
    return traits_.faults == consensus::FaultModel::kByzantine;
  }
  [[nodiscard]] uint32_t faulty() const {
    return static_cast<uint32_t>(consensus::tolerated_faults(traits_.faults, n_));
  }
  ReplicaIndex replica(RandomStream& random) const {
    return static_cast<ReplicaIndex>(random.below(n_));
  }

  // A silent replica keeps its clients' transactions to itself, and a witness takes none, so
  // clients go to others.
  ReplicaIndex honest_replica(RandomStream& random) const {
    const std::vector<ReplicaIndex>& witnesses = spec_.chains.front().witnesses;
    ReplicaIndex chosen = replica(random);
    while (is_adversary(chosen) || std::binary_search(witnesses.begin(), witnesses.end(), chosen)) {
      chosen = (chosen + 1) % n_;
    }
    return chosen;
  }

  void draw_shape() {
    RandomStream random = stream(1);
    // Four (or three and five) replicas find most defects at the least cost.
    if (random.chance(0.6)) {
      n_ = byzantine() ? 4 : (random.chance(0.6) ? 3 : 5);
    } else {
      n_ = static_cast<uint32_t>(random.chance(0.7) ? random.between(1, 7) : random.between(8, 13));
    }
    places_ = static_cast<uint32_t>(random.chance(0.6) ? 1 : random.between(2, 3));
    chaos_ = between(random, Duration::milliseconds(800), Duration::milliseconds(3'000));
  }

  void draw_network() {
    RandomStream random = stream(2);
    NetworkSpec& network = spec_.network;
    for (uint32_t i = 0; i < places_; ++i) {
      PlaceSpec place;
      place.name = "place " + std::to_string(i);
      place.local_delay = between(random, Duration::microseconds(20), Duration::milliseconds(2));
      if (random.chance(0.5)) {
        place.local_jitter = {Jitter::Kind::kExponential,
                              between(random, Duration::zero(), Duration::milliseconds(4)), 0};
      }
      network.places.push_back(place);
    }
    network.routes.resize(size_t{places_} * places_);
    for (PlaceIndex a = 0; a < places_; ++a) {
      for (PlaceIndex b = a + 1; b < places_; ++b) {
        const auto trunk = static_cast<TrunkIndex>(network.trunks.size());
        network.trunks.push_back(
            {"trunk " + std::to_string(a) + "-" + std::to_string(b), a, b,
             Rate::bits_per_second(1'000'000 * random.below(1'000)),
             between(random, Duration::milliseconds(1), Duration::milliseconds(15)),
             random.chance(0.2) ? 0.01 : 0});
        network.routes[size_t{a} * places_ + b] = {trunk};
        network.routes[size_t{b} * places_ + a] = {trunk};
      }
    }
    if (random.chance(0.5)) {
      network.jitter = {Jitter::Kind::kExponential,
                        between(random, Duration::zero(), Duration::milliseconds(8)), 0};
    }
    network.retransmission_timeout = Duration::milliseconds(50);
  }

  void draw_hosts() {
    RandomStream random = stream(3);
    MachineProfile profile = free_machine();
    profile.id = "fuzz";
    profile.cores = static_cast<uint32_t>(random.between(1, 4));
    if (random.chance(0.7)) {
      profile.nic =
          Rate::bits_per_second(1'000'000 * static_cast<uint64_t>(random.between(20, 2'000)));
      profile.costs.message_receive = between(random, Duration::zero(), Duration::microseconds(50));
      profile.costs.message_send = between(random, Duration::zero(), Duration::microseconds(50));
      profile.costs.sign = between(random, Duration::zero(), Duration::microseconds(200));
      profile.costs.verify = between(random, Duration::zero(), Duration::microseconds(200));
      profile.costs.execute_transaction =
          between(random, Duration::zero(), Duration::microseconds(300));
    }
    // Slow disks keep the gap open in which a replica has decided but not yet remembered.
    profile.disk.sync = random.chance(0.2)
                            ? Duration::zero()
                            : between(random, Duration::microseconds(50),
                                      Duration::milliseconds(random.chance(0.3) ? 30 : 5));
    const bool shared = random.chance(0.1);
    const uint32_t hosts = shared ? std::max(1U, n_ / 2) : n_;
    for (uint32_t i = 0; i < hosts; ++i) {
      spec_.hosts.push_back({"host " + std::to_string(i), i % places_, profile});
    }
  }

  void draw_chain() {
    RandomStream random = stream(4);
    ChainSpec chain;
    chain.name = "chain";
    chain.protocol = protocol_;
    for (uint32_t i = 0; i < n_; ++i) {
      chain.replicas.push_back({host_of(i)});
    }
    consensus::EngineConfig& engine = chain.engine;
    engine.max_block_transactions = static_cast<uint32_t>(random.between(1, 12));
    engine.max_block_bytes = Bytes(static_cast<uint64_t>(random.between(1'000, 20'000)));
    engine.batch_delay = between(random, Duration::zero(), Duration::milliseconds(40));
    engine.max_in_flight = static_cast<uint32_t>(random.between(1, 8));
    engine.base_timeout = between(random, Duration::milliseconds(150), Duration::milliseconds(350));
    engine.max_timeout = engine.base_timeout * random.between(2, 4);
    engine.checkpoint_interval = static_cast<uint64_t>(random.between(1, 12));
    engine.retained_blocks = static_cast<uint64_t>(random.between(1, 24));
    engine.mempool_limit = Bytes(1U << 20U);
    if (byzantine())
      engine.max_timeout = std::max(engine.max_timeout, view_change_time(engine) * 2);
    consensus::raft::RaftConfig& raft = chain.settings.raft;
    raft.heartbeat = engine.base_timeout / 4;
    raft.max_append_messages = static_cast<uint32_t>(random.between(1, 16));
    raft.cached_blocks = static_cast<uint32_t>(random.between(1, 32));
    // As many as f leaders in a row may be faulty, and replicas may start a calm period in
    // different views with grown timeouts.
    const int64_t rounds = byzantine() ? 2 * int64_t{faulty()} + 4 : 8;
    spec_.progress_bound = engine.max_timeout * rounds + Duration::milliseconds(1'500);
    // One that only learns must not lower the number of liars that are tolerated.
    const bool spare =
        !byzantine() || consensus::tolerated_faults(traits_.faults, n_ - 1) == faulty();
    if (traits_.reconfigures && random.chance(0.3) && n_ > 2 && spare) {
      chain.weights.assign(n_, 1);
      chain.weights[n_ - 1] = 0;
    }
    if (protocol_ == Protocol::kHotstuff) draw_hotstuff(chain.settings.hotstuff);
    spec_.chains.push_back(std::move(chain));
  }

  void draw_hotstuff(consensus::hotstuff::HotstuffConfig& settings) {
    RandomStream random = stream(11);
    using namespace consensus::hotstuff;
    if (random.chance(0.3)) settings.commit_rule = CommitRule::kThreeChain;
    if (random.chance(0.3)) settings.leader = LeaderPolicy::kStable;
    if (random.chance(0.2)) settings.views_per_leader = static_cast<uint64_t>(random.between(2, 6));
  }

  [[nodiscard]] uint64_t replicas_at(PlaceIndex place) const {
    uint64_t count = 0;
    for (uint32_t i = 0; i < n_; ++i) count += spec_.hosts[host_of(i)].place == place ? 1 : 0;
    return count;
  }
  [[nodiscard]] HostIndex host_of(uint32_t replica) const {
    return static_cast<HostIndex>(replica % spec_.hosts.size());
  }

  // A Byzantine protocol is live only where timeouts may outgrow delays (PBFT: OSDI'99 §4.5.2), so
  // who runs it on a narrow link sets the largest timeout above what a view change takes there,
  // twice: those for the view before may still be in the queue. This is the time of one over the
  // narrowest trunk: from every replica at one end to every replica at the other, with a proof by a
  // quorum for each height of the window.
  [[nodiscard]] Duration view_change_time(const consensus::EngineConfig& engine) const {
    constexpr uint64_t kHeader = 200;
    constexpr uint64_t kProof = 180;
    constexpr uint64_t kSignature = 68;
    const uint64_t window = 2 * engine.checkpoint_interval + engine.max_in_flight;
    const uint64_t size = kHeader + window * (kProof + kSignature * (n_ - faulty()));
    Duration longest;
    for (const TrunkSpec& trunk : spec_.network.trunks) {
      if (trunk.rate.is_unlimited()) continue;
      const uint64_t copies = replicas_at(trunk.a) * replicas_at(trunk.b);
      longest = std::max(longest, trunk.rate.time_for(Bytes(copies * size)));
    }
    return longest;
  }

  void draw_adversaries() {
    RandomStream random = stream(5);
    const double share = byzantine() ? 0.5 : 0.15;
    if (faulty() == 0 || !random.chance(share)) return;
    const uint64_t count = 1 + random.below(faulty());
    // The first views are led by the first replicas: most adversaries shall get to lead.
    ReplicaIndex next = static_cast<ReplicaIndex>(random.chance(0.7) ? 0 : random.below(n_));
    for (uint64_t i = 0; i < count; ++i) {
      AdversarySpec adversary;
      adversary.kind = adversary_kind(random);
      adversary.replica = next;
      next = (next + 1) % n_;
      adversary.from = random.chance(0.5) ? Duration::zero() : between(random, {}, chaos_);
      spec_.adversaries.push_back(adversary);
    }
    if (applies(AdversarySpec::Kind::kHidingPrimary, protocol_)) draw_hiding_primaries();
  }

  [[nodiscard]] bool is_adversary(ReplicaIndex replica) const {
    return std::any_of(
        spec_.adversaries.begin(), spec_.adversaries.end(),
        [&](const AdversarySpec& adversary) { return adversary.replica == replica; });
  }
  // Whether the protocol bears this world's adversaries when these replicas vote.
  [[nodiscard]] bool bears_adversaries(const std::vector<uint64_t>& weights) const {
    uint64_t total = 0;
    uint64_t faulty = 0;
    for (ReplicaIndex i = 0; i < n_; ++i) {
      total += weights[i];
      if (is_adversary(i)) faulty += weights[i];
    }
    return faulty <= consensus::tolerated_faults(traits_.faults, total);
  }

  void draw_proposal_bodies() {
    RandomStream random = stream(12);
    if (!random.chance(0.25)) return;
    spec_.chains.front().engine.proposal_bodies = consensus::ProposalBodies::kByDigest;
  }

  // A ministry may carry more weight than a county.
  void draw_weights() {
    RandomStream random = stream(11);
    if (!random.chance(0.15)) return;
    std::vector<uint64_t> weights;
    for (ReplicaIndex i = 0; i < n_; ++i) weights.push_back(1 + random.below(4));
    if (bears_adversaries(weights)) spec_.chains.front().weights = std::move(weights);
  }

  // In some worlds all adversaries conspire to make a new view forget what an honest first primary
  // has committed, which is lost just then.
  void draw_hiding_primaries() {
    RandomStream random = stream(9);
    if (!random.chance(0.2)) return;
    ReplicaIndex next = 1;
    for (AdversarySpec& adversary : spec_.adversaries) {
      adversary.kind = AdversarySpec::Kind::kHidingPrimary;
      adversary.replica = next++;
      adversary.from = Duration::zero();
    }
  }

  AdversarySpec::Kind adversary_kind(RandomStream& random) const {
    if (!byzantine()) {
      return random.chance(0.5) ? AdversarySpec::Kind::kSilentLeader
                                : AdversarySpec::Kind::kMalformedSender;
    }
    return static_cast<AdversarySpec::Kind>(random.below(5));
  }

  void draw_faults() {
    RandomStream random = stream(6);
    const uint64_t count = random.chance(0.1) ? 0 : 1 + random.below(random.chance(0.3) ? 12 : 5);
    for (uint64_t i = 0; i < count; ++i) spec_.faults.push_back(draw_fault(random));
    std::stable_sort(spec_.faults.begin(), spec_.faults.end(),
                     [](const FaultSpec& a, const FaultSpec& b) { return a.at < b.at; });
  }

  FaultSpec draw_fault(RandomStream& random) {
    FaultSpec fault;
    fault.kind = fault_kind(random);
    fault.at = between(random, Duration::zero(), chaos_ * 9 / 10);
    // Everything is over when the calm begins.
    const Duration longest = chaos_ - fault.at;
    fault.duration = random.chance(0.5) ? between(random, Duration::milliseconds(1), longest)
                                        : between(random, Duration::milliseconds(1),
                                                  std::min(longest, Duration::milliseconds(200)));
    fault.group = {replica(random)};
    switch (fault.kind) {
      case FaultSpec::Kind::kCrashAtPersist:
      case FaultSpec::Kind::kTornTail:
        fault.count = 1 + random.below(random.chance(0.5) ? 4 : 40);
        break;
      case FaultSpec::Kind::kClockDrift:
        fault.magnitude = (random.uniform() - 0.5) * (random.chance(0.3) ? 1.0 : 0.1);
        break;
      case FaultSpec::Kind::kPartition:
        draw_group(random, fault);
        break;
      case FaultSpec::Kind::kLoss:
        fault.magnitude = random.chance(0.3) ? 0.6 * random.uniform() : 0.1 * random.uniform();
        break;
      case FaultSpec::Kind::kDuplicate:
        fault.magnitude = 0.5 * random.uniform();
        break;
      case FaultSpec::Kind::kReorder:
        fault.magnitude = 0.5 * random.uniform();
        fault.spread = between(random, Duration::milliseconds(1), Duration::milliseconds(150));
        break;
      case FaultSpec::Kind::kTrunkCut:
        fault.trunk = static_cast<TrunkIndex>(random.below(spec_.network.trunks.size()));
        break;
      case FaultSpec::Kind::kPlaceLoss:
        fault.place = static_cast<PlaceIndex>(random.below(places_));
        break;
      case FaultSpec::Kind::kSlowDisk:
        fault.magnitude = static_cast<double>(random.between(2, 60));
        break;
      case FaultSpec::Kind::kCrash:
      case FaultSpec::Kind::kPause:
      case FaultSpec::Kind::kDiskFull:
        break;
    }
    return fault;
  }

  FaultSpec::Kind fault_kind(RandomStream& random) const {
    constexpr FaultSpec::Kind kLast = FaultSpec::Kind::kSlowDisk;
    // Crashes and partitions are what protocols are most often wrong about.
    if (random.chance(0.35)) {
      constexpr FaultSpec::Kind kLikely[] = {
          FaultSpec::Kind::kCrash, FaultSpec::Kind::kCrashAtPersist, FaultSpec::Kind::kPartition};
      return kLikely[random.below(3)];
    }
    const auto kind = static_cast<FaultSpec::Kind>(random.below(static_cast<uint64_t>(kLast) + 1));
    if (kind == FaultSpec::Kind::kTrunkCut && spec_.network.trunks.empty()) {
      return FaultSpec::Kind::kPartition;
    }
    return kind;
  }

  void draw_group(RandomStream& random, FaultSpec& fault) const {
    fault.group.clear();
    for (ReplicaIndex i = 0; i < n_; ++i) {
      if (random.chance(0.5)) fault.group.push_back(i);
    }
    if (fault.group.empty()) fault.group.push_back(replica(random));
  }

  void draw_requests() {
    RandomStream random = stream(7);
    if (random.chance(0.5)) {
      const uint64_t reads = random.below(20);
      for (uint64_t i = 0; i < reads; ++i) {
        RequestSpec request;
        request.at = between(random, {}, chaos_ + Duration::milliseconds(500));
        request.replica = replica(random);
        spec_.requests.push_back(request);
      }
    }
    if (!traits_.reconfigures || n_ < 2) return;
    if (byzantine()) {
      if (random.chance(0.4)) draw_byzantine_changes(random);
      return;
    }
    if (random.chance(0.3)) draw_membership_changes(random);
    if (random.chance(0.3)) {
      RequestSpec request;
      request.kind = RequestSpec::Kind::kLeaderTransfer;
      request.at = between(random, {}, chaos_);
      request.replica = replica(random);
      request.leader = replica(random);
      spec_.requests.push_back(request);
    }
  }

  void draw_byzantine_changes(RandomStream& random) {
    const uint64_t changes = 1 + random.below(4);
    for (uint64_t i = 0; i < changes; ++i) {
      RequestSpec request;
      request.kind = RequestSpec::Kind::kMembership;
      request.at = between(random, {}, chaos_);
      std::vector<uint64_t> weights(n_, 0);
      const std::vector<uint64_t>& genesis = spec_.chains.front().weights;
      for (ReplicaIndex voter = 0; voter < n_; ++voter) {
        if (!random.chance(0.75)) continue;
        weights[voter] = genesis.empty() ? 1 : std::max<uint64_t>(genesis[voter], 1);
      }
      for (ReplicaIndex voter = 0; voter < n_ && !bears_adversaries(weights); ++voter) {
        if (is_adversary(voter)) weights[voter] = 0;
      }
      for (ReplicaIndex voter = 0; voter < n_; ++voter) {
        if (weights[voter] > 0) request.voters.push_back(voter);
      }
      if (request.voters.empty()) request.voters.push_back(honest_replica(random));
      spec_.requests.push_back(request);
    }
  }

  void draw_membership_changes(RandomStream& random) {
    const uint64_t changes = 1 + random.below(4);
    for (uint64_t i = 0; i < changes; ++i) {
      RequestSpec request;
      request.kind = RequestSpec::Kind::kMembership;
      request.at = between(random, {}, chaos_);
      request.replica = replica(random);
      for (ReplicaIndex voter = 0; voter < n_; ++voter) {
        // A silent adversary votes for nobody: it must not become a majority of few.
        if (!spec_.adversaries.empty() || random.chance(0.6)) request.voters.push_back(voter);
      }
      if (request.voters.empty()) request.voters.push_back(replica(random));
      spec_.requests.push_back(request);
    }
  }

  // What a replica must not do while it is cut off or stood still without knowing: answer reads,
  // and let its side alone become the membership.
  void draw_corners_of_membership() {
    // Adversaries that conspire have drawn from stream 9.
    RandomStream random = stream(byzantine() ? 10 : 9);
    const Duration timeout = spec_.chains.front().engine.base_timeout;
    for (const FaultSpec& fault : spec_.faults) {
      const bool partition = fault.kind == FaultSpec::Kind::kPartition;
      if (!partition && fault.kind != FaultSpec::Kind::kPause) continue;
      const auto one_of_them = [&] { return fault.group[random.below(fault.group.size())]; };
      const uint64_t reads = random.chance(0.5) ? 1 + random.below(8) : 0;
      for (uint64_t i = 0; i < reads; ++i) {
        RequestSpec request;
        // From one timeout after the cut somebody else may lead, and after two the old leader has
        // stepped down; whoever stood still finds out when it goes on.
        request.at = fault.at + (partition ? between(random, timeout, timeout * 9 / 4)
                                           : between(random, fault.duration / 2, fault.duration));
        request.replica = partition ? replica(random) : one_of_them();
        spec_.requests.push_back(request);
      }
      if (!partition || !spec_.adversaries.empty() || !random.chance(0.3)) continue;
      RequestSpec request;
      request.kind = RequestSpec::Kind::kMembership;
      request.at = fault.at + between(random, Duration::zero(), timeout / 2);
      request.replica = one_of_them();
      request.voters = fault.group;
      spec_.requests.push_back(request);
    }
  }

  void draw_forgotten_leaders() {
    RandomStream random = stream(11);
    consensus::raft::RaftConfig& raft = spec_.chains.front().settings.raft;
    raft.catch_up_before_voting = random.chance(0.7);
    if (!random.chance(0.3)) return;
    const uint64_t requests = 1 + random.below(4);
    for (uint64_t i = 0; i < requests; ++i) {
      RequestSpec request;
      request.kind = RequestSpec::Kind::kForgetLeader;
      request.at = between(random, {}, chaos_);
      request.replica = replica(random);
      spec_.requests.push_back(request);
    }
  }

  void draw_load() {
    RandomStream random = stream(8);
    spec_.services = {"service"};
    TransactionClass kind;
    kind.name = "transaction";
    kind.payload = Bytes(static_cast<uint64_t>(random.between(16, 400)));
    spec_.classes.push_back(kind);
    const uint64_t ingresses = 1 + random.below(std::min(n_, 3U));
    const double rate = static_cast<double>(random.between(8, 40));
    for (uint64_t i = 0; i < ingresses; ++i) {
      LoadSpec load;
      load.ingress = honest_replica(random);
      const double share = rate / static_cast<double>(ingresses);
      // A little load in the calm, after the system has settled, must be ordered too.
      const Duration settled = chaos_ + spec_.progress_bound / 2;
      load.rate = {{Duration::zero(), share},
                   {chaos_ + Duration::milliseconds(300), 0},
                   {settled, share},
                   {settled + Duration::milliseconds(150), 0}};
      load.until = settled + Duration::milliseconds(150);
      spec_.loads.push_back(std::move(load));
    }
  }

  Protocol protocol_;
  const consensus::ProtocolTraits& traits_;
  uint64_t seed_;
  WorldSpec spec_;
  uint32_t n_ = 0;
  uint32_t places_ = 1;
  Duration chaos_;
};

}  // namespace

WorldSpec generate_world(Protocol protocol, uint64_t seed) {
  return Generator(protocol, seed).world();
}

}  // namespace govchain::sim
