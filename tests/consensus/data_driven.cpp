#include "tests/consensus/data_driven.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace govchain::consensus::testing {

namespace {

constexpr std::string_view kSeparator = "----";
constexpr std::string_view kSpaces = " \t";

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return "";
  const size_t last = text.find_last_not_of(kSpaces);
  return std::string(text.substr(first, last - first + 1));
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    // Written under another system, or checked out there.
    if (!lines.back().empty() && lines.back().back() == '\r') lines.back().pop_back();
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> values;
  if (trimmed(text).empty()) return values;
  while (true) {
    const size_t comma = text.find(',');
    values.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return values;
    text = text.substr(comma + 1);
  }
}

// Splits the command line at spaces outside parentheses.
Status parse_command(std::string_view line, Case& parsed) {
  const auto next_token = [&line]() {
    const size_t start = std::min(line.find_first_not_of(kSpaces), line.size());
    size_t end = start;
    for (int depth = 0; end < line.size(); ++end) {
      if (line[end] == '(') ++depth;
      if (line[end] == ')') --depth;
      if (depth == 0 && kSpaces.find(line[end]) != std::string_view::npos) break;
    }
    const std::string_view token = line.substr(start, end - start);
    line = line.substr(end);
    return token;
  };
  parsed.command = std::string(next_token());
  for (std::string_view token = next_token(); !token.empty(); token = next_token()) {
    const size_t equals = token.find('=');
    const std::string name(token.substr(0, equals));
    if (std::count(token.begin(), token.end(), '(') < std::count(token.begin(), token.end(), ')')) {
      return Error{ErrorCode::kMalformed, "'" + std::string(token) + "' has a ')' without its '('",
                   parsed.where()};
    }
    if (name.empty()) {
      return Error{ErrorCode::kMalformed, "'" + std::string(token) + "' has no name before its '='",
                   parsed.where()};
    }
    std::vector<std::string> values;
    if (equals != std::string_view::npos) {
      std::string_view value = token.substr(equals + 1);
      if (!value.empty() && value.front() == '(') {
        if (value.back() != ')') {
          return Error{ErrorCode::kMalformed, "the list of '" + name + "' has no closing ')'",
                       parsed.where()};
        }
        values = split_list(value.substr(1, value.size() - 2));
      } else {
        values.emplace_back(value);
      }
    }
    if (!parsed.arguments.emplace(name, std::move(values)).second) {
      return Error{ErrorCode::kMalformed, "'" + name + "' is given twice", parsed.where()};
    }
  }
  return success();
}

class Parser {
 public:
  Parser(std::string_view text, std::string file)
      : lines_(split_lines(text)), file_(std::move(file)) {}

  Result<std::vector<Case>> parse() {
    std::vector<Case> cases;
    for (skip_blank_and_comments(); next_ < lines_.size(); skip_blank_and_comments()) {
      Result<Case> parsed = parse_case();
      if (!parsed) return parsed.error();
      cases.push_back(*std::move(parsed));
    }
    return cases;
  }

 private:
  void skip_blank_and_comments() {
    while (next_ < lines_.size() &&
           (trimmed(lines_[next_]).empty() || lines_[next_].front() == '#')) {
      ++next_;
    }
  }

  Result<Case> parse_case() {
    Case parsed;
    parsed.file = file_;
    parsed.line = static_cast<int>(next_ + 1);
    if (lines_[next_] == kSeparator) {
      return Error{ErrorCode::kMalformed, "a command was expected, not ----", parsed.where()};
    }
    const Status command = parse_command(lines_[next_++], parsed);
    if (!command) return command.error();
    while (next_ < lines_.size() && lines_[next_] != kSeparator) {
      parsed.input.push_back(lines_[next_++]);
    }
    if (next_ == lines_.size()) {
      return Error{ErrorCode::kMalformed, "the command has no line ---- after it", parsed.where()};
    }
    parsed.output_line = static_cast<int>(++next_);
    const bool doubled = next_ < lines_.size() && lines_[next_] == kSeparator;
    if (doubled) ++next_;
    const auto ends = [&](size_t at) {
      if (!doubled) return lines_[at].empty();
      return lines_[at] == kSeparator && at + 1 < lines_.size() && lines_[at + 1] == kSeparator;
    };
    while (next_ < lines_.size() && !ends(next_)) parsed.expected += lines_[next_++] + "\n";
    if (doubled) next_ = std::min(next_ + 2, lines_.size());
    parsed.next_line = static_cast<int>(next_ + 1);
    return parsed;
  }

  std::vector<std::string> lines_;
  std::string file_;
  size_t next_ = 0;
};

}  // namespace

std::optional<std::string> Case::value(const std::string& name) const {
  const auto found = arguments.find(name);
  if (found == arguments.end() || found->second.size() != 1) return std::nullopt;
  return found->second.front();
}

Result<std::vector<Case>> parse_cases(std::string_view text, const std::string& file) {
  return Parser(text, file).parse();
}

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kIo, "cannot be read", path.string()};
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

Result<std::vector<Case>> read_cases(const std::filesystem::path& path) {
  const Result<std::string> text = read_text(path);
  if (!text) return text.error();
  return parse_cases(*text, path.filename().string());
}

std::string with_outputs(std::string_view text, const std::vector<Case>& cases,
                         const std::vector<std::string>& outputs) {
  const std::vector<std::string> lines = split_lines(text);
  std::string result;
  size_t line = 0;
  const auto copy_until = [&](size_t end) {
    for (; line < end && line < lines.size(); ++line) result += lines[line] + "\n";
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    copy_until(static_cast<size_t>(cases[i].output_line));
    const bool has_empty_line =
        outputs[i].find("\n\n") != std::string::npos || outputs[i].rfind('\n', 0) == 0;
    if (has_empty_line) {
      result += "----\n" + outputs[i] + "----\n----\n";
    } else {
      result += outputs[i];
    }
    line = static_cast<size_t>(cases[i].next_line - 1);
  }
  copy_until(lines.size());
  return result;
}

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::filesystem::path> find_vectors(const std::string& below) {
  const char* set = std::getenv("GOVCHAIN_VECTORS");
  const std::filesystem::path root =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(GOVCHAIN_SOURCE_DIR) / ".." / "shared" / "vectors";
  if (!std::filesystem::exists(root / below)) return std::nullopt;
  return root / below;
}

}  // namespace govchain::consensus::testing
