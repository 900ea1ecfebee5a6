#pragma once
// Who may submit to a chain, and as what. Departments are registered at genesis.

#include <cstdint>

#include "consensus/types.h"
#include "models/ledger/identifiers.h"

namespace govchain::models {

// What a department may do; a department may have several.
enum class Role : uint32_t {
  kPortal = 1U << 0U,            // acts for citizens and firms that it has identified
  kLicenceAuthority = 1U << 1U,  // issues, suspends and revokes licences
  kRegulator = 1U << 2U,         // sets the recognition rules of its region
  kTaxAuthority = 1U << 3U,      // allots invoice numbers, relays taxpayers' invoices
  kReimburser = 1U << 4U,        // books claims of invoices
  kGateway = 1U << 5U,           // carries proofs between chains
};

struct Department {
  DepartmentId id;
  RegionId region;     // kNationwide for a ministry
  uint32_t roles = 0;  // Role bits
  consensus::PublicKey key;

  [[nodiscard]] bool has(Role role) const { return (roles & static_cast<uint32_t>(role)) != 0; }
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(id, region, roles, key);
  }
  friend bool operator==(const Department&, const Department&) = default;
};

[[nodiscard]] constexpr uint32_t operator|(Role a, Role b) {
  return static_cast<uint32_t>(a) | static_cast<uint32_t>(b);
}
[[nodiscard]] constexpr uint32_t operator|(uint32_t a, Role b) {
  return a | static_cast<uint32_t>(b);
}

}  // namespace govchain::models
