#pragma once
// JSON with positions. Strict (RFC 8259): UTF-8 without byte order mark, no duplicate keys, no NaN,
// no trailing commas, no comments; every value knows where it stands, so that any later complaint
// can name file, line and column. nlohmann's parser tells neither columns of values nor duplicate
// keys, hence an own one.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/result.h"

namespace govchain::scenarios {

// Bounds on input.
inline constexpr size_t kMaxFileBytes = 64U << 20U;
inline constexpr uint32_t kMaxDepth = 64;

// Text that a value came from: a file, or an option of the command line.
struct SourceText {
  std::string name;  // "scenarios/my.json", "--set /seed=x"
  std::string text;
  bool is_option = false;
};

// Line and column count from 1; columns count code points. `length` is for the marks, in columns.
struct Position {
  const SourceText* source = nullptr;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t length = 1;
};

struct Member;

struct JsonNode {
  enum class Type : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };
  Type type = Type::kNull;
  bool boolean = false;
  double number = 0;
  // Set if the number is written without fraction and exponent and fits.
  std::optional<int64_t> integer;
  std::optional<uint64_t> natural;
  std::string text;  // of a string its value, of a number its digits
  std::vector<JsonNode> elements;
  std::vector<Member> members;  // in order of the file
  Position at;

  [[nodiscard]] bool is_object() const { return type == Type::kObject; }
  [[nodiscard]] bool is_array() const { return type == Type::kArray; }
  [[nodiscard]] bool is_string() const { return type == Type::kString; }
  [[nodiscard]] bool is_number() const { return type == Type::kNumber; }
  [[nodiscard]] const JsonNode* find(std::string_view key) const;
  [[nodiscard]] JsonNode* find(std::string_view key);
  // By JSON pointer (RFC 6901); null if there is none.
  [[nodiscard]] const JsonNode* at_pointer(std::string_view pointer) const;
};

struct Member {
  std::string key;
  Position key_at;
  JsonNode value;
};

// "null", "a boolean", "a number", "a string", "a list", "an object".
[[nodiscard]] const char* name_of(JsonNode::Type type);

// Reference tokens of a JSON pointer, unescaped. Errors: kInvalid if it does not begin with '/' (or
// is empty: then there are none) or has a bad escape.
[[nodiscard]] consensus::Result<std::vector<std::string>> pointer_tokens(std::string_view pointer);
[[nodiscard]] std::string escape_token(std::string_view token);

// Errors are finished diagnostics (diagnostic.h). `source` must outlive the tree.
[[nodiscard]] consensus::Result<JsonNode> parse_json(const SourceText& source);

// Whole file. Errors: kNotFound, kIo, kInvalid (too big, a folder), each naming the path.
[[nodiscard]] consensus::Result<std::unique_ptr<SourceText>> read_source(const std::string& path);

// Compact text with object keys sorted: equal for equal values however they are written.
[[nodiscard]] std::string canonical_text(const JsonNode& node);
// Indented by two, in order.
[[nodiscard]] std::string pretty_text(const JsonNode& node);

}  // namespace govchain::scenarios
