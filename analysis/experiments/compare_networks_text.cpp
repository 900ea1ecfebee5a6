#include <algorithm>

#include <fmt/format.h>

#include "analysis/experiments/compare_networks.h"
#include "analysis/experiments/figures.h"

namespace govchain::analysis {

namespace {

using Line = std::vector<std::string>;

std::string laid_out(const std::vector<Line>& lines) {
  std::vector<size_t> widths(lines.front().size());
  for (const Line& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const Line& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      out += i == 0 ? fmt::format("{:<{}}", line[i], widths[i])
                    : fmt::format("  {:>{}}", line[i], widths[i]);
    }
    out += "\n";
  }
  return out;
}

std::string runs_of(const NetworkComparison& comparison) {
  std::vector<Line> lines = {{"network", "committed", "mean ms", "p50 ms", "p99 ms", "decision",
                              "messages", "failed views", "violations", "CPU s"}};
  for (const NetworkFigures& one : comparison.networks) {
    lines.push_back({one.network, figure(one.throughput), figure(one.mean), figure(one.p50),
                     figure(one.p99), figure(one.decision), grouped(one.messages),
                     grouped(one.view_changes), grouped(one.violations), figure(one.cpu_seconds)});
  }
  std::string out = laid_out(lines);
  if (!comparison.decision) return out;
  const std::string fastest = figure(comparison.decision->fastest_leader.to_milliseconds());
  const std::string slowest = figure(comparison.decision->slowest_leader.to_milliseconds());
  return out + fmt::format("closed form of a decision, propagation alone: {} ms{}\n",
                           fastest == slowest ? fastest : fastest + " to " + slowest,
                           fastest == slowest ? "" : ", by who leads");
}

std::string transfers_of(const NetworkComparison& comparison) {
  if (comparison.transfers.empty()) return {};
  std::vector<Line> lines = {{"ms", "closed form"}};
  for (const NetworkFigures& one : comparison.networks) lines.front().push_back(one.network);
  for (const TransferRow& row : comparison.transfers) {
    Line line = {row.what, figure(row.closed_form.to_milliseconds())};
    for (const sim::Duration time : row.measured) line.push_back(figure(time.to_milliseconds()));
    lines.push_back(std::move(line));
  }
  return fmt::format("\ntransfers, {}\n", comparison.way) + laid_out(lines);
}

std::string steps_of(const NetworkComparison& comparison) {
  std::string out = "\nwhere they differ\n";
  for (const NetworkStep& step : comparison.steps) {
    out += fmt::format("{} to {}: throughput {}, p50 {}, p99 {}\n  {}\n", step.from, step.to,
                       signed_percent(step.throughput), signed_percent(step.p50),
                       signed_percent(step.p99), step.cause);
  }
  return out;
}

}  // namespace

std::string networks_text(const NetworkComparison& comparison) {
  return fmt::format("{}: {}, {} s simulated ({} s warm-up), seed {}; one network in four models\n",
                     comparison.scenario, comparison.protocol, figure(comparison.simulated_seconds),
                     figure(comparison.warmup_seconds), comparison.seed) +
         runs_of(comparison) + transfers_of(comparison) + steps_of(comparison);
}

}  // namespace govchain::analysis
