#include "analysis/service/record_json.h"

#include <gtest/gtest.h>

#include "analysis/service/service_methods.h"
#include "analysis/service/service_queries.h"
#include "models/services/standard_chain.h"

namespace govchain::analysis {
namespace {

using nlohmann::json;

// A value of the right shape for every field of every call.
json example_of(std::string_view method, std::string_view field) {
  const std::string digest(64, 'a');
  if (field == "class") return "conditional";
  if (field == "approve" || field == "recognised") return true;
  if (field == "description" || field == "record" || field == "lock" || field == "digest")
    return digest;
  if (field == "call") return {{"contract", 1}, {"method", 4}, {"arguments", "00ff"}};
  if (field == "request") {
    return {{"target", 2}, {"call", example_of(method, "call")}, {"deadline", -5}};
  }
  if (field == "content") return "00ff";
  if ((field == "name" || field == "source") && method.starts_with("evidence")) {
    return {{"collector", 1}, {"number", 2}};
  }
  if (field == "name") return {{"requester", 1}, {"number", 2}};
  if (field == "decision") return {{"outcome", "expired"}, {"code", 7}, {"decided_at", 9}};
  if (field == "proof") return "0102";
  if (field == "checkpoint") {
    return {{"height", 1},
            {"epoch", 2},
            {"state_root", digest},
            {"signers", json::array({0, 3})},
            {"signatures", json::array({std::string(128, 'b'), std::string(128, 'c')})}};
  }
  return 3;
}

json example_of(const ServiceMethod& method) {
  json arguments = json::object();
  for (const std::string_view field : method.fields) {
    const std::string name(plain_name(field));
    arguments[name] = example_of(method.name, name);
  }
  return arguments;
}

class EveryCall : public testing::TestWithParam<ServiceMethod> {};

TEST_P(EveryCall, IsReadBackFromItsBytesAsItWasWritten) {
  const json arguments = example_of(GetParam());
  const auto bytes = GetParam().encode(arguments);
  ASSERT_TRUE(bytes) << bytes.error().message << " " << bytes.error().where;
  json again = GetParam().decode(*bytes);
  ASSERT_FALSE(again.is_null());
  // What was left out stands there with its initial value.
  again.merge_patch(arguments);
  EXPECT_EQ(GetParam().decode(*bytes), again);
}

TEST_P(EveryCall, IsKnownToItsContract) {
  const ServiceMethod* found = find_method(GetParam().contract, GetParam().method);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, GetParam().name);
  EXPECT_NE(models::find_contract(models::standard_contracts(), GetParam().contract), nullptr);
}

TEST_P(EveryCall, NamesTheFieldThatIsMissing) {
  for (const std::string_view field : GetParam().fields) {
    json arguments = example_of(GetParam());
    arguments.erase(std::string(plain_name(field)));
    const auto bytes = GetParam().encode(arguments);
    EXPECT_EQ(static_cast<bool>(bytes), field.ends_with('?')) << field;
    if (!bytes) {
      EXPECT_EQ(bytes.error().where, "/" + std::string(field));
    }
  }
}

TEST_P(EveryCall, RefusesAValueOfAnotherKind) {
  for (const std::string_view field : GetParam().fields) {
    for (const json& wrong : {json(nullptr), json(1.5), json("x"), json::array({json()})}) {
      json arguments = example_of(GetParam());
      const std::string name(plain_name(field));
      arguments[name] = wrong;
      const auto bytes = GetParam().encode(arguments);
      ASSERT_FALSE(bytes) << field << wrong;
      EXPECT_TRUE(bytes.error().where.starts_with("/" + name)) << bytes.error().where;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Services, EveryCall,
                         testing::ValuesIn(service_methods().begin(), service_methods().end()),
                         [](const testing::TestParamInfo<ServiceMethod>& tested) {
                           std::string name(tested.param.name);
                           for (char& letter : name) {
                             if (letter == '.' || letter == '-') letter = '_';
                           }
                           return name;
                         });

// What the ledger says to a call without arguments.
uint16_t code_of_empty_call(uint32_t contract, uint16_t method) {
  models::LedgerConfig config = models::standard_chain(consensus::ChainId(1), 5, 1);
  config.verify_signatures = false;
  models::Transaction transaction;
  transaction.chain = config.chain;
  transaction.sender = config.departments.back().id;
  transaction.expiry = 1'000'000'000;
  transaction.contract = contract;
  transaction.method = method;
  std::vector<uint8_t> bytes;
  models::encode_transaction(transaction, bytes);
  consensus::Block block;
  block.height = consensus::Height(1);
  block.payloads.push_back(consensus::make_payload(config.hash, bytes, 1));
  models::Ledger ledger(config);
  consensus::ExecutionResult result;
  ledger.execute(block, result);
  return result.receipts.at(0).code;
}

TEST(ServiceMethods, AreAllThatTheContractsHave) {
  // A contract says which methods it does not have; to all others it says that bytes which are no
  // arguments are none, or why an empty list of arguments will not do.
  for (const models::Contract* contract : models::standard_contracts()) {
    for (uint16_t method = 0; method < 64; ++method) {
      const uint16_t code = code_of_empty_call(contract->id(), method);
      const bool has = code != models::code_of(models::ReceiptCode::kUnknownMethod);
      EXPECT_EQ(find_method(contract->id(), method) != nullptr, has)
          << contract->name() << " " << method;
    }
  }
}

TEST(RecordJson, NumbersMustFitTheirField) {
  const auto register_resource = *find_method("sharing.register");
  json arguments = {{"resource", 7},
                    {"class", "none"},
                    {"answer_days", 65'536},
                    {"description", std::string(64, '0')}};
  auto bytes = register_resource->encode(arguments);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().where, "/answer_days");
  EXPECT_EQ(bytes.error().message, "expected a whole number from 0 to 65535");
  arguments["answer_days"] = -1;
  EXPECT_FALSE(register_resource->encode(arguments));
  arguments["answer_days"] = 65'535;
  EXPECT_TRUE(register_resource->encode(arguments));
  arguments["resource"] = UINT64_MAX;
  EXPECT_TRUE(register_resource->encode(arguments));
}

TEST(RecordJson, AMistypedFieldIsAnsweredWithTheNearest) {
  const auto bytes = (*find_method("invoice.allot"))->encode({{"issuer", 1}, {"cuont", 2}});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().where, "/cuont");
  EXPECT_EQ(bytes.error().message, "no such field; did you mean count?");
  EXPECT_EQ(find_method("invoice.alot").error().message,
            "no such call; did you mean invoice.allot?");
}

TEST(RecordJson, AWordOutsideTheEnumerationIsRefusedWithAllWords) {
  const auto bytes = (*find_method("sharing.register"))
                         ->encode({{"resource", 7},
                                   {"class", "unconditionally"},
                                   {"description", std::string(64, '0')}});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, "expected one of unconditional, conditional, none");
}

// --- Queries

class ServiceQueries : public testing::Test {
 protected:
  models::StateTree tree_{consensus::HashAlgorithm::kSha256};
  template <typename Record>
  void put(const models::StateKey& key, const Record& record) {
    tree_.put(key.bytes(), models::encode_fields(record));
  }
  json answer(std::string_view name, const json& arguments) {
    const auto answered = answer_service_query(name, models::StateReader(tree_), arguments);
    EXPECT_TRUE(answered) << (answered ? "" : answered.error().message);
    return answered ? *answered : json();
  }
};

TEST_F(ServiceQueries, ARecordComesWithTheKeyThatProvesIt) {
  models::invoice::Invoice invoice;
  invoice.owner = models::PartyId(5);
  invoice.amount = 100;
  const models::StateKey key = models::invoice::invoice_key(models::PartyId(9), 1);
  put(key, invoice);
  const json found = answer("invoice.invoice", {{"issuer", 9}, {"number", 1}});
  EXPECT_EQ(found["record"]["owner"], 5);
  EXPECT_EQ(found["record"]["state"], "valid");
  EXPECT_EQ(found["key"], consensus::node::to_hex(key.bytes()));
  EXPECT_EQ(answer("invoice.invoice", {{"issuer", 9}, {"number", 2}})["record"], json());
}

TEST_F(ServiceQueries, EveryQueryAnswersForWhatIsNotThere) {
  for (const ServiceQuery& query : service_queries()) {
    json arguments = json::object();
    for (const std::string_view field : query.fields) {
      if (!field.ends_with('?')) {
        arguments[std::string(field)] = field == "record" ? json(std::string(64, '0')) : json(1);
      }
    }
    const json found = answer(query.name, arguments);
    if (found.contains("entries")) {
      EXPECT_EQ(found["size"], 0) << query.name;
    } else {
      EXPECT_TRUE(found["record"].is_null()) << query.name;
    }
  }
}

TEST_F(ServiceQueries, ALogIsReadInPartsOfBoundedLength) {
  const models::sharing::ResourceId resource(7);
  for (uint64_t i = 0; i < 3; ++i) {
    models::sharing::LogEntry entry;
    entry.officer = 10 + i;
    put(models::sharing::log_key(resource, i), entry);
  }
  put(models::sharing::log_size_key(resource), models::sharing::Count{3});
  const json part = answer("sharing.log", {{"resource", 7}, {"first", 1}, {"limit", 1}});
  EXPECT_EQ(part["size"], 3);
  ASSERT_EQ(part["entries"].size(), 1U);
  EXPECT_EQ(part["entries"][0]["officer"], 11);
  const auto refused = answer_service_query("sharing.log", models::StateReader(tree_),
                                            {{"resource", 7}, {"limit", 1'001}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "/limit");
}

TEST_F(ServiceQueries, AMistypedNameIsAnsweredWithTheNearest) {
  const auto refused =
      answer_service_query("sharing.resorce", models::StateReader(tree_), json::object());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "no such query; did you mean sharing.resource?");
}

}  // namespace
}  // namespace govchain::analysis
