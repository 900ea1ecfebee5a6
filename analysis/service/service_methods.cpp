#include "analysis/service/service_methods.h"

#include <array>
#include <optional>

#include "analysis/service/record_json.h"

namespace govchain::analysis {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using nlohmann::json;

template <typename Arguments, typename Method>
constexpr ServiceMethod method(std::string_view name, uint32_t contract, Method number,
                               std::string_view caller) {
  return {name,
          caller,
          contract,
          static_cast<uint16_t>(number),
          FieldNames<Arguments>::kNames,
          [](const json& object) -> Result<std::vector<uint8_t>> {
            const Result<Arguments> arguments = from_json_object<Arguments>(object, "");
            if (!arguments) return arguments.error();
            return models::encode_fields(*arguments);
          },
          [](std::span<const uint8_t> bytes) {
            const std::optional<Arguments> arguments = models::decode_fields<Arguments>(bytes);
            return arguments ? to_json_object(*arguments) : json();
          }};
}

template <typename Arguments>
constexpr ServiceMethod sharing(std::string_view name, models::sharing::Method number,
                                std::string_view caller) {
  return method<Arguments>(name, models::sharing::kContractId, number, caller);
}
template <typename Arguments>
constexpr ServiceMethod licence(std::string_view name, models::licence::Method number,
                                std::string_view caller) {
  return method<Arguments>(name, models::licence::kContractId, number, caller);
}
template <typename Arguments>
constexpr ServiceMethod invoice(std::string_view name, models::invoice::Method number,
                                std::string_view caller) {
  return method<Arguments>(name, models::invoice::kContractId, number, caller);
}
template <typename Arguments>
constexpr ServiceMethod gateway(std::string_view name, models::gateway::Method number,
                                std::string_view caller) {
  return method<Arguments>(name, models::gateway::kContractId, number, caller);
}

template <typename Arguments>
constexpr ServiceMethod evidence(std::string_view name, models::evidence::Method number,
                                 std::string_view caller) {
  return method<Arguments>(name, models::evidence::kContractId, number, caller);
}

std::span<const ServiceMethod> make_methods() {
  using Sharing = models::sharing::Method;
  using Licence = models::licence::Method;
  using Invoice = models::invoice::Method;
  using Gateway = models::gateway::Method;
  namespace sh = models::sharing;
  namespace li = models::licence;
  namespace in = models::invoice;
  using Evidence = models::evidence::Method;
  namespace ga = models::gateway;
  namespace ev = models::evidence;
  static const std::array kMethods = {
      sharing<sh::RegisterResource>("sharing.register", Sharing::kRegister, "any department"),
      sharing<sh::Apply>("sharing.apply", Sharing::kApply, "any but the managing department"),
      sharing<sh::Answer>("sharing.answer", Sharing::kAnswer, "the managing department"),
      sharing<sh::Access>("sharing.access", Sharing::kAccess, "as the resource's class allows"),
      sharing<sh::WithdrawApplication>("sharing.withdraw-application",
                                       Sharing::kWithdrawApplication, "the applicant"),
      sharing<sh::RevokeGrant>("sharing.revoke-grant", Sharing::kRevokeGrant,
                               "the managing department"),
      sharing<sh::WithdrawResource>("sharing.withdraw-resource", Sharing::kWithdrawResource,
                                    "the managing department"),
      licence<li::Issue>("licence.issue", Licence::kIssue, "a licence authority"),
      licence<li::Authorise>("licence.authorise", Licence::kAuthorise, "a portal for the holder"),
      licence<li::Present>("licence.present", Licence::kPresent, "the authorised verifier"),
      licence<li::Named>("licence.suspend", Licence::kSuspend, "the authority that issued it"),
      licence<li::Named>("licence.resume", Licence::kResume, "the authority that issued it"),
      licence<li::Named>("licence.revoke", Licence::kRevoke, "the authority that issued it"),
      licence<li::WithdrawAuthorisation>("licence.withdraw-authorisation",
                                         Licence::kWithdrawAuthorisation,
                                         "a portal for the holder"),
      licence<li::Recognise>("licence.recognise", Licence::kRecognise, "a regulator"),
      invoice<in::Allot>("invoice.allot", Invoice::kAllot, "a tax authority"),
      invoice<in::Issue>("invoice.issue", Invoice::kIssue, "a tax authority for the issuer"),
      invoice<in::Transfer>("invoice.transfer", Invoice::kTransfer, "a portal for the owner"),
      invoice<in::Claim>("invoice.claim", Invoice::kClaim, "a reimbursing unit for the owner"),
      invoice<in::RedLetter>("invoice.red-letter", Invoice::kRedLetter,
                             "a tax authority for the issuer"),
      gateway<ga::MakeRequest>("gateway.request", Gateway::kRequest, "any department"),
      gateway<ga::Execute>("gateway.execute", Gateway::kExecute, "a gateway of the target"),
      gateway<ga::Settle>("gateway.settle", Gateway::kSettle, "a gateway of the source"),
      gateway<ga::Tick>("gateway.tick", Gateway::kTick, "a gateway"),
      evidence<ev::Collect>("evidence.collect", Evidence::kCollect, "any department"),
      evidence<ev::Process>("evidence.process", Evidence::kProcess, "the source's custodian"),
      evidence<ev::Check>("evidence.check", Evidence::kCheck, "any department"),
      evidence<ev::HandOver>("evidence.hand-over", Evidence::kHandOver, "the custodian"),
      evidence<ev::Named>("evidence.accept", Evidence::kAccept, "whom it was handed over to"),
      evidence<ev::Named>("evidence.return", Evidence::kReturn, "whom it was handed over to"),
      evidence<ev::Named>("evidence.close", Evidence::kClose, "the custodian"),
  };
  return kMethods;
}

}  // namespace

std::span<const ServiceMethod> service_methods() {
  static const std::span<const ServiceMethod> methods = make_methods();
  return methods;
}

Result<const ServiceMethod*> find_method(std::string_view name) {
  std::vector<std::string> known;
  for (const ServiceMethod& method : service_methods()) {
    if (method.name == name) return &method;
    known.emplace_back(method.name);
  }
  const std::optional<std::string> nearest = scenarios::nearest_name(name, known);
  return Error{ErrorCode::kInvalid,
               nearest ? "no such call; did you mean " + *nearest + "?"
                       : "no such call; govchain node call --list names them",
               std::string(name)};
}

const ServiceMethod* find_method(uint32_t contract, uint16_t method) {
  for (const ServiceMethod& known : service_methods()) {
    if (known.contract == contract && known.method == method) return &known;
  }
  return nullptr;
}

}  // namespace govchain::analysis
