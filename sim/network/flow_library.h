#pragma once
// The library that has SimGrid in it (simgrid_flows.cpp), loaded when a world asks for it.

#include <memory>

#include "consensus/result.h"
#include "sim/network/flow_model.h"

namespace govchain::sim {

// Never destroyed: SimGrid ends with its process. Errors: kIo if the library is not where
// the program is, or lacks one of its own, kUnsupported if it is another build's or SimGrid
// refuses: a second world in one process.
[[nodiscard]] consensus::Result<FlowModel*> load_simgrid(const FlowPlatform& platform);

}  // namespace govchain::sim
