#include "analysis/service/service_queries.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "analysis/service/record_json.h"
#include "models/services/evidence/contract.h"
#include "models/services/invoice/contract.h"
#include "models/services/licence/contract.h"
#include "models/services/sharing/contract.h"

namespace govchain::analysis {

namespace query {

// The most entries of a log in one answer.
inline constexpr uint32_t kMostEntries = 1'000;

// Each names one record, or one part of a log.
struct Resource {
  models::sharing::ResourceId resource;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource);
  }
  [[nodiscard]] models::StateKey key() const { return models::sharing::resource_key(resource); }
};
struct Application {
  models::sharing::ResourceId resource;
  models::DepartmentId applicant;
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, applicant, number);
  }
  [[nodiscard]] models::StateKey key() const {
    return models::sharing::application_key(resource, applicant, number);
  }
};
struct Log {
  models::sharing::ResourceId resource;
  uint64_t first = 0;
  uint32_t limit = 100;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, first, limit);
  }
};
struct Accesses {
  models::sharing::ResourceId resource;
  consensus::Digest record;
  uint32_t limit = 100;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(resource, record, limit);
  }
};
struct Answers {
  models::DepartmentId manager;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(manager);
  }
  [[nodiscard]] models::StateKey key() const { return models::sharing::answers_key(manager); }
};
struct Licence {
  models::DepartmentId authority;
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(authority, number);
  }
  [[nodiscard]] models::StateKey key() const {
    return models::licence::licence_key(authority, number);
  }
};
struct Authorisation {
  models::DepartmentId authority;
  uint64_t number = 0;
  uint64_t authorisation = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(authority, number, authorisation);
  }
  [[nodiscard]] models::StateKey key() const {
    return models::licence::authorisation_key(authority, number, authorisation);
  }
};
struct Presentations {
  models::DepartmentId authority;
  uint64_t number = 0;
  uint64_t first = 0;
  uint32_t limit = 100;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(authority, number, first, limit);
  }
};
struct Invoice {
  models::PartyId issuer;
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(issuer, number);
  }
  [[nodiscard]] models::StateKey key() const {
    return models::invoice::invoice_key(issuer, number);
  }
};
struct Issuer {
  models::PartyId issuer;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(issuer);
  }
  [[nodiscard]] models::StateKey key() const { return models::invoice::issuer_key(issuer); }
};
// A request on its source chain.
struct Request {
  models::gateway::RequestName name;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name.requester, name.number);
  }
  [[nodiscard]] models::StateKey key() const { return models::gateway::request_key(name); }
};
struct Evidence {
  models::evidence::EvidenceName name;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name.collector, name.number);
  }
  [[nodiscard]] models::StateKey key() const { return models::evidence::evidence_key(name); }
};
struct History {
  models::evidence::EvidenceName name;
  uint64_t first = 0;
  uint32_t limit = 100;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name.collector, name.number, first, limit);
  }
};
struct RequestStatus : Request {
  [[nodiscard]] models::StateKey key() const { return models::gateway::request_status_key(name); }
};
struct Decision {
  consensus::ChainId source;
  models::gateway::RequestName name;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(source, name.requester, name.number);
  }
  [[nodiscard]] models::StateKey key() const { return models::gateway::decision_key(source, name); }
};

}  // namespace query

template <>
struct FieldNames<query::Resource> {
  static constexpr Names<1> kNames = {"resource"};
};
template <>
struct FieldNames<query::Application> {
  static constexpr Names<3> kNames = {"resource", "applicant", "number"};
};
template <>
struct FieldNames<query::Log> {
  static constexpr Names<3> kNames = {"resource", "first?", "limit?"};
};
template <>
struct FieldNames<query::Accesses> {
  static constexpr Names<3> kNames = {"resource", "record", "limit?"};
};
template <>
struct FieldNames<query::Answers> {
  static constexpr Names<1> kNames = {"manager"};
};
template <>
struct FieldNames<query::Licence> {
  static constexpr Names<2> kNames = {"authority", "number"};
};
template <>
struct FieldNames<query::Authorisation> {
  static constexpr Names<3> kNames = {"authority", "number", "authorisation"};
};
template <>
struct FieldNames<query::Presentations> {
  static constexpr Names<4> kNames = {"authority", "number", "first?", "limit?"};
};
template <>
struct FieldNames<query::Invoice> {
  static constexpr Names<2> kNames = {"issuer", "number"};
};
template <>
struct FieldNames<query::Issuer> {
  static constexpr Names<1> kNames = {"issuer"};
};
template <>
struct FieldNames<query::Request> {
  static constexpr Names<2> kNames = {"requester", "number"};
};
template <>
struct FieldNames<query::Evidence> {
  static constexpr Names<2> kNames = {"collector", "number"};
};
template <>
struct FieldNames<query::History> {
  static constexpr Names<4> kNames = {"collector", "number", "first?", "limit?"};
};
template <>
struct FieldNames<query::RequestStatus> {
  static constexpr Names<2> kNames = {"requester", "number"};
};
template <>
struct FieldNames<query::Decision> {
  static constexpr Names<3> kNames = {"source", "requester", "number"};
};

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using models::StateReader;
using nlohmann::json;

template <typename Query, typename Record>
ServiceQuery record(std::string_view name) {
  return {name, FieldNames<Query>::kNames,
          [](const StateReader& state, const json& arguments) -> Result<json> {
            const Result<Query> query = from_json_object<Query>(arguments, "");
            if (!query) return query.error();
            const models::StateKey key = query->key();
            const std::optional<Record> found = state.get<Record>(key);
            return json{{"record", found ? to_json_object(*found) : json()},
                        {"key", consensus::node::to_hex(key.bytes())}};
          }};
}

template <typename Entry>
json list_of(const std::vector<Entry>& entries) {
  json list = json::array();
  for (const Entry& entry : entries) list.push_back(to_json_object(entry));
  return list;
}

// `read` gives the entries and how many there are in all.
template <typename Query>
Result<json> answer_log(const json& arguments, json (*read)(const StateReader&, const Query&),
                        const StateReader& state) {
  const Result<Query> query = from_json_object<Query>(arguments, "");
  if (!query) return query.error();
  if (query->limit > query::kMostEntries) {
    return Error{ErrorCode::kInvalid, "expected at most " + std::to_string(query::kMostEntries),
                 "/limit"};
  }
  return read(state, *query);
}

json read_sharing_log(const StateReader& state, const query::Log& query) {
  return {{"entries",
           list_of(models::sharing::read_log(state, query.resource, query.first, query.limit))},
          {"size", models::sharing::log_size(state, query.resource)}};
}
json read_accesses(const StateReader& state, const query::Accesses& query) {
  const auto size = state.get<models::sharing::Count>(
      models::sharing::record_size_key(query.resource, query.record));
  return {{"entries",
           list_of(models::sharing::accesses_to(state, query.resource, query.record, query.limit))},
          {"size", size ? size->value : 0}};
}
json read_presentations(const StateReader& state, const query::Presentations& query) {
  const auto licence = models::licence::find_licence(state, query.authority, query.number);
  return {{"entries", list_of(models::licence::presentations(state, query.authority, query.number,
                                                             query.first, query.limit))},
          {"size", licence ? licence->presented : 0}};
}

json read_history(const StateReader& state, const query::History& query) {
  const auto evidence = models::evidence::find_evidence(state, query.name);
  return {
      {"entries", list_of(models::evidence::history(state, query.name, query.first, query.limit))},
      {"size", evidence ? evidence->events : 0}};
}

template <typename Query, json (*kRead)(const StateReader&, const Query&)>
ServiceQuery log(std::string_view name) {
  return {name, FieldNames<Query>::kNames, [](const StateReader& state, const json& arguments) {
            return answer_log<Query>(arguments, kRead, state);
          }};
}

}  // namespace

std::span<const ServiceQuery> service_queries() {
  static const std::array kQueries = {
      record<query::Resource, models::sharing::Resource>("sharing.resource"),
      record<query::Application, models::sharing::Application>("sharing.application"),
      record<query::Answers, models::sharing::AnswerRecord>("sharing.answers"),
      log<query::Log, read_sharing_log>("sharing.log"),
      log<query::Accesses, read_accesses>("sharing.accesses"),
      record<query::Licence, models::licence::Licence>("licence.licence"),
      record<query::Authorisation, models::licence::Authorisation>("licence.authorisation"),
      log<query::Presentations, read_presentations>("licence.presentations"),
      record<query::Invoice, models::invoice::Invoice>("invoice.invoice"),
      record<query::Issuer, models::invoice::Issuer>("invoice.issuer"),
      record<query::Request, models::gateway::Request>("gateway.request"),
      record<query::RequestStatus, models::gateway::RequestStatus>("gateway.status"),
      record<query::Decision, models::gateway::Decision>("gateway.decision"),
      record<query::Evidence, models::evidence::Evidence>("evidence.evidence"),
      log<query::History, read_history>("evidence.history"),
  };
  return kQueries;
}

Result<json> answer_service_query(std::string_view name, const StateReader& state,
                                  const json& arguments) {
  std::vector<std::string> known = {"chain", "department", "record", "transaction"};
  for (const ServiceQuery& query : service_queries()) {
    if (query.name == name) return query.answer(state, arguments);
    known.emplace_back(query.name);
  }
  std::string all;
  for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
  const std::optional<std::string> nearest = scenarios::nearest_name(name, known);
  return Error{ErrorCode::kInvalid,
               nearest ? "no such query; did you mean " + *nearest + "?" : "expected one of " + all,
               "/query"};
}

}  // namespace govchain::analysis
