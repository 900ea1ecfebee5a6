#pragma once
// Reads the fields of one JSON object of a configuration file, strictly: a field of another type,
// out of its range, missing or unknown is an error that names file, place and what was expected.
// The first error stays; what is read after it is left alone.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::consensus::node {

// A JSON document and the first error in it.
class ConfigFile {
 public:
  // kNotFound, kIo; kInvalid with line and column if it is no JSON object.
  [[nodiscard]] static Result<std::unique_ptr<ConfigFile>> read(const std::string& path);
  ~ConfigFile();
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  [[nodiscard]] const nlohmann::json& root() const { return *root_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // `path` if it is absolute; otherwise as seen from this file's folder.
  [[nodiscard]] std::string beside(const std::string& path) const;
  void fail(const std::string& pointer, const std::string& message);
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  explicit ConfigFile(std::string path);
  std::string path_;
  std::unique_ptr<nlohmann::json> root_;
  std::optional<Error> error_;
};

class FieldReader {
 public:
  // `pointer` leads from the document's root to `object`.
  FieldReader(ConfigFile& file, const nlohmann::json& object, std::string pointer);

  // --- Required
  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] uint64_t number(std::string_view name, uint64_t least, uint64_t most);
  // --- With a default, which `value` has
  void text(std::string_view name, std::string& value);
  template <typename Integer>
  void number(std::string_view name, uint64_t least, uint64_t most, Integer& value) {
    if (find(name) != nullptr) value = static_cast<Integer>(number(name, least, most));
  }
  void milliseconds(std::string_view name, uint64_t least, uint64_t most, Duration& value);
  void flag(std::string_view name, bool& value);
  // One of these words; the value that stands beside it.
  template <typename Value>
  void word(std::string_view name, std::initializer_list<std::pair<std::string_view, Value>> words,
            Value& value) {
    if (find(name) == nullptr) return;
    const std::string said = text(name);
    std::string expected;
    for (const auto& [known, meaning] : words) {
      if (said == known) {
        value = meaning;
        return;
      }
      expected += (expected.empty() ? "\"" : ", \"") + std::string(known) + "\"";
    }
    fail(name, "\"" + said + "\" is none of " + expected);
  }

  // --- Parts. Null if it is not there.
  [[nodiscard]] std::optional<FieldReader> object(std::string_view name);
  // Each an object; an error if it is not there or empty.
  [[nodiscard]] std::vector<FieldReader> objects(std::string_view name, size_t most);
  [[nodiscard]] const nlohmann::json* any(std::string_view name);

  void fail(std::string_view name, const std::string& message);
  // An error for a field that nobody asked for.
  void finish();

 private:
  // Marks it as known.
  [[nodiscard]] const nlohmann::json* find(std::string_view name);
  [[nodiscard]] const nlohmann::json* require(std::string_view name);

  ConfigFile* file_;
  const nlohmann::json* object_;
  std::string pointer_;
  std::vector<std::string> known_;
};

}  // namespace govchain::consensus::node
