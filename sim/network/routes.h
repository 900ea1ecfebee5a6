#pragma once
// Which trunks a message takes from place to place, and what is known of the way in advance.

#include <vector>

#include "sim/units.h"
#include "sim/world_spec.h"

namespace govchain::sim {

struct Route {
  bool exists = true;
  bool shared = false;  // some trunk on it has a finite rate
  Duration delay;       // propagation of all trunks, or the local delay
  double loss = 0;      // that a message is lost on one of them at a crossing
  const Jitter* jitter = nullptr;
  std::vector<TrunkIndex> trunks;
};

class Routes {
 public:
  explicit Routes(const NetworkSpec& network);
  [[nodiscard]] const Route& between(PlaceIndex from, PlaceIndex to) const {
    return routes_[from * places_ + to];
  }
  [[nodiscard]] bool is_up(TrunkIndex trunk) const { return up_[trunk]; }
  // Ways over a trunk that is cut go around it, over the shortest delay, if that is possible.
  void set_trunk(TrunkIndex trunk, bool up);
  // True if `from` of the trunk's first direction (a to b) is where the message comes from.
  [[nodiscard]] PlaceIndex other_end(TrunkIndex trunk, PlaceIndex end) const;

 private:
  void recompute();
  [[nodiscard]] Route describe(PlaceIndex from, PlaceIndex to,
                               const std::vector<TrunkIndex>& trunks) const;
  [[nodiscard]] bool detour(PlaceIndex from, PlaceIndex to, std::vector<TrunkIndex>& way) const;

  const NetworkSpec& network_;
  size_t places_;
  std::vector<bool> up_;
  std::vector<Route> routes_;
};

}  // namespace govchain::sim
