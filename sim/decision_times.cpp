#include "sim/decision_times.h"

namespace govchain::sim {

DecisionTimes::DecisionTimes(const std::vector<ChainRuntime>& chains) : chains_(chains) {}

void DecisionTimes::on_begin(const WorldSpec& spec,
                             std::span<const consensus::Membership> /*genesis*/) {
  from_ = TimePoint::since_start(spec.warmup);
  tracks_.resize(spec.chains.size());
  for (ChainIndex i = 0; i < tracks_.size(); ++i) {
    tracks_[i].highest.resize(spec.chains[i].replicas.size(), 0);
  }
}

void DecisionTimes::on_commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                              const consensus::Certificate* /*certificate*/) {
  const ChainRuntime& chain = chains_[who.chain];
  Track& track = tracks_[who.chain];
  const size_t replicas = track.highest.size();
  const uint64_t height = block.height.value();
  if (height <= track.highest[who.replica]) return;
  track.highest[who.replica] = height;
  // A replica that caught up by a snapshot may skip heights; those of the others come in order.
  while (track.first + track.votes.size() <= height) track.votes.push_back(0);
  if (height < track.first) return;
  const uint32_t votes = ++track.votes[height - track.first];
  if (votes != replicas / 2 + 1) return;
  const bool known =
      height <= chain.proposed_at.size() && chain.proposed_at[height - 1] != TimePoint::max();
  const bool counts = known && !block.payloads.empty() && now >= from_;
  if (counts) track.times.record(now - chain.proposed_at[height - 1]);
  // Heights below have their majority too, or were skipped by too many to get one.
  while (track.first < height) {
    track.votes.pop_front();
    ++track.first;
  }
}

}  // namespace govchain::sim
