#include "models/deployment/availability.h"

#include <algorithm>
#include <map>
#include <utility>

#include "consensus/protocols.h"

namespace govchain::models {

namespace {

constexpr double kHoursPerYear = 8'760;

// Binomial distribution of the replicas up in a room that is up, by adding one replica at a time.
std::vector<double> up_in_room(uint32_t replicas, double replica_down) {
  std::vector<double> up{1};
  for (uint32_t i = 0; i < replicas; ++i) {
    up.push_back(0);
    for (size_t k = up.size() - 1; k > 0; --k) {
      up[k] = up[k] * replica_down + up[k - 1] * (1 - replica_down);
    }
    up[0] *= replica_down;
  }
  return up;
}

}  // namespace

double unavailability(double events, double hours) {
  return std::clamp(events * hours / kHoursPerYear, 0.0, 1.0);
}

double replica_unavailability(const ReliabilityFigures& figures, Tenancy tenancy) {
  const double stop_hours =
      tenancy == Tenancy::kPooled ? figures.spare_switch_hours : figures.server_repair_hours;
  return std::min(1.0,
                  unavailability(figures.server_stops + figures.network_card_stops, stop_hours) +
                      unavailability(figures.process_crashes + figures.planned_restarts,
                                     figures.restart_minutes / 60));
}

double at_least(const std::vector<uint32_t>& replicas_in_room, uint32_t needed, double replica_down,
                double room_down) {
  std::vector<double> up{1};
  for (const uint32_t replicas : replicas_in_room) {
    std::vector<double> room = up_in_room(replicas, replica_down);
    for (double& share : room) share *= 1 - room_down;
    room[0] += room_down;
    std::vector<double> sum(up.size() + room.size() - 1, 0);
    for (size_t i = 0; i < up.size(); ++i) {
      for (size_t j = 0; j < room.size(); ++j) sum[i + j] += up[i] * room[j];
    }
    up = std::move(sum);
  }
  double enough = 0;
  for (size_t k = needed; k < up.size(); ++k) enough += up[k];
  return std::min(1.0, enough);
}

uint32_t quorum_of(consensus::Protocol protocol, uint32_t replicas) {
  return static_cast<uint32_t>(
      consensus::quorum_of(consensus::traits_of(protocol).faults, replicas));
}

double chain_availability(const PlannedChain& chain, Tenancy tenancy,
                          const ReliabilityFigures& figures) {
  std::map<std::pair<size_t, uint32_t>, uint32_t> rooms;
  for (uint32_t replica = 0; replica < chain.replicas; ++replica) {
    ++rooms[{chain.replica_places[replica], chain.replica_rooms[replica]}];
  }
  std::vector<uint32_t> replicas_in_room;
  bool one_region = true;
  for (const auto& [room, replicas] : rooms) {
    replicas_in_room.push_back(replicas);
    one_region &= room.first == rooms.begin()->first.first;
  }
  const double region = unavailability(figures.region_outages, figures.region_outage_hours);
  const double site = unavailability(figures.site_outages, figures.site_outage_hours);
  const double upgrade =
      unavailability(figures.upgrades * figures.upgrade_failure, figures.upgrade_failure_hours);
  const double quorum_up =
      at_least(replicas_in_room, quorum_of(chain.protocol, chain.replicas),
               replica_unavailability(figures, tenancy), one_region ? site : site + region);
  return quorum_up * (one_region ? 1 - region : 1) * (1 - upgrade);
}

double route_availability(const NationalNetwork& network, const ReliabilityFigures& figures,
                          size_t from, size_t to) {
  if (from == to) return 1;
  const auto down = [&](double kilometres) {
    return unavailability(figures.trunk_cuts_per_1000_km * kilometres / 1000,
                          figures.trunk_repair_hours);
  };
  const double first = down(network.route_kilometres(from, to));
  const double second_kilometres = network.alternative_kilometres(from, to);
  return 1 - first * (second_kilometres < 0 ? first : down(second_kilometres));
}

}  // namespace govchain::models
