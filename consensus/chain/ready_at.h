#pragma once
// A confirmed read, which is answered when this height is executed.

#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

struct ReadyAt {
  Token token;
  Height height;
  TimePoint asked;
};

}  // namespace govchain::consensus::chain
