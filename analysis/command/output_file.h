#pragma once
// Results on disk: whoever looks, at whatever moment, sees the old file or the new one, whole.

#include <string>
#include <string_view>

#include "consensus/result.h"

namespace govchain::analysis {

// Makes the folders on the way, writes a temporary file beside it, syncs, renames, syncs the
// folder. Errors: kIo with the path and what the system says.
[[nodiscard]] consensus::Status write_atomically(const std::string& path, std::string_view content);

}  // namespace govchain::analysis
