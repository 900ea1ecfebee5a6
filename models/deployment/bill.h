#pragma once
// The bill of quantities of a sized configuration. Every quantity's rule is in README.md; every
// line names its price.

#include <vector>

#include "models/cost/bill.h"
#include "models/deployment/configuration.h"
#include "models/deployment/infrastructure.h"

namespace govchain::models {

struct PlaceService {
  CaseCounts cases;
  double availability = 1;
};

// `infrastructure` and `service` by place, the centre last.
[[nodiscard]] Bill make_bill(const NationSpec& nation, const Configuration& configuration,
                             const std::vector<PlaceInfrastructure>& infrastructure,
                             const std::vector<PlaceService>& service);

// Of doing nothing: the separate chains that exist (StartingStock::builds_done_share) are run on,
// nothing is bought or built until it wears out, and what the missing chains would have served goes
// by hand or is lost. `served` is the isolated configuration's service.
[[nodiscard]] Bill bill_without_projects(const NationSpec& nation, const Bill& isolated,
                                         const std::vector<PlaceService>& without);

}  // namespace govchain::models
