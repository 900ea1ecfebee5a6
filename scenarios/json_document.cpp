#include "scenarios/json_document.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scenarios/diagnostic.h"

namespace govchain::scenarios {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

const JsonNode* JsonNode::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

JsonNode* JsonNode::find(std::string_view key) {
  return const_cast<JsonNode*>(std::as_const(*this).find(key));
}

const JsonNode* JsonNode::at_pointer(std::string_view pointer) const {
  const Result<std::vector<std::string>> tokens = pointer_tokens(pointer);
  if (!tokens) return nullptr;
  const JsonNode* node = this;
  for (const std::string& token : *tokens) {
    if (node->is_object()) {
      node = node->find(token);
      if (node == nullptr) return nullptr;
    } else if (node->is_array()) {
      const bool digits = !token.empty() && token.size() < 10 &&
                          token.find_first_not_of("0123456789") == std::string::npos;
      if (!digits) return nullptr;
      const size_t index = std::stoul(token);
      if (index >= node->elements.size()) return nullptr;
      node = &node->elements[index];
    } else {
      return nullptr;
    }
  }
  return node;
}

const char* name_of(JsonNode::Type type) {
  switch (type) {
    case JsonNode::Type::kNull:
      return "null";
    case JsonNode::Type::kBoolean:
      return "a boolean";
    case JsonNode::Type::kNumber:
      return "a number";
    case JsonNode::Type::kString:
      return "a string";
    case JsonNode::Type::kArray:
      return "a list";
    case JsonNode::Type::kObject:
      return "an object";
  }
  return "";
}

Result<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') {
    return Error{ErrorCode::kInvalid, "a JSON pointer begins with '/', like /chains/0/replicas",
                 printable(pointer)};
  }
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] == '~') {
      const char next = i + 1 < pointer.size() ? pointer[i + 1] : '\0';
      if (next != '0' && next != '1') {
        return Error{ErrorCode::kInvalid, "in a JSON pointer '~' must be followed by 0 or 1",
                     printable(pointer)};
      }
      tokens.back() += next == '0' ? '~' : '/';
      ++i;
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
}

std::string escape_token(std::string_view token) {
  std::string out;
  for (const char letter : token) {
    if (letter == '~') {
      out += "~0";
    } else if (letter == '/') {
      out += "~1";
    } else {
      out += letter;
    }
  }
  return out;
}

Result<std::unique_ptr<SourceText>> read_source(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return Error{ErrorCode::kNotFound, "no such file", printable(path)};
  }
  if (std::filesystem::is_directory(status)) {
    return Error{ErrorCode::kInvalid, "is a folder, not a file", printable(path)};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, "cannot be opened for reading", printable(path)};
  auto source = std::make_unique<SourceText>();
  source->name = path;
  constexpr size_t kPiece = 1U << 16U;
  std::string piece(kPiece, '\0');
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    source->text.append(piece, 0, static_cast<size_t>(file.gcount()));
    if (source->text.size() > kMaxFileBytes) {
      return Error{ErrorCode::kInvalid, fmt::format("is larger than {} MiB", kMaxFileBytes >> 20U),
                   printable(path)};
    }
  }
  if (file.bad()) return Error{ErrorCode::kIo, "cannot be read", printable(path)};
  return source;
}

namespace {

nlohmann::json sorted_json(const JsonNode& node) {
  switch (node.type) {
    case JsonNode::Type::kNull:
      return nullptr;
    case JsonNode::Type::kBoolean:
      return node.boolean;
    case JsonNode::Type::kNumber:
      if (node.natural) return *node.natural;
      if (node.integer) return *node.integer;
      return node.number;
    case JsonNode::Type::kString:
      return node.text;
    case JsonNode::Type::kArray: {
      nlohmann::json list = nlohmann::json::array();
      for (const JsonNode& element : node.elements) list.push_back(sorted_json(element));
      return list;
    }
    case JsonNode::Type::kObject: {
      nlohmann::json object = nlohmann::json::object();
      for (const Member& member : node.members) object[member.key] = sorted_json(member.value);
      return object;
    }
  }
  return nullptr;
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_pretty(const JsonNode& node, size_t indent, std::string& out) {
  const std::string inner(indent + 2, ' ');
  if (node.is_array() && !node.elements.empty()) {
    out += "[\n";
    for (size_t i = 0; i < node.elements.size(); ++i) {
      out += inner;
      append_pretty(node.elements[i], indent + 2, out);
      out += i + 1 < node.elements.size() ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "]";
  } else if (node.is_object() && !node.members.empty()) {
    out += "{\n";
    for (size_t i = 0; i < node.members.size(); ++i) {
      out += inner + quoted(node.members[i].key) + ": ";
      append_pretty(node.members[i].value, indent + 2, out);
      out += i + 1 < node.members.size() ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "}";
  } else if (node.is_number()) {
    out += node.text;
  } else {
    out += sorted_json(node).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

}  // namespace

std::string canonical_text(const JsonNode& node) { return sorted_json(node).dump(); }

std::string pretty_text(const JsonNode& node) {
  std::string out;
  append_pretty(node, 0, out);
  return out;
}

}  // namespace govchain::scenarios
