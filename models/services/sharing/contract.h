#pragma once
// The sharing contract: records.h describes the matter, this the rules' outcomes and the queries.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/ledger/contract.h"
#include "models/services/sharing/records.h"

namespace govchain::models::sharing {

enum class Refusal : uint16_t {
  kResourceExists = 100,
  kNoSuchResource = 101,
  kNotTheManager = 102,
  kResourceWithdrawn = 103,
  kAnswerDaysOutOfRange = 104,
  kNotShared = 105,            // class `none`
  kNoApplicationNeeded = 106,  // unconditional, or one's own
  kApplicationExists = 107,
  kNoPurpose = 108,
  kNoUses = 109,
  kNoSuchApplication = 110,
  kAlreadyAnswered = 111,
  kMoreUsesThanAsked = 112,
  kExpiryInThePast = 113,
  kNoGrant = 114,  // conditional data without an approved application
  kGrantRevoked = 115,
  kGrantExpired = 116,
  kGrantUsedUp = 117,
  kOtherPurpose = 118,
  kNoOfficer = 119,
  kGrantNotNeeded = 120,  // a number is given although no grant applies
  kNotGranted = 121,      // nothing to revoke
};
[[nodiscard]] std::string_view text_of(Refusal refusal);

class SharingContract final : public Contract {
 public:
  [[nodiscard]] uint32_t id() const override { return kContractId; }
  [[nodiscard]] std::string_view name() const override { return "sharing"; }
  [[nodiscard]] uint16_t call(CallContext& context, uint16_t method,
                              std::span<const uint8_t> arguments) const override;
  void foresee(const Transaction& transaction, std::vector<StateKey>& records) const override;
  [[nodiscard]] std::string_view refusal_text(uint16_t code) const override {
    return text_of(static_cast<Refusal>(code));
  }
};

// --- Queries

[[nodiscard]] std::optional<Resource> find_resource(const StateReader& state, ResourceId resource);
[[nodiscard]] std::optional<Application> find_application(const StateReader& state,
                                                          ResourceId resource,
                                                          DepartmentId applicant, uint64_t number);
[[nodiscard]] uint64_t log_size(const StateReader& state, ResourceId resource);
// Entries [first, first + limit) of a resource's log, as far as there are any.
[[nodiscard]] std::vector<LogEntry> read_log(const StateReader& state, ResourceId resource,
                                             uint64_t first, uint32_t limit);
// Who has seen a record, in order: the latest `limit` accesses.
[[nodiscard]] std::vector<LogEntry> accesses_to(const StateReader& state, ResourceId resource,
                                                const consensus::Digest& record, uint32_t limit);
[[nodiscard]] AnswerRecord answers_of(const StateReader& state, DepartmentId manager);

// What must hold in every state; the first breach in words, or nothing. `tree` is walked whole.
[[nodiscard]] std::optional<std::string> broken_invariant(const StateTree& tree);

}  // namespace govchain::models::sharing
