#include "models/services/sharing/contract.h"

#include "models/services/sharing/calendar.h"

namespace govchain::models::sharing {
namespace {

constexpr uint16_t kDone = 0;
uint16_t refuse(Refusal refusal) { return static_cast<uint16_t>(refusal); }

uint16_t register_resource(CallContext& context, const RegisterResource& arguments) {
  if (arguments.answer_days == 0 || arguments.answer_days > kMaxAnswerDays) {
    return refuse(Refusal::kAnswerDaysOutOfRange);
  }
  const StateKey key = resource_key(arguments.resource);
  if (context.state.has(key)) return refuse(Refusal::kResourceExists);
  context.state.put(key, Resource{.manager = context.sender.id,
                                  .data_class = arguments.data_class,
                                  .answer_days = arguments.answer_days,
                                  .withdrawn = false,
                                  .description = arguments.description});
  return kDone;
}

uint16_t apply(CallContext& context, const Apply& arguments) {
  const auto resource = context.state.get<Resource>(resource_key(arguments.resource));
  if (!resource) return refuse(Refusal::kNoSuchResource);
  if (resource->withdrawn) return refuse(Refusal::kResourceWithdrawn);
  if (resource->manager == context.sender.id) return refuse(Refusal::kNoApplicationNeeded);
  if (resource->data_class == DataClass::kNone) return refuse(Refusal::kNotShared);
  if (resource->data_class == DataClass::kUnconditional) {
    return refuse(Refusal::kNoApplicationNeeded);
  }
  if (arguments.purpose.value() == 0) return refuse(Refusal::kNoPurpose);
  if (arguments.uses == 0) return refuse(Refusal::kNoUses);
  const StateKey key = application_key(arguments.resource, context.sender.id, arguments.number);
  if (context.state.has(key)) return refuse(Refusal::kApplicationExists);
  Application application;
  application.purpose = arguments.purpose;
  application.applied_at = context.block_time;
  application.deadline = working_day_deadline(context.block_time, resource->answer_days);
  application.allowed = arguments.uses;
  context.state.put(key, application);
  return kDone;
}

void count_answer(CallContext& context, bool late) {
  const StateKey key = answers_key(context.sender.id);
  AnswerRecord record = context.state.get<AnswerRecord>(key).value_or(AnswerRecord{});
  ++record.answered;
  if (late) ++record.answered_late;
  context.state.put(key, record);
}

uint16_t answer(CallContext& context, const Answer& arguments) {
  const auto resource = context.state.get<Resource>(resource_key(arguments.resource));
  if (!resource) return refuse(Refusal::kNoSuchResource);
  if (resource->manager != context.sender.id) return refuse(Refusal::kNotTheManager);
  const StateKey key = application_key(arguments.resource, arguments.applicant, arguments.number);
  auto application = context.state.get<Application>(key);
  if (!application) return refuse(Refusal::kNoSuchApplication);
  if (application->state != ApplicationState::kPending) return refuse(Refusal::kAlreadyAnswered);
  if (arguments.approve) {
    if (resource->withdrawn) return refuse(Refusal::kResourceWithdrawn);
    if (arguments.uses == 0) return refuse(Refusal::kNoUses);
    if (arguments.uses > application->allowed) return refuse(Refusal::kMoreUsesThanAsked);
    if (arguments.expiry <= context.block_time) return refuse(Refusal::kExpiryInThePast);
    application->allowed = arguments.uses;
    application->expiry = arguments.expiry;
  }
  application->state =
      arguments.approve ? ApplicationState::kApproved : ApplicationState::kRejected;
  application->answered_at = context.block_time;
  context.state.put(key, *application);
  // A late answer still counts: the applicant needs it. That it came late stays on record.
  count_answer(context, application->answered_late());
  return kDone;
}

// Checks the grant and takes one use from it.
uint16_t use_grant(CallContext& context, const Access& arguments) {
  const StateKey key = application_key(arguments.resource, context.sender.id, arguments.number);
  auto grant = context.state.get<Application>(key);
  if (!grant || grant->state != ApplicationState::kApproved) return refuse(Refusal::kNoGrant);
  if (grant->revoked) return refuse(Refusal::kGrantRevoked);
  if (context.block_time > grant->expiry) return refuse(Refusal::kGrantExpired);
  if (grant->purpose != arguments.purpose) return refuse(Refusal::kOtherPurpose);
  if (grant->used >= grant->allowed) return refuse(Refusal::kGrantUsedUp);
  ++grant->used;
  context.state.put(key, *grant);
  return kDone;
}

void append_log(CallContext& context, const Access& arguments) {
  const StateKey size_key = log_size_key(arguments.resource);
  Count size = context.state.get<Count>(size_key).value_or(Count{});
  const uint64_t index = size.value++;
  context.state.put(log_key(arguments.resource, index), LogEntry{.time = context.block_time,
                                                                 .department = context.sender.id,
                                                                 .officer = arguments.officer,
                                                                 .purpose = arguments.purpose,
                                                                 .number = arguments.number,
                                                                 .record = arguments.record});
  context.state.put(size_key, size);
  const StateKey record_key = record_size_key(arguments.resource, arguments.record);
  Count accesses = context.state.get<Count>(record_key).value_or(Count{});
  context.state.put(record_log_key(arguments.resource, arguments.record, accesses.value++),
                    Count{.value = index});
  context.state.put(record_key, accesses);
}

uint16_t access(CallContext& context, const Access& arguments) {
  const auto resource = context.state.get<Resource>(resource_key(arguments.resource));
  if (!resource) return refuse(Refusal::kNoSuchResource);
  if (resource->withdrawn) return refuse(Refusal::kResourceWithdrawn);
  if (arguments.purpose.value() == 0) return refuse(Refusal::kNoPurpose);
  if (arguments.officer == 0) return refuse(Refusal::kNoOfficer);
  // The managing department sees its own data, but is logged like everybody: leaks start at home.
  const bool own = resource->manager == context.sender.id;
  if (!own && resource->data_class == DataClass::kNone) return refuse(Refusal::kNotShared);
  if (own || resource->data_class == DataClass::kUnconditional) {
    if (arguments.number != 0) return refuse(Refusal::kGrantNotNeeded);
  } else if (const uint16_t code = use_grant(context, arguments); code != kDone) {
    return code;
  }
  append_log(context, arguments);
  return kDone;
}

uint16_t withdraw_application(CallContext& context, const WithdrawApplication& arguments) {
  const StateKey key = application_key(arguments.resource, context.sender.id, arguments.number);
  auto application = context.state.get<Application>(key);
  if (!application) return refuse(Refusal::kNoSuchApplication);
  if (application->state != ApplicationState::kPending) return refuse(Refusal::kAlreadyAnswered);
  application->state = ApplicationState::kWithdrawn;
  application->answered_at = context.block_time;
  context.state.put(key, *application);
  return kDone;
}

uint16_t revoke_grant(CallContext& context, const RevokeGrant& arguments) {
  const auto resource = context.state.get<Resource>(resource_key(arguments.resource));
  if (!resource) return refuse(Refusal::kNoSuchResource);
  if (resource->manager != context.sender.id) return refuse(Refusal::kNotTheManager);
  const StateKey key = application_key(arguments.resource, arguments.applicant, arguments.number);
  auto grant = context.state.get<Application>(key);
  if (!grant) return refuse(Refusal::kNoSuchApplication);
  if (grant->state != ApplicationState::kApproved) return refuse(Refusal::kNotGranted);
  if (grant->revoked) return refuse(Refusal::kGrantRevoked);
  grant->revoked = true;
  context.state.put(key, *grant);
  return kDone;
}

uint16_t withdraw_resource(CallContext& context, const WithdrawResource& arguments) {
  const StateKey key = resource_key(arguments.resource);
  auto resource = context.state.get<Resource>(key);
  if (!resource) return refuse(Refusal::kNoSuchResource);
  if (resource->manager != context.sender.id) return refuse(Refusal::kNotTheManager);
  if (resource->withdrawn) return refuse(Refusal::kResourceWithdrawn);
  resource->withdrawn = true;
  context.state.put(key, *resource);
  return kDone;
}

}  // namespace

uint16_t SharingContract::call(CallContext& context, uint16_t method,
                               std::span<const uint8_t> arguments) const {
  switch (static_cast<Method>(method)) {
    case Method::kRegister:
      return run_method<RegisterResource>(context, arguments, register_resource);
    case Method::kApply:
      return run_method<Apply>(context, arguments, apply);
    case Method::kAnswer:
      return run_method<Answer>(context, arguments, answer);
    case Method::kAccess:
      return run_method<Access>(context, arguments, access);
    case Method::kWithdrawApplication:
      return run_method<WithdrawApplication>(context, arguments, withdraw_application);
    case Method::kRevokeGrant:
      return run_method<RevokeGrant>(context, arguments, revoke_grant);
    case Method::kWithdrawResource:
      return run_method<WithdrawResource>(context, arguments, withdraw_resource);
  }
  return code_of(ReceiptCode::kUnknownMethod);
}

void SharingContract::foresee(const Transaction& transaction,
                              std::vector<StateKey>& records) const {
  const std::span<const uint8_t> bytes = transaction.arguments;
  const DepartmentId sender = transaction.sender;
  switch (static_cast<Method>(transaction.method)) {
    case Method::kRegister:
      if (const auto call = decode_fields<RegisterResource>(bytes)) {
        records.push_back(resource_key(call->resource));
      }
      return;
    case Method::kApply:
      if (const auto call = decode_fields<Apply>(bytes)) {
        records.insert(records.end(), {resource_key(call->resource),
                                       application_key(call->resource, sender, call->number)});
      }
      return;
    case Method::kAnswer:
      if (const auto call = decode_fields<Answer>(bytes)) {
        records.insert(records.end(),
                       {resource_key(call->resource),
                        application_key(call->resource, call->applicant, call->number)});
      }
      return;
    case Method::kAccess:
      if (const auto call = decode_fields<Access>(bytes)) {
        records.insert(
            records.end(),
            {resource_key(call->resource), application_key(call->resource, sender, call->number),
             log_size_key(call->resource), record_size_key(call->resource, call->record),
             record_log_key(call->resource, call->record, 0)});
      }
      return;
    case Method::kWithdrawApplication:
      if (const auto call = decode_fields<WithdrawApplication>(bytes)) {
        records.push_back(application_key(call->resource, sender, call->number));
      }
      return;
    case Method::kRevokeGrant:
      if (const auto call = decode_fields<RevokeGrant>(bytes)) {
        records.push_back(application_key(call->resource, call->applicant, call->number));
      }
      return;
    case Method::kWithdrawResource:
      if (const auto call = decode_fields<WithdrawResource>(bytes)) {
        records.push_back(resource_key(call->resource));
      }
      return;
  }
}

}  // namespace govchain::models::sharing
