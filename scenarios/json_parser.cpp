// Recursive descent over RFC 8259. Depth is bounded, so recursion is too.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>

#include "scenarios/diagnostic.h"
#include "scenarios/json_document.h"
#include "scenarios/nearest_name.h"

namespace govchain::scenarios {

using consensus::Error;
using consensus::Result;

namespace {

class Parser {
 public:
  explicit Parser(const SourceText& source) : source_(source), text_(source.text) {}

  Result<JsonNode> document() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
      return error("begins with a byte order mark; JSON is UTF-8 without one (RFC 8259)");
    }
    if (text_.substr(0, 2) == "\xFF\xFE" || text_.substr(0, 2) == "\xFE\xFF") {
      return error("is UTF-16; JSON must be UTF-8");
    }
    skip_space();
    if (at_end()) return error("is empty; expected a JSON value");
    JsonNode root;
    if (!value(root, "", 0)) return *failure_;
    skip_space();
    if (!at_end()) return error("text after the end of the document; expected nothing more");
    return root;
  }

 private:
  [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[offset_]; }

  [[nodiscard]] Position here(uint32_t length = 1) const {
    return Position{&source_, line_, column_, length};
  }

  // Moves over one byte that is known to be ASCII and not a newline.
  void advance(size_t count = 1) {
    offset_ += count;
    column_ += static_cast<uint32_t>(count);
  }

  void skip_space() {
    while (!at_end()) {
      const char letter = text_[offset_];
      if (letter == '\n') {
        ++offset_;
        ++line_;
        column_ = 1;
      } else if (letter == ' ' || letter == '\t' || letter == '\r') {
        advance();
      } else {
        return;
      }
    }
  }

  Error error(std::string message, std::string pointer = {}, uint32_t length = 1,
              std::string hint = {}) {
    failure_ =
        to_error({here(length), std::move(pointer), std::move(message), std::move(hint), {}});
    return *failure_;
  }
  bool refuse(std::string message, const std::string& pointer, uint32_t length = 1,
              std::string hint = {}) {
    error(std::move(message), pointer, length, std::move(hint));
    return false;
  }
  bool ends_early(const char* expected, const std::string& pointer) {
    return refuse(fmt::format("the file ends here; expected {}", expected), pointer);
  }

  bool value(JsonNode& node, const std::string& pointer, uint32_t depth) {
    if (depth > kMaxDepth) {
      return refuse(fmt::format("nested deeper than {} levels", kMaxDepth), pointer);
    }
    node.at = here();
    if (at_end()) return ends_early("a value", pointer);
    switch (peek()) {
      case '{':
        return object(node, pointer, depth);
      case '[':
        return array(node, pointer, depth);
      case '"':
        node.type = JsonNode::Type::kString;
        if (!string(node.text, pointer)) return false;
        node.at.length = span_from(node.at);
        return true;
      default:
        if (peek() == '-' || (peek() >= '0' && peek() <= '9')) return number(node, pointer);
        return word(node, pointer);
    }
  }

  // Columns from `start` to here; 1 if the value spans lines.
  [[nodiscard]] uint32_t span_from(const Position& start) const {
    return start.line == line_ && column_ > start.column ? column_ - start.column : 1;
  }

  bool object(JsonNode& node, const std::string& pointer, uint32_t depth) {
    node.type = JsonNode::Type::kObject;
    std::unordered_set<std::string> keys;  // membership only, never iterated
    advance();
    skip_space();
    if (peek() == '}') {
      advance();
      return true;
    }
    for (;;) {
      skip_space();
      if (at_end()) return ends_early("a key or '}'", pointer);
      if (peek() != '"') {
        return refuse(peek() == '}' ? "a comma before '}'; the last member has none after it"
                                    : "expected a key in double quotes",
                      pointer);
      }
      Member member;
      member.key_at = here();
      if (!string(member.key, pointer)) return false;
      member.key_at.length = span_from(member.key_at);
      const std::string inner = pointer + "/" + escape_token(member.key);
      if (!keys.insert(member.key).second) {
        failure_ =
            to_error({member.key_at, inner, "this key is there twice in the same object", {}, {}});
        return false;
      }
      skip_space();
      if (at_end()) return ends_early("':' and a value", inner);
      if (peek() != ':') return refuse("expected ':' after the key", inner);
      advance();
      skip_space();
      if (!value(member.value, inner, depth + 1)) return false;
      node.members.push_back(std::move(member));
      skip_space();
      if (at_end()) return ends_early("',' or '}'", pointer);
      if (peek() == '}') {
        advance();
        return true;
      }
      if (peek() != ',') return refuse("expected ',' or '}'", pointer);
      advance();
    }
  }

  bool array(JsonNode& node, const std::string& pointer, uint32_t depth) {
    node.type = JsonNode::Type::kArray;
    advance();
    skip_space();
    if (peek() == ']') {
      advance();
      return true;
    }
    for (;;) {
      skip_space();
      if (peek() == ']') return refuse("a comma before ']'; the last element has none", pointer);
      JsonNode element;
      if (!value(element, pointer + "/" + std::to_string(node.elements.size()), depth + 1)) {
        return false;
      }
      node.elements.push_back(std::move(element));
      skip_space();
      if (at_end()) return ends_early("',' or ']'", pointer);
      if (peek() == ']') {
        advance();
        return true;
      }
      if (peek() != ',') return refuse("expected ',' or ']'", pointer);
      advance();
    }
  }

  bool string(std::string& out, const std::string& pointer) {
    advance();
    for (;;) {
      if (at_end()) return ends_early("the closing quote of a string", pointer);
      const auto letter = static_cast<unsigned char>(text_[offset_]);
      if (letter == '"') {
        advance();
        return true;
      }
      if (letter == '\\') {
        if (!escape(out, pointer)) return false;
      } else if (letter < 0x20) {
        return refuse(letter == '\n' ? "the string does not end on its line"
                                     : fmt::format("control character {:#04x} in a string", letter),
                      pointer);
      } else {
        const size_t length = utf8_sequence(text_.substr(offset_, 4));
        if (length == 0) {
          return refuse(fmt::format("byte {:#04x} is not UTF-8", letter), pointer);
        }
        out.append(text_, offset_, length);
        offset_ += length;
        ++column_;
      }
    }
  }

  bool hexadecimal(uint32_t& code) {
    code = 0;
    if (offset_ + 4 > text_.size()) return false;
    const char* first = text_.data() + offset_;
    const auto [end, problem] = std::from_chars(first, first + 4, code, 16);
    if (problem != std::errc() || end != first + 4) return false;
    advance(4);
    return true;
  }

  bool escape(std::string& out, const std::string& pointer) {
    advance();
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    const char letter = peek();
    const size_t known = kLetters.find(letter);
    if (letter != '\0' && known != std::string_view::npos) {
      out += kMeaning[known];
      advance();
      return true;
    }
    if (letter != 'u') return refuse("unknown escape after '\\'", pointer);
    advance();
    uint32_t code = 0;
    if (!hexadecimal(code)) return refuse("expected four hexadecimal digits after \\u", pointer);
    if (code >= 0xD800 && code < 0xDC00) {
      uint32_t low = 0;
      if (text_.substr(offset_, 2) != "\\u") return refuse("half a surrogate pair", pointer);
      advance(2);
      if (!hexadecimal(low) || low < 0xDC00 || low > 0xDFFF) {
        return refuse("half a surrogate pair", pointer);
      }
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return refuse("half a surrogate pair", pointer);
    }
    append_utf8(code, out);
    return true;
  }

  static void append_utf8(uint32_t code, std::string& out) {
    const auto byte = [&out](uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0U | (code >> 6U));
      byte(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
      byte(0xE0U | (code >> 12U));
      byte(0x80U | ((code >> 6U) & 0x3FU));
      byte(0x80U | (code & 0x3FU));
    } else {
      byte(0xF0U | (code >> 18U));
      byte(0x80U | ((code >> 12U) & 0x3FU));
      byte(0x80U | ((code >> 6U) & 0x3FU));
      byte(0x80U | (code & 0x3FU));
    }
  }

  size_t digits(size_t from) const {
    size_t end = from;
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
    return end - from;
  }

  bool number(JsonNode& node, const std::string& pointer) {
    node.type = JsonNode::Type::kNumber;
    size_t end = offset_ + (peek() == '-' ? 1 : 0);
    const size_t whole = digits(end);
    if (whole == 0) return refuse("expected a digit after '-'", pointer);
    if (whole > 1 && text_[end] == '0') {
      return refuse("a number does not begin with 0", pointer, static_cast<uint32_t>(whole));
    }
    end += whole;
    bool is_integer = true;
    if (end < text_.size() && text_[end] == '.') {
      const size_t fraction = digits(end + 1);
      if (fraction == 0) return refuse("expected a digit after the decimal point", pointer);
      end += 1 + fraction;
      is_integer = false;
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      size_t exponent = end + 1;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      const size_t count = digits(exponent);
      if (count == 0) return refuse("expected a digit in the exponent", pointer);
      end = exponent + count;
      is_integer = false;
    }
    node.text = std::string(text_.substr(offset_, end - offset_));
    node.at.length = static_cast<uint32_t>(node.text.size());
    const char* first = node.text.data();
    const char* last = first + node.text.size();
    const auto parsed = std::from_chars(first, last, node.number);
    // Too small for a double is as good as zero; too large has no value.
    if (parsed.ec == std::errc::result_out_of_range) {
      node.number = std::strtod(first, nullptr);
      if (std::isinf(node.number)) {
        return refuse("this number is too large", pointer, node.at.length);
      }
    }
    if (is_integer) {
      int64_t integer = 0;
      uint64_t natural = 0;
      if (std::from_chars(first, last, integer).ec == std::errc()) node.integer = integer;
      if (*first != '-' && std::from_chars(first, last, natural).ec == std::errc()) {
        node.natural = natural;
      }
    }
    advance(end - offset_);
    return true;
  }

  bool word(JsonNode& node, const std::string& pointer) {
    size_t end = offset_;
    while (end < text_.size() &&
           ((text_[end] >= 'a' && text_[end] <= 'z') || (text_[end] >= 'A' && text_[end] <= 'Z'))) {
      ++end;
    }
    const std::string found(text_.substr(offset_, end - offset_));
    if (found == "true" || found == "false") {
      node.type = JsonNode::Type::kBoolean;
      node.boolean = found == "true";
    } else if (found == "null") {
      node.type = JsonNode::Type::kNull;
    } else if (found.empty()) {
      const auto letter = static_cast<unsigned char>(peek());
      const size_t length = utf8_sequence(text_.substr(offset_, 4));
      if (length == 0 || letter == 0) {
        return refuse(fmt::format("byte {:#04x} is not UTF-8 text", letter), pointer);
      }
      return refuse(
          fmt::format("expected a value, found '{}'", printable(text_.substr(offset_, length))),
          pointer);
    } else {
      std::string hint;
      if (const auto nearest = nearest_name(found, {"true", "false", "null"})) {
        hint = "did you mean " + *nearest + "?";
      } else {
        hint = "text stands in double quotes";
      }
      return refuse(fmt::format("expected a value, found {}", found.substr(0, 40)), pointer,
                    static_cast<uint32_t>(found.size()), hint);
    }
    node.at.length = static_cast<uint32_t>(found.size());
    node.text = found;
    advance(found.size());
    return true;
  }

  const SourceText& source_;
  std::string_view text_;
  size_t offset_ = 0;
  uint32_t line_ = 1;
  uint32_t column_ = 1;
  std::optional<Error> failure_;
};

}  // namespace

Result<JsonNode> parse_json(const SourceText& source) { return Parser(source).document(); }

}  // namespace govchain::scenarios
