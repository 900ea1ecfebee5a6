#include <algorithm>

#include "models/services/sharing/contract.h"

namespace govchain::models::sharing {

std::string_view text_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kResourceExists:
      return "the resource is already in the catalogue";
    case Refusal::kNoSuchResource:
      return "the catalogue has no such resource";
    case Refusal::kNotTheManager:
      return "only the managing department may do this";
    case Refusal::kResourceWithdrawn:
      return "the resource was withdrawn";
    case Refusal::kAnswerDaysOutOfRange:
      return "the answer time must be 1 to 60 working days";
    case Refusal::kNotShared:
      return "the resource is not shared";
    case Refusal::kNoApplicationNeeded:
      return "the resource needs no application from this department";
    case Refusal::kApplicationExists:
      return "the applicant has used this application number";
    case Refusal::kNoPurpose:
      return "a purpose must be named";
    case Refusal::kNoUses:
      return "at least one use must be asked for or granted";
    case Refusal::kNoSuchApplication:
      return "there is no such application";
    case Refusal::kAlreadyAnswered:
      return "the application was answered or withdrawn";
    case Refusal::kMoreUsesThanAsked:
      return "more uses granted than asked for";
    case Refusal::kExpiryInThePast:
      return "the grant would have expired already";
    case Refusal::kNoGrant:
      return "conditional data needs an approved application";
    case Refusal::kGrantRevoked:
      return "the grant was revoked";
    case Refusal::kGrantExpired:
      return "the grant has expired";
    case Refusal::kGrantUsedUp:
      return "the grant is used up";
    case Refusal::kOtherPurpose:
      return "the grant is for another purpose";
    case Refusal::kNoOfficer:
      return "the official who looks must be named";
    case Refusal::kGrantNotNeeded:
      return "no grant applies to this access, so none may be named";
    case Refusal::kNotGranted:
      return "the application was not granted";
  }
  return {};
}

std::optional<Resource> find_resource(const StateReader& state, ResourceId resource) {
  return state.get<Resource>(resource_key(resource));
}

std::optional<Application> find_application(const StateReader& state, ResourceId resource,
                                            DepartmentId applicant, uint64_t number) {
  return state.get<Application>(application_key(resource, applicant, number));
}

uint64_t log_size(const StateReader& state, ResourceId resource) {
  return state.get<Count>(log_size_key(resource)).value_or(Count{}).value;
}

std::vector<LogEntry> read_log(const StateReader& state, ResourceId resource, uint64_t first,
                               uint32_t limit) {
  std::vector<LogEntry> entries;
  const uint64_t size = log_size(state, resource);
  for (uint64_t index = first; index < size && entries.size() < limit; ++index) {
    entries.push_back(state.get<LogEntry>(log_key(resource, index)).value());
  }
  return entries;
}

std::vector<LogEntry> accesses_to(const StateReader& state, ResourceId resource,
                                  const consensus::Digest& record, uint32_t limit) {
  std::vector<LogEntry> entries;
  const uint64_t size = state.get<Count>(record_size_key(resource, record)).value_or(Count{}).value;
  for (uint64_t i = size - std::min<uint64_t>(size, limit); i < size; ++i) {
    const Count index = state.get<Count>(record_log_key(resource, record, i)).value();
    entries.push_back(state.get<LogEntry>(log_key(resource, index.value)).value());
  }
  return entries;
}

AnswerRecord answers_of(const StateReader& state, DepartmentId manager) {
  return state.get<AnswerRecord>(answers_key(manager)).value_or(AnswerRecord{});
}

std::optional<std::string> broken_invariant(const StateTree& tree) {
  std::optional<std::string> breach;
  uint64_t log_entries = 0;
  uint64_t log_sizes = 0;
  uint64_t grant_uses = 0;
  uint64_t grant_log_entries = 0;
  tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    if (key.size() < 5 || key[0] != kContractId || key[1] != 0 || key[2] != 0 || key[3] != 0) {
      return;
    }
    if (key[4] == 1) {
      const auto application = decode_fields<Application>(value);
      if (!application) breach = "an application does not decode";
      if (!application) return;
      grant_uses += application->used;
      if (application->used > application->allowed) breach = "a grant was used too often";
      if (application->used > 0 && application->state != ApplicationState::kApproved) {
        breach = "an application without approval was used";
      }
    } else if (key[4] == 2) {
      log_sizes += decode_fields<Count>(value).value_or(Count{}).value;
    } else if (key[4] == 3) {
      ++log_entries;
      const auto entry = decode_fields<LogEntry>(value);
      if (!entry || entry->officer == 0) breach = "a log entry names nobody";
      if (entry && entry->number != 0) ++grant_log_entries;
    }
  });
  if (!breach && log_entries != log_sizes) breach = "a log has a gap";
  if (!breach && grant_uses != grant_log_entries) breach = "uses of grants and log entries differ";
  return breach;
}

}  // namespace govchain::models::sharing
