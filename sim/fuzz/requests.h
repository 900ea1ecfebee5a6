#pragma once
// What operators and readers of a fuzzed world ask for: reads, changes of membership, other
// leaders.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

void draw_requests(Draft& draft);
// What a replica must not do while it is cut off or stood still without knowing: answer reads, and
// let its side alone become the membership.
void draw_corners_of_membership(Draft& draft);
// Lets some changes of a Byzantine chain's membership remove who does not vote, instead of making
// it a learner. Call last: clients of a replica that leaves would wait for ever, and one that has
// left does not come back, so a world has one such change and clients elsewhere.
void draw_removals(Draft& draft);

}  // namespace govchain::sim
