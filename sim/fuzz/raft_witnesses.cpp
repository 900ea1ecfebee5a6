#include "sim/fuzz/raft_witnesses.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "consensus/fault_model.h"
#include "sim/fuzz/draft.h"

namespace govchain::sim {
namespace {

std::vector<uint64_t> weights_of(const ChainSpec& chain) {
  return chain.weights.empty() ? std::vector<uint64_t>(chain.replicas.size(), 1) : chain.weights;
}

class Witnesses {
 public:
  Witnesses(WorldSpec& spec, RandomStream random, Duration& chaos)
      : spec_(spec),
        chain_(spec.chains.front()),
        random_(random),
        chaos_(chaos),
        timeout_(chain_.engine.base_timeout) {}

  void draw() {
    if (chain_.replicas.size() < 2 || has_faulty(spec_) || !random_.chance(0.2)) return;
    choose();
    if (chain_.witnesses.empty()) return;
    if (random_.chance(0.5)) cut_off_who_was_away();
    settle_requests();
  }

 private:
  Duration between(Duration low, Duration high) {
    return Duration::nanoseconds(random_.between(low.nanoseconds(), high.nanoseconds()));
  }

  // Some voters, of no more than half of the weight.
  void choose() {
    const std::vector<uint64_t> weights = weights_of(chain_);
    uint64_t left = 0;
    for (const uint64_t weight : weights) left += weight;
    left /= 2;
    const auto first = static_cast<ReplicaIndex>(random_.below(weights.size()));
    const uint64_t most = 1 + random_.below(weights.size() / 2);
    for (ReplicaIndex i = 0; i < weights.size() && chain_.witnesses.size() < most; ++i) {
      const auto candidate = static_cast<ReplicaIndex>((first + i) % weights.size());
      if (weights[candidate] == 0 || weights[candidate] > left) continue;
      left -= weights[candidate];
      chain_.witnesses.push_back(candidate);
    }
    std::sort(chain_.witnesses.begin(), chain_.witnesses.end());
  }

  [[nodiscard]] bool is_witness(ReplicaIndex replica) const {
    return std::binary_search(chain_.witnesses.begin(), chain_.witnesses.end(), replica);
  }

  // A full member is away while the others go on; then it is alone with the witnesses, which know
  // what it missed.
  void cut_off_who_was_away() {
    const auto replicas = static_cast<ReplicaIndex>(chain_.replicas.size());
    auto away = static_cast<ReplicaIndex>(random_.below(replicas));
    while (is_witness(away)) away = (away + 1) % replicas;
    FaultSpec alone;
    alone.kind = FaultSpec::Kind::kPartition;
    alone.at = between(timeout_, timeout_ * 4);
    alone.duration = between(timeout_ * 2, timeout_ * 5);
    alone.group = {away};
    FaultSpec with_witnesses = alone;
    with_witnesses.at = alone.at + alone.duration;
    with_witnesses.duration = timeout_ * 4;
    with_witnesses.group = chain_.witnesses;
    with_witnesses.group.insert(
        std::lower_bound(with_witnesses.group.begin(), with_witnesses.group.end(), away), away);
    spec_.faults.push_back(alone);
    spec_.faults.push_back(with_witnesses);
    chaos_ = std::max(chaos_, with_witnesses.at + with_witnesses.duration);
  }

  // Who was removed never comes back, so a witness either stays in all changes or leaves in all.
  void settle_requests() {
    const bool leaves = random_.chance(0.3);
    for (RequestSpec& request : spec_.requests) {
      if (request.kind != RequestSpec::Kind::kMembership) continue;
      std::erase_if(request.voters, [this](ReplicaIndex voter) { return is_witness(voter); });
      if (leaves) continue;
      request.voters.insert(request.voters.end(), chain_.witnesses.begin(), chain_.witnesses.end());
      std::sort(request.voters.begin(), request.voters.end());
    }
  }

  WorldSpec& spec_;
  ChainSpec& chain_;
  RandomStream random_;
  Duration& chaos_;
  Duration timeout_;
};

// Few heavy members decide alone while all the others, who are more, wait for them in vain.
void cut_off_the_heavy(WorldSpec& world, RandomStream& random, Duration& chaos) {
  const ChainSpec& chain = world.chains.front();
  uint64_t total = 0;
  size_t voters = 0;
  std::vector<ReplicaIndex> heaviest;
  for (ReplicaIndex i = 0; i < chain.weights.size(); ++i) {
    total += chain.weights[i];
    if (chain.weights[i] > 0) ++voters;
    heaviest.push_back(i);
  }
  std::stable_sort(heaviest.begin(), heaviest.end(), [&](ReplicaIndex a, ReplicaIndex b) {
    return chain.weights[a] > chain.weights[b];
  });
  FaultSpec cut;
  cut.kind = FaultSpec::Kind::kPartition;
  uint64_t weight = 0;
  for (const ReplicaIndex replica : heaviest) {
    if (2 * weight > total) break;
    weight += chain.weights[replica];
    cut.group.push_back(replica);
  }
  if (2 * cut.group.size() >= voters) return;
  const Duration timeout = chain.engine.base_timeout;
  cut.at = Duration::nanoseconds(
      random.between((timeout * 3).nanoseconds(), (timeout * 6).nanoseconds()));
  cut.duration = timeout * 5;
  for (ReplicaIndex asked = 0; asked < chain.weights.size(); ++asked) {
    RequestSpec request;
    request.kind = RequestSpec::Kind::kLeaderTransfer;
    request.at = cut.at - timeout;
    request.replica = asked;
    request.leader = cut.group.front();
    world.requests.push_back(request);
  }
  std::sort(cut.group.begin(), cut.group.end());
  chaos = std::max(chaos, cut.at + cut.duration);
  world.faults.push_back(std::move(cut));
}

}  // namespace

void draw_raft_weights(WorldSpec& world, RandomStream random, Duration& chaos) {
  if (!random.chance(0.25)) return;
  ChainSpec& chain = world.chains.front();
  std::vector<uint64_t> weights = weights_of(chain);
  uint64_t total = 0;
  for (uint64_t& weight : weights) {
    if (weight > 0) weight = 1 + random.below(4);
    total += weight;
  }
  // Adversaries may weigh what the protocol bears.
  uint64_t faulty = 0;
  for (const ReplicaIndex replica : faulty_replicas(world)) faulty += weights[replica];
  if (faulty > consensus::tolerated_faults(consensus::FaultModel::kCrash, total)) return;
  chain.weights = std::move(weights);
  if (!has_faulty(world) && random.chance(0.5)) cut_off_the_heavy(world, random, chaos);
}

void draw_raft_witnesses(WorldSpec& world, RandomStream random, Duration& chaos) {
  Witnesses(world, random, chaos).draw();
}

}  // namespace govchain::sim
