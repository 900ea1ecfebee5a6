#pragma once
// Where a fuzzed world's replicas stand: places, the trunks between them, and hosts.

#include "sim/fuzz/draft.h"

namespace govchain::sim {

void draw_network(Draft& draft);
void draw_hosts(Draft& draft);

}  // namespace govchain::sim
