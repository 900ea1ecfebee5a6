#pragma once
// What a process has used so far, as /proc tells it.

#include <optional>
#include <sys/types.h>

#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::analysis::live {

struct ProcessUsage {
  consensus::Duration cpu;         // of all its threads, in user and system mode
  consensus::Bytes written;        // caused to be written to storage
  consensus::Bytes peak_resident;  // memory
};

// Null if there is no such process.
[[nodiscard]] std::optional<ProcessUsage> usage_of(pid_t process);

// What a process holds now.
struct ProcessHoldings {
  consensus::Bytes resident;  // memory
  uint32_t open_files = 0;    // descriptors
};
[[nodiscard]] std::optional<ProcessHoldings> holdings_of(pid_t process);

}  // namespace govchain::analysis::live
