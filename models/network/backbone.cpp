#include "models/network/backbone.h"

#include <algorithm>
#include <limits>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>

namespace govchain::models {

namespace {

using consensus::Error;
using consensus::ErrorCode;

using Graph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                          boost::property<boost::edge_weight_t, int64_t>>;

// Distances are compared as whole millimetres, so that "shorter" means the same on every machine.
// At least one: nodes of one city (Cernet has two in Beijing) are a step apart, and a way back must
// not be as short as standing still.
int64_t millimetres(double kilometres) {
  return std::max<int64_t>(1, static_cast<int64_t>(kilometres * 1e6 + 0.5));
}

// Whole microseconds: a thousandth of the shortest delay that matters, and coarse enough to absorb
// any rounding on the way here.
sim::Duration in_microseconds(double milliseconds) {
  return sim::Duration::microseconds(static_cast<int64_t>(milliseconds * 1000 + 0.5));
}

struct Step {
  uint32_t neighbour = 0;
  uint32_t link = 0;
};

// Lengths from `from` over the links that are not banned; max if unreachable.
std::vector<int64_t> lengths_from(const Backbone& backbone, const std::vector<double>& kilometres,
                                  const std::vector<bool>& banned, uint32_t from) {
  Graph graph(backbone.nodes.size());
  for (size_t link = 0; link < backbone.links.size(); ++link) {
    if (banned[link]) continue;
    boost::add_edge(backbone.links[link].a, backbone.links[link].b, millimetres(kilometres[link]),
                    graph);
  }
  std::vector<int64_t> length(backbone.nodes.size(), std::numeric_limits<int64_t>::max());
  boost::dijkstra_shortest_paths(graph, from, boost::distance_map(length.data()));
  return length;
}

// The predecessor on a shortest way to `node`: of several, the one with the smallest index, then
// the smallest link, so that equal routes do not depend on the library's heap.
std::optional<Step> predecessor(const Backbone& backbone, const std::vector<double>& kilometres,
                                const std::vector<bool>& banned, const std::vector<int64_t>& length,
                                uint32_t node) {
  std::optional<Step> best;
  for (uint32_t link = 0; link < backbone.links.size(); ++link) {
    const BackboneLink& edge = backbone.links[link];
    if (banned[link] || (edge.a != node && edge.b != node)) continue;
    const uint32_t other = edge.a == node ? edge.b : edge.a;
    const int64_t weight = millimetres(kilometres[link]);
    if (length[other] == std::numeric_limits<int64_t>::max() ||
        length[other] + weight != length[node]) {
      continue;
    }
    if (!best || other < best->neighbour) best = Step{other, link};
  }
  return best;
}

}  // namespace

NationalNetwork::Path NationalNetwork::shortest(uint32_t from, uint32_t to,
                                                const std::vector<bool>& banned) const {
  const std::vector<int64_t> length = lengths_from(backbone_, link_kilometres_, banned, from);
  Path path;
  if (length[to] == std::numeric_limits<int64_t>::max()) return path;
  path.nodes.push_back(to);
  for (uint32_t node = to; node != from;) {
    const auto step = predecessor(backbone_, link_kilometres_, banned, length, node);
    GOVCHAIN_ASSERT(step.has_value());
    path.kilometres += link_kilometres_[step->link];
    path.links.push_back(step->link);
    path.nodes.push_back(step->neighbour);
    node = step->neighbour;
  }
  std::reverse(path.nodes.begin(), path.nodes.end());
  std::reverse(path.links.begin(), path.links.end());
  return path;
}

consensus::Status NationalNetwork::attach_places() {
  for (const Place& place : places_) {
    const auto named =
        std::find_if(backbone_.nodes.begin(), backbone_.nodes.end(),
                     [&](const BackboneNode& node) { return node.label == place.backbone_node; });
    if (!place.backbone_node.empty()) {
      if (named == backbone_.nodes.end() || !named->position) {
        return Error{ErrorCode::kNotFound,
                     "place " + place.id + " names the backbone node \"" + place.backbone_node +
                         "\", which " + backbone_.name + " does not have",
                     "places"};
      }
      node_of_place_.push_back(static_cast<uint32_t>(named - backbone_.nodes.begin()));
      continue;
    }
    attach_to_nearest(place);
  }
  return consensus::success();
}

// Macao and Taiwan have no node in the source; the nearest one is joined by a straight link.
void NationalNetwork::attach_to_nearest(const Place& place) {
  uint32_t nearest = 0;
  double shortest_distance = std::numeric_limits<double>::max();
  for (uint32_t node = 0; node < backbone_.nodes.size(); ++node) {
    const auto& position = backbone_.nodes[node].position;
    if (!position) continue;
    const double distance = great_circle_kilometres(place.seat, *position);
    if (distance < shortest_distance) {
      shortest_distance = distance;
      nearest = node;
    }
  }
  const auto added = static_cast<uint32_t>(backbone_.nodes.size());
  backbone_.nodes.push_back({place.name_en, place.seat});
  backbone_.links.push_back({nearest, added, {}, "attached"});
  link_kilometres_.push_back(shortest_distance);
  node_of_place_.push_back(added);
  attachments_.push_back(place.id + " at " + backbone_.nodes[nearest].label + ", " +
                         std::to_string(static_cast<int>(shortest_distance + 0.5)) + " km");
}

consensus::Result<NationalNetwork> NationalNetwork::make(Backbone backbone,
                                                         std::vector<Place> places,
                                                         NetworkSettings settings) {
  NationalNetwork network;
  network.backbone_ = std::move(backbone);
  network.places_ = std::move(places);
  network.settings_ = std::move(settings);
  auto& nodes = network.backbone_.nodes;
  if (std::none_of(nodes.begin(), nodes.end(), [](const auto& n) { return n.position; })) {
    return Error{ErrorCode::kInvalid, "the backbone has no node with a position", "backbone"};
  }
  // Links to international exits have no length and carry none of this traffic.
  std::erase_if(network.backbone_.links, [&](const BackboneLink& link) {
    return link.a >= nodes.size() || link.b >= nodes.size() || link.a == link.b ||
           !nodes[link.a].position || !nodes[link.b].position;
  });
  for (const BackboneLink& link : network.backbone_.links) {
    network.link_kilometres_.push_back(
        great_circle_kilometres(*nodes[link.a].position, *nodes[link.b].position));
  }
  if (auto attached = network.attach_places(); !attached) return attached.error();
  const std::vector<bool> open(network.backbone_.links.size(), false);
  const size_t count = network.places_.size();
  network.paths_.resize(count * count);
  for (size_t from = 0; from < count; ++from) {
    for (size_t to = 0; to < count; ++to) {
      Path path = network.shortest(network.node_of_place_[from], network.node_of_place_[to], open);
      if (path.nodes.empty()) {
        return Error{ErrorCode::kInvalid,
                     "no route from " + network.places_[from].id + " to " + network.places_[to].id +
                         " over " + network.backbone_.name,
                     "backbone"};
      }
      network.paths_[from * count + to] = std::move(path);
    }
  }
  for (size_t from = 0; from < count; ++from) {
    for (size_t to = 0; to < count; ++to) {
      const Path path = network.alternative(from, to);
      network.alternative_kilometres_.push_back(path.nodes.empty() ? -1 : path.kilometres);
    }
  }
  return network;
}

sim::Duration NationalNetwork::access_delay() const {
  return in_microseconds(settings_.fit.intercept_milliseconds / 4);
}

sim::Duration NationalNetwork::link_delay(uint32_t link) const {
  return in_microseconds(settings_.fit.milliseconds_per_kilometre / 2 * link_kilometres_[link]);
}

sim::Duration NationalNetwork::delay(size_t from, size_t to) const {
  if (from == to) return settings_.local_delay;
  sim::Duration total = access_delay() * 2;
  for (const uint32_t link : paths_[from * places_.size() + to].links) total += link_delay(link);
  return total;
}

double NationalNetwork::route_kilometres(size_t from, size_t to) const {
  return paths_[from * places_.size() + to].kilometres;
}

std::vector<uint32_t> NationalNetwork::route(size_t from, size_t to) const {
  return paths_[from * places_.size() + to].nodes;
}

NationalNetwork::Path NationalNetwork::alternative(size_t from, size_t to) const {
  std::vector<bool> banned(backbone_.links.size(), false);
  for (const uint32_t link : paths_[from * places_.size() + to].links) banned[link] = true;
  return shortest(node_of_place_[from], node_of_place_[to], banned);
}

std::vector<uint32_t> NationalNetwork::alternative_route(size_t from, size_t to) const {
  return alternative(from, to).nodes;
}

double NationalNetwork::alternative_kilometres(size_t from, size_t to) const {
  return alternative_kilometres_[from * places_.size() + to];
}

sim::NetworkSpec NationalNetwork::network_for(const std::vector<size_t>& chosen) const {
  sim::NetworkSpec spec;
  spec.jitter = settings_.jitter;
  for (const size_t place : chosen) {
    spec.places.push_back({places_[place].id, settings_.local_delay, {}});
  }
  // Backbone nodes and links that some route between two chosen places crosses, by index.
  std::vector<bool> node_used(backbone_.nodes.size(), false);
  std::vector<bool> link_used(backbone_.links.size(), false);
  for (const size_t from : chosen) {
    for (const size_t to : chosen) {
      if (from == to) continue;
      const Path& path = paths_[from * places_.size() + to];
      for (const uint32_t node : path.nodes) node_used[node] = true;
      for (const uint32_t link : path.links) link_used[link] = true;
    }
  }
  std::vector<sim::PlaceIndex> place_of_node(backbone_.nodes.size(), 0);
  for (uint32_t node = 0; node < backbone_.nodes.size(); ++node) {
    if (!node_used[node]) continue;
    place_of_node[node] = static_cast<sim::PlaceIndex>(spec.places.size());
    spec.places.push_back({"node " + backbone_.nodes[node].label, settings_.local_delay, {}});
  }
  add_trunks(chosen, node_used, link_used, place_of_node, spec);
  return spec;
}

void NationalNetwork::add_trunks(const std::vector<size_t>& chosen,
                                 const std::vector<bool>& node_used,
                                 const std::vector<bool>& link_used,
                                 const std::vector<sim::PlaceIndex>& place_of_node,
                                 sim::NetworkSpec& spec) const {
  std::vector<sim::TrunkIndex> trunk_of_link(backbone_.links.size(), 0);
  // An end of every route in `spec`: its access trunk (chosen places only) and its backbone node.
  struct End {
    std::optional<sim::TrunkIndex> access;
    uint32_t node = 0;
  };
  std::vector<End> ends;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const uint32_t node = node_of_place_[chosen[i]];
    End end{std::nullopt, node};
    if (node_used[node]) {
      end.access = static_cast<sim::TrunkIndex>(spec.trunks.size());
      spec.trunks.push_back({"access " + places_[chosen[i]].id, static_cast<sim::PlaceIndex>(i),
                             place_of_node[node], settings_.access_rate, access_delay(), 0});
    }
    ends.push_back(end);
  }
  for (uint32_t node = 0; node < backbone_.nodes.size(); ++node) {
    if (node_used[node]) ends.push_back({std::nullopt, node});
  }
  std::vector<bool> banned(backbone_.links.size(), true);
  for (uint32_t link = 0; link < backbone_.links.size(); ++link) {
    if (!link_used[link]) continue;
    banned[link] = false;
    const BackboneLink& edge = backbone_.links[link];
    trunk_of_link[link] = static_cast<sim::TrunkIndex>(spec.trunks.size());
    spec.trunks.push_back({backbone_.nodes[edge.a].label + "-" + backbone_.nodes[edge.b].label,
                           place_of_node[edge.a], place_of_node[edge.b], settings_.trunk_rate,
                           link_delay(link), settings_.loss});
  }
  for (size_t from = 0; from < ends.size(); ++from) {
    for (size_t to = 0; to < ends.size(); ++to) {
      std::vector<sim::TrunkIndex>& route = spec.routes.emplace_back();
      if (from == to) continue;
      if (ends[from].access) route.push_back(*ends[from].access);
      for (const uint32_t link : shortest(ends[from].node, ends[to].node, banned).links) {
        route.push_back(trunk_of_link[link]);
      }
      if (ends[to].access) route.push_back(*ends[to].access);
    }
  }
}

}  // namespace govchain::models
