#pragma once
// A committed block that a peer showed, verified, and waiting for those below it.

#include <cstdint>

#include "consensus/input.h"

namespace govchain::consensus::chain {

struct CatchUpBlock {
  StoredBlock stored;
  uint32_t peer = 0;
  bool last = false;
};

}  // namespace govchain::consensus::chain
