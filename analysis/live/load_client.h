#pragma once
// Clients of a running network: they submit what is offered at its time, whether or not earlier
// answers have come, and wait until they are told that it is final. What finds no connection free
// (connection_pool.h) waits, and that counts as its latency. Who gets no answer, or one that leaves
// it open, submits the same bytes again, at the next replica. A refusal is final, as it is in a
// simulation, unless it only means that this replica serves nobody.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "analysis/live/load_ahead.h"
#include "analysis/live/load_records.h"
#include "analysis/live/read_plan.h"
#include "consensus/time.h"

namespace govchain::analysis::live {

struct LoadTargets {
  std::vector<uint16_t> ports;  // of the replicas' endpoints on the loopback address, by replica
  uint32_t connections_per_replica = 2'048;
  consensus::Duration try_again_after = consensus::Duration::milliseconds(50);
  consensus::Duration client_timeout = consensus::Duration::seconds(30);
  ReadPlan reads;
};

// From `start` on (of the machine's monotonic clock) until everything has its fate, or `drain`
// after the end at `duration`, or `stop`.
[[nodiscard]] LoadRecords run_load(LoadAhead& load, const LoadTargets& targets,
                                   std::chrono::steady_clock::time_point start,
                                   consensus::Duration duration, consensus::Duration drain,
                                   const std::atomic<bool>& stop);

}  // namespace govchain::analysis::live
