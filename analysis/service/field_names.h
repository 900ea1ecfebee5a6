#pragma once
// What clients call the fields of the contracts' calls and records in JSON: names in the order of
// each struct's fields(). A name that ends in `?` may be left out of what a client writes; the
// field then has its struct's initial value.

#include <array>
#include <string_view>

#include "models/services/evidence/records.h"
#include "models/services/gateway/records.h"
#include "models/services/invoice/records.h"
#include "models/services/licence/records.h"
#include "models/services/sharing/records.h"

namespace govchain::analysis {

// Specialised for every record; a test holds the number of names against the number of fields.
template <typename Record>
struct FieldNames;

template <size_t kCount>
using Names = std::array<std::string_view, kCount>;

// --- sharing

template <>
struct FieldNames<models::sharing::RegisterResource> {
  static constexpr Names<4> kNames = {"resource", "class", "answer_days?", "description"};
};
template <>
struct FieldNames<models::sharing::Apply> {
  static constexpr Names<4> kNames = {"resource", "number", "purpose", "uses"};
};
template <>
struct FieldNames<models::sharing::Answer> {
  static constexpr Names<6> kNames = {"resource", "applicant", "number",
                                      "approve",  "uses?",     "expiry?"};
};
template <>
struct FieldNames<models::sharing::Access> {
  static constexpr Names<5> kNames = {"resource", "number?", "purpose?", "record", "officer"};
};
template <>
struct FieldNames<models::sharing::WithdrawApplication> {
  static constexpr Names<2> kNames = {"resource", "number"};
};
template <>
struct FieldNames<models::sharing::RevokeGrant> {
  static constexpr Names<3> kNames = {"resource", "applicant", "number"};
};
template <>
struct FieldNames<models::sharing::WithdrawResource> {
  static constexpr Names<1> kNames = {"resource"};
};
template <>
struct FieldNames<models::sharing::Resource> {
  static constexpr Names<5> kNames = {"manager", "class", "answer_days", "withdrawn",
                                      "description"};
};
template <>
struct FieldNames<models::sharing::Application> {
  static constexpr Names<9> kNames = {"state",   "purpose", "applied_at", "deadline", "answered_at",
                                      "allowed", "used",    "expiry",     "revoked"};
};
template <>
struct FieldNames<models::sharing::LogEntry> {
  static constexpr Names<6> kNames = {"time",    "department", "officer",
                                      "purpose", "number",     "record"};
};
template <>
struct FieldNames<models::sharing::AnswerRecord> {
  static constexpr Names<2> kNames = {"answered", "answered_late"};
};

// --- e-licence

template <>
struct FieldNames<models::licence::Issue> {
  static constexpr Names<5> kNames = {"number", "type", "holder", "region", "expiry"};
};
template <>
struct FieldNames<models::licence::Authorise> {
  static constexpr Names<6> kNames = {"authority",     "number", "verifier",
                                      "authorisation", "uses?",  "expiry"};
};
template <>
struct FieldNames<models::licence::Present> {
  static constexpr Names<4> kNames = {"authority", "number", "authorisation", "matter"};
};
template <>
struct FieldNames<models::licence::Named> {
  static constexpr Names<1> kNames = {"number"};
};
template <>
struct FieldNames<models::licence::WithdrawAuthorisation> {
  static constexpr Names<3> kNames = {"authority", "number", "authorisation"};
};
template <>
struct FieldNames<models::licence::Recognise> {
  static constexpr Names<3> kNames = {"type", "from", "recognised?"};
};
template <>
struct FieldNames<models::licence::Licence> {
  static constexpr Names<7> kNames = {"type",   "holder", "region",   "issued_at",
                                      "expiry", "state",  "presented"};
};
template <>
struct FieldNames<models::licence::Authorisation> {
  static constexpr Names<5> kNames = {"verifier", "allowed", "used", "expiry", "withdrawn"};
};
template <>
struct FieldNames<models::licence::Presentation> {
  static constexpr Names<4> kNames = {"time", "verifier", "matter", "authorisation"};
};

// --- e-invoice

template <>
struct FieldNames<models::invoice::Allot> {
  static constexpr Names<2> kNames = {"issuer", "count"};
};
template <>
struct FieldNames<models::invoice::Issue> {
  static constexpr Names<4> kNames = {"number", "buyer", "amount", "tax"};
};
template <>
struct FieldNames<models::invoice::Transfer> {
  static constexpr Names<3> kNames = {"issuer", "number", "to"};
};
template <>
struct FieldNames<models::invoice::Claim> {
  static constexpr Names<3> kNames = {"issuer", "number", "amount"};
};
template <>
struct FieldNames<models::invoice::RedLetter> {
  static constexpr Names<2> kNames = {"number", "red_number"};
};
template <>
struct FieldNames<models::invoice::Invoice> {
  static constexpr Names<7> kNames = {"state",     "owner",      "amount",     "tax",
                                      "issued_at", "claimed_at", "counterpart"};
};
template <>
struct FieldNames<models::invoice::Issuer> {
  static constexpr Names<2> kNames = {"allotted", "issued"};
};

// --- gateway

template <>
struct FieldNames<models::gateway::Call> {
  static constexpr Names<3> kNames = {"contract", "method", "arguments"};
};
template <>
struct FieldNames<models::gateway::Request> {
  static constexpr Names<5> kNames = {"target", "call", "deadline", "lock?", "submitted_at?"};
};
template <>
struct FieldNames<models::gateway::Decision> {
  static constexpr Names<3> kNames = {"outcome", "code", "decided_at"};
};
template <>
struct FieldNames<models::gateway::RequestStatus> {
  static constexpr Names<5> kNames = {"state", "decision", "settled_by", "requested_at",
                                      "settled_at"};
};
template <>
struct FieldNames<models::gateway::RequestName> {
  static constexpr Names<2> kNames = {"requester", "number"};
};
template <>
struct FieldNames<models::gateway::CheckpointEvidence> {
  static constexpr Names<5> kNames = {"height", "epoch", "state_root", "signers", "signatures"};
};
template <>
struct FieldNames<models::gateway::MakeRequest> {
  static constexpr Names<2> kNames = {"number", "request"};
};
template <>
struct FieldNames<models::gateway::Execute> {
  static constexpr Names<5> kNames = {"source", "name", "request", "checkpoint", "proof"};
};
template <>
struct FieldNames<models::gateway::Settle> {
  static constexpr Names<4> kNames = {"name", "decision", "checkpoint", "proof"};
};
template <>
struct FieldNames<models::gateway::Tick> {
  static constexpr Names<1> kNames = {"number"};
};

// --- evidence

template <>
struct FieldNames<models::evidence::EvidenceName> {
  static constexpr Names<2> kNames = {"collector", "number"};
};
template <>
struct FieldNames<models::evidence::Collect> {
  static constexpr Names<3> kNames = {"number", "digest", "content?"};
};
template <>
struct FieldNames<models::evidence::Process> {
  static constexpr Names<4> kNames = {"source", "number", "digest", "content?"};
};
template <>
struct FieldNames<models::evidence::Check> {
  static constexpr Names<2> kNames = {"name", "digest"};
};
template <>
struct FieldNames<models::evidence::HandOver> {
  static constexpr Names<2> kNames = {"name", "to"};
};
template <>
struct FieldNames<models::evidence::Named> {
  static constexpr Names<1> kNames = {"name"};
};
template <>
struct FieldNames<models::evidence::Evidence> {
  static constexpr Names<8> kNames = {"digest", "source",       "custodian", "receiver",
                                      "state",  "collected_at", "events",    "altered"};
};
template <>
struct FieldNames<models::evidence::HistoryEntry> {
  static constexpr Names<5> kNames = {"time", "event", "department", "to", "digest"};
};

// --- The words for values, in the order of the enumerations.

[[nodiscard]] constexpr auto words_of(models::sharing::DataClass /*type*/) {
  return Names<3>{"unconditional", "conditional", "none"};
}
[[nodiscard]] constexpr auto words_of(models::sharing::ApplicationState /*type*/) {
  return Names<4>{"pending", "approved", "rejected", "withdrawn"};
}
[[nodiscard]] constexpr auto words_of(models::licence::LicenceState /*type*/) {
  return Names<3>{"active", "suspended", "revoked"};
}
[[nodiscard]] constexpr auto words_of(models::invoice::InvoiceState /*type*/) {
  return Names<4>{"valid", "claimed", "cancelled", "red letter"};
}
[[nodiscard]] constexpr auto words_of(models::evidence::EvidenceState /*type*/) {
  return Names<3>{"held", "handed over", "closed"};
}
[[nodiscard]] constexpr auto words_of(models::evidence::Event /*type*/) {
  return Names<8>{"collected",   "processed", "checked",  "found altered",
                  "handed over", "accepted",  "returned", "closed"};
}
[[nodiscard]] constexpr auto words_of(models::gateway::RequestState /*type*/) {
  return Names<3>{"pending", "completed", "compensated"};
}
[[nodiscard]] constexpr auto words_of(models::gateway::Outcome /*type*/) {
  return Names<3>{"executed", "expired", "untranslatable"};
}

}  // namespace govchain::analysis
