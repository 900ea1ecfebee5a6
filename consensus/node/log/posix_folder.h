#pragma once
// A folder of the operating system (POSIX.1-2008: pread, pwrite, posix_fallocate, fdatasync).

#include <memory>
#include <string>

#include "consensus/node/log/folder.h"

namespace govchain::consensus::node {

// kNotFound if `path` does not exist, kIo if it is no folder or may not be read.
[[nodiscard]] Result<std::unique_ptr<Folder>> open_folder(const std::string& path);

}  // namespace govchain::consensus::node
