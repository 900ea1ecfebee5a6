#pragma once
// What a live run does of a scenario. Whatever it cannot do is an error that names the place, never
// left out.

#include <cstdint>
#include <vector>

#include "consensus/result.h"
#include "consensus/time.h"
#include "scenarios/scenario.h"

namespace govchain::analysis::live {

// A step of a fault: done at its time to each replica of the group.
struct FaultStep {
  enum class Kind : uint8_t { kKill, kStart, kPause, kResume, kCut, kHeal, kFill, kEmpty };
  consensus::Duration at;
  Kind kind = Kind::kKill;
  size_t fault = 0;  // index into WorldSpec::faults
  std::vector<sim::ReplicaIndex> group;
};

struct LivePlan {
  uint32_t replicas = 0;
  uint32_t departments = 0;
  // One way, from the first to the second replica; empty if every delay is zero.
  std::vector<std::vector<consensus::Duration>> delays;
  std::vector<FaultStep> steps;  // by time
  // Something is killed, so unsynced writes are lost; something is cut off.
  bool kills = false;
  bool cuts = false;
  // Their disks are filled, so they have small ones.
  std::vector<sim::ReplicaIndex> small_disks;  // in order, once each
};

// kUnsupported: `where` is the scenario's path and the JSON pointer.
[[nodiscard]] consensus::Result<LivePlan> plan_live(const scenarios::Scenario& scenario);

}  // namespace govchain::analysis::live
