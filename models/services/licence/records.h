#pragma once
// Electronic licences (business licences, permits, qualifications): issued by an authority, shown
// by their holder's leave, valid in a legal region and beyond it only where another region has
// said that it recognises them.

#include <cstdint>

#include "models/ledger/identifiers.h"
#include "models/ledger/state_key.h"

namespace govchain::models::licence {

inline constexpr uint32_t kContractId = 2;

using LicenceType = consensus::Ordinal<struct LicenceTypeTag>;

enum class LicenceState : uint8_t { kActive, kSuspended, kRevoked };
[[nodiscard]] constexpr LicenceState last_value(LicenceState /*type*/) {
  return LicenceState::kRevoked;
}

enum class Method : uint16_t {
  kIssue = 1,
  kAuthorise = 2,
  kPresent = 3,
  kSuspend = 4,
  kResume = 5,
  kRevoke = 6,
  kWithdrawAuthorisation = 7,
  kRecognise = 8,
};

// A licence is named by the authority that issued it and that authority's number.
// A licence authority, for its own region; a ministry's may choose any.
struct Issue {
  uint64_t number = 0;
  LicenceType type;
  PartyId holder;
  RegionId region;     // legal region of validity; kNationwide = everywhere
  int64_t expiry = 0;  // valid while block time <= expiry
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number, type, holder, region, expiry);
  }
};
// A portal in the holder's name: lets one department see the licence `uses` times until `expiry`.
struct Authorise {
  DepartmentId authority;
  uint64_t number = 0;
  DepartmentId verifier;
  uint64_t authorisation = 0;  // the holder's own number for it; a second one takes another
  uint32_t uses = 1;
  int64_t expiry = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(authority, number, verifier, authorisation, uses, expiry);
  }
};
// The verifier named in the authorisation, in its own region.
struct Present {
  DepartmentId authority;
  uint64_t number = 0;
  uint64_t authorisation = 0;
  uint64_t matter = 0;  // the case in which the licence was shown
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(authority, number, authorisation, matter);
  }
};
// The authority that issued it (suspend, resume, revoke).
struct Named {
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number);
  }
};
// A portal in the holder's name.
struct WithdrawAuthorisation {
  DepartmentId authority;
  uint64_t number = 0;
  uint64_t authorisation = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(authority, number, authorisation);
  }
};
// A regulator, for its own region: licences of `type` from region `from` hold here, or no longer.
struct Recognise {
  LicenceType type;
  RegionId from;
  bool recognised = true;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(type, from, recognised);
  }
};

// --- Records

struct Licence {
  LicenceType type;
  PartyId holder;
  RegionId region;
  int64_t issued_at = 0;
  int64_t expiry = 0;
  LicenceState state = LicenceState::kActive;
  uint64_t presented = 0;  // times shown, to anybody
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(type, holder, region, issued_at, expiry, state, presented);
  }
  friend bool operator==(const Licence&, const Licence&) = default;
};

struct Authorisation {
  DepartmentId verifier;
  uint32_t allowed = 0;
  uint32_t used = 0;
  int64_t expiry = 0;
  bool withdrawn = false;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(verifier, allowed, used, expiry, withdrawn);
  }
  friend bool operator==(const Authorisation&, const Authorisation&) = default;
};

struct Presentation {
  int64_t time = 0;
  DepartmentId verifier;
  uint64_t matter = 0;
  uint64_t authorisation = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(time, verifier, matter, authorisation);
  }
  friend bool operator==(const Presentation&, const Presentation&) = default;
};

struct Recognition {
  bool recognised = false;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(recognised);
  }
};

// --- Keys

[[nodiscard]] inline StateKey licence_key(DepartmentId authority, uint64_t number) {
  return StateKey(kContractId, 0).with(authority).with(number);
}
[[nodiscard]] inline StateKey authorisation_key(DepartmentId authority, uint64_t number,
                                                uint64_t authorisation) {
  return StateKey(kContractId, 1).with(authority).with(number).with(authorisation);
}
[[nodiscard]] inline StateKey presentation_key(DepartmentId authority, uint64_t number,
                                               uint64_t index) {
  return StateKey(kContractId, 2).with(authority).with(number).with(index);
}
[[nodiscard]] inline StateKey recognition_key(LicenceType type, RegionId from, RegionId in) {
  return StateKey(kContractId, 3).with(type).with(from).with(in);
}

}  // namespace govchain::models::licence
