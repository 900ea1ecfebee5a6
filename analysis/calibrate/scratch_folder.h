#pragma once
// A folder for the time of a calibration, on the file system that is measured.

#include <memory>
#include <string>

#include "consensus/result.h"

namespace govchain::analysis {

class ScratchFolder {
 public:
  // Errors: kNotFound and kInvalid (there is no such folder), kIo (nothing can be made in it).
  [[nodiscard]] static consensus::Result<std::unique_ptr<ScratchFolder>> make(
      const std::string& inside);
  // Takes it away with all that is in it.
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace govchain::analysis
