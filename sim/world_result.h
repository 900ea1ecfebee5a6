#pragma once
// What a run produced. Everything outside `work` is a function of the description alone and enters
// the digest.

#include <cstdint>
#include <string>
#include <vector>

#include "consensus/engine.h"
#include "sim/histogram.h"
#include "sim/units.h"

namespace govchain::sim {

// Every transaction that was submitted in the measured window ends in exactly one of the last four.
struct TransactionCounts {
  uint64_t submitted = 0;
  uint64_t committed = 0;  // final at its ingress replica
  uint64_t refused = 0;    // by admission, or applied with a refusal receipt of the contract
  uint64_t timed_out = 0;
  uint64_t in_flight = 0;  // at the end of the run
  TransactionCounts& operator+=(const TransactionCounts& other);
};

// Where the mean latency of committed transactions goes; shares add up to 1.
struct LatencyShares {
  double queue = 0;    // waiting to be proposed (mempool, batching)
  double network = 0;  // serialisation and propagation on the path to the quorum
  double cpu = 0;
  double disk = 0;
  double quorum = 0;  // waiting for other replicas beyond the above
};

struct ResourceUse {
  std::string name;  // "host guiyang-1 cpu", "trunk Beijing-Wuhan", "host guiyang-1 nic out", "host
                     // guiyang-1 disk"
  double utilisation = 0;  // mean share of capacity in the measured window, 0..1
};

struct ChainResult {
  std::string name;
  std::string protocol;
  uint32_t replicas = 0;
  double offered_per_second = 0;
  TransactionCounts transactions;
  Histogram latency;  // intended submission to finality at the client
  LatencyShares shares;
  uint64_t blocks = 0;  // committed in the window, at the replica that is furthest
  // Views (terms, rounds) that began because the one before had failed, as the replica saw it that
  // saw most; views that every block begins (HotStuff) and a first leader do not count.
  uint64_t view_changes = 0;
  uint64_t highest_view = 0;
  uint64_t messages = 0;       // delivered: engine inputs that crossed the network
  Bytes network_bytes;         // sent by replicas, on the wire
  double cpu_utilisation = 0;  // of the busiest replica's host cores
  Bytes storage;               // written by one replica in the window (blocks, log, state)
  double backlog_slope =
      0;  // d(in flight)/dt, transactions per second, least squares over the window
  double backlog_slope_error = 0;  // its standard error, from batch means
  bool saturated =
      false;  // the slope's 95 % interval lies above zero and above 1 % of the offered rate
  consensus::EngineCounters counters;  // summed over replicas
  // From a leader's first writing of a block until more than half of the replicas have it final.
  Histogram decision;
  std::vector<double> backlog_series;  // in flight, sampled at equal intervals over the whole run
  Duration backlog_interval;
};

struct ServiceResult {
  std::string name;
  uint64_t submitted = 0;
  uint64_t completed = 0;
  uint64_t refused = 0;
  Histogram latency;
};

// A rule that the run broke. None in a correct build.
struct Violation {
  std::string rule;    // "agreement", "durable-before-send", …
  std::string detail;  // who, when, what
  TimePoint at;
};

// Describes the machine and the effort, not the result.
struct WorkDone {
  uint64_t events = 0;
  uint64_t messages = 0;
  double cpu_seconds = 0;
  double wall_seconds = 0;
  uint64_t peak_memory_bytes = 0;
  uint32_t threads = 1;
};

struct WorldResult {
  std::vector<ChainResult> chains;
  std::vector<ServiceResult> services;
  std::vector<ResourceUse>
      resources;  // descending by utilisation; the first is what saturates first
  std::vector<Violation> violations;
  std::string digest;  // hex SHA-256 of everything above and of every committed block
  WorkDone work;
};

}  // namespace govchain::sim
