#pragma once
// What a node counts, out of its Prometheus text.

#include <cstdint>
#include <string>

#include "consensus/engine.h"

namespace govchain::analysis::live {

// 0 for a metric that the text does not have; of a metric with labels, the first one.
[[nodiscard]] double metric_of(const std::string& text, const std::string& name);

struct NodeFigures {
  consensus::EngineCounters counters;
  uint64_t view = 0;
  uint64_t committed_height = 0;
  uint64_t frames_received = 0;  // of peers
  uint64_t bytes_sent = 0;       // to peers
  bool disk_full = false;
};

[[nodiscard]] NodeFigures figures_of(const std::string& text);

}  // namespace govchain::analysis::live
