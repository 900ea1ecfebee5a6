#include <cmath>
#include <limits>
#include <map>

#include <gtest/gtest.h>

#include "models/deployment/availability.h"
#include "tests/models/nation_fixture.h"

namespace govchain::models {
namespace {

using testing::all_places;
using testing::backbone;
using testing::data_file;
using testing::measured_round_trips;

NationalNetwork national_network(const std::string& graph = "Chinanet") {
  NetworkSettings settings;
  settings.fit = fit_latency(measured_round_trips()).value();
  std::vector<Place> places = all_places();
  places.push_back(central_government(places));
  return NationalNetwork::make(backbone(graph), places, settings).value();
}

size_t index_of(const NationalNetwork& network, const std::string& id) {
  for (size_t i = 0; i < network.places().size(); ++i) {
    if (network.places()[i].id == id) return i;
  }
  ADD_FAILURE() << id;
  return 0;
}

TEST(LatencyFit, EqualsTheFitThatTheDataState) {
  const LatencyFit fit = fit_latency(measured_round_trips()).value();
  const auto data = data_file("topology.json")["rtt_fit_mainland"];
  EXPECT_EQ(fit.pairs, data["n"].get<uint32_t>());
  EXPECT_NEAR(fit.intercept_milliseconds, data["a"].get<double>(), 0.005);
  EXPECT_NEAR(fit.milliseconds_per_kilometre, data["b"].get<double>(), 5e-6);
}

TEST(LatencyFit, RecoversAnExactLineAndLeavesOutWhatDoesNotBelong) {
  std::vector<MeasuredRoundTrip> pairs;
  for (const double km : {100.0, 700.0, 1500.0}) {
    pairs.push_back({"a", "b", km, 5 + 0.02 * km, false, "measured"});
  }
  pairs.push_back({"a", "c", 50, 300, true, "measured"});
  pairs.push_back({"a", "d", 50, 300, false, "weak"});
  const LatencyFit fit = fit_latency(pairs).value();
  EXPECT_NEAR(fit.intercept_milliseconds, 5, 1e-8);
  EXPECT_NEAR(fit.milliseconds_per_kilometre, 0.02, 1e-8);
  EXPECT_NEAR(fit.residual_milliseconds, 0, 1e-8);
}

TEST(LatencyFit, RefusesPairsOfOneLength) {
  EXPECT_FALSE(fit_latency({}).ok());
  EXPECT_FALSE(fit_latency({{"a", "b", 100, 5, false, ""}, {"a", "c", 100, 6, false, ""}}).ok());
}

TEST(GreatCircle, AgreesWithTheDataAndWithTheLibrary) {
  const auto topology = data_file("topology.json");
  for (const char* name : {"Chinanet", "Cernet"}) {
    const Backbone graph = backbone(name);
    for (const auto& edge : topology["graphs"][name]["edges"]) {
      if (!edge["great_circle_km"].is_number()) continue;
      const auto a = graph.nodes[edge["source"].get<size_t>()].position;
      const auto b = graph.nodes[edge["target"].get<size_t>()].position;
      const double km = great_circle_kilometres(*a, *b);
      EXPECT_NEAR(km, edge["great_circle_km"].get<double>(), 1.0);
      const double radian = std::acos(-1.0) / 180;
      const double h = std::pow(std::sin((b->latitude - a->latitude) * radian / 2), 2) +
                       std::cos(a->latitude * radian) * std::cos(b->latitude * radian) *
                           std::pow(std::sin((b->longitude - a->longitude) * radian / 2), 2);
      EXPECT_NEAR(km, 2 * 6371 * std::asin(std::sqrt(h)), 1e-6);
    }
  }
}

TEST(GreatCircle, HoldsAtTheEdges) {
  EXPECT_EQ(great_circle_kilometres({30, 110}, {30, 110}), 0);
  EXPECT_NEAR(great_circle_kilometres({0, 0}, {0, 180}), 6371 * std::acos(-1.0), 1e-6);
  EXPECT_NEAR(great_circle_kilometres({90, 0}, {-90, 0}), 6371 * std::acos(-1.0), 1e-6);
}

// Floyd and Warshall's shortest lengths, which share nothing with the routes under test.
std::vector<std::vector<double>> all_lengths(const Backbone& graph) {
  const double infinite = std::numeric_limits<double>::infinity();
  const size_t n = graph.nodes.size();
  std::vector<std::vector<double>> length(n, std::vector<double>(n, infinite));
  for (size_t i = 0; i < n; ++i) length[i][i] = 0;
  for (const BackboneLink& link : graph.links) {
    const double km =
        great_circle_kilometres(*graph.nodes[link.a].position, *graph.nodes[link.b].position);
    length[link.a][link.b] = std::min(length[link.a][link.b], km);
    length[link.b][link.a] = std::min(length[link.b][link.a], km);
  }
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        length[i][j] = std::min(length[i][j], length[i][k] + length[k][j]);
      }
    }
  }
  return length;
}

TEST(Routes, AreAsShortAsBruteForceFinds) {
  const NationalNetwork network = national_network();
  const auto length = all_lengths(network.backbone());
  const size_t places = network.places().size();
  for (size_t from = 0; from < places; ++from) {
    for (size_t to = 0; to < places; ++to) {
      const auto route = network.route(from, to);
      ASSERT_FALSE(route.empty());
      EXPECT_NEAR(network.route_kilometres(from, to), length[route.front()][route.back()], 1e-3);
      EXPECT_EQ(network.delay(from, to), network.delay(to, from));
    }
  }
}

TEST(Routes, AlternativesShareNoLinkWithTheFirst) {
  const NationalNetwork network = national_network();
  const size_t beijing = index_of(network, "CN-BJ");
  const size_t guangdong = index_of(network, "CN-GD");
  const auto links_of = [](const std::vector<uint32_t>& route) {
    std::map<std::pair<uint32_t, uint32_t>, int> links;
    for (size_t i = 1; i < route.size(); ++i) {
      links[std::minmax(route[i - 1], route[i])]++;
    }
    return links;
  };
  const auto second = network.alternative_route(beijing, guangdong);
  ASSERT_FALSE(second.empty());
  const auto first_links = links_of(network.route(beijing, guangdong));
  for (const auto& [link, times] : links_of(second)) EXPECT_FALSE(first_links.contains(link));
  EXPECT_GE(network.alternative_kilometres(beijing, guangdong),
            network.route_kilometres(beijing, guangdong));
}

// The intercept of the fit belongs to the two ends: it is paid once a route, however many hops.
TEST(Routes, RoundTripIsInterceptPlusSlopeTimesLength) {
  const NationalNetwork network = national_network();
  const LatencyFit fit = fit_latency(measured_round_trips()).value();
  const size_t from = index_of(network, "CN-HL");
  const size_t to = index_of(network, "CN-HI");
  EXPECT_GT(network.route(from, to).size(), 3U);
  const double round_trip = 2 * network.delay(from, to).to_milliseconds();
  EXPECT_NEAR(round_trip,
              fit.intercept_milliseconds +
                  fit.milliseconds_per_kilometre * network.route_kilometres(from, to),
              0.02);
}

TEST(Routes, PlacesWithoutANodeAreAttachedInTheOpen) {
  const NationalNetwork network = national_network();
  ASSERT_EQ(network.attachments().size(), 2U);
  EXPECT_NE(network.attachments()[0].find("CN-TW at "), std::string::npos);
  EXPECT_NE(network.attachments()[1].find("CN-MO at Hong Kong"), std::string::npos);
}

// Cernet has two nodes in one city, with a link of no length between them.
TEST(Routes, PassOverALinkOfNoLength) {
  NetworkSettings settings;
  settings.fit = fit_latency(measured_round_trips()).value();
  std::vector<Place> places = all_places();
  // The places name nodes of the other graph; here they hang on the nearest.
  for (Place& place : places) place.backbone_node.clear();
  const NationalNetwork network =
      NationalNetwork::make(backbone("Cernet"), places, settings).value();
  for (size_t from = 0; from < places.size(); ++from) {
    for (size_t to = 0; to < places.size(); ++to) {
      EXPECT_FALSE(network.route(from, to).empty());
      EXPECT_EQ(network.delay(from, to), network.delay(to, from));
    }
  }
}

TEST(Routes, UnknownNodeAndUnreachablePlaceAreErrors) {
  std::vector<Place> places = all_places();
  places.front().backbone_node = "Atlantis";
  EXPECT_FALSE(NationalNetwork::make(backbone("Chinanet"), places, {}).ok());
  Backbone cut = backbone("Chinanet");
  cut.links.clear();
  EXPECT_FALSE(NationalNetwork::make(cut, all_places(), {}).ok());
}

TEST(NetworkForSimulator, RoutesAddUpToTheDelaysOfTheModel) {
  const NationalNetwork network = national_network();
  const std::vector<size_t> chosen = {index_of(network, "CN-BJ"), index_of(network, "CN-GD"),
                                      index_of(network, "CN-XJ"), index_of(network, "CN")};
  const sim::NetworkSpec spec = network.network_for(chosen);
  ASSERT_EQ(spec.routes.size(), spec.places.size() * spec.places.size());
  for (size_t from = 0; from < chosen.size(); ++from) {
    for (size_t to = 0; to < chosen.size(); ++to) {
      if (from == to) continue;
      sim::Duration total;
      sim::PlaceIndex at = static_cast<sim::PlaceIndex>(from);
      for (const sim::TrunkIndex trunk : spec.routes[from * spec.places.size() + to]) {
        const sim::TrunkSpec& next = spec.trunks[trunk];
        ASSERT_TRUE(next.a == at || next.b == at) << "the trunks of a route join up";
        at = next.a == at ? next.b : next.a;
        total += next.delay;
      }
      EXPECT_EQ(at, to);
      EXPECT_EQ(total, network.delay(chosen[from], chosen[to]));
    }
  }
}

TEST(NetworkForSimulator, OnePlaceNeedsNoTrunks) {
  const NationalNetwork network = national_network();
  const sim::NetworkSpec spec = network.network_for({3});
  EXPECT_EQ(spec.places.size(), 1U);
  EXPECT_TRUE(spec.trunks.empty());
}

TEST(RouteAvailability, TwoWaysAreBetterThanOne) {
  const NationalNetwork network = national_network();
  const ReliabilityFigures figures;
  const size_t beijing = index_of(network, "CN-BJ");
  const size_t guangdong = index_of(network, "CN-GD");
  const double one = unavailability(
      figures.trunk_cuts_per_1000_km * network.route_kilometres(beijing, guangdong) / 1000,
      figures.trunk_repair_hours);
  const double both = 1 - route_availability(network, figures, beijing, guangdong);
  EXPECT_GT(both, 0);
  EXPECT_LT(both, one / 100);
  EXPECT_EQ(route_availability(network, figures, beijing, beijing), 1);
}

}  // namespace
}  // namespace govchain::models
