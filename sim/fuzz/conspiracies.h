#pragma once
// Who lies in a fuzzed world: at most as many as its protocol tolerates.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

void draw_adversaries(Draft& draft);
// Of a Byzantine protocol: some of those that have no plan together become ones whose every word is
// true, and which forget, flood, leave out or say everything twice. After draw_faults().
void draw_subtler_adversaries(Draft& draft);
// Where batches are certified: about half of the adversaries, of whatever kind they were, become
// ones that keep the bytes to themselves.
void draw_withholding_origins(Draft& draft);

}  // namespace govchain::sim
