#pragma once
// Where a live run happens: a folder for what its processes leave, and the programs that it starts.

#include <memory>
#include <string>

#include "consensus/result.h"

namespace govchain::analysis::live {

// A temporary folder that goes with the object, unless something went wrong.
class Workplace {
 public:
  [[nodiscard]] static consensus::Result<std::unique_ptr<Workplace>> make();
  explicit Workplace(std::string path) : path_(std::move(path)) {}
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

// The file of the program that runs now.
[[nodiscard]] std::string own_program();
// The library for kills, beside the program where it was built or where it is installed; empty if
// it is nowhere.
[[nodiscard]] std::string forgetful_library(const std::string& program);

}  // namespace govchain::analysis::live
