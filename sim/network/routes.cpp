#include "sim/network/routes.h"

#include <algorithm>

namespace govchain::sim {

Routes::Routes(const NetworkSpec& network)
    : network_(network), places_(network.places.size()), up_(network.trunks.size(), true) {
  recompute();
}

void Routes::set_trunk(TrunkIndex trunk, bool up) {
  if (up_[trunk] == up) return;
  up_[trunk] = up;
  recompute();
}

PlaceIndex Routes::other_end(TrunkIndex trunk, PlaceIndex end) const {
  const TrunkSpec& spec = network_.trunks[trunk];
  return spec.a == end ? spec.b : spec.a;
}

void Routes::recompute() {
  routes_.assign(places_ * places_, Route{});
  std::vector<TrunkIndex> way;
  for (PlaceIndex from = 0; from < places_; ++from) {
    for (PlaceIndex to = 0; to < places_; ++to) {
      way = from == to ? std::vector<TrunkIndex>{} : network_.routes[from * places_ + to];
      const bool whole =
          std::all_of(way.begin(), way.end(), [&](TrunkIndex trunk) { return up_[trunk]; });
      Route& route = routes_[from * places_ + to];
      if (from != to && (way.empty() || !whole) && !detour(from, to, way)) {
        route.exists = false;
        route.delay = Duration::max();
        continue;
      }
      route = describe(from, to, way);
    }
  }
}

Route Routes::describe(PlaceIndex from, PlaceIndex to,
                       const std::vector<TrunkIndex>& trunks) const {
  Route route;
  route.trunks = trunks;
  route.jitter = from == to ? &network_.places[from].local_jitter : &network_.jitter;
  route.delay = from == to ? network_.places[from].local_delay : Duration::zero();
  double whole = 1;
  for (const TrunkIndex trunk : trunks) {
    const TrunkSpec& spec = network_.trunks[trunk];
    route.delay += spec.delay;
    whole *= 1 - spec.loss;
    route.shared = route.shared || !spec.rate.is_unlimited();
  }
  route.loss = 1 - whole;
  return route;
}

// Dijkstra over the trunks that are up; ties go to the lower place, so that every machine finds the
// same way. A network has tens of places, so a heap would not pay.
bool Routes::detour(PlaceIndex from, PlaceIndex to, std::vector<TrunkIndex>& way) const {
  std::vector<Duration> distance(places_, Duration::max());
  std::vector<TrunkIndex> arrived_by(places_, 0);
  std::vector<bool> settled(places_, false);
  distance[from] = Duration::zero();
  while (true) {
    size_t nearest = places_;
    for (size_t place = 0; place < places_; ++place) {
      if (settled[place] || distance[place] == Duration::max()) continue;
      if (nearest == places_ || distance[place] < distance[nearest]) nearest = place;
    }
    if (nearest == places_ || nearest == to) break;
    settled[nearest] = true;
    for (TrunkIndex trunk = 0; trunk < up_.size(); ++trunk) {
      const TrunkSpec& spec = network_.trunks[trunk];
      if (!up_[trunk] || (spec.a != nearest && spec.b != nearest)) continue;
      const PlaceIndex next = other_end(trunk, static_cast<PlaceIndex>(nearest));
      const Duration through = distance[nearest] + spec.delay;
      if (through < distance[next]) {
        distance[next] = through;
        arrived_by[next] = trunk;
      }
    }
  }
  way.clear();
  if (distance[to] == Duration::max()) return false;
  for (PlaceIndex place = to; place != from; place = other_end(arrived_by[place], place)) {
    way.push_back(arrived_by[place]);
  }
  std::reverse(way.begin(), way.end());
  return true;
}

}  // namespace govchain::sim
