#include "consensus/node/config/field_reader.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "consensus/node/files/descriptor.h"

namespace govchain::consensus::node {

namespace {

constexpr size_t kLargestFile = 16U << 20U;

// Line and column of the byte, both from one.
std::string place_in(const std::string& text, size_t byte) {
  const size_t end = std::min(byte, text.size());
  const auto begin = text.begin();
  const auto line = std::count(begin, begin + static_cast<std::ptrdiff_t>(end), '\n') + 1;
  const size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const size_t column = before == std::string::npos ? end + 1 : end - before;
  return ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

ConfigFile::ConfigFile(std::string path)
    : path_(std::move(path)), root_(std::make_unique<nlohmann::json>()) {}

ConfigFile::~ConfigFile() = default;

Result<std::unique_ptr<ConfigFile>> ConfigFile::read(const std::string& path) {
  const Result<std::string> text = read_file(path, kLargestFile);
  if (!text) return text.error();
  std::unique_ptr<ConfigFile> file(new ConfigFile(path));
  try {
    *file->root_ = nlohmann::json::parse(*text);
  } catch (const nlohmann::json::parse_error& error) {
    // The library's message begins with its own numbering.
    const std::string said = error.what();
    const size_t begins = said.find("syntax error");
    return Error{ErrorCode::kInvalid, begins == std::string::npos ? said : said.substr(begins),
                 path + place_in(*text, error.byte == 0 ? 0 : error.byte - 1)};
  }
  if (!file->root_->is_object()) {
    return Error{ErrorCode::kInvalid, "expected a JSON object", path};
  }
  return file;
}

std::string ConfigFile::beside(const std::string& path) const {
  const std::filesystem::path named(path);
  if (named.is_absolute()) return path;
  return (std::filesystem::path(path_).parent_path() / named).lexically_normal().string();
}

void ConfigFile::fail(const std::string& pointer, const std::string& message) {
  if (!error_) error_ = Error{ErrorCode::kInvalid, message, path_ + " " + pointer};
}

FieldReader::FieldReader(ConfigFile& file, const nlohmann::json& object, std::string pointer)
    : file_(&file), object_(&object), pointer_(std::move(pointer)) {}

void FieldReader::fail(std::string_view name, const std::string& message) {
  file_->fail(pointer_ + "/" + std::string(name), message);
}

const nlohmann::json* FieldReader::find(std::string_view name) {
  const std::string key(name);
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const auto found = object_->find(key);
  return found == object_->end() ? nullptr : &*found;
}

const nlohmann::json* FieldReader::require(std::string_view name) {
  const nlohmann::json* const found = find(name);
  if (found == nullptr) fail(name, "is missing");
  return found;
}

std::string FieldReader::text(std::string_view name) {
  const nlohmann::json* const found = require(name);
  if (found == nullptr) return {};
  if (!found->is_string()) {
    fail(name, "expected a text, not " + found->dump());
    return {};
  }
  return found->get<std::string>();
}

void FieldReader::text(std::string_view name, std::string& value) {
  if (find(name) != nullptr) value = text(name);
}

uint64_t FieldReader::number(std::string_view name, uint64_t least, uint64_t most) {
  const nlohmann::json* const found = require(name);
  if (found == nullptr) return least;
  if (!found->is_number_unsigned() || found->get<uint64_t>() < least ||
      found->get<uint64_t>() > most) {
    fail(name, "expected a whole number from " + std::to_string(least) + " to " +
                   std::to_string(most) + ", not " + found->dump());
    return least;
  }
  return found->get<uint64_t>();
}

void FieldReader::milliseconds(std::string_view name, uint64_t least, uint64_t most,
                               Duration& value) {
  if (find(name) == nullptr) return;
  value = Duration::milliseconds(static_cast<int64_t>(number(name, least, most)));
}

void FieldReader::flag(std::string_view name, bool& value) {
  const nlohmann::json* const found = find(name);
  if (found == nullptr) return;
  if (!found->is_boolean()) return fail(name, "expected true or false, not " + found->dump());
  value = found->get<bool>();
}

std::optional<FieldReader> FieldReader::object(std::string_view name) {
  const nlohmann::json* const found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_object()) {
    fail(name, "expected an object, not " + found->dump());
    return std::nullopt;
  }
  return FieldReader(*file_, *found, pointer_ + "/" + std::string(name));
}

std::vector<FieldReader> FieldReader::objects(std::string_view name, size_t most) {
  std::vector<FieldReader> readers;
  const nlohmann::json* const found = require(name);
  if (found == nullptr) return readers;
  const bool fits = found->is_array() && !found->empty() && found->size() <= most &&
                    std::all_of(found->begin(), found->end(),
                                [](const nlohmann::json& one) { return one.is_object(); });
  if (!fits) {
    fail(name, "expected a list of 1 to " + std::to_string(most) + " objects");
    return readers;
  }
  for (size_t i = 0; i < found->size(); ++i) {
    readers.emplace_back(*file_, (*found)[i],
                         pointer_ + "/" + std::string(name) + "/" + std::to_string(i));
  }
  return readers;
}

const nlohmann::json* FieldReader::any(std::string_view name) { return find(name); }

void FieldReader::finish() {
  for (const auto& [name, value] : object_->items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::string expected;
    for (const std::string& known : known_) expected += (expected.empty() ? "" : ", ") + known;
    return fail(name, "no such field; there are: " + expected);
  }
}

}  // namespace govchain::consensus::node
