#pragma once
// A proven checkpoint whose state replaces this replica's own (state_transfer.cpp).

#include <vector>

#include "consensus/checkpoint.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

struct StateTransfer {
  Checkpoint checkpoint;
  bool fetched = false;
  bool installing = false;
  std::vector<Digest> ordered;  // as the peer says that could not give the blocks
};

}  // namespace govchain::consensus::chain
