#pragma once
// Electronic invoices: a taxpayer issues them from numbers that the tax authority has allotted to
// it; they change owners, are reimbursed once, and are cancelled by a red-letter invoice as long as
// nobody has claimed them.

#include <cstdint>

#include "models/ledger/identifiers.h"
#include "models/ledger/state_key.h"

namespace govchain::models::invoice {

inline constexpr uint32_t kContractId = 3;
inline constexpr uint64_t kMaxAllotment = 1'000'000;  // numbers in one go

enum class InvoiceState : uint8_t { kValid, kClaimed, kCancelled, kRedLetter };
[[nodiscard]] constexpr InvoiceState last_value(InvoiceState /*type*/) {
  return InvoiceState::kRedLetter;
}

enum class Method : uint16_t {
  kAllot = 1,
  kIssue = 2,
  kTransfer = 3,
  kClaim = 4,
  kRedLetter = 5,
};

// A tax authority: the taxpayer's next `count` numbers, from 1 on without gaps.
struct Allot {
  PartyId issuer;
  uint64_t count = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(issuer, count);
  }
};
// A tax authority's platform, in the issuer's name.
struct Issue {
  uint64_t number = 0;  // allotted and not yet used
  PartyId buyer;        // the first owner
  int64_t amount = 0;   // in fen, tax included; positive
  int64_t tax = 0;      // in fen; 0 ≤ tax < amount
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number, buyer, amount, tax);
  }
};
// A portal in the owner's name.
struct Transfer {
  PartyId issuer;
  uint64_t number = 0;
  PartyId to;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(issuer, number, to);
  }
};
// The unit that books the reimbursement, in the owner's name.
struct Claim {
  PartyId issuer;
  uint64_t number = 0;
  int64_t amount = 0;  // must equal the invoice's: what is booked is what was paid
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(issuer, number, amount);
  }
};
// A tax authority's platform, in the issuer's name: cancels `number` by a red invoice.
struct RedLetter {
  uint64_t number = 0;
  uint64_t red_number = 0;  // allotted and not yet used
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number, red_number);
  }
};

// --- Records

struct Invoice {
  InvoiceState state = InvoiceState::kValid;
  PartyId owner;
  int64_t amount = 0;  // negative in a red letter
  int64_t tax = 0;
  int64_t issued_at = 0;
  DepartmentId claimed_at;   // the unit that reimbursed it; 0 = none
  uint64_t counterpart = 0;  // number of the red letter, or of the invoice that it cancels
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(state, owner, amount, tax, issued_at, claimed_at, counterpart);
  }
  friend bool operator==(const Invoice&, const Invoice&) = default;
};

struct Issuer {
  uint64_t allotted = 0;  // numbers 1 … allotted
  uint64_t issued = 0;    // invoices so far, red letters included
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(allotted, issued);
  }
  friend bool operator==(const Issuer&, const Issuer&) = default;
};

// --- Keys

[[nodiscard]] inline StateKey issuer_key(PartyId issuer) {
  return StateKey(kContractId, 0).with(issuer);
}
[[nodiscard]] inline StateKey invoice_key(PartyId issuer, uint64_t number) {
  return StateKey(kContractId, 1).with(issuer).with(number);
}

}  // namespace govchain::models::invoice
