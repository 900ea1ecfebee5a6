#include "models/services/licence/contract.h"

namespace govchain::models::licence {
namespace {

constexpr uint16_t kDone = 0;
uint16_t refuse(Refusal refusal) { return static_cast<uint16_t>(refusal); }

uint16_t issue(CallContext& context, const Issue& arguments) {
  if (!context.sender.has(Role::kLicenceAuthority)) return refuse(Refusal::kNotAnAuthority);
  if (context.sender.region != kNationwide && context.sender.region != arguments.region) {
    return refuse(Refusal::kOtherRegion);
  }
  if (arguments.holder == kNobody) return refuse(Refusal::kNoHolder);
  if (arguments.expiry <= context.block_time) return refuse(Refusal::kExpiryInThePast);
  const StateKey key = licence_key(context.sender.id, arguments.number);
  if (context.state.has(key)) return refuse(Refusal::kLicenceExists);
  Licence licence;
  licence.type = arguments.type;
  licence.holder = arguments.holder;
  licence.region = arguments.region;
  licence.issued_at = context.block_time;
  licence.expiry = arguments.expiry;
  context.state.put(key, licence);
  return kDone;
}

// What stops a licence from being shown or authorised now.
uint16_t check_usable(const CallContext& context, const Licence& licence) {
  if (licence.state == LicenceState::kRevoked) return refuse(Refusal::kLicenceRevoked);
  if (licence.state == LicenceState::kSuspended) return refuse(Refusal::kLicenceSuspended);
  if (context.block_time > licence.expiry) return refuse(Refusal::kLicenceExpired);
  return kDone;
}

bool speaks_for_holder(const CallContext& context, const Licence& licence) {
  return context.sender.has(Role::kPortal) && context.on_behalf_of == licence.holder;
}

uint16_t authorise(CallContext& context, const Authorise& arguments) {
  const auto licence =
      context.state.get<Licence>(licence_key(arguments.authority, arguments.number));
  if (!licence) return refuse(Refusal::kNoSuchLicence);
  if (!speaks_for_holder(context, *licence)) return refuse(Refusal::kNotTheHolder);
  if (const uint16_t code = check_usable(context, *licence); code != kDone) return code;
  if (arguments.uses == 0) return refuse(Refusal::kNoUses);
  if (arguments.expiry <= context.block_time) return refuse(Refusal::kExpiryInThePast);
  if (!context.host.department(arguments.verifier)) return refuse(Refusal::kUnknownVerifier);
  const StateKey key =
      authorisation_key(arguments.authority, arguments.number, arguments.authorisation);
  if (context.state.has(key)) return refuse(Refusal::kAuthorisationExists);
  Authorisation authorisation;
  authorisation.verifier = arguments.verifier;
  authorisation.allowed = arguments.uses;
  authorisation.expiry = arguments.expiry;
  context.state.put(key, authorisation);
  return kDone;
}

uint16_t check_authorisation(const CallContext& context, const Authorisation& authorisation) {
  if (authorisation.verifier != context.sender.id) return refuse(Refusal::kNotTheVerifier);
  if (authorisation.withdrawn) return refuse(Refusal::kAuthorisationWithdrawn);
  if (context.block_time > authorisation.expiry) return refuse(Refusal::kAuthorisationExpired);
  if (authorisation.used >= authorisation.allowed) return refuse(Refusal::kAuthorisationUsedUp);
  return kDone;
}

uint16_t present(CallContext& context, const Present& arguments) {
  const StateKey key = licence_key(arguments.authority, arguments.number);
  auto licence = context.state.get<Licence>(key);
  if (!licence) return refuse(Refusal::kNoSuchLicence);
  const StateKey permit_key =
      authorisation_key(arguments.authority, arguments.number, arguments.authorisation);
  auto authorisation = context.state.get<Authorisation>(permit_key);
  if (!authorisation) return refuse(Refusal::kNoSuchAuthorisation);
  if (const uint16_t code = check_authorisation(context, *authorisation); code != kDone) {
    return code;
  }
  if (const uint16_t code = check_usable(context, *licence); code != kDone) return code;
  if (!holds_in(context.state, licence->type, licence->region, context.sender.region)) {
    return refuse(Refusal::kNotValidHere);
  }
  ++authorisation->used;
  context.state.put(permit_key, *authorisation);
  context.state.put(presentation_key(arguments.authority, arguments.number, licence->presented),
                    Presentation{.time = context.block_time,
                                 .verifier = context.sender.id,
                                 .matter = arguments.matter,
                                 .authorisation = arguments.authorisation});
  ++licence->presented;
  context.state.put(key, *licence);
  return kDone;
}

uint16_t suspend(CallContext& context, const Named& arguments) {
  const StateKey key = licence_key(context.sender.id, arguments.number);
  auto licence = context.state.get<Licence>(key);
  if (!licence) return refuse(Refusal::kNoSuchLicence);
  if (const uint16_t code = check_usable(context, *licence); code != kDone) return code;
  licence->state = LicenceState::kSuspended;
  context.state.put(key, *licence);
  return kDone;
}

uint16_t resume(CallContext& context, const Named& arguments) {
  const StateKey key = licence_key(context.sender.id, arguments.number);
  auto licence = context.state.get<Licence>(key);
  if (!licence) return refuse(Refusal::kNoSuchLicence);
  if (licence->state == LicenceState::kRevoked) return refuse(Refusal::kLicenceRevoked);
  if (licence->state != LicenceState::kSuspended) return refuse(Refusal::kNotSuspended);
  licence->state = LicenceState::kActive;
  context.state.put(key, *licence);
  return kDone;
}

uint16_t revoke(CallContext& context, const Named& arguments) {
  const StateKey key = licence_key(context.sender.id, arguments.number);
  auto licence = context.state.get<Licence>(key);
  if (!licence) return refuse(Refusal::kNoSuchLicence);
  if (licence->state == LicenceState::kRevoked) return refuse(Refusal::kLicenceRevoked);
  licence->state = LicenceState::kRevoked;
  context.state.put(key, *licence);
  return kDone;
}

uint16_t withdraw_authorisation(CallContext& context, const WithdrawAuthorisation& arguments) {
  const auto licence =
      context.state.get<Licence>(licence_key(arguments.authority, arguments.number));
  if (!licence) return refuse(Refusal::kNoSuchLicence);
  // Possible in every state of the licence: taking back a permission needs no valid licence.
  if (!speaks_for_holder(context, *licence)) return refuse(Refusal::kNotTheHolder);
  const StateKey key =
      authorisation_key(arguments.authority, arguments.number, arguments.authorisation);
  auto authorisation = context.state.get<Authorisation>(key);
  if (!authorisation) return refuse(Refusal::kNoSuchAuthorisation);
  if (authorisation->withdrawn) return refuse(Refusal::kAuthorisationWithdrawn);
  authorisation->withdrawn = true;
  context.state.put(key, *authorisation);
  return kDone;
}

uint16_t recognise(CallContext& context, const Recognise& arguments) {
  if (!context.sender.has(Role::kRegulator)) return refuse(Refusal::kNotARegulator);
  context.state.put(recognition_key(arguments.type, arguments.from, context.sender.region),
                    Recognition{.recognised = arguments.recognised});
  return kDone;
}

}  // namespace

uint16_t LicenceContract::call(CallContext& context, uint16_t method,
                               std::span<const uint8_t> arguments) const {
  switch (static_cast<Method>(method)) {
    case Method::kIssue:
      return run_method<Issue>(context, arguments, issue);
    case Method::kAuthorise:
      return run_method<Authorise>(context, arguments, authorise);
    case Method::kPresent:
      return run_method<Present>(context, arguments, present);
    case Method::kSuspend:
      return run_method<Named>(context, arguments, suspend);
    case Method::kResume:
      return run_method<Named>(context, arguments, resume);
    case Method::kRevoke:
      return run_method<Named>(context, arguments, revoke);
    case Method::kWithdrawAuthorisation:
      return run_method<WithdrawAuthorisation>(context, arguments, withdraw_authorisation);
    case Method::kRecognise:
      return run_method<Recognise>(context, arguments, recognise);
  }
  return code_of(ReceiptCode::kUnknownMethod);
}

void LicenceContract::foresee(const Transaction& transaction,
                              std::vector<StateKey>& records) const {
  const std::span<const uint8_t> bytes = transaction.arguments;
  switch (static_cast<Method>(transaction.method)) {
    case Method::kIssue:
      if (const auto call = decode_fields<Issue>(bytes)) {
        records.push_back(licence_key(transaction.sender, call->number));
      }
      return;
    case Method::kAuthorise:
      if (const auto call = decode_fields<Authorise>(bytes)) {
        records.insert(records.end(),
                       {licence_key(call->authority, call->number),
                        authorisation_key(call->authority, call->number, call->authorisation)});
      }
      return;
    case Method::kPresent:
      if (const auto call = decode_fields<Present>(bytes)) {
        records.insert(records.end(),
                       {licence_key(call->authority, call->number),
                        authorisation_key(call->authority, call->number, call->authorisation),
                        presentation_key(call->authority, call->number, 0)});
      }
      return;
    case Method::kSuspend:
    case Method::kResume:
    case Method::kRevoke:
      if (const auto call = decode_fields<Named>(bytes)) {
        records.push_back(licence_key(transaction.sender, call->number));
      }
      return;
    case Method::kWithdrawAuthorisation:
      if (const auto call = decode_fields<WithdrawAuthorisation>(bytes)) {
        records.push_back(authorisation_key(call->authority, call->number, call->authorisation));
      }
      return;
    case Method::kRecognise:
      return;
  }
}

}  // namespace govchain::models::licence
