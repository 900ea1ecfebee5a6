#include "analysis/calibrate/profile_fields.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "models/services/workload.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

// What a profile has one figure for, although it depends on more: the reference.
constexpr const char* kProtocol = "pbft";
constexpr const char* kReplicas = "4";
constexpr const char* kPayloads = "1";
// Records of the state that a profile's execute_transaction stands for; if such a state was not
// measured, the next smaller one.
constexpr uint64_t kRecords = 1'000'000;

struct FieldRule {
  const char* section;
  const char* key;
  const char* what;  // in words
  std::vector<Part> parts;
};

// The row of `what` with these labels, whatever other labels it has.
RowName name_like(const Figures& figures, const std::string& what,
                  const std::vector<std::pair<std::string, std::string>>& labels) {
  for (const auto& one : figures.rows()) {
    const RowName& name = one.first;
    const bool fits =
        name.what == what && std::all_of(labels.begin(), labels.end(), [&name](const auto& wanted) {
          const std::string* found = name.label(wanted.first);
          return found != nullptr && *found == wanted.second;
        });
    if (fits) return name;
  }
  return {what, labels};
}

std::string reference_records(const Figures& figures) {
  uint64_t best = 0;
  for (const auto& [name, row] : figures.rows()) {
    const std::string* records = name.what == "execute" ? name.label("records") : nullptr;
    if (records == nullptr) continue;
    const uint64_t count = std::stoull(*records);
    if (count <= kRecords || best == 0) best = std::max(best, count);
  }
  return std::to_string(best);
}

std::vector<FieldRule> rules(const Figures& figures, consensus::SignatureScheme scheme) {
  const bool is_sm2 = scheme == consensus::SignatureScheme::kSm2;
  const std::string algorithm = is_sm2 ? "sm2" : "ed25519";
  const std::string hash = is_sm2 ? "sm3" : "sha256";
  const std::string records = reference_records(figures);
  const RowName engine{"engine",
                       {{"protocol", kProtocol}, {"replicas", kReplicas}, {"payloads", kPayloads}}};
  const auto execute = [&](const char* contract, uint32_t per_mille) {
    constexpr double kContracts = 3;
    constexpr double kPerMille = 1'000;
    return Part{{"execute", {{"contract", contract}, {"records", records}}},
                kPerMille / per_mille / kContracts};
  };
  constexpr double kHalf = 0.5;
  constexpr double kStoredTransactions = 100;
  return {
      {"costs",
       "message_receive",
       "one vote in a write of its own, on the receiving transport's thread and out of the "
       "mailbox, and all steps of a replica by messages",
       {{name_like(figures, "receive", {{"writes", "separate"}})}, {engine}}},
      {"costs",
       "message_send",
       "one vote in a write of its own, on the caller's and the transport's thread",
       {{name_like(figures, "send", {{"writes", "separate"}})}}},
      {"costs",
       "per_kilobyte_network",
       "mean of both ends of TLS over loopback",
       {{name_like(figures, "send", {{"writes", "bulk"}}), kHalf},
        {name_like(figures, "receive", {{"writes", "bulk"}}), kHalf}}},
      {"costs", "sign", "one statement", {{{"sign", {{"algorithm", algorithm}}}}}},
      {"costs", "verify", "one statement", {{{"verify", {{"algorithm", algorithm}}}}}},
      {"costs",
       "hash_per_kilobyte",
       "in long inputs",
       {{{"hash", {{"algorithm", hash}, {"size", "bulk"}}}}}},
      {"costs",
       "execute_transaction",
       "mean of three contracts, each by its factor over the reference call, what one payload more "
       "costs an engine, and its share of a block put into the store",
       {execute("sharing", models::kSharingCostPerMille),
        execute("licence", models::kLicenceCostPerMille),
        execute("invoice", models::kInvoiceCostPerMille),
        {{"engine payload", {{"protocol", kProtocol}, {"replicas", kReplicas}}}},
        {{"store", {{"payloads", "100"}}}, 1 / kStoredTransactions}}},
      {"costs",
       "admit_transaction",
       "one HTTP request on the endpoint's thread",
       {{{"admit", {{"over", "HTTP"}}}}}},
      {"costs",
       "client_verify",
       "one transaction: decoded, hashed, its signature verified",
       {{{"verify client", {{"algorithm", algorithm}}}}}},
      {"disk",
       "sync",
       "one record appended to the node's log, until it is durable",
       {{{"log sync", {{"record", "200 bytes"}, {"together", "1"}}}}}},
      {"disk",
       "write",
       "16 MiB in one write, with its sync",
       {{{"write file", {{"how", "bulk, with its sync"}}}}}},
      {"disk",
       "read",
       "16 MiB that the system's memory had been told to forget",
       {{{"read file", {{"how", "bulk, not from memory"}}}}}},
  };
}

std::string source_of(const Machine& machine, const FieldRule& rule) {
  std::string rows;
  for (const Part& part : rule.parts) {
    rows += rows.empty() ? "" : " + ";
    if (part.times != 1) rows += fmt::format("{:.3g} * ", part.times);
    rows += part.row.text();
  }
  return fmt::format("measured by govchain calibrate on {}, {} cores, {}, {}: {}; median of {}",
                     machine.processor, machine.cores, machine.kernel,
                     machine.date.substr(0, machine.date.find('T')), rule.what, rows);
}

// Microseconds for 1,000 bytes are 8,000 bits in as many.
double megabits(double microseconds) { return 8'000 / microseconds; }

}  // namespace

Result<std::vector<ProfileField>> profile_fields(const Calibration& calibration,
                                                 consensus::SignatureScheme scheme) {
  std::vector<ProfileField> fields;
  for (const FieldRule& rule : rules(calibration.figures, scheme)) {
    ProfileField field;
    field.section = rule.section;
    field.key = rule.key;
    field.unit = "us";
    field.source = source_of(calibration.machine, rule);
    for (const Part& part : rule.parts) {
      const Row* row = calibration.figures.find(part.row);
      if (row == nullptr) {
        return Error{ErrorCode::kNotFound, "was not measured: " + part.row.text(), field.key};
      }
      const Spread spread = row->spread();
      field.value += part.times * spread.median;
      field.low += part.times * spread.low_quartile;
      field.high += part.times * spread.high_quartile;
    }
    if (field.key == "write" || field.key == "read") {
      field.unit = "mbps";
      field.value = megabits(field.value);
      field.low = megabits(std::exchange(field.high, megabits(field.low)));
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace govchain::analysis
