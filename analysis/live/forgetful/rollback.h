#pragma once
// Takes back, after a node was killed, what it had not synced: all of it, or as much as a disk that
// loses its power may not have written yet.

#include <cstdint>
#include <string>

#include "consensus/result.h"
#include "sim/random.h"

namespace govchain::analysis::live::forgetful {

struct Forgotten {
  uint64_t writes = 0;  // content and sizes that were not synced when the process was killed
  uint64_t names = 0;   // likewise: made, removed, changed
  uint64_t kept_pages = 0;
  uint64_t lost_pages = 0;
  uint64_t lost_names = 0;
};

// `undo` is the journal's folder, and empty afterwards. In one draw out of two everything unsynced
// is lost; else each page of 4 KiB survives or not for itself, and of the changes of names a first
// part survives, as journalling file systems keep their order. kCorrupt if the journal is no
// journal.
[[nodiscard]] consensus::Result<Forgotten> roll_back(const std::string& undo,
                                                     sim::RandomStream& random);

}  // namespace govchain::analysis::live::forgetful
