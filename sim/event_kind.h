#pragma once
// What an event can be. One enumeration for the whole simulator, because they share one queue.

#include <cstdint>

namespace govchain::sim {

enum class EventKind : uint32_t {
  kArrival,       // index: transmission; last bit at the receiver's NIC
  kHop,           // index: transmission; first bit at its next trunk
  kPeerWritable,  // index: endpoint; its NIC's queue has drained
  kReplicaLoop,   // index: endpoint
  kReplicaTimer,  // index: endpoint
  kDiskDone,      // index: endpoint
  kLoad,          // index: load
  kFaultBegin,    // index: fault
  kFaultEnd,      // index: fault
  kRestart,       // index: endpoint
  kAgentTimer,    // index: pending agent timer
  kFetchTimeout,  // index: endpoint
  kAdversary,     // index: adversary
  kRequest,       // index: request
  kSample,
  kSnapshotDone,  // index: endpoint
  kCore,          // index: machine times RunQueue::kMostCores plus core
  kRetry,         // index: a client that waits (WorldRunner)
};

}  // namespace govchain::sim
