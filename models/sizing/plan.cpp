#include <algorithm>

#include "models/deployment/availability.h"
#include "models/deployment/bill.h"
#include "models/sizing/sizing.h"

namespace govchain::models {

namespace {

// What the chains that do not exist would have served, without any new project: their cases go by
// hand where a person waits, at one call at least, and are lost otherwise.
std::vector<PlaceService> service_without_projects(const NationSpec& nation, const Demand& demand,
                                                   const SizedConfiguration& isolated) {
  const double existing = nation.stock.builds_done_share;
  std::vector<PlaceService> services;
  for (size_t p = 0; p < nation.places.size(); ++p) {
    PlaceService at;
    at.availability = isolated.places[p].availability;
    for (size_t s = 0; s < nation.services.size(); ++s) {
      const ServiceCase& service = nation.services[s];
      const double cases = demand.cases_per_year(s, p);
      CaseCounts counts = classify(isolated.configuration, demand, nation.deployment, s, p);
      CaseCounts missing;
      missing.by_hand = cases * service.person_share;
      missing.unserved = cases - missing.by_hand;
      missing.calls_by_hand = missing.by_hand * std::max(1.0, service.calls);
      missing.minutes_by_hand =
          missing.calls_by_hand * service.minutes_by_hand * nation.deployment.clerk_minutes_scale;
      for (const auto& [part, share] :
           {std::pair<const CaseCounts*, double>{&counts, existing}, {&missing, 1 - existing}}) {
        at.cases += {.on_chain = part->on_chain * share,
                     .by_hand = part->by_hand * share,
                     .unserved = part->unserved * share,
                     .centrally = 0,
                     .calls_by_hand = part->calls_by_hand * share,
                     .minutes_by_hand = part->minutes_by_hand * share};
      }
    }
    services.push_back(at);
  }
  services.emplace_back();
  return services;
}

class Planner {
 public:
  Planner(const NationSpec& nation, const PlanRequest& request, const Simulator& simulator)
      : nation_(nation), request_(request), runner_(simulator, request.threads) {}

  consensus::Result<NationPlan> run() {
    if (auto checked = check_nation(nation_); !checked) return checked.error();
    auto demand = Demand::make(nation_.places, nation_.services, nation_.demand);
    if (!demand) return demand.error();
    std::vector<Place> places = nation_.places;
    places.push_back(central_government(places));
    auto network = NationalNetwork::make(nation_.backbone, std::move(places), nation_.network);
    if (!network) return network.error();
    demand_ = &demand.value();
    network_ = &network.value();
    const std::vector<DeploymentKind> kinds = kinds_to_compute();
    all_ = static_cast<uint32_t>(kinds.size() * 2 + 4);
    if (request_.progress) {
      runner_.progress = [this](uint64_t worlds) { request_.progress(done_, all_, worlds); };
    }
    for (const DeploymentKind kind : kinds) {
      if (auto added = add_deployment(kind); !added) return added.error();
    }
    if (auto added = add_steps(); !added) return added.error();
    add_nothing_new();
    plan_.demand_cases = demand_->cases_per_year();
    for (const SettingRow& row : setting_rows()) plan_.assumptions_used.emplace_back(row.id);
    for (const ServiceCase& service : nation_.services) {
      plan_.assumptions_used.push_back(service.id);
    }
    plan_.violations = runner_.violations();
    plan_.digests = runner_.digests();
    plan_.work = runner_.work();
    plan_.worlds_simulated = runner_.simulated();
    plan_.worlds_reused = runner_.reused();
    plan_.not_priced = {"land and buildings beyond rack rent", "citizens' time and travel",
                        "price drift of hardware within the horizon",
                        "transition: parallel running of old and new systems",
                        "legal and organisational change"};
    return std::move(plan_);
  }

 private:
  // What was asked for, both ends, and what is always printed.
  [[nodiscard]] std::vector<DeploymentKind> kinds_to_compute() const {
    std::vector<DeploymentKind> kinds;
    for (const DeploymentKind kind : kAllDeployments) {
      const bool always = kind == DeploymentKind::kHub || kind == DeploymentKind::kIsolated ||
                          kind == DeploymentKind::kNational || kind == request_.from ||
                          kind == request_.against;
      if (always || std::find(request_.deployments.begin(), request_.deployments.end(), kind) !=
                        request_.deployments.end()) {
        kinds.push_back(kind);
      }
    }
    return kinds;
  }

  consensus::Result<SizedConfiguration> size(const Configuration& configuration) {
    auto sized = size_configuration(nation_, *demand_, *network_, configuration, runner_);
    ++done_;
    if (request_.progress) request_.progress(done_, all_, runner_.simulated());
    return sized;
  }

  consensus::Status add_deployment(DeploymentKind kind) {
    DeploymentPlan deployment;
    deployment.kind = kind;
    for (const bool procured : {false, true}) {
      auto sized =
          size(configure(nation_, *demand_, arrangement_of(kind, procured), name_of(kind)));
      if (!sized) return sized.error();
      (procured ? deployment.procured : deployment.needed) = std::move(sized).value();
    }
    plan_.deployments.push_back(std::move(deployment));
    return consensus::success();
  }

  [[nodiscard]] const DeploymentPlan& planned(DeploymentKind kind) const {
    return *std::find_if(plan_.deployments.begin(), plan_.deployments.end(),
                         [&](const DeploymentPlan& plan) { return plan.kind == kind; });
  }

  // Both ends are sized already; the steps between them are not.
  consensus::Status add_steps() {
    auto steps = counterfactuals(nation_, *demand_, request_.from, request_.against);
    if (!steps) return steps.error();
    for (size_t i = 0; i < steps->size(); ++i) {
      const CounterfactualStep& step = steps.value()[i];
      if (i == 0) {
        plan_.steps.push_back({"", planned(request_.from).procured});
      } else if (i == 1) {
        plan_.steps.push_back({step.id, planned(request_.from).needed});
      } else if (i + 1 == steps->size()) {
        plan_.steps.push_back({step.id, planned(request_.against).needed});
      } else {
        auto sized = size(step.configuration);
        if (!sized) return sized.error();
        plan_.steps.push_back({step.id, std::move(sized).value()});
      }
      plan_.steps.back().sized.configuration.id = step.configuration.id;
    }
    return consensus::success();
  }

  void add_nothing_new() {
    const SizedConfiguration& isolated = planned(DeploymentKind::kIsolated).procured;
    plan_.nothing_new = isolated;
    const std::vector<PlaceService> service = service_without_projects(nation_, *demand_, isolated);
    plan_.nothing_new.bill = bill_without_projects(nation_, isolated.bill, service);
    plan_.nothing_new.cases = {};
    for (const PlaceService& at : service) plan_.nothing_new.cases += at.cases;
  }

  const NationSpec& nation_;
  const PlanRequest& request_;
  WorldRunner runner_;
  const Demand* demand_ = nullptr;
  const NationalNetwork* network_ = nullptr;
  NationPlan plan_;
  uint32_t done_ = 0;
  uint32_t all_ = 0;
};

}  // namespace

consensus::Result<NationPlan> plan_nation(const NationSpec& nation, const PlanRequest& request,
                                          const Simulator& simulator) {
  return Planner(nation, request, simulator).run();
}

}  // namespace govchain::models
