#pragma once
// Files that are whole or not there: written beside their place, synced, then renamed over it.
// Whoever kills the program in the middle leaves the old file or the new one.

#include <string>
#include <string_view>

#include "consensus/result.h"

namespace govchain::analysis {

// Makes the folder with all above it. Errors: kIo with the path and what the system said.
[[nodiscard]] consensus::Status make_folder(const std::string& folder);
[[nodiscard]] consensus::Status write_atomically(const std::string& path, std::string_view content);

}  // namespace govchain::analysis
