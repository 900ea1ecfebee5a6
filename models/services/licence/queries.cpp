#include "models/services/licence/contract.h"

namespace govchain::models::licence {

std::string_view text_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotAnAuthority:
      return "only a licence authority may issue";
    case Refusal::kOtherRegion:
      return "an authority issues for its own region only";
    case Refusal::kLicenceExists:
      return "the authority has used this licence number";
    case Refusal::kNoHolder:
      return "a licence needs a holder";
    case Refusal::kExpiryInThePast:
      return "it would have expired already";
    case Refusal::kNoSuchLicence:
      return "there is no such licence";
    case Refusal::kNotTheHolder:
      return "only the holder may do this, through a portal";
    case Refusal::kAuthorisationExists:
      return "the holder has used this authorisation number";
    case Refusal::kNoUses:
      return "at least one use must be allowed";
    case Refusal::kNoSuchAuthorisation:
      return "there is no such authorisation";
    case Refusal::kNotTheVerifier:
      return "the authorisation is for another department";
    case Refusal::kAuthorisationWithdrawn:
      return "the authorisation was withdrawn";
    case Refusal::kAuthorisationExpired:
      return "the authorisation has expired";
    case Refusal::kAuthorisationUsedUp:
      return "the authorisation is used up";
    case Refusal::kLicenceSuspended:
      return "the licence is suspended";
    case Refusal::kLicenceRevoked:
      return "the licence was revoked";
    case Refusal::kLicenceExpired:
      return "the licence has expired";
    case Refusal::kNotValidHere:
      return "the licence is not valid in this region, which does not recognise it";
    case Refusal::kNotSuspended:
      return "the licence is not suspended";
    case Refusal::kNotARegulator:
      return "only a regulator may set recognition rules";
    case Refusal::kUnknownVerifier:
      return "the verifier is not a department of this chain";
  }
  return {};
}

std::optional<Licence> find_licence(const StateReader& state, DepartmentId authority,
                                    uint64_t number) {
  return state.get<Licence>(licence_key(authority, number));
}

std::optional<Authorisation> find_authorisation(const StateReader& state, DepartmentId authority,
                                                uint64_t number, uint64_t authorisation) {
  return state.get<Authorisation>(authorisation_key(authority, number, authorisation));
}

std::vector<Presentation> presentations(const StateReader& state, DepartmentId authority,
                                        uint64_t number, uint64_t first, uint32_t limit) {
  std::vector<Presentation> shown;
  const std::optional<Licence> licence = find_licence(state, authority, number);
  const uint64_t size = licence ? licence->presented : 0;
  for (uint64_t index = first; index < size && shown.size() < limit; ++index) {
    shown.push_back(state.get<Presentation>(presentation_key(authority, number, index)).value());
  }
  return shown;
}

bool holds_in(const StateReader& state, LicenceType type, RegionId from, RegionId in) {
  if (from == kNationwide || from == in) return true;
  return state.get<Recognition>(recognition_key(type, from, in)).value_or(Recognition{}).recognised;
}

std::optional<std::string> broken_invariant(const StateTree& tree) {
  std::optional<std::string> breach;
  uint64_t presented = 0;
  uint64_t presentation_records = 0;
  uint64_t used = 0;
  tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    if (key.size() < 5 || key[0] != kContractId || key[1] != 0 || key[2] != 0 || key[3] != 0) {
      return;
    }
    if (key[4] == 0) {
      const auto licence = decode_fields<Licence>(value);
      if (!licence || licence->holder == kNobody) breach = "a licence has no holder";
      if (licence) presented += licence->presented;
    } else if (key[4] == 1) {
      const auto authorisation = decode_fields<Authorisation>(value);
      if (!authorisation || authorisation->used > authorisation->allowed) {
        breach = "an authorisation was used too often";
      }
      if (authorisation) used += authorisation->used;
    } else if (key[4] == 2) {
      ++presentation_records;
    }
  });
  if (!breach && (presented != presentation_records || presented != used)) {
    breach = "presentations, their records and the uses of authorisations differ";
  }
  return breach;
}

}  // namespace govchain::models::licence
