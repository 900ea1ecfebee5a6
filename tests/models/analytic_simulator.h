#pragma once
// A stand-in for the simulator, in closed form: hosts are queues that every replica on them loads,
// and latency is a floor over their idle share. Tests of the search and of the plan's arithmetic
// use it, so that they do not depend on any engine.

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "models/sizing/sizing.h"

namespace govchain::models::testing {

struct AnalyticSimulator {
  double core_seconds_per_transaction = 500e-6;
  double core_share_of_replica = 0.01;
  double floor_milliseconds = 20;
  std::atomic<uint64_t>* calls = nullptr;

  consensus::Result<sim::WorldResult> operator()(const sim::WorldSpec& world) const {
    if (calls != nullptr) ++*calls;
    std::vector<double> rate(world.chains.size(), 0);
    for (const sim::LoadSpec& load : world.loads) {
      rate[load.chain] +=
          load.rate.front().per_second * world.classes[load.transaction_class].execution_factor;
    }
    std::vector<double> busy(world.hosts.size(), 0);
    for (size_t chain = 0; chain < world.chains.size(); ++chain) {
      for (const sim::ReplicaSpec& replica : world.chains[chain].replicas) {
        busy[replica.host] += core_share_of_replica + rate[chain] * core_seconds_per_transaction;
      }
    }
    sim::WorldResult result;
    double worst = 0;
    for (size_t host = 0; host < world.hosts.size(); ++host) {
      const double use = std::min(1.0, busy[host] / world.hosts[host].profile.cores);
      worst = std::max(worst, use);
      result.resources.push_back({"host " + world.hosts[host].name + " cpu", use});
    }
    std::sort(result.resources.begin(), result.resources.end(),
              [](const auto& a, const auto& b) { return a.utilisation > b.utilisation; });
    for (size_t chain = 0; chain < world.chains.size(); ++chain) {
      result.chains.push_back(chain_result(world, chain, rate[chain], worst));
    }
    for (size_t service = 0; service < world.services.size(); ++service) {
      sim::ServiceResult one;
      one.name = world.services[service];
      const double mean = floor_milliseconds / std::max(0.01, 1 - worst);
      for (int i = 0; i < 200; ++i) {
        one.latency.record(sim::Duration::microseconds(static_cast<int64_t>(mean * (500 + 5 * i))) +
                           2 * world.loads[std::min(service, world.loads.size() - 1)].access_delay);
      }
      one.submitted = one.completed = one.latency.count();
      result.services.push_back(std::move(one));
    }
    result.digest = std::to_string(rate.front());
    return result;
  }

 private:
  static sim::ChainResult chain_result(const sim::WorldSpec& world, size_t chain, double rate,
                                       double worst) {
    sim::ChainResult one;
    one.name = world.chains[chain].name;
    one.transactions.submitted = static_cast<uint64_t>(rate * 9) + 1;
    one.transactions.committed = one.transactions.submitted;
    one.saturated = worst >= 1;
    one.blocks = std::min<uint64_t>(450, one.transactions.submitted);
    one.network_bytes = sim::Bytes(one.transactions.submitted * 2'000);
    return one;
  }
};

}  // namespace govchain::models::testing
