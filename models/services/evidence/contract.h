#pragma once
// The evidence contract: records.h describes the matter, this the rules' outcomes and the queries.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/ledger/contract.h"
#include "models/services/evidence/records.h"

namespace govchain::models::evidence {

enum class Refusal : uint16_t {
  kNumberUsed = 100,
  kNoDigest = 101,
  kOtherContent = 102,  // the content does not have the hash that is given for it
  kNoSuchEvidence = 103,
  kNotTheCustodian = 104,
  kIsHandedOver = 105,
  kIsClosed = 106,
  kUnknownReceiver = 107,  // no such department, or the custodian itself
  kNotTheReceiver = 108,
};
[[nodiscard]] std::string_view text_of(Refusal refusal);

class EvidenceContract final : public Contract {
 public:
  [[nodiscard]] uint32_t id() const override { return kContractId; }
  [[nodiscard]] std::string_view name() const override { return "evidence"; }
  [[nodiscard]] uint16_t call(CallContext& context, uint16_t method,
                              std::span<const uint8_t> arguments) const override;
  void foresee(const Transaction& transaction, std::vector<StateKey>& records) const override;
  [[nodiscard]] std::string_view refusal_text(uint16_t code) const override {
    return text_of(static_cast<Refusal>(code));
  }
};

// --- Queries

[[nodiscard]] std::optional<Evidence> find_evidence(const StateReader& state,
                                                    const EvidenceName& name);
// Entries [first, first + limit) of its history, as far as there are any.
[[nodiscard]] std::vector<HistoryEntry> history(const StateReader& state, const EvidenceName& name,
                                                uint64_t first, uint32_t limit);

// What must hold in every state; the first breach in words, or nothing. `tree` is walked whole.
[[nodiscard]] std::optional<std::string> broken_invariant(const StateTree& tree);

}  // namespace govchain::models::evidence
