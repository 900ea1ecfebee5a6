#pragma once
// Who lies in a fuzzed world: at most as many as its protocol tolerates.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

void draw_adversaries(Draft& draft);

}  // namespace govchain::sim
