#pragma once
// How long decisions take, apart from clients and queues: from a leader's first writing of a block
// until more than half of the replicas have it final. What published simulators report as the time
// to consensus. Blocks without payloads are left out: nobody waits for them, and those that end a
// burst of HotStuff's are final only with the next.

#include <deque>
#include <vector>

#include "sim/checkers/observer.h"
#include "sim/fabric.h"
#include "sim/histogram.h"

namespace govchain::sim {

class DecisionTimes final : public Observer {
 public:
  // `chains` must outlive it. Blocks whose majority comes during the warm-up are left out.
  explicit DecisionTimes(const std::vector<ChainRuntime>& chains);
  void on_begin(const WorldSpec& spec, std::span<const consensus::Membership> genesis) override;
  void on_commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                 const consensus::Certificate* certificate) override;
  [[nodiscard]] const Histogram& of(ChainIndex chain) const { return tracks_[chain].times; }

 private:
  struct Track {
    std::vector<uint64_t> highest;  // per replica: a restart decides nothing anew
    uint64_t first = 1;             // height of votes.front()
    std::deque<uint32_t> votes;     // replicas that have decided, by height
    Histogram times;
  };
  const std::vector<ChainRuntime>& chains_;
  TimePoint from_;
  std::vector<Track> tracks_;
};

}  // namespace govchain::sim
