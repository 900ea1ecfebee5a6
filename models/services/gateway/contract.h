#pragma once
// The gateway contract: records.h describes the matter, this the rules' outcomes and the queries.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "models/ledger/contract.h"
#include "models/services/gateway/light_client.h"
#include "models/services/gateway/records.h"

namespace govchain::models::gateway {

enum class Refusal : uint16_t {
  kUnknownChain = 100,
  kDeadlineOutOfRange = 101,
  kRequestExists = 102,
  kLocked = 103,
  kNoGatewayCalls = 104,
  kNotAGateway = 105,
  kOtherTarget = 106,
  kAlreadyDecided = 107,
  kOtherEpoch = 108,
  kStaleCheckpoint = 109,
  kConflictingCheckpoint = 110,
  kNoQuorum = 111,
  kBadProof = 112,
  kNoSuchRequest = 113,
  kAlreadySettled = 114,
};
[[nodiscard]] std::string_view text_of(Refusal refusal);

class GatewayContract final : public Contract {
 public:
  [[nodiscard]] uint32_t id() const override { return kContractId; }
  [[nodiscard]] std::string_view name() const override { return "gateway"; }
  [[nodiscard]] uint16_t call(CallContext& context, uint16_t method,
                              std::span<const uint8_t> arguments) const override;
  [[nodiscard]] std::string_view refusal_text(uint16_t code) const override {
    return text_of(static_cast<Refusal>(code));
  }
};

// --- Queries

[[nodiscard]] std::optional<Request> find_request(const StateReader& state,
                                                  const RequestName& name);
[[nodiscard]] std::optional<RequestStatus> find_status(const StateReader& state,
                                                       const RequestName& name);
[[nodiscard]] std::optional<Decision> find_decision(const StateReader& state,
                                                    consensus::ChainId source,
                                                    const RequestName& name);
[[nodiscard]] uint64_t outbox_size(const StateReader& state, consensus::ChainId target);
// The index-th request to `target`; index below outbox_size.
[[nodiscard]] RequestName outbox_entry(const StateReader& state, consensus::ChainId target,
                                       uint64_t index);
// Whether the adapter in front of `here` fails to map this request: a function of its name, so that
// every gateway and every replica sees the same.
[[nodiscard]] bool adapter_fails(const ForeignChain& source, const RequestName& name);

// What must hold in every state; the first breach in words, or nothing. `tree` is walked whole.
[[nodiscard]] std::optional<std::string> broken_invariant(const StateTree& tree);

}  // namespace govchain::models::gateway
