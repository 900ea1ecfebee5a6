#include "sim/fuzz/generator.h"

#include <algorithm>

#include "sim/fuzz/conspiracies.h"
#include "sim/fuzz/draft.h"
#include "sim/fuzz/faults.h"
#include "sim/fuzz/laggards.h"
#include "sim/fuzz/machines.h"
#include "sim/fuzz/raft_leases.h"
#include "sim/fuzz/raft_witnesses.h"
#include "sim/fuzz/requests.h"
#include "sim/fuzz/upgrades.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;

void draw_shape(Draft& draft) {
  RandomStream random = draft.stream(1);
  // Four (or three and five) replicas find most defects at the least cost.
  if (random.chance(0.6)) {
    draft.n = draft.byzantine() ? 4 : (random.chance(0.6) ? 3 : 5);
  } else {
    draft.n =
        static_cast<uint32_t>(random.chance(0.7) ? random.between(1, 7) : random.between(8, 13));
  }
  draft.places = static_cast<uint32_t>(random.chance(0.6) ? 1 : random.between(2, 3));
  draft.chaos = between(random, Duration::milliseconds(800), Duration::milliseconds(3'000));
}

uint64_t replicas_at(const Draft& draft, PlaceIndex place) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < draft.n; ++i)
    count += draft.world.hosts[draft.host_of(i)].place == place ? 1 : 0;
  return count;
}

// A Byzantine protocol is live only where timeouts may outgrow delays (PBFT: OSDI'99 §4.5.2), so
// who runs it on a narrow link sets the largest timeout above what a view change takes there,
// twice: those for the view before may still be in the queue. This is the time of one over the
// narrowest trunk: from every replica at one end to every replica at the other, with a proof by a
// quorum for each height of the window.
Duration view_change_time(const Draft& draft, const consensus::EngineConfig& engine) {
  constexpr uint64_t kHeader = 200;
  constexpr uint64_t kProof = 180;
  constexpr uint64_t kSignature = 68;
  const uint64_t window = 2 * engine.checkpoint_interval + engine.max_in_flight;
  const uint64_t size = kHeader + window * (kProof + kSignature * (draft.n - draft.faulty()));
  Duration longest;
  for (const TrunkSpec& trunk : draft.world.network.trunks) {
    if (trunk.rate.is_unlimited()) continue;
    const uint64_t copies = replicas_at(draft, trunk.a) * replicas_at(draft, trunk.b);
    longest = std::max(longest, trunk.rate.time_for(Bytes(copies * size)));
  }
  return longest;
}

void draw_hotstuff(const Draft& draft, consensus::hotstuff::HotstuffConfig& settings) {
  RandomStream random = draft.stream(11);
  using namespace consensus::hotstuff;
  if (random.chance(0.3)) settings.commit_rule = CommitRule::kThreeChain;
  if (random.chance(0.3)) settings.leader = LeaderPolicy::kStable;
  // Fewer views in a row than the rule needs, and one more for the last certificate, are no use
  // where leaders alternate and every other one is gone (consensus/hotstuff/README.md).
  const auto least = static_cast<int64_t>(settings.commit_rule) + 1;
  if (random.chance(0.2)) {
    settings.views_per_leader = static_cast<uint64_t>(random.between(least, 6));
  }
}

void draw_chain(Draft& draft) {
  RandomStream random = draft.stream(4);
  ChainSpec chain;
  chain.name = "chain";
  chain.protocol = draft.protocol;
  for (uint32_t i = 0; i < draft.n; ++i) {
    chain.replicas.push_back({draft.host_of(i)});
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
  if (draft.byzantine())
    engine.max_timeout = std::max(engine.max_timeout, view_change_time(draft, engine) * 2);
  consensus::raft::RaftConfig& raft = chain.settings.raft;
  raft.heartbeat = engine.base_timeout / 4;
  raft.max_append_messages = static_cast<uint32_t>(random.between(1, 16));
  raft.cached_blocks = static_cast<uint32_t>(random.between(1, 32));
  // As many as f leaders in a row may be faulty, and replicas may start a calm period in
  // different views with grown timeouts.
  const int64_t rounds = draft.byzantine() ? 2 * int64_t{draft.faulty()} + 4 : 8;
  draft.world.progress_bound = engine.max_timeout * rounds + Duration::milliseconds(1'500);
  // One that only learns must not lower the number of liars that are tolerated.
  const bool spare = !draft.byzantine() || consensus::tolerated_faults(
                                               draft.traits.faults, draft.n - 1) == draft.faulty();
  if (draft.traits.reconfigures && random.chance(0.3) && draft.n > 2 && spare) {
    chain.weights.assign(draft.n, 1);
    chain.weights[draft.n - 1] = 0;
  }
  if (draft.protocol == Protocol::kHotstuff) draw_hotstuff(draft, chain.settings.hotstuff);
  draft.world.chains.push_back(std::move(chain));
}

// A ministry may carry more weight than a county.
void draw_weights(Draft& draft) {
  RandomStream random = draft.stream(11);
  if (!random.chance(0.15)) return;
  std::vector<uint64_t> weights;
  for (ReplicaIndex i = 0; i < draft.n; ++i) weights.push_back(1 + random.below(4));
  if (draft.bears_faulty(weights)) draft.world.chains.front().weights = std::move(weights);
}

void draw_proposal_bodies(Draft& draft) {
  RandomStream random = draft.stream(12);
  consensus::ProposalBodies& bodies = draft.engine().proposal_bodies;
  if (random.chance(0.25)) {
    bodies = consensus::ProposalBodies::kByDigest;
  } else if (draft.traits.proposes_certified && random.chance(0.3)) {
    bodies = consensus::ProposalBodies::kCertified;
    draw_withholding_origins(draft);
  }
  if (bodies != consensus::ProposalBodies::kCarried) {
    draft.engine().genesis.version = consensus::kProposalsByDigestSince;
  }
}

void draw_forgotten_leaders(Draft& draft) {
  RandomStream random = draft.stream(11);
  consensus::raft::RaftConfig& raft = draft.world.chains.front().settings.raft;
  raft.catch_up_before_voting = random.chance(0.7);
  if (!random.chance(0.3)) return;
  const uint64_t requests = 1 + random.below(4);
  for (uint64_t i = 0; i < requests; ++i) {
    RequestSpec request;
    request.kind = RequestSpec::Kind::kForgetLeader;
    request.at = between(random, {}, draft.chaos);
    request.replica = draft.replica(random);
    draft.world.requests.push_back(request);
  }
}

void draw_load(Draft& draft) {
  RandomStream random = draft.stream(8);
  draft.world.services = {"service"};
  TransactionClass kind;
  kind.name = "transaction";
  kind.payload = Bytes(static_cast<uint64_t>(random.between(16, 400)));
  draft.world.classes.push_back(kind);
  const uint64_t ingresses = 1 + random.below(std::min(draft.n, 3U));
  const double rate = static_cast<double>(random.between(8, 40));
  for (uint64_t i = 0; i < ingresses; ++i) {
    LoadSpec load;
    load.ingress = draft.honest_replica(random);
    const double share = rate / static_cast<double>(ingresses);
    // A little load in the calm, after the system has settled, must be ordered too.
    const Duration settled = draft.chaos + draft.world.progress_bound / 2;
    load.rate = {{Duration::zero(), share},
                 {draft.chaos + Duration::milliseconds(300), 0},
                 {settled, share},
                 {settled + Duration::milliseconds(150), 0}};
    load.until = settled + Duration::milliseconds(150);
    draft.late_load_ends = load.until;
    draft.world.loads.push_back(std::move(load));
  }
}

// Clients who lose patience ask elsewhere: too early, all at once, or when it has been ordered. All
// they send travels as often, and a narrow link might have no room for that.
void draw_retries(Draft& draft) {
  RandomStream random = draft.stream(26);
  if (draft.has_narrow_trunk() || !random.chance(0.3)) return;
  for (LoadSpec& load : draft.world.loads) {
    if (!random.chance(0.7)) continue;
    RetrySpec retry;
    const Duration longest = random.chance(0.5) ? Duration::milliseconds(100) : draft.chaos;
    retry.after = between(random, Duration::milliseconds(1), longest);
    const uint64_t others = 1 + random.below(3);
    for (uint64_t i = 0; i < others; ++i) retry.at.push_back(draft.honest_replica(random));
    retry.missed = 0.25;
    load.retry = std::move(retry);
  }
}

}  // namespace

WorldSpec generate_world(Protocol protocol, uint64_t seed, uint32_t replicas) {
  GOVCHAIN_ASSERT(replicas <= kMostFuzzedReplicas);
  Draft draft(protocol, seed);
  draw_shape(draft);
  if (replicas != 0) draft.n = replicas;
  draw_network(draft);
  draw_hosts(draft);
  draw_chain(draft);
  draw_adversaries(draft);
  draw_rot(draft);
  if (draft.byzantine()) draw_weights(draft);
  if (draft.traits.proposes_by_digest) draw_proposal_bodies(draft);
  draw_faults(draft);
  draw_laggards(draft);
  draw_deaf_and_clogged(draft);
  if (draft.byzantine()) draw_subtler_adversaries(draft);
  draw_requests(draft);
  if (draft.traits.reconfigures) draw_corners_of_membership(draft);
  if (protocol == Protocol::kRaft) {
    draw_raft_leases(draft.world, draft.stream(10), draft.chaos);
    draw_forgotten_leaders(draft);
    draw_raft_weights(draft.world, draft.stream(13), draft.chaos);
    draw_raft_witnesses(draft.world, draft.stream(14), draft.chaos);
  }
  if (draft.traits.reconfigures) draw_upgrades(draft.world, draft.stream(22), draft.chaos);
  draw_load(draft);
  draw_removals(draft);
  draw_retries(draft);
  WorldSpec& world = draft.world;
  world.name = "fuzz";
  world.seed = seed;
  world.warmup = Duration::zero();
  // Long enough for whoever passes the late load over to be found out.
  world.duration = draft.late_load_ends + world.progress_bound + Duration::milliseconds(500);
  return std::move(world);
}

}  // namespace govchain::sim
