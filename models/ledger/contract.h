#pragma once
// A contract: code that one contract id stands for. It keeps nothing outside the state, so that one
// object serves every replica of every chain.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "models/ledger/call_state.h"
#include "models/ledger/department.h"
#include "models/ledger/receipt_code.h"
#include "models/ledger/transaction.h"

namespace govchain::models {

// What a call may do besides reading and writing records. Implemented by the ledger.
class CallHost {
 public:
  virtual ~CallHost() = default;
  // Null if this chain has no such department.
  [[nodiscard]] virtual std::optional<Department> department(DepartmentId id) = 0;
  // Deterministic: the answer depends on its arguments alone.
  [[nodiscard]] virtual consensus::Verifier& verifier(consensus::SignatureScheme scheme) = 0;
};

struct CallContext;

class Contract {
 public:
  virtual ~Contract() = default;
  [[nodiscard]] virtual uint32_t id() const = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // The receipt code: 0, a ReceiptCode, or one of the contract's own. After a refusal the ledger
  // forgets what the call wrote.
  [[nodiscard]] virtual uint16_t call(CallContext& context, uint16_t method,
                                      std::span<const uint8_t> arguments) const = 0;
  // Appends records that the call will probably look at, as far as what it is given tells: they are
  // fetched ahead, so that a block waits for memory once and not at each record. Whatever this
  // says, or leaves out, changes nothing but time.
  virtual void foresee(const Transaction& /*transaction*/,
                       std::vector<StateKey>& /*records*/) const {}
  // For people; empty if the contract has no such code.
  [[nodiscard]] virtual std::string_view refusal_text(uint16_t code) const = 0;
};

struct CallContext {
  CallState& state;
  CallHost& host;
  std::span<const Contract* const> contracts;  // of this chain, ascending by id
  consensus::HashAlgorithm hash;
  consensus::ChainId chain;
  consensus::Height height;
  int64_t block_time = 0;  // nanoseconds since 1970, never decreasing
  Department sender;
  PartyId on_behalf_of;
  consensus::Digest transaction;  // id of the transaction that led here
  bool nested = false;            // a contract is the caller

  // Runs a method of another contract as `acting`, in the name of nobody. Its writes stay if it
  // returns 0 and are undone otherwise. Depth is one: a nested call cannot call.
  [[nodiscard]] uint16_t call(const Department& acting, uint32_t contract, uint16_t method,
                              std::span<const uint8_t> arguments);
};

// Decodes a method's arguments and runs its handler; the usual body of a `case`.
template <typename Arguments>
[[nodiscard]] uint16_t run_method(CallContext& context, std::span<const uint8_t> bytes,
                                  uint16_t (*handler)(CallContext&, const Arguments&)) {
  const std::optional<Arguments> arguments = decode_fields<Arguments>(bytes);
  return arguments ? handler(context, *arguments) : code_of(ReceiptCode::kBadArguments);
}

// Null if `contracts` (ascending by id) has none such.
[[nodiscard]] const Contract* find_contract(std::span<const Contract* const> contracts,
                                            uint32_t id);

}  // namespace govchain::models
