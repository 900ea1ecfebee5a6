#pragma once
// Availability in closed form: failure and repair rates, quorums, rooms and regions.
//
//   u(part)   = events per year * hours / 8,760                      (share of the year it is down)
//   u(replica) = u(server) + u(process) + u(network card)            server: repaired, or restarted
//   on
//                                                                    another server of the pool
//   rooms fail as a whole (u(site)); the replicas of a room fail with it. The distribution of the
//   number of replicas up is the convolution over rooms of
//     P(k up) = (1 - u(site)) * Binomial(k; replicas in the room, 1 - u(replica)),  P(0) += u(site)
//   A(chain) = P(at least a quorum up) * (1 - u(region)) * (1 - u(upgrade))
// For a chain over several regions the region's failure is part of each room's. Independence
// between rooms is assumed; common software faults are in u(upgrade) only.

#include <vector>

#include "models/deployment/configuration.h"
#include "models/network/backbone.h"

namespace govchain::models {

// Share of the year that `events` a year of `hours` each take away; at most 1.
[[nodiscard]] double unavailability(double events, double hours);
[[nodiscard]] double replica_unavailability(const ReliabilityFigures& figures, Tenancy tenancy);
// Probability that at least `needed` of the replicas are up; replicas_in_room[i] share a room.
[[nodiscard]] double at_least(const std::vector<uint32_t>& replicas_in_room, uint32_t needed,
                              double replica_down, double room_down);
// Replicas that must be up for progress: n - f with the largest f that the protocol tolerates.
[[nodiscard]] uint32_t quorum_of(consensus::Protocol protocol, uint32_t replicas);
[[nodiscard]] double chain_availability(const PlannedChain& chain, Tenancy tenancy,
                                        const ReliabilityFigures& figures);
// Of the route between two places: it is down when the shortest way and the best one that shares no
// link with it are both cut. Lines are bought in pairs from two carriers (prices.json,
// qty.trunk_bandwidth); where the map has no second way, the other carrier's is as long as the
// first.
[[nodiscard]] double route_availability(const NationalNetwork& network,
                                        const ReliabilityFigures& figures, size_t from, size_t to);

}  // namespace govchain::models
