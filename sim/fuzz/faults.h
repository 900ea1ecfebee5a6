#pragma once
// What goes wrong in a fuzzed world without anybody's intent: crashes, cuts, loss, disks, clocks.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

// All are over when the calm begins.
void draw_faults(Draft& draft);
// The network hears one side alone, or keeps everything for a while.
void draw_deaf_and_clogged(Draft& draft);
// Disks that lose what was durable: whoever finds that stays away, so they count against f together
// with the adversaries, and are never over. Call before clients are given their replicas and
// members are changed.
void draw_rot(Draft& draft);

}  // namespace govchain::sim
