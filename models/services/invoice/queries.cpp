#include <map>
#include <utility>

#include "models/services/invoice/contract.h"

namespace govchain::models::invoice {

std::string_view text_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotATaxAuthority:
      return "only a tax authority may do this";
    case Refusal::kCountOutOfRange:
      return "1 to 1,000,000 numbers may be allotted at once";
    case Refusal::kNoIssuer:
      return "an issuing taxpayer must be named";
    case Refusal::kNumberNotAllotted:
      return "the number was not allotted to this issuer";
    case Refusal::kNumberUsed:
      return "the issuer has used this number";
    case Refusal::kAmountOutOfRange:
      return "the amount must be positive and the tax between zero and it";
    case Refusal::kNoBuyer:
      return "a buyer must be named";
    case Refusal::kNoSuchInvoice:
      return "there is no such invoice";
    case Refusal::kNotTheOwner:
      return "only the owner may do this, through a portal or the booking unit";
    case Refusal::kAlreadyClaimed:
      return "the invoice was already reimbursed";
    case Refusal::kCancelled:
      return "the invoice was cancelled by a red letter";
    case Refusal::kIsRedLetter:
      return "a red letter can be neither moved, claimed nor cancelled";
    case Refusal::kOtherAmount:
      return "the claim differs from the invoice's amount";
    case Refusal::kNotAReimburser:
      return "only a unit that books reimbursements may claim";
    case Refusal::kNoReceiver:
      return "a new owner must be named";
  }
  return {};
}

std::optional<Invoice> find_invoice(const StateReader& state, PartyId issuer, uint64_t number) {
  return state.get<Invoice>(invoice_key(issuer, number));
}

Issuer find_issuer(const StateReader& state, PartyId issuer) {
  return state.get<Issuer>(issuer_key(issuer)).value_or(Issuer{});
}

namespace {

using Name = std::pair<uint64_t, uint64_t>;  // issuer, number

std::optional<std::string> check_invoice(const std::map<Name, Invoice>& invoices, const Name& name,
                                         const Invoice& invoice) {
  const bool claimed = invoice.state == InvoiceState::kClaimed;
  if (claimed != (invoice.claimed_at.value() != 0)) return "a claim without a claimant";
  const bool paired =
      invoice.state == InvoiceState::kCancelled || invoice.state == InvoiceState::kRedLetter;
  if (!paired) return invoice.counterpart == 0 ? std::nullopt : std::optional("a stray red letter");
  const auto other = invoices.find({name.first, invoice.counterpart});
  if (other == invoices.end() || other->second.counterpart != name.second ||
      other->second.amount != -invoice.amount || other->second.tax != -invoice.tax ||
      other->second.state == invoice.state) {
    return "an invoice and its red letter do not cancel out";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> broken_invariant(const StateTree& tree) {
  std::map<Name, Invoice> invoices;
  std::map<uint64_t, Issuer> issuers;
  std::map<uint64_t, uint64_t> issued;
  tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    consensus::Reader in(key);
    if (in.u32() != kContractId) return;
    const uint8_t table = in.u8();
    const uint64_t issuer = in.u64();
    if (table == 0) issuers[issuer] = decode_fields<Issuer>(value).value();
    if (table == 1) {
      invoices[{issuer, in.u64()}] = decode_fields<Invoice>(value).value();
      ++issued[issuer];
    }
  });
  for (const auto& [name, invoice] : invoices) {
    if (name.second == 0 || name.second > issuers[name.first].allotted) {
      return "an invoice has a number that was not allotted";
    }
    if (auto breach = check_invoice(invoices, name, invoice)) return breach;
  }
  for (const auto& [id, issuer] : issuers) {
    if (issued[id] != issuer.issued) return "the count of an issuer's invoices is wrong";
  }
  return std::nullopt;
}

}  // namespace govchain::models::invoice
