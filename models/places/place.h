#pragma once
// A place: a provincial-level unit with its own platform, or the seat of the central government.

#include <cstdint>
#include <string>
#include <vector>

#include "consensus/result.h"

namespace govchain::models {

// Provincial e-government service capability (index of the Central Party School). kNone where there
// is no score (Hong Kong, Macao, Taiwan, central government).
enum class CapabilityTier : uint8_t { kVeryHigh, kHigh, kMedium, kNone };

struct GeoPoint {
  double latitude = 0;   // degrees north
  double longitude = 0;  // degrees east
};

// Position on the tile map of China (one square a province), row 0 in the north, column 0 in the
// west.
struct Tile {
  int row = 0;
  int column = 0;
  friend bool operator==(const Tile&, const Tile&) = default;
};

struct Place {
  std::string id;  // ISO 3166-2 ("CN-GD"); "CN-XJ-XPCC" for the Corps; "CN" for central government
  std::string name_zh;
  std::string name_en;
  GeoPoint seat;
  uint64_t population = 0;  // inhabitants, census 2020
  double gdp_100m_yuan = 0;
  uint32_t prefectures = 0;
  uint32_t counties = 0;
  double capability_score = 0;  // 0..100, zero if unknown
  CapabilityTier tier = CapabilityTier::kNone;
  std::string backbone_node;     // label in the backbone graph; empty: attached to the nearest node
  uint32_t rack_price_tier = 2;  // 1 Beijing, Shanghai, Guangdong; 2 other provincial capitals
};

// A platform that lies inside another place's census figure (XPCC inside Xinjiang).
struct EmbeddedPlatform {
  std::string id;  // "CN-XJ-XPCC"
  std::string name_zh;
  std::string name_en;
  std::string within;  // id of the place whose figures contain it
  uint64_t population = 0;
  CapabilityTier tier = CapabilityTier::kNone;
};

// "CN-XJ-XPCC" for the raw id "XPCC" within "CN-XJ"; ids that already carry a prefix stay.
[[nodiscard]] std::string platform_id(const std::string& raw, const std::string& within);

// Takes the embedded platform out of its host's population (and, in proportion, its economy), so
// that the sum stays the census total, and puts it right after its host. Seat and backbone node are
// the host's (XPCC's seat is in Urumqi). Errors: kNotFound if `within` is missing, kInvalid if it
// holds fewer people than the platform.
[[nodiscard]] consensus::Result<std::vector<Place>> with_embedded_platforms(
    std::vector<Place> places, const std::vector<EmbeddedPlatform>& embedded);

// The 31 mainland units and XPCC: everything but Hong Kong, Macao and Taiwan.
[[nodiscard]] bool is_mainland(const std::string& place_id);

// The State Council's departments: no inhabitants, seat and node of Beijing, or of the most
// populous place where a scenario leaves Beijing out.
[[nodiscard]] Place central_government(const std::vector<Place>& places);

// Position on the 34-tile map plus XPCC and "CN"; kNotFound for other ids.
[[nodiscard]] consensus::Result<Tile> tile_of(const std::string& place_id);

}  // namespace govchain::models
