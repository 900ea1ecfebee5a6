#pragma once
// How far a simulated cell is from the live one.
//
// Throughput is compared at saturation only: below it both deliver what is offered. Latency is
// compared net of what no model can get wrong, propagation and batching timers, which would flatter
// it: of both latencies the same cell's on a free machine (no processor, disk or bandwidth cost) is
// taken off first.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/validate/design.h"

namespace govchain::analysis::validate {

// What one run of a cell gave, live or simulated.
struct Figures {
  double throughput = 0;  // committed transactions per second
  consensus::Duration p50;
  consensus::Duration p99;
  friend bool operator==(const Figures&, const Figures&) = default;
};

struct Cell {
  std::string name;  // of the configuration, or of the scenario that was run as it stands
  Configuration configuration;
  LoadLevel level = LoadLevel::kSaturation;
  double offered = 0;  // transactions per second
  Figures live;
  Figures simulated;
  Figures free;  // simulated on a free machine: propagation and timers alone
};

// Relative errors, none where the cell says nothing of the metric.
struct Errors {
  std::optional<double> throughput;
  std::optional<double> p50;
  std::optional<double> p99;
};

// A net latency below this says more of the clocks than of the chain.
inline constexpr consensus::Duration kLeastNetLatency = consensus::Duration::microseconds(100);

[[nodiscard]] Errors errors_of(const Cell& cell);

struct MetricScore {
  size_t cells = 0;  // scored
  double median = 0;
  std::optional<size_t> worst;  // index into the cells
  double worst_error = 0;
};

struct Score {
  MetricScore throughput;
  MetricScore p50;
  MetricScore p99;
};

// Over the cells that do not calibrate. A median of none is 0 with `cells` 0.
[[nodiscard]] Score score(const std::vector<Cell>& cells);

// What a model must reach to be called valid: medians of absolute errors.
struct Limits {
  double throughput = 0.10;
  double p50 = 0.15;
  double p99 = 0.30;
};
[[nodiscard]] bool within(const Score& score, const Limits& limits);

}  // namespace govchain::analysis::validate
