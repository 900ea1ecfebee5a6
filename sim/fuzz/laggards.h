#pragma once
// Worlds in which a replica falls behind what the others keep, so that it needs a state transfer:
// by chance alone that is too rare to be exercised in every campaign.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

// In some worlds one honest replica is down, cut off or not there yet for most of the chaos, while
// the others keep few blocks. Call after draw_faults(), before draw_load().
void draw_laggards(Draft& draft);

}  // namespace govchain::sim
