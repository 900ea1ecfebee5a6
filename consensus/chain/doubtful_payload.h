#pragma once
// A payload of this replica's clients that a peer says was ordered in blocks which a state replaced
// here. It is not proposed until enough of those who were members then say so, or it is given up.

#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

struct DoubtfulPayload {
  Digest digest;
  Epoch epoch;  // of the checkpoint: its members know
  TimePoint since;
};

}  // namespace govchain::consensus::chain
