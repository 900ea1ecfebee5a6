#pragma once
// Sharing of data resources between departments, after the Interim Measures for the Administration
// of Government Information Resource Sharing (State Council, Guofa [2016] 51): every resource is
// shared unconditionally, on conditions, or not at all; who asks for conditional data names the
// purpose, gets an answer within a number of working days and uses the data for that purpose only.

#include <cstdint>

#include "consensus/types.h"
#include "models/ledger/identifiers.h"
#include "models/ledger/state_key.h"

namespace govchain::models::sharing {

inline constexpr uint32_t kContractId = 1;

using ResourceId = consensus::Ordinal<struct ResourceTag>;
using Purpose =
    consensus::Ordinal<struct PurposeTag>;  // a matter in the catalogue of services; not 0

inline constexpr uint16_t kDefaultAnswerDays = 10;
inline constexpr uint16_t kMaxAnswerDays = 60;

enum class DataClass : uint8_t { kUnconditional, kConditional, kNone };
[[nodiscard]] constexpr DataClass last_value(DataClass /*type*/) { return DataClass::kNone; }

enum class ApplicationState : uint8_t { kPending, kApproved, kRejected, kWithdrawn };
[[nodiscard]] constexpr ApplicationState last_value(ApplicationState /*type*/) {
  return ApplicationState::kWithdrawn;
}

// --- Methods. Who may call is said beside each.

enum class Method : uint16_t {
  kRegister = 1,
  kApply = 2,
  kAnswer = 3,
  kAccess = 4,
  kWithdrawApplication = 5,
  kRevokeGrant = 6,
  kWithdrawResource = 7,
};

// Any department, for a resource that it manages from then on.
struct RegisterResource {
  ResourceId resource;
  DataClass data_class = DataClass::kUnconditional;
  uint16_t answer_days = kDefaultAnswerDays;
  consensus::Digest description;  // of the catalogue entry, which stays off the ledger
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, data_class, answer_days, description);
  }
};
// Any department but the managing one, for conditional data.
struct Apply {
  ResourceId resource;
  uint64_t number = 0;  // the applicant's own; a second application takes another
  Purpose purpose;
  uint32_t uses = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, number, purpose, uses);
  }
};
// The managing department. Approving may cut the uses and sets the end of the grant.
struct Answer {
  ResourceId resource;
  DepartmentId applicant;
  uint64_t number = 0;
  bool approve = false;
  uint32_t uses = 0;
  int64_t expiry = 0;  // nanoseconds since 1970; the grant holds while block time <= expiry
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, applicant, number, approve, uses, expiry);
  }
};
// Any department, as the resource's class allows. `number` names the application whose grant is
// used; it is 0 for unconditional data and for the managing department's own access.
struct Access {
  ResourceId resource;
  uint64_t number = 0;
  Purpose purpose;
  consensus::Digest record;  // which record, as a hash of its key
  uint64_t officer = 0;      // the official who looked, pseudonymous; not 0
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, number, purpose, record, officer);
  }
};
// The applicant, while its application is unanswered.
struct WithdrawApplication {
  ResourceId resource;
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, number);
  }
};
// The managing department, at any time after approving.
struct RevokeGrant {
  ResourceId resource;
  DepartmentId applicant;
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, applicant, number);
  }
};
// The managing department; the log remains.
struct WithdrawResource {
  ResourceId resource;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource);
  }
};

// --- Records

struct Resource {
  DepartmentId manager;
  DataClass data_class = DataClass::kUnconditional;
  uint16_t answer_days = kDefaultAnswerDays;
  bool withdrawn = false;
  consensus::Digest description;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(manager, data_class, answer_days, withdrawn, description);
  }
  friend bool operator==(const Resource&, const Resource&) = default;
};

// An application and, once approved, the grant.
struct Application {
  ApplicationState state = ApplicationState::kPending;
  Purpose purpose;
  int64_t applied_at = 0;
  int64_t deadline = 0;     // to answer before
  int64_t answered_at = 0;  // 0 while pending
  uint32_t allowed = 0;     // uses asked for while pending, granted afterwards
  uint32_t used = 0;
  int64_t expiry = 0;
  bool revoked = false;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(state, purpose, applied_at, deadline, answered_at, allowed, used, expiry, revoked);
  }
  // Nobody has to say so: an unanswered application is overdue when its deadline has passed.
  [[nodiscard]] bool overdue(int64_t block_time) const {
    return state == ApplicationState::kPending && block_time >= deadline;
  }
  [[nodiscard]] bool answered_late() const { return answered_at >= deadline && answered_at != 0; }
  friend bool operator==(const Application&, const Application&) = default;
};

struct LogEntry {
  int64_t time = 0;
  DepartmentId department;
  uint64_t officer = 0;
  Purpose purpose;
  uint64_t number = 0;  // application whose grant was used, or 0
  consensus::Digest record;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(time, department, officer, purpose, number, record);
  }
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

struct Count {
  uint64_t value = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(value);
  }
};

// Answering behaviour of a managing department, for supervision.
struct AnswerRecord {
  uint64_t answered = 0;
  uint64_t answered_late = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(answered, answered_late);
  }
  friend bool operator==(const AnswerRecord&, const AnswerRecord&) = default;
};

// --- Keys

[[nodiscard]] inline StateKey resource_key(ResourceId resource) {
  return StateKey(kContractId, 0).with(resource);
}
[[nodiscard]] inline StateKey application_key(ResourceId resource, DepartmentId applicant,
                                              uint64_t number) {
  return StateKey(kContractId, 1).with(resource).with(applicant).with(number);
}
// Length of a resource's access log, and its entries, numbered from 0.
[[nodiscard]] inline StateKey log_size_key(ResourceId resource) {
  return StateKey(kContractId, 2).with(resource);
}
[[nodiscard]] inline StateKey log_key(ResourceId resource, uint64_t index) {
  return StateKey(kContractId, 3).with(resource).with(index);
}
// The entries of the log that concern one record: where a leak is traced from.
[[nodiscard]] inline StateKey record_size_key(ResourceId resource,
                                              const consensus::Digest& record) {
  return StateKey(kContractId, 4).with(resource).with(record);
}
[[nodiscard]] inline StateKey record_log_key(ResourceId resource, const consensus::Digest& record,
                                             uint64_t index) {
  return StateKey(kContractId, 5).with(resource).with(record).with(index);
}
[[nodiscard]] inline StateKey answers_key(DepartmentId manager) {
  return StateKey(kContractId, 6).with(manager);
}

}  // namespace govchain::models::sharing
