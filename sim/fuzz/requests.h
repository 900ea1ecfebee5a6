#pragma once
// What operators and readers of a fuzzed world ask for: reads, changes of membership, other
// leaders.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

void draw_requests(Draft& draft);
// What a replica must not do while it is cut off or stood still without knowing: answer reads, and
// let its side alone become the membership.
void draw_corners_of_membership(Draft& draft);

}  // namespace govchain::sim
