#pragma once
// Where an epoch begins.

#include "consensus/input.h"
#include "consensus/membership.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

// Membership of one epoch, and the block that brought it (null for genesis).
struct EpochStart {
  Membership membership;
  Height from;  // first height that its members agree upon
  StoredBlock change;
};

}  // namespace govchain::consensus::chain
