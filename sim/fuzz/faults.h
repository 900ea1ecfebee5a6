#pragma once
// What goes wrong in a fuzzed world without anybody's intent: crashes, cuts, loss, disks, clocks.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

// All are over when the calm begins.
void draw_faults(Draft& draft);

}  // namespace govchain::sim
