#pragma once
// What tests of whole clusters begin and end with.

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/consensus/raft/cluster.h"

namespace govchain::consensus::raft::testing {

inline uint32_t elect(Cluster& cluster) {
  EXPECT_TRUE(cluster.run_until(
      [&] {
        const auto leader = cluster.leader();
        return leader && cluster.status(*leader).committed > Height();
      },
      Duration::seconds(10)));
  return cluster.leader().value_or(0);
}

inline void expect_clean(const Cluster& cluster) {
  for (const std::string& violation : cluster.violations()) ADD_FAILURE() << violation;
}

inline uint32_t other_than(uint32_t node, uint32_t replicas) { return (node + 1) % replicas; }

}  // namespace govchain::consensus::raft::testing
