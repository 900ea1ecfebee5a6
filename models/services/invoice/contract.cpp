#include "models/services/invoice/contract.h"

namespace govchain::models::invoice {
namespace {

constexpr uint16_t kDone = 0;
uint16_t refuse(Refusal refusal) { return static_cast<uint16_t>(refusal); }

uint16_t allot(CallContext& context, const Allot& arguments) {
  if (!context.sender.has(Role::kTaxAuthority)) return refuse(Refusal::kNotATaxAuthority);
  if (arguments.issuer == kNobody) return refuse(Refusal::kNoIssuer);
  if (arguments.count == 0 || arguments.count > kMaxAllotment) {
    return refuse(Refusal::kCountOutOfRange);
  }
  const StateKey key = issuer_key(arguments.issuer);
  Issuer issuer = context.state.get<Issuer>(key).value_or(Issuer{});
  if (issuer.allotted > UINT64_MAX - arguments.count) return refuse(Refusal::kCountOutOfRange);
  issuer.allotted += arguments.count;
  context.state.put(key, issuer);
  return kDone;
}

// Takes a number of the issuer in whose name the call is made.
uint16_t take_number(CallContext& context, uint64_t number) {
  if (!context.sender.has(Role::kTaxAuthority)) return refuse(Refusal::kNotATaxAuthority);
  if (context.on_behalf_of == kNobody) return refuse(Refusal::kNoIssuer);
  const StateKey key = issuer_key(context.on_behalf_of);
  Issuer issuer = context.state.get<Issuer>(key).value_or(Issuer{});
  if (number == 0 || number > issuer.allotted) return refuse(Refusal::kNumberNotAllotted);
  if (context.state.has(invoice_key(context.on_behalf_of, number))) {
    return refuse(Refusal::kNumberUsed);
  }
  ++issuer.issued;
  context.state.put(key, issuer);
  return kDone;
}

uint16_t issue(CallContext& context, const Issue& arguments) {
  if (const uint16_t code = take_number(context, arguments.number); code != kDone) return code;
  if (arguments.amount <= 0 || arguments.tax < 0 || arguments.tax >= arguments.amount) {
    return refuse(Refusal::kAmountOutOfRange);
  }
  if (arguments.buyer == kNobody) return refuse(Refusal::kNoBuyer);
  Invoice invoice;
  invoice.owner = arguments.buyer;
  invoice.amount = arguments.amount;
  invoice.tax = arguments.tax;
  invoice.issued_at = context.block_time;
  context.state.put(invoice_key(context.on_behalf_of, arguments.number), invoice);
  return kDone;
}

uint16_t check_valid(const Invoice& invoice) {
  switch (invoice.state) {
    case InvoiceState::kValid:
      return kDone;
    case InvoiceState::kClaimed:
      return refuse(Refusal::kAlreadyClaimed);
    case InvoiceState::kCancelled:
      return refuse(Refusal::kCancelled);
    case InvoiceState::kRedLetter:
      return refuse(Refusal::kIsRedLetter);
  }
  return refuse(Refusal::kNoSuchInvoice);
}

uint16_t transfer(CallContext& context, const Transfer& arguments) {
  const StateKey key = invoice_key(arguments.issuer, arguments.number);
  auto invoice = context.state.get<Invoice>(key);
  if (!invoice) return refuse(Refusal::kNoSuchInvoice);
  if (!context.sender.has(Role::kPortal) || context.on_behalf_of != invoice->owner) {
    return refuse(Refusal::kNotTheOwner);
  }
  if (const uint16_t code = check_valid(*invoice); code != kDone) return code;
  if (arguments.to == kNobody) return refuse(Refusal::kNoReceiver);
  invoice->owner = arguments.to;
  context.state.put(key, *invoice);
  return kDone;
}

uint16_t claim(CallContext& context, const Claim& arguments) {
  if (!context.sender.has(Role::kReimburser)) return refuse(Refusal::kNotAReimburser);
  const StateKey key = invoice_key(arguments.issuer, arguments.number);
  auto invoice = context.state.get<Invoice>(key);
  if (!invoice) return refuse(Refusal::kNoSuchInvoice);
  // The state first: that an invoice was claimed is what every unit must learn, whoever asks.
  if (const uint16_t code = check_valid(*invoice); code != kDone) return code;
  if (context.on_behalf_of != invoice->owner) return refuse(Refusal::kNotTheOwner);
  if (arguments.amount != invoice->amount) return refuse(Refusal::kOtherAmount);
  invoice->state = InvoiceState::kClaimed;
  invoice->claimed_at = context.sender.id;
  context.state.put(key, *invoice);
  return kDone;
}

uint16_t red_letter(CallContext& context, const RedLetter& arguments) {
  if (const uint16_t code = take_number(context, arguments.red_number); code != kDone) return code;
  const StateKey key = invoice_key(context.on_behalf_of, arguments.number);
  auto invoice = context.state.get<Invoice>(key);
  if (!invoice) return refuse(Refusal::kNoSuchInvoice);
  if (const uint16_t code = check_valid(*invoice); code != kDone) return code;
  Invoice red = *invoice;
  red.state = InvoiceState::kRedLetter;
  red.amount = -invoice->amount;
  red.tax = -invoice->tax;
  red.issued_at = context.block_time;
  red.counterpart = arguments.number;
  invoice->state = InvoiceState::kCancelled;
  invoice->counterpart = arguments.red_number;
  context.state.put(key, *invoice);
  context.state.put(invoice_key(context.on_behalf_of, arguments.red_number), red);
  return kDone;
}

}  // namespace

uint16_t InvoiceContract::call(CallContext& context, uint16_t method,
                               std::span<const uint8_t> arguments) const {
  switch (static_cast<Method>(method)) {
    case Method::kAllot:
      return run_method<Allot>(context, arguments, allot);
    case Method::kIssue:
      return run_method<Issue>(context, arguments, issue);
    case Method::kTransfer:
      return run_method<Transfer>(context, arguments, transfer);
    case Method::kClaim:
      return run_method<Claim>(context, arguments, claim);
    case Method::kRedLetter:
      return run_method<RedLetter>(context, arguments, red_letter);
  }
  return code_of(ReceiptCode::kUnknownMethod);
}

void InvoiceContract::foresee(const Transaction& transaction,
                              std::vector<StateKey>& records) const {
  const std::span<const uint8_t> bytes = transaction.arguments;
  const PartyId party = transaction.on_behalf_of;
  switch (static_cast<Method>(transaction.method)) {
    case Method::kAllot:
      if (const auto call = decode_fields<Allot>(bytes))
        records.push_back(issuer_key(call->issuer));
      return;
    case Method::kIssue:
      if (const auto call = decode_fields<Issue>(bytes)) {
        records.insert(records.end(), {issuer_key(party), invoice_key(party, call->number)});
      }
      return;
    case Method::kTransfer:
      if (const auto call = decode_fields<Transfer>(bytes)) {
        records.push_back(invoice_key(call->issuer, call->number));
      }
      return;
    case Method::kClaim:
      if (const auto call = decode_fields<Claim>(bytes)) {
        records.push_back(invoice_key(call->issuer, call->number));
      }
      return;
    case Method::kRedLetter:
      if (const auto call = decode_fields<RedLetter>(bytes)) {
        records.insert(records.end(), {issuer_key(party), invoice_key(party, call->red_number),
                                       invoice_key(party, call->number)});
      }
      return;
  }
}

}  // namespace govchain::models::invoice
