#pragma once
// A scenario's chain as real processes on this machine, under the scenario's load.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiments/run.h"
#include "analysis/live/chain_check.h"
#include "analysis/live/fault_driver.h"
#include "analysis/live/history_check.h"
#include "analysis/live/measure.h"
#include "analysis/live/offered_load.h"
#include "analysis/live/read_plan.h"
#include "analysis/live/watch.h"
#include "consensus/result.h"
#include "scenarios/scenario.h"

namespace govchain::analysis::live {

struct LiveRequest {
  std::string program;  // govchain, which nodes and load run too
  std::string folder;   // for all that the processes leave; new or empty
  std::string profile;  // as the command was given it
  Batching batching;
  ReadPlan reads;
  // Between two samples of what the replicas hold (watch.h); zero: none.
  consensus::Duration sample_every;
  // A command of a shell that runs while the load does, such as an attacker; empty: none. It finds
  // the network's folder in GOVCHAIN_NETWORK, and its ports, separated by commas, in
  // GOVCHAIN_REPLICA_PORTS and GOVCHAIN_CLIENT_PORTS.
  std::string beside;
  // The library for kills; needed only if the scenario kills something.
  std::string forgetful;
  // So long after the start the replicas' syncs begin to do nothing: a planted fault, to see that
  // it is noticed. Null: never.
  std::optional<consensus::Duration> swallow_after;
  const std::atomic<bool>* stop = nullptr;
  // Now and then: share of the run that is over, and what is done at present.
  std::function<void(double share, const char* stage)> progress;
};

struct NodeUse {
  consensus::Duration cpu;         // in the measured window
  consensus::Bytes written;        // in the measured window
  consensus::Bytes peak_resident;  // of all its lives
  uint32_t starts = 0;
};

struct LiveResult {
  RunResult run;  // as a simulation's; what a live run cannot know is left empty
  const char* links = "direct";
  LoadQuality load;
  uint64_t connections = 0;
  consensus::Duration load_cpu;  // of the whole run
  consensus::Duration line_cpu;  // likewise of the delay line; zero without one
  uint32_t batch = 1;
  std::vector<NodeUse> nodes;
  ReadUse reads;
  Kills kills;
  FullDisks full_disks;
  ChecksDone checks;
  HistoryChecked history;  // only if there were reads
  std::vector<Sample> samples;
};

// Errors: kUnsupported (the scenario asks for what cannot be done live), kIo (a process did not
// start, or ended: with the end of its log), kExhausted (stopped).
[[nodiscard]] consensus::Result<LiveResult> run_live(const scenarios::Scenario& scenario,
                                                     const LiveRequest& request);

// Less than this share of the load was made: the figures say nothing.
inline constexpr double kLeastAchieved = 0.99;

// The object of `run --json`, and what only a live run has.
[[nodiscard]] std::string live_json(const LiveResult& result, const std::string& command);
[[nodiscard]] std::string live_text(const LiveResult& result, const sim::WorldSpec& world,
                                    const RunTextStyle& style);

}  // namespace govchain::analysis::live
