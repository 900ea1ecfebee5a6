#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "consensus/protocols.h"
#include "scenarios/schema_check.h"
#include "tests/scenarios/load_text.h"

namespace govchain::scenarios {
namespace {

using Json = nlohmann::json;

// "definition.key" of every object in the schema.
void collect_keys(const Json& schema, const std::string& definition, std::set<std::string>& out) {
  if (schema.contains("properties")) {
    for (const auto& [key, value] : schema["properties"].items()) {
      if (key == "note" || key == "source" || key == "basis") continue;
      out.insert(definition + "." + key);
      // An object without a definition of its own is named after the key that leads to it.
      if (value.contains("properties")) collect_keys(value, definition + "." + key, out);
    }
  }
  if (schema.contains("anyOf")) {
    for (const Json& one : schema["anyOf"]) collect_keys(one, definition, out);
  }
}

std::set<std::string> schema_keys() {
  const Json schema = Json::parse(scenario_schema());
  std::set<std::string> keys;
  for (const auto& [name, definition] : schema["definitions"].items()) {
    collect_keys(definition, name, keys);
  }
  // Resolved before the loader sees the document.
  for (const char* kind : {"consensus", "national"}) {
    keys.erase(std::string(kind) + ".extends");
    keys.erase(std::string(kind) + ".set");
  }
  return keys;
}

std::set<std::string> asked_keys() {
  std::set<std::string> asked;
  for (const char* name :
       {"everything_consensus.json", "backbone.json", "everything_national.json"}) {
    LoadOptions options;
    options.home = home();
    options.keys_asked = &asked;
    const auto scenario = load_scenario(fixture(name), options);
    EXPECT_TRUE(scenario.ok()) << (scenario ? "" : scenario.error().message);
  }
  std::set<std::string> known;
  for (const std::string& key : asked) {
    // Lists of free names are not keys of the schema; notes are for readers.
    const bool free = key.starts_with("by_service.") || key.starts_with("settings.") ||
                      key.starts_with("prices.") || key.ends_with(".source") ||
                      key.ends_with(".basis");
    if (!free) known.insert(key);
  }
  return known;
}

TEST(Schema, EveryKeyIsReadByTheLoaderAndTheOtherWayRound) {
  const std::set<std::string> schema = schema_keys();
  const std::set<std::string> asked = asked_keys();
  for (const std::string& key : schema) {
    EXPECT_TRUE(asked.contains(key)) << key << " is in the schema, but the loader never reads it";
  }
  for (const std::string& key : asked) {
    EXPECT_TRUE(schema.contains(key)) << key << " is read, but the schema does not allow it";
  }
}

// Wherever a scenario chooses an engine, it may choose every one.
TEST(Schema, EveryEngineAndNoOtherCanBeChosen) {
  Json names = Json::array();
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    names.push_back(traits->name);
  }
  size_t choices = 0;
  const Json schema = Json::parse(scenario_schema()).flatten();
  for (const auto& [pointer, value] : schema.items()) {
    constexpr std::string_view kChoice = "/properties/protocol/enum/0";
    if (!std::string_view(pointer).ends_with(kChoice)) continue;
    const std::string list = pointer.substr(0, pointer.size() - 2);
    EXPECT_EQ(schema.unflatten()[Json::json_pointer(list)], names) << list;
    ++choices;
  }
  EXPECT_EQ(choices, 2U);
}

void check_references(const Json& schema, const Json& root) {
  if (schema.is_object() && schema.contains("$ref")) {
    const auto reference = schema["$ref"].get<std::string>();
    EXPECT_TRUE(root.contains(Json::json_pointer(reference.substr(1)))) << reference;
  }
  for (const auto& item : schema.items()) {
    if (item.value().is_structured()) check_references(item.value(), root);
  }
}

TEST(Schema, EveryReferenceResolves) {
  const Json schema = Json::parse(scenario_schema());
  check_references(schema, schema);
}

TEST(Schema, EveryKeyIsDescribed) {
  const Json schema = Json::parse(scenario_schema());
  for (const auto& [name, definition] : schema["definitions"].items()) {
    if (!definition.contains("properties")) continue;
    for (const auto& [key, value] : definition["properties"].items()) {
      EXPECT_TRUE(value.contains("description") || value.contains("$ref")) << name << "." << key;
    }
  }
}

}  // namespace
}  // namespace govchain::scenarios
