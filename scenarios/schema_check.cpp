#include "scenarios/schema_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <regex>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "scenarios/nearest_name.h"

namespace govchain::scenarios {

namespace {

using Json = nlohmann::json;

const Json& schema_json() {
  static const Json kSchema = Json::parse(scenario_schema());
  return kSchema;
}

const valijson::Schema& compiled_schema() {
  static const valijson::Schema* const kSchema = [] {
    auto* schema = new valijson::Schema;  // never destroyed: used until the program ends
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json()), *schema);
    return schema;
  }();
  return *kSchema;
}

const Json& resolve(const Json& schema) {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  // Only "#/definitions/name" occurs; a test checks that every reference resolves.
  return resolve(schema_json().at(Json::json_pointer(reference->get<std::string>().substr(1))));
}

std::string article(const std::string& type) {
  if (type == "integer") return "an integer";
  if (type == "object") return "an object";
  if (type == "array") return "a list";
  if (type == "null") return "null";
  return "a " + type;
}

bool has_type(const JsonNode& node, const std::string& type) {
  switch (node.type) {
    case JsonNode::Type::kNull:
      return type == "null";
    case JsonNode::Type::kBoolean:
      return type == "boolean";
    case JsonNode::Type::kNumber:
      return type == "number" || (type == "integer" && (node.integer || node.natural));
    case JsonNode::Type::kString:
      return type == "string";
    case JsonNode::Type::kArray:
      return type == "array";
    case JsonNode::Type::kObject:
      return type == "object";
  }
  return false;
}

std::vector<std::string> types_of(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return {};
  if (type->is_string()) return {type->get<std::string>()};
  return type->get<std::vector<std::string>>();
}

std::string joined(const std::vector<std::string>& words, const char* last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? last : ", ";
    out += words[i];
  }
  return out;
}

// What the author of a value should know about it: the schema's description, if it has one.
std::string about(const Json& schema) {
  const auto description = schema.find("description");
  return description == schema.end() ? "" : description->get<std::string>();
}

class Walk {
 public:
  std::optional<Diagnostic> check(const JsonNode& node, const Json& reference,
                                  const std::string& pointer) {
    const Json& schema = choose(resolve(reference), node);
    if (auto wrong = check_type(node, schema, pointer)) return wrong;
    if (auto wrong = check_choice(node, schema, pointer)) return wrong;
    switch (node.type) {
      case JsonNode::Type::kNumber:
        return check_number(node, schema, pointer);
      case JsonNode::Type::kString:
        return check_string(node, schema, pointer);
      case JsonNode::Type::kArray:
        return check_array(node, schema, pointer);
      case JsonNode::Type::kObject:
        return check_object(node, schema, pointer);
      default:
        return std::nullopt;
    }
  }

 private:
  // Of alternatives: the one whose "kind" is the document's, or whose type is the value's.
  static const Json& choose(const Json& schema, const JsonNode& node) {
    const auto alternatives = schema.find("anyOf");
    if (alternatives == schema.end()) return schema;
    const JsonNode* kind = node.find("kind");
    for (const Json& reference : *alternatives) {
      const Json& alternative = resolve(reference);
      const auto properties = alternative.find("properties");
      if (kind != nullptr && kind->is_string() && properties != alternative.end() &&
          properties->contains("kind") && (*properties)["kind"].value("const", "") == kind->text) {
        return alternative;
      }
    }
    const bool by_kind = schema.contains("properties");
    for (const Json& reference : *alternatives) {
      const Json& alternative = resolve(reference);
      for (const std::string& type : types_of(alternative)) {
        if (!by_kind && has_type(node, type)) return alternative;
      }
    }
    return schema;
  }

  static std::optional<Diagnostic> check_type(const JsonNode& node, const Json& schema,
                                              const std::string& pointer) {
    std::vector<std::string> types = types_of(schema);
    if (types.empty() && schema.contains("anyOf") && !schema.contains("properties")) {
      for (const Json& reference : schema["anyOf"]) {
        for (const std::string& type : types_of(resolve(reference))) types.push_back(type);
      }
    }
    if (types.empty()) return std::nullopt;
    for (const std::string& type : types) {
      if (has_type(node, type)) return std::nullopt;
    }
    std::string found = name_of(node.type);
    if (node.is_number()) found = node.text.substr(0, 40);
    if (node.is_string()) found = "the string \"" + printable(node.text.substr(0, 40)) + "\"";
    std::vector<std::string> expected;
    for (const std::string& type : types) expected.push_back(article(type));
    return Diagnostic{node.at,
                      pointer,
                      fmt::format("expected {}, found {}", joined(expected, " or "), found),
                      about(schema),
                      {}};
  }

  static std::optional<Diagnostic> check_choice(const JsonNode& node, const Json& schema,
                                                const std::string& pointer) {
    std::vector<std::string> allowed;
    if (schema.contains("enum")) {
      for (const Json& one : schema["enum"]) {
        if (one.is_string()) allowed.push_back(one.get<std::string>());
      }
    } else if (schema.contains("const")) {
      allowed.push_back(schema["const"].get<std::string>());
    } else {
      return std::nullopt;
    }
    if (node.is_string() && std::find(allowed.begin(), allowed.end(), node.text) != allowed.end()) {
      return std::nullopt;
    }
    std::string hint;
    if (const auto nearest = nearest_name(node.text, allowed)) {
      hint = "did you mean \"" + *nearest + "\"?";
    }
    return Diagnostic{node.at, pointer,
                      "unknown value \"" + printable(node.text.substr(0, 40)) + "\"", hint,
                      "Allowed here: " + joined(allowed, ", ") + " (govchain scenario schema)"};
  }

  static std::optional<Diagnostic> check_number(const JsonNode& node, const Json& schema,
                                                const std::string& pointer) {
    const auto complain = [&](const char* rule, const Json& bound) {
      return Diagnostic{node.at,
                        pointer,
                        fmt::format("{} is {} {}", node.text.substr(0, 40), rule, bound.dump()),
                        about(schema),
                        {}};
    };
    const auto bound = [&](const char* key) { return schema.find(key); };
    if (const auto least = bound("minimum"); least != schema.end()) {
      if (node.number < least->get<double>()) return complain("below the least value,", *least);
    }
    if (const auto most = bound("maximum"); most != schema.end()) {
      if (node.number > most->get<double>()) return complain("above the largest value,", *most);
    }
    if (const auto open = bound("exclusiveMinimum"); open != schema.end()) {
      if (node.number <= open->get<double>()) return complain("not above", *open);
    }
    return std::nullopt;
  }

  static std::optional<Diagnostic> check_string(const JsonNode& node, const Json& schema,
                                                const std::string& pointer) {
    size_t length = 0;
    for (const char letter : node.text) {
      if ((static_cast<unsigned char>(letter) & 0xC0U) != 0x80U) ++length;
    }
    if (schema.contains("minLength") && length < schema["minLength"].get<size_t>()) {
      return Diagnostic{node.at, pointer, "is empty", about(schema), {}};
    }
    if (schema.contains("maxLength") && length > schema["maxLength"].get<size_t>()) {
      return Diagnostic{node.at,
                        pointer,
                        fmt::format("is longer than {} characters", schema["maxLength"].dump()),
                        about(schema),
                        {}};
    }
    if (schema.contains("pattern") &&
        !std::regex_search(node.text, std::regex(schema["pattern"].get<std::string>()))) {
      return Diagnostic{
          node.at,
          pointer,
          fmt::format("\"{}\" does not have the form {}", printable(node.text.substr(0, 40)),
                      schema["pattern"].get<std::string>()),
          about(schema),
          {}};
    }
    return std::nullopt;
  }

  std::optional<Diagnostic> check_array(const JsonNode& node, const Json& schema,
                                        const std::string& pointer) {
    const size_t count = node.elements.size();
    if (schema.contains("minItems") && count < schema["minItems"].get<size_t>()) {
      return Diagnostic{
          node.at,
          pointer,
          fmt::format("has {} elements; at least {} are needed", count, schema["minItems"].dump()),
          about(schema),
          {}};
    }
    if (schema.contains("maxItems") && count > schema["maxItems"].get<size_t>()) {
      return Diagnostic{
          node.at,
          pointer,
          fmt::format("has {} elements; at most {} are allowed", count, schema["maxItems"].dump()),
          about(schema),
          {}};
    }
    if (!schema.contains("items")) return std::nullopt;
    for (size_t i = 0; i < count; ++i) {
      auto wrong = check(node.elements[i], schema["items"], pointer + "/" + std::to_string(i));
      if (wrong) return wrong;
    }
    return std::nullopt;
  }

  static std::vector<std::string> allowed_keys(const Json& schema) {
    std::vector<std::string> keys;
    if (schema.contains("properties")) {
      for (const auto& [key, value] : schema["properties"].items()) keys.push_back(key);
    }
    return keys;
  }

  std::optional<Diagnostic> check_object(const JsonNode& node, const Json& schema,
                                         const std::string& pointer) {
    const Json* others = nullptr;
    const auto additional = schema.find("additionalProperties");
    if (additional != schema.end() && additional->is_object()) others = &*additional;
    const bool closed = additional != schema.end() && *additional == false;
    if (schema.contains("maxProperties") &&
        node.members.size() > schema["maxProperties"].get<size_t>()) {
      return Diagnostic{node.at,
                        pointer,
                        fmt::format("has {} entries; at most {} are allowed", node.members.size(),
                                    schema["maxProperties"].dump()),
                        about(schema),
                        {}};
    }
    const auto properties = schema.find("properties");
    // A wrong name is said before what is missing: it is most likely the missing one.
    for (const Member& member : node.members) {
      const std::string inner = pointer + "/" + escape_token(member.key);
      if (properties != schema.end() && properties->contains(member.key)) {
        if (auto wrong = check(member.value, (*properties)[member.key], inner)) return wrong;
      } else if (others != nullptr) {
        if (auto wrong = check(member.value, *others, inner)) return wrong;
      } else if (closed) {
        return unknown_key(member, inner, allowed_keys(schema));
      }
    }
    return check_required(node, schema, pointer);
  }

  static Diagnostic unknown_key(const Member& member, const std::string& pointer,
                                const std::vector<std::string>& allowed) {
    std::string hint;
    if (const auto nearest = nearest_name(member.key, allowed)) {
      hint = "did you mean \"" + *nearest + "\"?";
    }
    return Diagnostic{member.key_at, pointer, "unknown key", hint,
                      "Allowed here: " + joined(allowed, ", ") + " (govchain scenario schema)"};
  }

  static std::optional<Diagnostic> check_required(const JsonNode& node, const Json& schema,
                                                  const std::string& pointer) {
    const auto required = schema.find("required");
    if (required == schema.end()) return std::nullopt;
    for (const Json& one : *required) {
      const std::string key = one.get<std::string>();
      if (node.find(key) != nullptr) continue;
      std::string what;
      if (schema.contains("properties") && schema["properties"].contains(key)) {
        what = about(resolve(schema["properties"][key]));
      }
      return Diagnostic{node.at, pointer, "the key \"" + key + "\" is missing", what, {}};
    }
    return std::nullopt;
  }
};

// As valijson sees it. Numbers keep their kind: 4 is an integer, 4.0 is not.
Json plain_json(const JsonNode& node) {
  switch (node.type) {
    case JsonNode::Type::kBoolean:
      return node.boolean;
    case JsonNode::Type::kNumber:
      if (node.integer) return *node.integer;
      if (node.natural) return *node.natural;
      return node.number;
    case JsonNode::Type::kString:
      return node.text;
    case JsonNode::Type::kArray: {
      Json list = Json::array();
      for (const JsonNode& element : node.elements) list.push_back(plain_json(element));
      return list;
    }
    case JsonNode::Type::kObject: {
      Json object = Json::object();
      for (const Member& member : node.members) object[member.key] = plain_json(member.value);
      return object;
    }
    default:
      return nullptr;
  }
}

// "<root>", "[chains]", "[0]" to "/chains/0".
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& step : context) {
    if (step.size() < 2 || step.front() != '[') continue;
    pointer += "/" + escape_token(step.substr(1, step.size() - 2));
  }
  return pointer;
}

}  // namespace

bool valid_by_valijson(const JsonNode& document) {
  const Json json = plain_json(document);
  valijson::Validator validator;
  return validator.validate(compiled_schema(), valijson::adapters::NlohmannJsonAdapter(json),
                            nullptr);
}

std::optional<Diagnostic> explain_schema(const JsonNode& document) {
  return Walk().check(document, schema_json(), {});
}

std::optional<Diagnostic> check_schema(const JsonNode& document) {
  if (auto wrong = explain_schema(document)) return wrong;
  const Json json = plain_json(document);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(compiled_schema(), valijson::adapters::NlohmannJsonAdapter(json),
                         &results)) {
    return std::nullopt;
  }
  // A rule that only valijson knows. The deepest complaint is the cause of those around it.
  valijson::ValidationResults::Error error;
  valijson::ValidationResults::Error deepest;
  while (results.popError(error)) {
    if (error.context.size() > deepest.context.size()) deepest = error;
  }
  const std::string pointer = pointer_of(deepest.context);
  const JsonNode* node = document.at_pointer(pointer);
  return Diagnostic{node != nullptr ? node->at : document.at, pointer, deepest.description, {}, {}};
}

}  // namespace govchain::scenarios
