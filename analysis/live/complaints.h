#pragma once
// Violations of a run as people can read them: a broken run breaks one rule thousands of times.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "consensus/time.h"
#include "sim/world_result.h"

namespace govchain::analysis::live {

class Complaints {
 public:
  explicit Complaints(std::vector<sim::Violation>& out) : out_(out) {}
  // Only the first few of a rule are kept, the others counted.
  void add(const std::string& rule, const std::string& detail, consensus::Duration at);
  // Says how many were not kept.
  void finish();

 private:
  std::vector<sim::Violation>& out_;
  std::map<std::string, uint64_t> counts_;
};

}  // namespace govchain::analysis::live
