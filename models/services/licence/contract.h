#pragma once
// The e-licence contract: records.h describes the matter, this the rules' outcomes and the queries.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/ledger/contract.h"
#include "models/services/licence/records.h"

namespace govchain::models::licence {

enum class Refusal : uint16_t {
  kNotAnAuthority = 100,
  kOtherRegion = 101,  // an authority issues for its own region only
  kLicenceExists = 102,
  kNoHolder = 103,
  kExpiryInThePast = 104,
  kNoSuchLicence = 105,
  kNotTheHolder = 106,  // or not through a portal
  kAuthorisationExists = 107,
  kNoUses = 108,
  kNoSuchAuthorisation = 109,
  kNotTheVerifier = 110,
  kAuthorisationWithdrawn = 111,
  kAuthorisationExpired = 112,
  kAuthorisationUsedUp = 113,
  kLicenceSuspended = 114,
  kLicenceRevoked = 115,
  kLicenceExpired = 116,
  kNotValidHere = 117,  // outside its legal region, and not recognised here
  kNotSuspended = 118,
  kNotARegulator = 119,
  kUnknownVerifier = 120,
};
[[nodiscard]] std::string_view text_of(Refusal refusal);

class LicenceContract final : public Contract {
 public:
  [[nodiscard]] uint32_t id() const override { return kContractId; }
  [[nodiscard]] std::string_view name() const override { return "e-licence"; }
  [[nodiscard]] uint16_t call(CallContext& context, uint16_t method,
                              std::span<const uint8_t> arguments) const override;
  void foresee(const Transaction& transaction, std::vector<StateKey>& records) const override;
  [[nodiscard]] std::string_view refusal_text(uint16_t code) const override {
    return text_of(static_cast<Refusal>(code));
  }
};

// --- Queries

[[nodiscard]] std::optional<Licence> find_licence(const StateReader& state, DepartmentId authority,
                                                  uint64_t number);
[[nodiscard]] std::optional<Authorisation> find_authorisation(const StateReader& state,
                                                              DepartmentId authority,
                                                              uint64_t number,
                                                              uint64_t authorisation);
// To whom a licence was shown, in order: entries [first, first + limit).
[[nodiscard]] std::vector<Presentation> presentations(const StateReader& state,
                                                      DepartmentId authority, uint64_t number,
                                                      uint64_t first, uint32_t limit);
// Whether licences of `type` from region `from` hold in region `in`.
[[nodiscard]] bool holds_in(const StateReader& state, LicenceType type, RegionId from, RegionId in);

// What must hold in every state; the first breach in words, or nothing. `tree` is walked whole.
[[nodiscard]] std::optional<std::string> broken_invariant(const StateTree& tree);

}  // namespace govchain::models::licence
