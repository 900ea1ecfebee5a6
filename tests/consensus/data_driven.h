#pragma once
// Tests as text: a command, its input, and what it printed. The format is that of etcd-io/raft's
// testdata:
//
//   # a comment
//   command name=value list=(a, b) flag
//   input line
//   ----
//   expected output, up to an empty line
//
// Output that holds empty lines stands between two `----` lines on each side.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/result.h"

namespace govchain::consensus::testing {

struct Case {
  std::string file;
  int line = 0;  // of the command, from 1
  std::string command;
  // name=value gives one value, name=(a,b) the values listed, a bare name none.
  std::map<std::string, std::vector<std::string>> arguments;
  std::vector<std::string> input;
  std::string expected;  // every line ends with a newline
  int output_line = 0;   // of the `----`, from 1
  int next_line = 0;     // first line after the expected output

  [[nodiscard]] bool has(const std::string& name) const { return arguments.count(name) != 0; }
  // The single value of an argument; nullopt if it is absent or has not exactly one.
  [[nodiscard]] std::optional<std::string> value(const std::string& name) const;
  // "file:line", for messages.
  [[nodiscard]] std::string where() const { return file + ":" + std::to_string(line); }
};

[[nodiscard]] Result<std::vector<Case>> parse_cases(std::string_view text, const std::string& file);
[[nodiscard]] Result<std::vector<Case>> read_cases(const std::filesystem::path& path);

// `text` with the expected output of each case replaced by `outputs` (one each, in order).
[[nodiscard]] std::string with_outputs(std::string_view text, const std::vector<Case>& cases,
                                       const std::vector<std::string>& outputs);

// A whole decimal number; nullopt if it is none.
[[nodiscard]] std::optional<uint64_t> parse_number(std::string_view text);

[[nodiscard]] Result<std::string> read_text(const std::filesystem::path& path);

// Where vectors that others wrote lie: $GOVCHAIN_VECTORS, or shared/vectors beside the source
// folder. Nullopt if `below` does not exist there; the test is then skipped, visibly.
[[nodiscard]] std::optional<std::filesystem::path> find_vectors(const std::string& below);

}  // namespace govchain::consensus::testing
