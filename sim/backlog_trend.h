#pragma once
// Whether what is in flight grows: the slope of its samples over the measured window.

#include "sim/units.h"
#include "sim/world_result.h"

namespace govchain::sim {

// From backlog_series and backlog_interval: slope, its standard error, and whether the chain is
// saturated. Nothing is filled in if there are too few samples to tell.
void fit_backlog(Duration warmup, ChainResult& chain);

}  // namespace govchain::sim
