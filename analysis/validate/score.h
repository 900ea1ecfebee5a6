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
  double load_made = 1;  // share of the load that was sent in time
  // Not scored, but they lead to the cause of an error.
  double processor = 0;          // share of all cores' time that was used
  double blocks_per_second = 0;  // committed
  double others = 0;             // live: share of all cores' time that went to somebody else
  friend bool operator==(const Figures&, const Figures&) = default;
};

struct Cell {
  std::string name;  // of the configuration, or of the scenario that was run as it stands
  Configuration configuration;
  LoadLevel level = LoadLevel::kSaturation;
  double offered = 0;  // transactions per second
  Figures live;        // the median of each figure over the repetitions
  Figures live_least;  // of each figure; equal to `live` where there was one run
  Figures live_most;
  uint32_t repetitions = 1;  // live
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

// A chain that commits less than this share of what is offered is saturated.
inline constexpr double kKeepsUp = 0.8;
[[nodiscard]] bool is_saturated(double offered, const Figures& figures);

// Whether the live processes got the load that the cell says. Clients share the machine, and below
// saturation less than 99 % makes it another experiment. Above it, what was sent has only to be
// more than the chain could take.
[[nodiscard]] bool was_offered(const Cell& cell);

// Whether the live processes had the machine to themselves: more than a tenth of its cores' time
// for others, and the cell says what they did. A quiet system's own work is less.
inline constexpr double kDisturbed = 0.1;
[[nodiscard]] bool was_quiet(const Figures& live);

// What may be scored: was offered, and on a quiet machine.
[[nodiscard]] bool is_comparable(const Cell& cell);

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

// Over the cells that do not calibrate and are comparable. A median of none is 0 with `cells` 0.
[[nodiscard]] Score score(const std::vector<Cell>& cells);

// What a model must reach to be called valid: medians of absolute errors.
struct Limits {
  double throughput = 0.10;
  double p50 = 0.15;
  double p99 = 0.30;
};
// Every metric that some cell says something of; false if there is none.
[[nodiscard]] bool within(const Score& score, const Limits& limits);

}  // namespace govchain::analysis::validate
