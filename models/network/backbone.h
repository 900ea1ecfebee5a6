#pragma once
// The national backbone as a graph, the latency of its links, and routes over it.
//
// Measured round trips between cities fit rtt = a + b * km. The slope b belongs to the distance;
// the intercept a belongs to the two ends (access network, last mile, hosts), because it does not
// vanish at km = 0 and must not be paid again at every hop. So a link costs b/2 * km one way, and
// each end of a route adds a/4 one way; a round trip over a route then costs a + b * (its length).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "models/places/place.h"
#include "sim/world_spec.h"

namespace govchain::models {

struct BackboneNode {
  std::string label;
  std::optional<GeoPoint> position;  // none: an international exit, left out of routing
};

struct BackboneLink {
  uint32_t a = 0;  // indices into nodes
  uint32_t b = 0;
  sim::Rate capacity;  // zero: unknown
  std::string label;
};

struct Backbone {
  std::string name;  // "Chinanet", "Cernet"
  std::vector<BackboneNode> nodes;
  std::vector<BackboneLink> links;
};

struct MeasuredRoundTrip {
  std::string a;
  std::string b;
  double kilometres = 0;
  double milliseconds = 0;  // mean round trip
  bool cross_border = false;
  std::string quality;
};

struct LatencyFit {
  double intercept_milliseconds = 0;      // a
  double milliseconds_per_kilometre = 0;  // b
  uint32_t pairs = 0;
  double residual_milliseconds = 0;  // root mean square
};

// Least squares (Eigen, column-pivoting QR) over the pairs that are neither cross-border nor of
// weak quality. Errors: kInvalid with fewer than two usable pairs, or if they all have one length.
[[nodiscard]] consensus::Result<LatencyFit> fit_latency(
    const std::vector<MeasuredRoundTrip>& measured);

// Great-circle distance in kilometres on a sphere of 6,371 km, by own polynomials (only + - * / and
// square root, which IEEE 754 rounds exactly), so that every machine gets the same bytes.
[[nodiscard]] double great_circle_kilometres(GeoPoint a, GeoPoint b);

struct NetworkSettings {
  LatencyFit fit;
  sim::Rate trunk_rate;   // of every backbone link for this plan's traffic (government slice)
  sim::Rate access_rate;  // of a place's two-carrier access to its backbone node
  sim::Duration local_delay = sim::Duration::microseconds(250);  // between rooms of one place
  sim::Jitter jitter;
  double loss = 0;
};

// The backbone with every place attached. Places without a node (Macao, Taiwan) hang on the nearest
// node by a link of great-circle length: an explicit addition, marked so in `attachments`.
class NationalNetwork {
 public:
  // Errors: kNotFound if a place names a node that the backbone does not have, kInvalid if a place
  // cannot reach another.
  static consensus::Result<NationalNetwork> make(Backbone backbone, std::vector<Place> places,
                                                 NetworkSettings settings);
  // One way, between the first rooms of two places (indices into the places handed in); the local
  // delay if equal.
  [[nodiscard]] sim::Duration delay(size_t from, size_t to) const;
  [[nodiscard]] double route_kilometres(size_t from, size_t to) const;
  // Backbone nodes on the way, in order, by latency (Dijkstra; ties by node index).
  [[nodiscard]] std::vector<uint32_t> route(size_t from, size_t to) const;
  // The best route that uses none of the links of the first; empty if there is none.
  [[nodiscard]] std::vector<uint32_t> alternative_route(size_t from, size_t to) const;
  // Its length; negative if there is none.
  [[nodiscard]] double alternative_kilometres(size_t from, size_t to) const;
  // Between a client's system and the backbone node of its place, one way: the end's share of the
  // fitted intercept.
  [[nodiscard]] sim::Duration access_delay() const;
  // Description for the simulator: places[i] is the i-th of `chosen`, followed by the backbone
  // nodes that their routes cross.
  [[nodiscard]] sim::NetworkSpec network_for(const std::vector<size_t>& chosen) const;
  [[nodiscard]] const std::vector<Place>& places() const { return places_; }
  [[nodiscard]] const Backbone& backbone() const { return backbone_; }
  // "CN-MO at Hong Kong, 67 km": links that are not in the source.
  [[nodiscard]] const std::vector<std::string>& attachments() const { return attachments_; }

 private:
  NationalNetwork() = default;
  struct Path {
    std::vector<uint32_t> nodes;
    std::vector<uint32_t> links;
    double kilometres = 0;
  };
  // The place's node by its label, or a new one at the nearest.
  consensus::Status attach_places();
  void attach_to_nearest(const Place& place);
  [[nodiscard]] sim::Duration link_delay(uint32_t link) const;
  void add_trunks(const std::vector<size_t>& chosen, const std::vector<bool>& node_used,
                  const std::vector<bool>& link_used,
                  const std::vector<sim::PlaceIndex>& place_of_node, sim::NetworkSpec& spec) const;
  [[nodiscard]] Path alternative(size_t from, size_t to) const;
  [[nodiscard]] Path shortest(uint32_t from, uint32_t to, const std::vector<bool>& banned) const;
  Backbone backbone_;
  std::vector<Place> places_;
  NetworkSettings settings_;
  std::vector<uint32_t> node_of_place_;
  std::vector<double> link_kilometres_;
  std::vector<Path> paths_;  // [from * places + to]
  std::vector<double> alternative_kilometres_;
  std::vector<std::string> attachments_;
};

}  // namespace govchain::models
