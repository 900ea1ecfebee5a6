#include "scenarios/diagnostic.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace govchain::scenarios {

namespace {

// With the gutter, eighty columns.
constexpr size_t kColumns = 80;
constexpr size_t kShownColumns = 72;
constexpr size_t kShownPointer = 240;

std::string_view line_of(std::string_view text, uint32_t number) {
  size_t start = 0;
  for (uint32_t line = 1; line < number; ++line) {
    start = text.find('\n', start);
    if (start == std::string_view::npos) return {};
    ++start;
  }
  const size_t end = text.find('\n', start);
  std::string_view line = text.substr(start, end == std::string_view::npos ? end : end - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// The line as code points, one string each, safe to print; a tab is one column wide.
std::vector<std::string> columns_of(std::string_view line) {
  std::vector<std::string> columns;
  while (!line.empty()) {
    const size_t length = std::max<size_t>(1, utf8_sequence(line));
    columns.push_back(line[0] == '\t' ? " " : printable(line.substr(0, length)));
    line.remove_prefix(length);
  }
  return columns;
}

struct Excerpt {
  std::string text;
  size_t cut = 0;  // columns left out in front
};

// At most kShownColumns of the line, around `column`.
Excerpt excerpt(std::string_view line, size_t column) {
  const std::vector<std::string> columns = columns_of(line);
  Excerpt out;
  if (column > kShownColumns - 20) out.cut = column - (kShownColumns - 20);
  for (size_t i = out.cut; i < columns.size() && i < out.cut + kShownColumns; ++i) {
    out.text += columns[i];
  }
  return out;
}

std::string numbered(uint32_t number, const std::string& text) {
  return fmt::format("  {:>2} | {}\n", number, text);
}

std::string excerpt_block(const Diagnostic& diagnostic) {
  const Position& at = diagnostic.at;
  const std::string_view text = at.source->text;
  std::string block;
  const Excerpt line = excerpt(line_of(text, at.line), at.column);
  if (at.line > 1) {
    const std::vector<std::string> before = columns_of(line_of(text, at.line - 1));
    std::string shown;
    for (size_t i = line.cut; i < before.size() && i < line.cut + kShownColumns; ++i) {
      shown += before[i];
    }
    block += numbered(at.line - 1, shown);
  }
  block += numbered(at.line, line.text);
  const size_t gutter = std::max<size_t>(2, std::to_string(at.line).size());
  const size_t indent = at.column - 1 - std::min<size_t>(line.cut, at.column - 1);
  const size_t shown = std::max<size_t>(1, std::min<size_t>(at.length, kShownColumns - 20));
  block += fmt::format("  {} | {}{}", std::string(gutter, ' '), std::string(indent, ' '),
                       std::string(shown, '^'));
  if (diagnostic.hint.empty()) return block;
  const size_t used = 2 + gutter + 3 + indent + shown;
  const bool fits = used + 1 + diagnostic.hint.size() <= kColumns;
  if (!fits) block += fmt::format("\n  {} |", std::string(gutter, ' '));
  return block + " " + diagnostic.hint;
}

// Lines of at most eighty columns, the later ones indented.
std::string wrapped(const std::string& text) {
  std::string out;
  size_t used = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (used > 0 && used + 1 + word.size() > kColumns) {
      out += "\n  ";
      used = 2;
    } else if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += word.size();
    start = end + 1;
  }
  return out;
}

// A key may be as long as its file.
std::string shortened(const std::string& text) {
  if (text.size() <= kShownPointer) return text;
  size_t end = kShownPointer;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool high_control =
        length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || first < 0x20 || first == 0x7F || high_control) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return out;
}

std::string place_of(const Position& at) {
  if (at.source == nullptr) return {};
  if (at.source->is_option || at.line == 0) return printable(at.source->name);
  return fmt::format("{}:{}:{}", printable(at.source->name), at.line, at.column);
}

std::string render(const Diagnostic& diagnostic) {
  std::string out = place_of(diagnostic.at);
  if (!diagnostic.pointer.empty()) out += "  " + shortened(printable(diagnostic.pointer));
  out += (out.empty() ? "" : "  ") + diagnostic.message;
  const bool in_file =
      diagnostic.at.source != nullptr && !diagnostic.at.source->is_option && diagnostic.at.line > 0;
  if (in_file) {
    out += "\n" + excerpt_block(diagnostic);
  } else if (!diagnostic.hint.empty()) {
    out += "\n  " + diagnostic.hint;
  }
  if (!diagnostic.note.empty()) out += "\n" + wrapped(diagnostic.note);
  return out;
}

consensus::Error to_error(const Diagnostic& diagnostic) {
  return {consensus::ErrorCode::kInvalid, render(diagnostic), {}};
}

}  // namespace govchain::scenarios
