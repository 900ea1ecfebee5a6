#include "analysis/node/ledger_chain.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "consensus/codec.h"
#include "consensus/node/client/bytes_text.h"
#include "models/ledger/batch.h"
#include "models/ledger/transaction.h"
#include "models/services/standard_chain.h"

namespace govchain::analysis {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using models::Department;
using models::Role;
using nlohmann::json;

constexpr std::pair<std::string_view, Role> kRoles[] = {
    {"portal", Role::kPortal},         {"licence-authority", Role::kLicenceAuthority},
    {"regulator", Role::kRegulator},   {"tax-authority", Role::kTaxAuthority},
    {"reimburser", Role::kReimburser}, {"gateway", Role::kGateway},
};
constexpr size_t kMostDepartments = 100'000;
constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;

std::optional<consensus::PublicKey> from_hex(const std::string& text) {
  const std::optional<std::vector<uint8_t>> bytes = consensus::node::bytes_from_hex(text);
  consensus::PublicKey key;
  if (!bytes || bytes->size() != key.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), key.bytes.begin());
  return key;
}

// Reads one object's fields and remembers the first thing that is wrong with any of them.
class Section {
 public:
  explicit Section(std::string path) : path_(std::move(path)) {}
  void fail(const std::string& pointer, const std::string& message) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, message, path_ + " " + pointer};
  }
  [[nodiscard]] uint64_t number(const json& object, const char* name, const std::string& pointer,
                                uint64_t least, uint64_t most) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() < least ||
        found->get<uint64_t>() > most) {
      fail(pointer + "/" + name,
           "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most));
      return least;
    }
    return found->get<uint64_t>();
  }
  void only(const json& object, const std::string& pointer, std::set<std::string> known) {
    for (const auto& [name, value] : object.items()) {
      if (!known.contains(name)) fail(pointer + "/" + name, "no such field");
    }
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  std::string path_;
  std::optional<Error> error_;
};

uint32_t read_roles(const json& object, const std::string& pointer, Section& section) {
  uint32_t roles = 0;
  const auto found = object.find("roles");
  if (found == object.end() || !found->is_array()) {
    section.fail(pointer + "/roles", "expected a list of roles");
    return roles;
  }
  for (const json& word : *found) {
    const auto known = std::find_if(std::begin(kRoles), std::end(kRoles), [&](const auto& role) {
      return word.is_string() && word.get<std::string>() == role.first;
    });
    if (known == std::end(kRoles)) {
      section.fail(pointer + "/roles", word.dump() + " is no role of a department");
    } else {
      roles |= static_cast<uint32_t>(known->second);
    }
  }
  return roles;
}

Department read_department(const json& object, const std::string& pointer, Section& section) {
  Department department;
  if (!object.is_object()) {
    section.fail(pointer, "expected an object");
    return department;
  }
  section.only(object, pointer, {"department", "region", "roles", "key"});
  department.id =
      models::DepartmentId(section.number(object, "department", pointer, 1, uint64_t{1} << 62U));
  department.region =
      models::RegionId(section.number(object, "region", pointer, 0, uint64_t{1} << 62U));
  department.roles = read_roles(object, pointer, section);
  const auto text = object.find("key");
  const std::optional<consensus::PublicKey> key =
      text != object.end() && text->is_string() ? from_hex(text->get<std::string>()) : std::nullopt;
  if (!key) section.fail(pointer + "/key", "expected 128 hexadecimal digits in small letters");
  department.key = key.value_or(consensus::PublicKey());
  return department;
}

// Null if `chain` is another one or has no such department.
const consensus::PublicKey* key_of(const models::LedgerConfig& config, consensus::ChainId chain,
                                   models::DepartmentId id) {
  const auto found =
      std::find_if(config.departments.begin(), config.departments.end(),
                   [&](const Department& department) { return department.id == id; });
  return chain != config.chain || found == config.departments.end() ? nullptr : &found->key;
}

bool is_signed(const models::LedgerConfig& config, consensus::Verifier& verifier,
               const models::TransactionBatch& batch) {
  const consensus::PublicKey* const key = key_of(config, batch.chain, batch.sender);
  return key != nullptr &&
         verifier.verify(
             *key,
             models::batch_statement(
                 config.chain,
                 models::batch_digest(config.hash, models::transaction_ids(config.hash, batch))),
             batch.signature);
}

bool is_signed(const models::LedgerConfig& config, consensus::Verifier& verifier,
               const models::Transaction& transaction) {
  const consensus::PublicKey* const key = key_of(config, transaction.chain, transaction.sender);
  return key != nullptr &&
         verifier.verify(*key,
                         models::transaction_statement(
                             config.chain, models::transaction_id(config.hash, transaction)),
                         transaction.signature);
}

}  // namespace

consensus::Result<models::LedgerConfig> read_ledger(const consensus::node::NetworkFile& network,
                                                    const std::string& path) {
  Section section(path);
  models::LedgerConfig config;
  config.chain = network.engine.chain;
  config.hash = network.engine.hash;
  config.contracts = models::standard_contracts();
  config.scheme = network.scheme;
  config.proof_interval = network.engine.checkpoint_interval;
  config.proof_states = 2;
  const std::string pointer = "/application/ledger";
  const json& application = *network.application;
  const auto ledger = application.is_object() ? application.find("ledger") : application.end();
  if (!application.is_object() || ledger == application.end() || !ledger->is_object()) {
    section.fail(pointer, "expected an object with the ledger's departments");
    return *section.error();
  }
  section.only(application, "/application", {"ledger"});
  section.only(*ledger, pointer, {"validity_ms", "departments"});
  if (ledger->contains("validity_ms")) {
    constexpr uint64_t kLongest = 86'400'000ULL * 366;
    config.validity =
        static_cast<int64_t>(section.number(*ledger, "validity_ms", pointer, 1'000, kLongest)) *
        kNanosecondsPerMillisecond;
  }
  const auto departments = ledger->find("departments");
  if (departments == ledger->end() || !departments->is_array() || departments->empty() ||
      departments->size() > kMostDepartments) {
    section.fail(pointer + "/departments",
                 "expected a list of 1 to " + std::to_string(kMostDepartments) + " departments");
    return *section.error();
  }
  std::set<models::DepartmentId> ids;
  for (size_t i = 0; i < departments->size(); ++i) {
    const std::string place = pointer + "/departments/" + std::to_string(i);
    config.departments.push_back(read_department((*departments)[i], place, section));
    if (!ids.insert(config.departments.back().id).second) {
      section.fail(place + "/department", "another department has this number");
    }
  }
  if (section.error()) return *section.error();
  return config;
}

json encode_ledger(const std::vector<Department>& departments, int64_t validity) {
  json list = json::array();
  for (const Department& department : departments) {
    json roles = json::array();
    for (const auto& [name, role] : kRoles) {
      if (department.has(role)) roles.push_back(name);
    }
    list.push_back({{"department", department.id.value()},
                    {"region", department.region.value()},
                    {"roles", std::move(roles)},
                    {"key", consensus::node::to_hex(department.key.bytes)}});
  }
  return {
      {"ledger",
       {{"validity_ms", validity / kNanosecondsPerMillisecond}, {"departments", std::move(list)}}}};
}

bool is_signed_by_departments(const models::LedgerConfig& config,
                              const consensus::Payload& payload) {
  thread_local std::array<std::unique_ptr<consensus::Verifier>, 3> verifiers;
  std::unique_ptr<consensus::Verifier>& verifier = verifiers.at(static_cast<size_t>(config.scheme));
  if (!verifier) verifier = consensus::make_verifier(config.scheme);
  if (models::is_batch(payload.bytes)) {
    const std::optional<models::TransactionBatch> batch = models::decode_batch(payload.bytes);
    if (!batch || batch->transactions.size() != payload.transactions) return false;
    return is_signed(config, *verifier, *batch);
  }
  consensus::Reader in(payload.bytes);
  for (uint32_t left = payload.transactions; left > 0; --left) {
    const std::optional<models::Transaction> transaction = models::decode_transaction(in);
    if (!transaction || !is_signed(config, *verifier, *transaction)) return false;
  }
  return in.finished();
}

consensus::node::NodeApplication ledger_application(
    std::shared_ptr<const models::LedgerConfig> config) {
  return {[config] { return std::make_unique<models::Ledger>(*config); },
          [config](const consensus::Payload& payload) {
            return is_signed_by_departments(*config, payload);
          }};
}

}  // namespace govchain::analysis
