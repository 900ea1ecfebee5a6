#include "analysis/calibrate/rounds.h"

#include <algorithm>
#include <numeric>

namespace govchain::analysis {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

bool is_stopped(const std::atomic<bool>* stop) { return stop != nullptr && stop->load(); }

Error stopped() { return {ErrorCode::kExhausted, "stopped", {}}; }

}  // namespace

std::vector<size_t> order_of_round(size_t probes, uint32_t round) {
  std::vector<size_t> order(probes);
  std::iota(order.begin(), order.end(), size_t{0});
  if (probes == 0) return order;
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(round % probes),
              order.end());
  if (round % 2 == 1) std::reverse(order.begin(), order.end());
  return order;
}

Result<RoundsOutcome> run_rounds(std::span<const std::unique_ptr<Probe>> probes,
                                 const RoundsPlan& plan, Clocks& clocks, Figures& figures,
                                 const std::atomic<bool>* stop, const RoundsProgress& progress) {
  for (const std::unique_ptr<Probe>& probe : probes) {
    if (is_stopped(stop)) return stopped();
    if (progress) progress(0, "preparing " + probe->name());
    if (Status prepared = probe->prepare(); !prepared) return prepared.error();
  }
  RoundsOutcome outcome;
  Figures warm_up;
  const Duration begin = clocks.wall();
  Duration longest;
  for (uint32_t round = 0; round <= plan.most; ++round) {
    const Duration start = clocks.wall();
    const bool fits = start - begin + longest <= plan.budget;
    if (!fits && round > plan.least) break;
    size_t done = 0;
    for (const size_t next : order_of_round(probes.size(), round)) {
      if (is_stopped(stop)) return stopped();
      if (progress) {
        const double rounds =
            round + static_cast<double>(done++) / static_cast<double>(probes.size());
        const double by_count = rounds / (plan.most + 1.0);
        const double by_time = round > plan.least
                                   ? (clocks.wall() - begin).to_seconds() / plan.budget.to_seconds()
                                   : 0.0;
        progress(std::min(1.0, std::max(by_count, by_time)), probes[next]->name());
      }
      Status measured = probes[next]->round(clocks, round == 0 ? warm_up : figures);
      if (!measured) return measured.error();
    }
    longest = std::max(longest, clocks.wall() - start);
    outcome.rounds = round;
  }
  outcome.took = clocks.wall() - begin;
  return outcome;
}

}  // namespace govchain::analysis
