#include "models/sizing/search.h"

#include <algorithm>
#include <map>

namespace govchain::models {

namespace {

// Of the submitted transactions, how many may be refused before the chain counts as overloaded.
constexpr double kRefusedShare = 0.01;

bool has_load(const Configuration& configuration, const ChainGroup& group) {
  return std::any_of(group.chains.begin(), group.chains.end(),
                     [&](size_t chain) { return !configuration.chains[chain].loads.empty(); });
}

sim::Duration strictest_p99(const NationSpec& nation) {
  sim::Duration strictest = sim::Duration::max();
  for (const ServiceLevel& level : nation.levels)
    strictest = std::min(strictest, level.latency_p99);
  return strictest;
}

// "host place-1-1 cpu" -> "cpu"; trunks keep their names.
std::string kind_of(const std::string& resource) {
  for (const char* kind : {"cpu", "nic out", "nic in", "disk"}) {
    if (resource.ends_with(kind)) return kind;
  }
  return resource;
}

// Would a larger host help with this resource?
bool grows_with_host(const std::string& resource) {
  return resource.ends_with("cpu") || resource.find(" nic") != std::string::npos;
}

std::string overload_of(const NationSpec& nation, const sim::WorldResult& result) {
  for (const sim::ResourceUse& use : result.resources) {
    if (use.utilisation > nation.deployment.utilisation_limit) return kind_of(use.name);
  }
  for (const sim::ChainResult& chain : result.chains) {
    const auto submitted = static_cast<double>(chain.transactions.submitted);
    const auto lost =
        static_cast<double>(chain.transactions.refused + chain.transactions.timed_out);
    if (chain.saturated || lost > kRefusedShare * submitted) {
      return "ordering of chain " + chain.name;
    }
  }
  return "";
}

// Contracts run one after the other, so a chain can be full while its host idles.
bool runs_near_one_core(const NationSpec& nation, const NationalNetwork& network,
                        const PlannedChain& chain, uint32_t shards) {
  double share = 0;
  for (const Stream& stream : streams_of(nation, network, chain, shards)) {
    share += stream.simulated * stream.execution_factor;
  }
  return share * nation.hardware.profile.costs.execute_transaction.to_seconds() >
         nation.deployment.utilisation_limit;
}

// Cores, cards and execution are divided by more hosts and shards; a wait for messages and disks is
// not, nor is a trunk.
bool more_can_help(const NationSpec& nation, const NationalNetwork& network,
                   const Configuration& configuration, const ChainGroup& group) {
  const bool busy = std::any_of(group.result->resources.begin(), group.result->resources.end(),
                                [&](const sim::ResourceUse& use) {
                                  return grows_with_host(use.name) &&
                                         use.utilisation > nation.deployment.utilisation_limit / 2;
                                });
  return busy || std::any_of(group.chains.begin(), group.chains.end(), [&](size_t chain) {
           return runs_near_one_core(nation, network, configuration.chains[chain], group.shards);
         });
}

// One group's way through the ladder.
class Search {
 public:
  Search(ChainGroup& group, const std::vector<uint32_t>& ladder, bool single, uint32_t max_shards)
      : group_(group), ladder_(ladder), single_(single), max_factor_(max_shards) {
    aim(0);
  }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] ChainGroup& group() { return group_; }

  // Takes the outcome of the probe that was aimed at.
  void answer(const std::string& problem, bool larger_helps) {
    group_.problem = problem;
    group_.holds = problem.empty();
    if (group_.holds) {
      good_ = position_;
      good_result_ = group_.result;
    } else {
      bad_ = static_cast<int>(position_);
      if (position_ == 0 && factor_ == 1 && problem.starts_with("latency")) {
        smallest_ = group_.result;
      }
      top_failed_ |= position_ + 1 == ladder_.size();
    }
    if (top_failed_) return next_factor(larger_helps);
    if (good_ && static_cast<int>(*good_) == bad_ + 1) return settle();
    if (!good_) return aim(ladder_.size() - 1);
    aim((static_cast<size_t>(bad_ + 1) + *good_) / 2);
  }

 private:
  void aim(size_t position) {
    position_ = position;
    group_.hosts.cores = ladder_[position];
    group_.hosts.hosts_per_room = single_ ? 1 : factor_;
    group_.shards = single_ ? factor_ : 1;
  }
  void settle() {
    aim(*good_);
    group_.result = good_result_;
    group_.holds = true;
    group_.problem.clear();
    finished_ = true;
  }
  void next_factor(bool larger_helps) {
    if (!larger_helps || factor_ * 2 > max_factor_) {
      finished_ = true;  // stays at the largest, with its problem named
      // … unless the smallest was only as slow: then there is nothing to be bought.
      if (smallest_ != nullptr && factor_ == 1) {
        aim(0);
        group_.result = smallest_;
      }
      return;
    }
    factor_ *= 2;
    good_.reset();
    good_result_ = nullptr;
    bad_ = -1;
    top_failed_ = false;
    aim(0);
  }

  ChainGroup& group_;
  const std::vector<uint32_t>& ladder_;
  bool single_ = true;
  uint32_t max_factor_ = 1;
  uint32_t factor_ = 1;
  size_t position_ = 0;
  std::optional<size_t> good_;
  const sim::WorldResult* good_result_ = nullptr;
  const sim::WorldResult* smallest_ = nullptr;
  int bad_ = -1;
  bool top_failed_ = false;
  bool finished_ = false;
};

}  // namespace

std::vector<ChainGroup> group_chains(const Configuration& configuration) {
  std::vector<ChainGroup> groups;
  std::map<size_t, size_t> pool_of_place;
  const bool pooled = configuration.arrangement.tenancy == Tenancy::kPooled;
  for (size_t chain = 0; chain < configuration.chains.size(); ++chain) {
    const PlannedChain& planned = configuration.chains[chain];
    if (pooled && !planned.wide) {
      const auto [pool, fresh] = pool_of_place.emplace(planned.place, groups.size());
      if (!fresh) {
        groups[pool->second].chains.push_back(chain);
        continue;
      }
    }
    ChainGroup group;
    group.chains.push_back(chain);
    groups.push_back(std::move(group));
  }
  return groups;
}

// Chains that share hosts are all in one world; a chain alone on its hosts is simulated once,
// however many equal ones there are.
static bool is_single(const Configuration& configuration, const ChainGroup& group) {
  return group.chains.size() == 1 && (configuration.arrangement.tenancy == Tenancy::kDedicated ||
                                      configuration.chains[group.chains.front()].copies == 1);
}

double multiplicity(const Configuration& configuration, const ChainGroup& group) {
  if (!is_single(configuration, group)) return 1;
  return static_cast<double>(group.shards) * configuration.chains[group.chains.front()].copies;
}

sim::WorldSpec world_of(const NationSpec& nation, const NationalNetwork& network,
                        const Configuration& configuration, const ChainGroup& group) {
  std::vector<ChainPart> parts;
  const bool single = is_single(configuration, group);
  for (const size_t chain : group.chains) {
    const PlannedChain& planned = configuration.chains[chain];
    parts.push_back({&planned, single ? group.shards : 1, single ? 1 : planned.copies});
  }
  return make_world(nation, network, configuration.arrangement, parts, group.hosts);
}

std::string shortfall(const NationSpec& nation, const NationalNetwork& network,
                      const Configuration& configuration, const ChainGroup& group, double budget) {
  if (group.result == nullptr) return "";
  const std::string overload = overload_of(nation, *group.result);
  if (!overload.empty()) return overload;
  const bool single = is_single(configuration, group);
  const sim::Duration strictest = strictest_p99(nation);
  size_t service = 0;
  for (const size_t chain : group.chains) {
    const PlannedChain& planned = configuration.chains[chain];
    const uint32_t repeats = single ? 1 : planned.copies;
    for (uint32_t repeat = 0; repeat < repeats; ++repeat) {
      for (const Stream& stream : streams_of(nation, network, planned, single ? group.shards : 1)) {
        const sim::Duration level = planned.wide || planned.services.empty()
                                        ? strictest
                                        : nation.levels[stream.subject].latency_p99;
        const sim::ServiceResult& observed = group.result->services[service++];
        if (observed.latency.count() == 0) continue;
        if (observed.latency.quantile(0.99).to_seconds() > level.to_seconds() * budget) {
          return "latency of " + stream.name + " on chain " + planned.name;
        }
      }
    }
  }
  return "";
}

std::vector<uint32_t> core_ladder(uint32_t minimum, uint32_t server) {
  std::vector<uint32_t> ladder;
  for (const uint32_t cores :
       {1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U, 24U, 32U, 48U, 64U, 96U, 128U, 192U, 256U}) {
    if (cores > minimum && cores < server) ladder.push_back(cores);
  }
  ladder.insert(ladder.begin(), std::min(minimum, server));
  if (ladder.back() < server) ladder.push_back(server);
  return ladder;
}

consensus::Status find_smallest(const NationSpec& nation, const NationalNetwork& network,
                                const Configuration& configuration, std::vector<ChainGroup>& groups,
                                double budget, WorldRunner& runner) {
  const std::vector<uint32_t> ladder =
      core_ladder(nation.deployment.minimum_cores, nation.hardware.profile.cores);
  std::vector<Search> searches;
  for (ChainGroup& group : groups) {
    group.holds = true;
    group.problem.clear();
    group.result = nullptr;
    Search search(group, ladder, is_single(configuration, group), nation.deployment.maximum_shards);
    if (has_load(configuration, group)) searches.push_back(std::move(search));
  }
  while (!searches.empty()) {
    std::vector<sim::WorldSpec> worlds;
    worlds.reserve(searches.size());
    for (Search& search : searches) {
      worlds.push_back(world_of(nation, network, configuration, search.group()));
    }
    auto results = runner.run(worlds);
    if (!results) return results.error();
    std::vector<Search> open;
    for (size_t i = 0; i < searches.size(); ++i) {
      ChainGroup& group = searches[i].group();
      group.result = results.value()[i];
      const std::string problem = shortfall(nation, network, configuration, group, budget);
      const bool helps =
          problem.starts_with("ordering") || more_can_help(nation, network, configuration, group);
      searches[i].answer(problem, helps);
      if (!searches[i].finished()) open.push_back(std::move(searches[i]));
    }
    searches = std::move(open);
  }
  return consensus::success();
}

}  // namespace govchain::models
