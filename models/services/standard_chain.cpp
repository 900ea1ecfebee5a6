#include "models/services/standard_chain.h"

#include <array>

#include "models/services/evidence/contract.h"
#include "models/services/gateway/contract.h"
#include "models/services/invoice/contract.h"
#include "models/services/licence/contract.h"
#include "models/services/sharing/contract.h"

namespace govchain::models {

const std::vector<const Contract*>& standard_contracts() {
  static const sharing::SharingContract sharing_contract;
  static const licence::LicenceContract licence_contract;
  static const invoice::InvoiceContract invoice_contract;
  static const gateway::GatewayContract gateway_contract;
  static const evidence::EvidenceContract evidence_contract;
  static const std::vector<const Contract*> contracts{&sharing_contract, &licence_contract,
                                                      &invoice_contract, &gateway_contract,
                                                      &evidence_contract};
  return contracts;
}

std::vector<Department> standard_departments(uint32_t count, uint32_t regions) {
  GOVCHAIN_ASSERT(regions > 0);
  constexpr size_t kKinds = 5;
  const std::array<uint32_t, kKinds> kinds{
      static_cast<uint32_t>(Role::kPortal), Role::kLicenceAuthority | Role::kRegulator,
      static_cast<uint32_t>(Role::kTaxAuthority), static_cast<uint32_t>(Role::kReimburser),
      static_cast<uint32_t>(Role::kGateway)};
  std::vector<Department> departments;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t region = i % regions;
    const uint32_t in_region = (count - region + regions - 1) / regions;
    const uint32_t position = i / regions;
    Department department;
    department.id = DepartmentId(i + 1);
    department.region = RegionId(region + 1);
    for (uint32_t kind = 0; kind < kKinds; ++kind) {
      const bool first = kind % in_region == position;  // with few departments, several kinds each
      const bool again = position >= kKinds && position % kKinds == kind;
      if (first || again) department.roles |= kinds.at(kind);
    }
    departments.push_back(department);
  }
  return departments;
}

LedgerConfig standard_chain(consensus::ChainId chain, uint32_t departments, uint32_t regions) {
  LedgerConfig config;
  config.chain = chain;
  config.contracts = standard_contracts();
  config.departments = standard_departments(departments, regions);
  return config;
}

}  // namespace govchain::models
