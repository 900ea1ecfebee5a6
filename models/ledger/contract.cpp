#include "models/ledger/contract.h"

#include <algorithm>

namespace govchain::models {

const Contract* find_contract(std::span<const Contract* const> contracts, uint32_t id) {
  const auto place = std::lower_bound(
      contracts.begin(), contracts.end(), id,
      [](const Contract* contract, uint32_t wanted) { return contract->id() < wanted; });
  return place != contracts.end() && (*place)->id() == id ? *place : nullptr;
}

uint16_t CallContext::call(const Department& acting, uint32_t contract, uint16_t method,
                           std::span<const uint8_t> arguments) {
  if (nested) return code_of(ReceiptCode::kNoCallsWithinCalls);
  const Contract* callee = find_contract(contracts, contract);
  if (callee == nullptr) return code_of(ReceiptCode::kUnknownContract);
  CallContext inner = *this;
  inner.sender = acting;
  inner.on_behalf_of = kNobody;
  inner.nested = true;
  const size_t mark = state.mark();
  const uint16_t code = callee->call(inner, method, arguments);
  if (code != 0) state.undo_to(mark);
  return code;
}

}  // namespace govchain::models
