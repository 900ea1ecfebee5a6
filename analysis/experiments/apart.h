#pragma once
// Work in a process of its own: for what a process can do only once, and for what may die of it.

#include <functional>
#include <string>
#include <vector>

#include "consensus/result.h"

namespace govchain::analysis {

using ApartWork = std::function<consensus::Result<std::string>()>;

// What each returned, in their order, with as many at a time as `processes`. The calling process
// must have one thread. Errors: of the first that has one, in their order; kIo if the system gives
// no process or pipe, or if one died, with the signal.
[[nodiscard]] consensus::Result<std::vector<std::string>> run_apart(
    const std::vector<ApartWork>& works, uint32_t processes);

}  // namespace govchain::analysis
