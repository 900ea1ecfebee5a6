#pragma once
// Measurements in rounds: each round does a little of every measurement, in another order than the
// round before. So a minute in which the machine is busy with something else spoils one sample of
// every figure, which a median forgets, and not every sample of one figure.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analysis/calibrate/clocks.h"
#include "analysis/calibrate/figures.h"
#include "consensus/result.h"

namespace govchain::analysis {

// One thing, or several of a kind, that is measured.
class Probe {
 public:
  virtual ~Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  // For people who wait: "signatures".
  [[nodiscard]] virtual std::string name() const = 0;
  // Once, before the first round: keys, states, connections. Not measured.
  [[nodiscard]] virtual consensus::Status prepare() { return consensus::success(); }
  // A share of its work.
  [[nodiscard]] virtual consensus::Status round(Clocks& clocks, Figures& figures) = 0;

 protected:
  Probe() = default;
};

struct RoundsPlan {
  uint32_t least = 5;
  uint32_t most = 15;
  // No further round begins if it would end later than this after the first one began, taking as
  // long as the longest so far.
  consensus::Duration budget = consensus::Duration::seconds(100);
};

// The order of a round's measurements: beginning at another one each round, and backwards in every
// second round, so that each has other neighbours.
[[nodiscard]] std::vector<size_t> order_of_round(size_t probes, uint32_t round);

struct RoundsOutcome {
  uint32_t rounds = 0;  // without the first, which warms up and does not count
  consensus::Duration took;
};

// Progress: share of all work, and what is under way. Error: kExhausted if it was stopped, else
// what a probe says.
using RoundsProgress = std::function<void(double share, const std::string& name)>;
[[nodiscard]] consensus::Result<RoundsOutcome> run_rounds(
    std::span<const std::unique_ptr<Probe>> probes, const RoundsPlan& plan, Clocks& clocks,
    Figures& figures, const std::atomic<bool>* stop, const RoundsProgress& progress);

}  // namespace govchain::analysis
