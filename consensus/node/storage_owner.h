#pragma once
// Whose log or store it is: another replica's, or another chain's, must not be read as one's own.

#include "consensus/types.h"

namespace govchain::consensus::node {

struct StorageOwner {
  ChainId chain;
  ReplicaId replica;
  friend bool operator==(const StorageOwner&, const StorageOwner&) = default;
};

}  // namespace govchain::consensus::node
