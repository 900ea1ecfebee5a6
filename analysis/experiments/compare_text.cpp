#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "analysis/experiments/compare.h"
#include "analysis/experiments/figures.h"

namespace govchain::analysis {

namespace {

constexpr size_t kColumns = 9;
using Line = std::array<std::string, kColumns>;

constexpr std::array<const char*, kColumns> kTitles = {
    "protocol", "replicas", "offered",        "committed",   "p50 ms",
    "p99 ms",   "decision", "messages/block", "failed views"};

Line line_of(const RunResult& result, const ComparePoint& point) {
  const sim::ChainResult& chain = result.chains.front();
  double throughput = 0;
  if (!metric_value(result, "/chains/0/throughput_tps", throughput)) throughput = 0;
  const auto quantile = [](const sim::Histogram& histogram, double q) {
    return histogram.count() == 0 ? std::string("-")
                                  : figure(histogram.quantile(q).to_milliseconds());
  };
  const double per_block =
      chain.blocks == 0 ? 0
                        : static_cast<double>(chain.messages) / static_cast<double>(chain.blocks);
  return {point.protocol,
          std::to_string(chain.replicas),
          figure(chain.offered_per_second),
          figure(throughput) + (chain.saturated ? " !" : ""),
          quantile(chain.latency, 0.5),
          quantile(chain.latency, 0.99),
          quantile(chain.decision, 0.5),
          figure(per_block),
          std::to_string(chain.view_changes)};
}

}  // namespace

std::string compare_text(const CompareResult& result, const RunTextStyle& style) {
  std::vector<Line> lines;
  lines.emplace_back();
  std::copy(kTitles.begin(), kTitles.end(), lines.back().begin());
  for (const ComparedRun& run : result.runs) lines.push_back(line_of(run.result, run.point));
  std::array<size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out = fmt::format(
      "{}: {} s simulated ({} s warm-up), seed {}; transactions per second, the same "
      "load and network for all\n",
      result.scenario, figure(result.simulated_seconds), figure(result.warmup_seconds),
      result.seed);
  bool saturated = false;
  size_t violations = 0;
  for (size_t row = 0; row < lines.size(); ++row) {
    std::string text;
    for (size_t i = 0; i < kColumns; ++i) {
      text += i == 0 ? fmt::format("{:<{}}", lines[row][i], widths[i])
                     : fmt::format("  {:>{}}", lines[row][i], widths[i]);
    }
    out += text + "\n";
    if (row == 0) continue;
    const RunResult& run = result.runs[row - 1].result;
    saturated = saturated || run.chains.front().saturated;
    violations += run.violations.size();
  }
  out +=
      "decision: half of the blocks are final at more than half of the replicas within so many "
      "milliseconds\n";
  out +=
      "failed views: leaders, terms or rounds given up for the next one, as the replica saw it "
      "that "
      "saw most\n";
  if (saturated) out += "! saturated: the backlog grows, latencies depend on how long one waits\n";
  const std::string count = violations == 0 ? "none" : grouped(violations);
  out += "violations " + (style.colour && violations > 0 ? "\033[31m" + count + "\033[0m" : count) +
         "\n";
  return out;
}

}  // namespace govchain::analysis
