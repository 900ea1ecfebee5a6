#pragma once
// Finds the smallest hosts that hold the service level, by simulation.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "models/cost/bill.h"
#include "models/deployment/configuration.h"
#include "sim/world_result.h"
#include "sim/world_spec.h"

namespace govchain::models {

// The simulation, handed in. Called from several threads at once if `threads` > 1; a function of
// the description alone.
using Simulator = std::function<consensus::Result<sim::WorldResult>(const sim::WorldSpec&)>;

// Everything of a description that can change its result, as text: not the names of the world, its
// places, hosts and trunks.
[[nodiscard]] std::string world_key(const sim::WorldSpec& spec);

// Runs worlds and remembers them: worlds of equal key are simulated once. Equality is exact, never
// similarity.
class WorldRunner {
 public:
  WorldRunner(Simulator simulator, uint32_t threads);
  // Results in the order of the descriptions (the pointers stay valid for the runner's life).
  // Independent worlds run in parallel; the outcome does not depend on it. The first error, by
  // order, if any failed.
  [[nodiscard]] consensus::Result<std::vector<const sim::WorldResult*>> run(
      const std::vector<sim::WorldSpec>& worlds);
  [[nodiscard]] uint64_t simulated() const { return simulated_; }
  [[nodiscard]] uint64_t reused() const { return reused_; }
  // Effort and violations of everything simulated so far; digests in order of their keys.
  [[nodiscard]] const sim::WorkDone& work() const { return work_; }
  [[nodiscard]] const std::vector<sim::Violation>& violations() const { return violations_; }
  [[nodiscard]] std::vector<std::string> digests() const;
  std::function<void(uint64_t simulated)> progress;  // called under a lock

 private:
  Simulator simulator_;
  uint32_t threads_ = 1;
  uint64_t simulated_ = 0;
  uint64_t reused_ = 0;
  std::map<std::string, sim::WorldResult> known_;
  sim::WorkDone work_;
  std::vector<sim::Violation> violations_;
};

// What one service gets.
struct ServiceOutcome {
  std::string id;
  CaseCounts cases;
  double throughput_per_second = 0;  // ledger transactions at the peak
  sim::Histogram latency;            // end to end, of what is served
  double availability = 0;
  bool meets_latency = false;
  bool meets_availability = false;
  std::string missed;  // what prevents it; empty if the level is held
};

struct PlaceOutcome {
  std::string id;
  double nodes = 0;
  double cores = 0;
  double throughput_per_second = 0;
  sim::Histogram latency;
  double availability = 0;
  CaseCounts cases;
};

// A configuration with its sizes, what it delivers and what it takes.
struct SizedConfiguration {
  Configuration configuration;
  double nodes = 0;  // replicas' hosts (servers as procured)
  double cores = 0;
  double memory_bytes = 0;
  double storage_bytes = 0;     // over the horizon, all copies
  double network_bps = 0;       // bought between places
  double utilisation_peak = 0;  // of cores, mean over hosts by cores, 0..1
  double utilisation = 0;       // the same over the year
  double throughput_per_second = 0;
  double demand_per_second = 0;
  sim::Histogram latency;
  double availability = 0;  // mean over cases
  std::string binding_resource;
  bool holds_service_level = false;
  std::vector<std::string> missed;
  CaseCounts cases;
  std::vector<ServiceOutcome> services;
  std::vector<PlaceOutcome> places;  // as in NationSpec::places, then "CN"
  Bill bill;
};

// Errors: kInvalid from the simulator or a contradictory nation. A level that cannot be held is not
// an error: `missed` and `binding_resource` say why.
[[nodiscard]] consensus::Result<SizedConfiguration> size_configuration(
    const NationSpec& nation, const Demand& demand, const NationalNetwork& network,
    const Configuration& configuration, WorldRunner& runner);

// --- The whole plan

struct PlanRequest {
  std::vector<DeploymentKind> deployments{kAllDeployments.begin(), kAllDeployments.end()};
  DeploymentKind from = DeploymentKind::kInterconnected;
  DeploymentKind against = DeploymentKind::kNational;
  uint32_t threads = 1;
  // Called now and then from one thread at a time: configurations done, in all, worlds simulated.
  std::function<void(uint32_t done, uint32_t all, uint64_t worlds)> progress;
};

struct DeploymentPlan {
  DeploymentKind kind = DeploymentKind::kHub;
  SizedConfiguration procured;
  SizedConfiguration needed;
};

struct StepPlan {
  std::string id;  // empty for the first end
  SizedConfiguration sized;
};

struct NationPlan {
  std::vector<DeploymentPlan> deployments;  // in the order of kAllDeployments; always with both
                                            // ends, hub, isolated and national, whatever was asked
  // First: the first end as procured; last: the second end as needed. The amount of step i is the
  // value of bill i-1 less that of bill i.
  std::vector<StepPlan> steps;
  SizedConfiguration nothing_new;  // isolated without any new project: what exists is run on
  double demand_cases = 0;         // per year
  std::vector<std::string> assumptions_used;  // ids of setting_rows() and of services
  std::vector<sim::Violation> violations;
  std::vector<std::string> digests;
  sim::WorkDone work;
  uint64_t worlds_simulated = 0;
  uint64_t worlds_reused = 0;
  std::vector<std::string> not_priced;  // said aloud in the report
};

[[nodiscard]] consensus::Result<NationPlan> plan_nation(const NationSpec& nation,
                                                        const PlanRequest& request,
                                                        const Simulator& simulator);

}  // namespace govchain::models
