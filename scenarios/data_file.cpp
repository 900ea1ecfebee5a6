#include "scenarios/data_file.h"

#include <fmt/format.h>

namespace govchain::scenarios {

using consensus::Result;

Result<DataFile> DataFile::open(const std::string& home, const std::string& path) {
  Result<DataFile> file = open_file(home + "/" + path);
  if (file) file->path_ = path;
  return file;
}

Result<DataFile> DataFile::open_file(const std::string& path) {
  Result<std::unique_ptr<SourceText>> source = read_source(path);
  if (!source) return source.error();
  DataFile file;
  file.path_ = path;
  file.source_ = *std::move(source);
  Result<JsonNode> root = parse_json(*file.source_);
  if (!root) return root.error();
  file.root_ = *std::move(root);
  return file;
}

void DataFile::fail(const JsonNode& at, const std::string& message) {
  if (!failure_) failure_ = to_error({at.at, {}, message, {}, {}});
}

const JsonNode* DataFile::member(const JsonNode& object, const std::string& key,
                                 JsonNode::Type type) {
  const JsonNode* node = object.find(key);
  if (node == nullptr) {
    fail(object, fmt::format("the key \"{}\" is missing; expected {}", key, name_of(type)));
    return nullptr;
  }
  if (node->type != type) {
    fail(*node, fmt::format("{}: expected {}, found {}", key, name_of(type), name_of(node->type)));
    return nullptr;
  }
  return node;
}

double DataFile::number(const JsonNode& object, const std::string& key) {
  const JsonNode* node = member(object, key, JsonNode::Type::kNumber);
  return node != nullptr ? node->number : 0;
}

double DataFile::number(const JsonNode& object, const std::string& key, double otherwise) {
  const JsonNode* node = object.find(key);
  return node == nullptr || node->type == JsonNode::Type::kNull ? otherwise : number(object, key);
}

std::optional<double> DataFile::optional_number(const JsonNode& object, const std::string& key) {
  const JsonNode* node = object.find(key);
  if (node == nullptr || node->type == JsonNode::Type::kNull) return std::nullopt;
  return number(object, key);
}

uint64_t DataFile::count(const JsonNode& object, const std::string& key) {
  const JsonNode* node = member(object, key, JsonNode::Type::kNumber);
  if (node == nullptr) return 0;
  if (!node->natural) {
    fail(*node, fmt::format("{}: expected a whole number, not below 0", key));
    return 0;
  }
  return *node->natural;
}

std::string DataFile::text(const JsonNode& object, const std::string& key) {
  const JsonNode* node = member(object, key, JsonNode::Type::kString);
  return node != nullptr ? node->text : "";
}

std::string DataFile::text(const JsonNode& object, const std::string& key,
                           const std::string& otherwise) {
  const JsonNode* node = object.find(key);
  return node == nullptr || node->type == JsonNode::Type::kNull ? otherwise : text(object, key);
}

bool DataFile::flag(const JsonNode& object, const std::string& key) {
  if (object.find(key) == nullptr) return false;
  const JsonNode* node = member(object, key, JsonNode::Type::kBoolean);
  return node != nullptr && node->boolean;
}

const std::vector<JsonNode>& DataFile::list(const JsonNode& object, const std::string& key) {
  static const std::vector<JsonNode> kNone;
  const JsonNode* node = member(object, key, JsonNode::Type::kArray);
  return node != nullptr ? node->elements : kNone;
}

}  // namespace govchain::scenarios
