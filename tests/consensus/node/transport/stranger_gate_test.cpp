#include "consensus/node/transport/stranger_gate.h"

#include <gtest/gtest.h>

namespace govchain::consensus::node {
namespace {

TEST(StrangerGate, OneAddressCannotTakeAllPlaces) {
  StrangerGate gate(3, 2);
  EXPECT_TRUE(gate.enter("a"));
  EXPECT_TRUE(gate.enter("a"));
  EXPECT_FALSE(gate.enter("a"));
  EXPECT_TRUE(gate.enter("b"));
  EXPECT_FALSE(gate.enter("c")) << "all places are taken";
  gate.leave("a");
  EXPECT_TRUE(gate.enter("c"));
  gate.leave("b");
  EXPECT_TRUE(gate.enter("a"));
  EXPECT_FALSE(gate.enter("a"));
}

TEST(StrangerGate, WithoutPlacesNobodyEnters) {
  EXPECT_FALSE(StrangerGate(0, 5).enter("a"));
  EXPECT_FALSE(StrangerGate(5, 0).enter("a"));
}

}  // namespace
}  // namespace govchain::consensus::node
