#pragma once
// The rules that every run is held to. All of them are on in every run.

#include <memory>
#include <vector>

#include "sim/checkers/observer.h"

namespace govchain::sim {

// An observer that also says what was broken.
class CheckerSuite : public Observer {
 public:
  // In the order found; at most kMaxViolations are kept.
  [[nodiscard]] virtual const std::vector<Violation>& violations() const = 0;
  static constexpr size_t kMaxViolations = 100;
};

[[nodiscard]] std::unique_ptr<CheckerSuite> make_checkers(const WorldSpec& spec);

}  // namespace govchain::sim
