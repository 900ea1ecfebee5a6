#pragma once
// What sized groups deliver: latency end to end, throughput and availability by service and place.

#include <vector>

#include "models/deployment/bill.h"
#include "models/sizing/latency.h"
#include "models/sizing/search.h"

namespace govchain::models {

// One chain, as its world showed it.
struct ChainOutcome {
  size_t group = 0;
  double demand_per_second = 0;      // offered, all shards and copies
  double throughput_per_second = 0;  // of it, committed
  double simulated_share = 1;        // offered over simulated rate (ladder and quiet streams)
  double blocks_per_second = 0;      // one shard, scaled to the offered rate
  double network_bps = 0;            // sent by one shard's replicas, scaled
  double availability = 1;
  std::vector<size_t> subjects;                // of the streams: services or places
  std::vector<LatencyDistribution> latencies;  // of the streams
  LatencyDistribution latency;                 // of all

  // Of the stream for `subject`; of the whole chain if it has none.
  [[nodiscard]] const LatencyDistribution& latency_of(size_t subject) const;
};
[[nodiscard]] std::vector<ChainOutcome> chain_outcomes(const NationSpec& nation,
                                                       const NationalNetwork& network,
                                                       const Configuration& configuration,
                                                       const std::vector<ChainGroup>& groups);

// End-to-end figures of (service, place) pairs, [service * places + place]. `change` is what a
// change in another chain takes without the way between the places (sizing/gateway_world.h).
class NationOutcome {
 public:
  NationOutcome(const NationSpec& nation, const Demand& demand, const NationalNetwork& network,
                const Configuration& configuration, const std::vector<ChainOutcome>& chains,
                const LatencyDistribution& change);
  [[nodiscard]] const LatencyDistribution& latency(size_t service, size_t place) const;
  [[nodiscard]] double availability(size_t service, size_t place) const;
  [[nodiscard]] const CaseCounts& cases(size_t service, size_t place) const;
  // Means over the cases that are completed electronically.
  [[nodiscard]] LatencyDistribution latency_of_service(size_t service) const;
  [[nodiscard]] LatencyDistribution latency_of_place(size_t place) const;
  [[nodiscard]] LatencyDistribution latency_of_all() const;
  [[nodiscard]] double availability_of_service(size_t service) const;
  [[nodiscard]] double availability_of_place(size_t place) const;
  [[nodiscard]] double availability_of_all() const;
  [[nodiscard]] CaseCounts cases_of_service(size_t service) const;
  [[nodiscard]] CaseCounts cases_of_place(size_t place) const;

 private:
  [[nodiscard]] size_t cell(size_t service, size_t place) const;
  [[nodiscard]] double weight(size_t service, size_t place) const;
  void fill(size_t service, size_t place);
  [[nodiscard]] LatencyDistribution route_wait(size_t place) const;
  const NationSpec& nation_;
  const Demand& demand_;
  const NationalNetwork& network_;
  const Configuration& configuration_;
  const std::vector<ChainOutcome>& chains_;
  LatencyDistribution change_;
  double provider_availability_ = 1;
  std::vector<LatencyDistribution> waits_;  // by place: there and back to a call's provider
  std::vector<double> routes_up_;           // by place
  std::vector<LatencyDistribution> latency_;
  std::vector<double> availability_;
  std::vector<CaseCounts> cases_;
};

}  // namespace govchain::models
