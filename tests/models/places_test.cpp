#include <set>

#include <gtest/gtest.h>

#include "tests/models/nation_fixture.h"

namespace govchain::models {
namespace {

using testing::all_places;

TEST(Places, SplittingTheCorpsKeepsTheCensusTotal) {
  uint64_t people = 0;
  const Place* xinjiang = nullptr;
  const Place* corps = nullptr;
  const std::vector<Place> places = all_places();
  for (const Place& place : places) {
    if (is_mainland(place.id)) people += place.population;
    if (place.id == "CN-XJ") xinjiang = &place;
    if (place.id == "CN-XJ-XPCC") corps = &place;
  }
  EXPECT_EQ(people, 1'409'778'724U);
  ASSERT_NE(xinjiang, nullptr);
  ASSERT_NE(corps, nullptr);
  EXPECT_EQ(corps->population, 3'250'000U);
  EXPECT_EQ(xinjiang->population + corps->population, 25'852'345U);
  EXPECT_NEAR(xinjiang->gdp_100m_yuan + corps->gdp_100m_yuan, 13597.11, 1e-6);
  EXPECT_EQ(corps->backbone_node, xinjiang->backbone_node);
}

TEST(Places, MainlandPlatformsAreThirtyTwo) {
  EXPECT_EQ(testing::mainland_places().size(), 32U);
  EXPECT_EQ(all_places().size(), 35U);
}

TEST(Places, EveryPlaceHasATileOfItsOwn) {
  std::set<std::pair<int, int>> tiles;
  std::vector<Place> places = all_places();
  places.push_back(central_government(places));
  for (const Place& place : places) {
    const auto tile = tile_of(place.id);
    ASSERT_TRUE(tile.ok()) << place.id;
    EXPECT_TRUE(tiles.insert({tile->row, tile->column}).second) << place.id;
  }
  EXPECT_FALSE(tile_of("CN-ZZ").ok());
}

// On the map, a province that lies clearly north (east) of another is not drawn south (west) of it
// by more than squares force: correlation over all pairs that differ by five degrees.
TEST(Places, TilesKeepTheOrderOfTheMap) {
  const std::vector<Place> places = all_places();
  int right = 0;
  int wrong = 0;
  for (const Place& a : places) {
    for (const Place& b : places) {
      const Tile ta = tile_of(a.id).value();
      const Tile tb = tile_of(b.id).value();
      if (a.seat.latitude > b.seat.latitude + 5) (ta.row <= tb.row ? right : wrong)++;
      if (a.seat.longitude > b.seat.longitude + 5) (ta.column >= tb.column ? right : wrong)++;
    }
  }
  EXPECT_LT(wrong * 20, right);
}

TEST(Places, CorpsLargerThanItsHostIsRefused) {
  Place host;
  host.id = "CN-XJ";
  host.population = 10;
  EmbeddedPlatform corps;
  corps.id = "CN-XJ-XPCC";
  corps.within = "CN-XJ";
  corps.population = 11;
  EXPECT_FALSE(with_embedded_platforms({host}, {corps}).ok());
  corps.within = "CN-TW";
  EXPECT_FALSE(with_embedded_platforms({host}, {corps}).ok());
}

TEST(Places, CentralGovernmentSitsInBeijingAndHasNoInhabitants) {
  const Place central = central_government(all_places());
  EXPECT_EQ(central.id, "CN");
  EXPECT_EQ(central.population, 0U);
  EXPECT_EQ(central.backbone_node, "Beijing");
}

TEST(Places, WithoutBeijingTheCentreIsTheMostPopulousPlace) {
  std::vector<Place> places = all_places();
  std::erase_if(places, [](const Place& place) { return place.id == "CN-BJ"; });
  EXPECT_EQ(central_government(places).backbone_node, "Guangzhou");
}

}  // namespace
}  // namespace govchain::models
