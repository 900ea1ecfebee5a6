#pragma once
// Typed access to a document that the schema has already passed: what is left is meaning.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/diagnostic.h"
#include "scenarios/json_document.h"
#include "sim/units.h"

namespace govchain::scenarios {

// What a reading leaves behind.
struct ReadLog {
  std::optional<Diagnostic> error;  // the first
  std::vector<Diagnostic> warnings;
  std::set<std::string>* keys_asked = nullptr;
};

// One object, or none: then every key is absent and every default applies.
class Reader {
 public:
  // `definition` is the object's name in the schema.
  Reader(ReadLog& log, const JsonNode* node, std::string definition, std::string pointer)
      : log_(&log), node_(node), definition_(std::move(definition)), pointer_(std::move(pointer)) {}

  [[nodiscard]] bool exists() const { return node_ != nullptr; }
  [[nodiscard]] const JsonNode* node() const { return node_; }
  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] bool has(const std::string& key) const { return find(key) != nullptr; }

  // Null if absent.
  [[nodiscard]] const JsonNode* find(const std::string& key) const {
    if (log_->keys_asked != nullptr) log_->keys_asked->insert(definition_ + "." + key);
    return node_ == nullptr ? nullptr : node_->find(key);
  }
  [[nodiscard]] double value(const std::string& key, double otherwise) const {
    const JsonNode* value = find(key);
    return value != nullptr ? value->number : otherwise;
  }
  template <typename Integer>
  void integer(const std::string& key, Integer& out) const {
    const JsonNode* value = find(key);
    if (value == nullptr) return;
    out = value->natural ? static_cast<Integer>(*value->natural)
                         : static_cast<Integer>(value->integer.value_or(0));
  }
  void number(const std::string& key, double& out) const { out = value(key, out); }
  void boolean(const std::string& key, bool& out) const {
    if (const JsonNode* value = find(key)) out = value->boolean;
  }
  [[nodiscard]] std::string text(const std::string& key, std::string otherwise = {}) const {
    const JsonNode* value = find(key);
    if (value != nullptr) return value->text;
    return otherwise;
  }
  void milliseconds(const std::string& key, sim::Duration& out) const { scaled(key, 1e6, out); }
  void seconds(const std::string& key, sim::Duration& out) const { scaled(key, 1e9, out); }
  void microseconds(const std::string& key, sim::Duration& out) const { scaled(key, 1e3, out); }
  void bytes(const std::string& key, sim::Bytes& out) const {
    uint64_t count = out.count();
    integer(key, count);
    out = sim::Bytes(count);
  }
  // A number of megabits per second, or "unlimited".
  void rate_mbps(const std::string& key, sim::Rate& out) const {
    const JsonNode* value = find(key);
    if (value == nullptr) return;
    out = value->is_string() ? sim::Rate::unlimited()
                             : sim::Rate::bits_per_second(std::max<uint64_t>(
                                   1, static_cast<uint64_t>(value->number * 1e6 + 0.5)));
  }
  [[nodiscard]] std::vector<std::string> texts(const std::string& key) const {
    std::vector<std::string> out;
    if (const JsonNode* list = find(key)) {
      for (const JsonNode& element : list->elements) out.push_back(element.text);
    }
    return out;
  }

  [[nodiscard]] Reader object(const std::string& key, const std::string& definition) const {
    return {*log_, find(key), definition, pointer_ + "/" + escape_token(key)};
  }
  // The elements of a list of objects.
  [[nodiscard]] std::vector<Reader> objects(const std::string& key,
                                            const std::string& definition) const {
    std::vector<Reader> out;
    const JsonNode* list = find(key);
    for (size_t i = 0; list != nullptr && i < list->elements.size(); ++i) {
      out.push_back({*log_, &list->elements[i], definition,
                     pointer_ + "/" + escape_token(key) + "/" + std::to_string(i)});
    }
    return out;
  }

  // The first error counts; reading goes on with defaults.
  void refuse(const std::string& key, std::string message, std::string hint = {}) const {
    if (!log_->error) log_->error = complaint(key, std::move(message), std::move(hint));
  }
  void warn(const std::string& key, std::string message) const {
    log_->warnings.push_back(complaint(key, std::move(message), {}));
  }
  [[nodiscard]] Diagnostic complaint(const std::string& key, std::string message,
                                     std::string hint) const {
    const JsonNode* value = key.empty() || node_ == nullptr ? node_ : node_->find(key);
    Position at;
    if (value != nullptr) {
      at = value->at;
    } else if (node_ != nullptr) {
      at = node_->at;
    }
    const std::string pointer = key.empty() ? pointer_ : pointer_ + "/" + escape_token(key);
    return {at, pointer, std::move(message), std::move(hint), {}};
  }
  [[nodiscard]] ReadLog& log() const { return *log_; }

 private:
  void scaled(const std::string& key, double nanoseconds, sim::Duration& out) const {
    if (const JsonNode* value = find(key)) {
      // To the nearest nanosecond; the schema bounds the value to years.
      out = sim::Duration::nanoseconds(
          static_cast<int64_t>(value->number * nanoseconds + (value->number < 0 ? -0.5 : 0.5)));
    }
  }

  ReadLog* log_;
  const JsonNode* node_;
  std::string definition_;
  std::string pointer_;
};

}  // namespace govchain::scenarios
