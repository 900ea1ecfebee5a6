#include "models/places/place.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace govchain::models {

namespace {

using consensus::Error;
using consensus::ErrorCode;

struct TileRow {
  std::string_view id;
  Tile tile;
};

// Neighbours on the map are neighbours here as far as squares allow.
constexpr std::array<TileRow, 36> kTiles = {{
    {"CN", {0, 6}},    {"CN-HL", {0, 8}}, {"CN-XJ-XPCC", {1, 1}}, {"CN-NM", {1, 6}},
    {"CN-JL", {1, 8}}, {"CN-XJ", {2, 1}}, {"CN-BJ", {2, 6}},      {"CN-TJ", {2, 7}},
    {"CN-LN", {2, 8}}, {"CN-QH", {3, 2}}, {"CN-GS", {3, 3}},      {"CN-NX", {3, 4}},
    {"CN-SX", {3, 5}}, {"CN-HE", {3, 6}}, {"CN-SD", {3, 7}},      {"CN-XZ", {4, 1}},
    {"CN-SC", {4, 3}}, {"CN-SN", {4, 4}}, {"CN-HA", {4, 5}},      {"CN-AH", {4, 6}},
    {"CN-JS", {4, 7}}, {"CN-SH", {4, 8}}, {"CN-CQ", {5, 4}},      {"CN-HB", {5, 5}},
    {"CN-JX", {5, 6}}, {"CN-ZJ", {5, 7}}, {"CN-YN", {6, 3}},      {"CN-GZ", {6, 4}},
    {"CN-HN", {6, 5}}, {"CN-FJ", {6, 6}}, {"CN-TW", {6, 8}},      {"CN-GX", {7, 4}},
    {"CN-GD", {7, 5}}, {"CN-HK", {7, 6}}, {"CN-HI", {8, 4}},      {"CN-MO", {8, 5}},
}};

Place make_embedded(const Place& host, const EmbeddedPlatform& platform) {
  Place place = host;
  place.id = platform.id;
  place.name_zh = platform.name_zh;
  place.name_en = platform.name_en;
  place.population = platform.population;
  place.tier = platform.tier;
  // Divisions are counted with the host; there is no separate index score.
  place.prefectures = 0;
  place.counties = 0;
  place.capability_score = 0;
  return place;
}

}  // namespace

std::string platform_id(const std::string& raw, const std::string& within) {
  return raw.starts_with("CN-") ? raw : within + "-" + raw;
}

consensus::Result<std::vector<Place>> with_embedded_platforms(
    std::vector<Place> places, const std::vector<EmbeddedPlatform>& embedded) {
  for (const EmbeddedPlatform& platform : embedded) {
    const auto host = std::find_if(places.begin(), places.end(),
                                   [&](const Place& place) { return place.id == platform.within; });
    if (host == places.end()) {
      return Error{ErrorCode::kNotFound,
                   "platform " + platform.id + " lies within " + platform.within +
                       ", which is not among the places",
                   "places"};
    }
    if (host->population < platform.population) {
      return Error{ErrorCode::kInvalid,
                   "platform " + platform.id + " has more inhabitants than " + platform.within,
                   "places"};
    }
    Place place = make_embedded(*host, platform);
    const double share = host->population == 0 ? 0.0
                                               : static_cast<double>(platform.population) /
                                                     static_cast<double>(host->population);
    place.gdp_100m_yuan = host->gdp_100m_yuan * share;
    host->gdp_100m_yuan -= place.gdp_100m_yuan;
    host->population -= platform.population;
    places.insert(host + 1, std::move(place));
  }
  return places;
}

bool is_mainland(const std::string& place_id) {
  return place_id != "CN-HK" && place_id != "CN-MO" && place_id != "CN-TW";
}

Place central_government(const std::vector<Place>& places) {
  GOVCHAIN_ASSERT(!places.empty());
  auto seat = std::find_if(places.begin(), places.end(),
                           [](const Place& place) { return place.id == "CN-BJ"; });
  if (seat == places.end()) {
    seat = std::max_element(places.begin(), places.end(), [](const Place& a, const Place& b) {
      return a.population < b.population;
    });
  }
  Place central = *seat;
  central.id = "CN";
  central.name_zh = "国务院部门";
  central.name_en = "State Council departments";
  central.population = 0;
  central.gdp_100m_yuan = 0;
  central.prefectures = 0;
  central.counties = 0;
  central.capability_score = 0;
  central.tier = CapabilityTier::kNone;
  return central;
}

consensus::Result<Tile> tile_of(const std::string& place_id) {
  for (const TileRow& row : kTiles) {
    if (row.id == place_id) return row.tile;
  }
  return Error{ErrorCode::kNotFound, "no tile for place " + place_id, "places"};
}

}  // namespace govchain::models
