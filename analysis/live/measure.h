#pragma once
// What the clients' records say: the same counts and latencies that a simulation of the scenario
// has, by the same rules.

#include <optional>
#include <vector>

#include "analysis/live/load_records.h"
#include "sim/world_result.h"
#include "sim/world_spec.h"

namespace govchain::analysis::live {

// How well the load was made, within the measured window.
struct LoadQuality {
  uint64_t payloads = 0;    // that were to be sent
  double achieved = 1;      // share of their transactions that was sent before the window's end
  uint64_t sent_again = 0;  // attempts beyond the first, of all payloads of the run
  sim::Histogram lag;       // from when a payload was to be sent to when it was
  double bytes_per_transaction = 0;
};

// Fills in transactions, latency, backlog and saturation of the chain, and the services.
void measure_clients(const sim::WorldSpec& world, const LoadRecords& records,
                     sim::ChainResult& chain, std::vector<sim::ServiceResult>& services,
                     LoadQuality& quality);

// What a client waited until it heard that its transaction is final and applied; nothing if it did
// not hear that before the run's end and within its patience.
[[nodiscard]] std::optional<consensus::Duration> latency_of(const sim::WorldSpec& world,
                                                            const SubmissionRecord& submission,
                                                            const TransactionRecord& transaction);

// Reads that were to be asked within the measured window.
struct ReadUse {
  uint64_t asked = 0;
  uint64_t answered = 0;
  uint64_t refused = 0;    // the others were not answered
  sim::Histogram latency;  // of those answered
};
[[nodiscard]] ReadUse measure_reads(const sim::WorldSpec& world, const LoadRecords& records);

}  // namespace govchain::analysis::live
