#pragma once
// Records as JSON objects, both ways, from the same fields() that lays them out for the ledger
// (models/ledger/fields.h). Numbers are JSON integers, digests, keys and bytes hexadecimal in small
// letters, enumerations words, times nanoseconds since 1970.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/service/field_names.h"
#include "consensus/assert.h"
#include "consensus/node/files/hexadecimal.h"
#include "consensus/result.h"
#include "models/ledger/fields.h"
#include "scenarios/nearest_name.h"

namespace govchain::analysis {

// A field's name without the mark of those that may be left out.
[[nodiscard]] constexpr std::string_view plain_name(std::string_view name) {
  return name.ends_with('?') ? name.substr(0, name.size() - 1) : name;
}

template <typename Record>
[[nodiscard]] nlohmann::json to_json_object(const Record& record);

class JsonFieldWriter {
 public:
  JsonFieldWriter(std::span<const std::string_view> names, nlohmann::json& out)
      : names_(names), out_(out) {}
  template <typename... Fields>
  void operator()(const Fields&... fields) {
    GOVCHAIN_ASSERT(sizeof...(fields) == names_.size());
    size_t index = 0;
    ((out_[std::string(plain_name(names_[index++]))] = value_of(fields)), ...);
  }

 private:
  template <typename T>
  [[nodiscard]] static nlohmann::json value_of(const T& value) {
    if constexpr (std::is_same_v<T, bool> || std::is_integral_v<T>) {
      return value;
    } else if constexpr (std::is_enum_v<T>) {
      return std::string(words_of(T{}).at(static_cast<size_t>(value)));
    } else if constexpr (std::is_same_v<T, std::vector<uint8_t>>) {
      return consensus::node::to_hex(value);
    } else if constexpr (requires { value.value(); }) {
      return value.value();
    } else if constexpr (requires { value.bytes.data(); }) {
      return consensus::node::to_hex(value.bytes);
    } else if constexpr (requires { value.begin(); }) {
      nlohmann::json list = nlohmann::json::array();
      for (const auto& element : value) list.push_back(value_of(element));
      return list;
    } else {
      return to_json_object(value);
    }
  }

  std::span<const std::string_view> names_;
  nlohmann::json& out_;
};

template <typename Record>
nlohmann::json to_json_object(const Record& record) {
  nlohmann::json out = nlohmann::json::object();
  JsonFieldWriter writer(FieldNames<Record>::kNames, out);
  const_cast<Record&>(record).fields(writer);
  return out;
}

// Reads one object; remembers the first thing that is wrong with it, and where.
class JsonFieldReader {
 public:
  JsonFieldReader(const nlohmann::json& object, std::span<const std::string_view> names,
                  std::string pointer, std::optional<consensus::Error>& error)
      : object_(object), names_(names), pointer_(std::move(pointer)), error_(error) {}

  template <typename... Fields>
  void operator()(Fields&... fields) {
    GOVCHAIN_ASSERT(sizeof...(fields) == names_.size());
    if (!object_.is_object()) return fail(pointer_, "expected an object with " + all_names());
    refuse_unknown();
    size_t index = 0;
    (read_member(names_[index++], fields), ...);
  }

 private:
  void fail(const std::string& pointer, const std::string& message) {
    if (!error_) error_ = consensus::Error{consensus::ErrorCode::kInvalid, message, pointer};
  }
  [[nodiscard]] std::string all_names() const {
    std::string all;
    for (const std::string_view name : names_) {
      all += (all.empty() ? "" : ", ") + std::string(plain_name(name));
    }
    return all;
  }
  void refuse_unknown() {
    std::vector<std::string> known;
    for (const std::string_view name : names_) known.emplace_back(plain_name(name));
    for (const auto& [name, value] : object_.items()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::optional<std::string> nearest = scenarios::nearest_name(name, known);
      fail(pointer_ + "/" + name, nearest ? "no such field; did you mean " + *nearest + "?"
                                          : "no such field; expected " + all_names());
    }
  }
  template <typename T>
  void read_member(std::string_view marked, T& field) {
    const std::string name(plain_name(marked));
    const auto found = object_.find(name);
    if (found != object_.end()) return read(*found, pointer_ + "/" + name, field);
    if (!marked.ends_with('?')) fail(pointer_ + "/" + name, "is missing");
  }

  template <typename T>
  void read(const nlohmann::json& value, const std::string& pointer, T& field) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_boolean()) return fail(pointer, "expected true or false");
      field = value.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      read_number(value, pointer, field);
    } else if constexpr (std::is_enum_v<T>) {
      read_word(value, pointer, field);
    } else if constexpr (std::is_same_v<T, std::vector<uint8_t>>) {
      const auto bytes = hexadecimal_of(value);
      if (!bytes || bytes->size() > models::kMaxFieldBytes) {
        return fail(pointer, "expected hexadecimal digits in small letters, two for each byte");
      }
      field = *bytes;
    } else if constexpr (requires { field.value(); }) {
      uint64_t number = 0;
      read_number(value, pointer, number);
      if constexpr (std::is_same_v<T, consensus::ReplicaId>) {
        if (!std::in_range<uint32_t>(number)) return fail(pointer, "expected a replica's number");
        field = T(static_cast<uint32_t>(number));
      } else {
        field = T(number);
      }
    } else if constexpr (requires { field.bytes.data(); }) {
      const auto bytes = hexadecimal_of(value);
      if (!bytes || bytes->size() != field.bytes.size()) {
        return fail(pointer, "expected " + std::to_string(2 * field.bytes.size()) +
                                 " hexadecimal digits in small letters");
      }
      std::copy(bytes->begin(), bytes->end(), field.bytes.begin());
    } else if constexpr (requires { field.emplace_back(); }) {
      if (!value.is_array() || value.size() > models::kMaxFieldElements) {
        return fail(pointer,
                    "expected a list of at most " + std::to_string(models::kMaxFieldElements));
      }
      for (size_t i = 0; i < value.size(); ++i) {
        read(value[i], pointer + "/" + std::to_string(i), field.emplace_back());
      }
    } else {
      JsonFieldReader reader(value, FieldNames<T>::kNames, pointer, error_);
      field.fields(reader);
    }
  }
  template <typename T>
  void read_number(const nlohmann::json& value, const std::string& pointer, T& field) {
    constexpr T kLeast = std::numeric_limits<T>::min();
    constexpr T kMost = std::numeric_limits<T>::max();
    bool fits = value.is_number_integer();
    if (fits && value.is_number_unsigned()) {
      fits = std::in_range<T>(value.get<uint64_t>());
    } else if (fits) {
      fits = std::in_range<T>(value.get<int64_t>());
    }
    if (!fits) {
      return fail(pointer, "expected a whole number from " + std::to_string(kLeast) + " to " +
                               std::to_string(kMost));
    }
    field = value.get<T>();
  }
  template <typename T>
  void read_word(const nlohmann::json& value, const std::string& pointer, T& field) {
    constexpr auto kWords = words_of(T{});
    std::string all;
    for (size_t i = 0; i < kWords.size(); ++i) {
      if (value.is_string() && value.get_ref<const std::string&>() == kWords[i]) {
        field = static_cast<T>(i);
        return;
      }
      all += (all.empty() ? "" : ", ") + std::string(kWords[i]);
    }
    fail(pointer, "expected one of " + all);
  }
  [[nodiscard]] static std::optional<std::vector<uint8_t>> hexadecimal_of(
      const nlohmann::json& value) {
    return value.is_string() ? consensus::node::from_hex(value.get_ref<const std::string&>())
                             : std::nullopt;
  }

  const nlohmann::json& object_;
  std::span<const std::string_view> names_;
  std::string pointer_;
  std::optional<consensus::Error>& error_;
};

// kInvalid with the JSON pointer under `pointer` and what was expected there.
template <typename Record>
[[nodiscard]] consensus::Result<Record> from_json_object(const nlohmann::json& object,
                                                         const std::string& pointer) {
  Record record;
  std::optional<consensus::Error> error;
  JsonFieldReader reader(object, FieldNames<Record>::kNames, pointer, error);
  record.fields(reader);
  if (error) return *error;
  return record;
}

}  // namespace govchain::analysis
