#pragma once
// The e-invoice contract: records.h describes the matter, this the rules' outcomes and the queries.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "models/ledger/contract.h"
#include "models/services/invoice/records.h"

namespace govchain::models::invoice {

enum class Refusal : uint16_t {
  kNotATaxAuthority = 100,
  kCountOutOfRange = 101,
  kNoIssuer = 102,
  kNumberNotAllotted = 103,
  kNumberUsed = 104,
  kAmountOutOfRange = 105,
  kNoBuyer = 106,
  kNoSuchInvoice = 107,
  kNotTheOwner = 108,  // or not through a portal or booking unit
  kAlreadyClaimed = 109,
  kCancelled = 110,
  kIsRedLetter = 111,
  kOtherAmount = 112,
  kNotAReimburser = 113,
  kNoReceiver = 114,
};
[[nodiscard]] std::string_view text_of(Refusal refusal);

class InvoiceContract final : public Contract {
 public:
  [[nodiscard]] uint32_t id() const override { return kContractId; }
  [[nodiscard]] std::string_view name() const override { return "e-invoice"; }
  [[nodiscard]] uint16_t call(CallContext& context, uint16_t method,
                              std::span<const uint8_t> arguments) const override;
  void foresee(const Transaction& transaction, std::vector<StateKey>& records) const override;
  [[nodiscard]] std::string_view refusal_text(uint16_t code) const override {
    return text_of(static_cast<Refusal>(code));
  }
};

// --- Queries

[[nodiscard]] std::optional<Invoice> find_invoice(const StateReader& state, PartyId issuer,
                                                  uint64_t number);
[[nodiscard]] Issuer find_issuer(const StateReader& state, PartyId issuer);

// What must hold in every state; the first breach in words, or nothing. `tree` is walked whole.
[[nodiscard]] std::optional<std::string> broken_invariant(const StateTree& tree);

}  // namespace govchain::models::invoice
