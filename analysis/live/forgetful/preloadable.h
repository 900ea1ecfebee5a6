#pragma once
// A path by which the dynamic linker can be told to load a library first. LD_PRELOAD separates its
// libraries by spaces and colons and knows no quotes (ld.so(8)), so a library whose path has one of
// them is loaded by way of a link.

#include <string>

#include "consensus/result.h"

namespace govchain::analysis::live::forgetful {

// `folder`: where the link is made, if one is needed. kUnsupported if the folder's path has such a
// character, too; kIo.
[[nodiscard]] consensus::Result<std::string> preloadable(const std::string& library,
                                                         const std::string& folder);

}  // namespace govchain::analysis::live::forgetful
