#include "analysis/live/complaints.h"

namespace govchain::analysis::live {

namespace {

constexpr uint64_t kShown = 5;  // of each rule

}  // namespace

void Complaints::add(const std::string& rule, const std::string& detail, consensus::Duration at) {
  if (++counts_[rule] <= kShown) {
    out_.push_back({rule, detail, consensus::TimePoint::since_start(at)});
  }
}

void Complaints::finish() {
  for (const auto& [rule, count] : counts_) {
    if (count <= kShown) continue;
    out_.push_back({rule, std::to_string(count - kShown) + " more of this kind", {}});
  }
  counts_.clear();
}

}  // namespace govchain::analysis::live
