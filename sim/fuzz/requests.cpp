#include "sim/fuzz/requests.h"

#include <algorithm>

namespace govchain::sim {
namespace {

void draw_byzantine_changes(Draft& draft, RandomStream& random) {
  const uint64_t changes = 1 + random.below(4);
  for (uint64_t i = 0; i < changes; ++i) {
    RequestSpec request;
    request.kind = RequestSpec::Kind::kMembership;
    request.at = between(random, {}, draft.chaos);
    std::vector<uint64_t> weights(draft.n, 0);
    const std::vector<uint64_t>& genesis = draft.world.chains.front().weights;
    for (ReplicaIndex voter = 0; voter < draft.n; ++voter) {
      if (!random.chance(0.75)) continue;
      weights[voter] = genesis.empty() ? 1 : std::max<uint64_t>(genesis[voter], 1);
    }
    for (ReplicaIndex voter = 0; voter < draft.n && !draft.bears_faulty(weights); ++voter) {
      if (draft.is_faulty(voter)) weights[voter] = 0;
    }
    for (ReplicaIndex voter = 0; voter < draft.n; ++voter) {
      if (weights[voter] > 0) request.voters.push_back(voter);
    }
    if (request.voters.empty()) request.voters.push_back(draft.honest_replica(random));
    draft.world.requests.push_back(request);
  }
}

void draw_membership_changes(Draft& draft, RandomStream& random) {
  const uint64_t changes = 1 + random.below(4);
  for (uint64_t i = 0; i < changes; ++i) {
    RequestSpec request;
    request.kind = RequestSpec::Kind::kMembership;
    request.at = between(random, {}, draft.chaos);
    request.replica = draft.replica(random);
    for (ReplicaIndex voter = 0; voter < draft.n; ++voter) {
      // Who votes for nobody must not become a majority of few.
      if (has_faulty(draft.world) || random.chance(0.6)) request.voters.push_back(voter);
    }
    if (request.voters.empty()) request.voters.push_back(draft.replica(random));
    draft.world.requests.push_back(request);
  }
}

}  // namespace

void draw_requests(Draft& draft) {
  RandomStream random = draft.stream(7);
  if (random.chance(0.5)) {
    const uint64_t reads = random.below(20);
    for (uint64_t i = 0; i < reads; ++i) {
      RequestSpec request;
      request.at = between(random, {}, draft.chaos + Duration::milliseconds(500));
      request.replica = draft.replica(random);
      draft.world.requests.push_back(request);
    }
  }
  if (!draft.traits.reconfigures || draft.n < 2) return;
  if (draft.byzantine()) {
    if (random.chance(0.4)) draw_byzantine_changes(draft, random);
    return;
  }
  if (random.chance(0.3)) draw_membership_changes(draft, random);
  if (random.chance(0.3)) {
    RequestSpec request;
    request.kind = RequestSpec::Kind::kLeaderTransfer;
    request.at = between(random, {}, draft.chaos);
    request.replica = draft.replica(random);
    request.leader = draft.replica(random);
    draft.world.requests.push_back(request);
  }
}

// What a replica must not do while it is cut off or stood still without knowing: answer reads,
// and let its side alone become the membership.
void draw_corners_of_membership(Draft& draft) {
  // Adversaries that conspire have drawn from stream 9.
  RandomStream random = draft.stream(draft.byzantine() ? 10 : 9);
  const Duration timeout = draft.engine().base_timeout;
  for (const FaultSpec& fault : draft.world.faults) {
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
      request.replica = partition ? draft.replica(random) : one_of_them();
      draft.world.requests.push_back(request);
    }
    if (!partition || has_faulty(draft.world) || !random.chance(0.3)) continue;
    RequestSpec request;
    request.kind = RequestSpec::Kind::kMembership;
    request.at = fault.at + between(random, Duration::zero(), timeout / 2);
    request.replica = one_of_them();
    request.voters = fault.group;
    draft.world.requests.push_back(request);
  }
}

void draw_removals(Draft& draft) {
  RandomStream random = draft.stream(21);
  std::vector<RequestSpec>& requests = draft.world.requests;
  const auto changes = [](const RequestSpec& request) {
    return request.kind == RequestSpec::Kind::kMembership;
  };
  if (!draft.byzantine() || std::count_if(requests.begin(), requests.end(), changes) != 1) return;
  RequestSpec& change = *std::find_if(requests.begin(), requests.end(), changes);
  const bool serves_clients =
      std::all_of(draft.world.loads.begin(), draft.world.loads.end(), [&](const LoadSpec& load) {
        return std::find(change.voters.begin(), change.voters.end(), load.ingress) !=
               change.voters.end();
      });
  change.removes_others = serves_clients && random.chance(0.7);
}

}  // namespace govchain::sim
