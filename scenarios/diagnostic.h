#pragma once
// One complaint about a scenario, as a person wants to read it:
//
//     scenarios/my.json:14:7  /chains/0/protocl  unknown key
//       13 |   "id": "province",
//       14 |       "protocl": "pbft",
//          |       ^^^^^^^^^ did you mean "protocol"?
//     Allowed here: consensus, load, protocol, replicas, …    (govchain scenario schema)

#include <string>

#include "consensus/result.h"
#include "scenarios/json_document.h"

namespace govchain::scenarios {

struct Diagnostic {
  Position at;
  std::string pointer;  // empty: the document as a whole, or text that is no JSON
  std::string message;
  std::string hint;  // beside the marks
  std::string note;  // last line
};

// Text without a newline at its end; everything from the file is made printable and lines are cut
// to fit 100 columns.
[[nodiscard]] std::string render(const Diagnostic& diagnostic);
// "file:line:column", or the option.
[[nodiscard]] std::string place_of(const Position& at);
[[nodiscard]] consensus::Error to_error(const Diagnostic& diagnostic);

// Valid UTF-8 without control characters; what is not becomes '?'.
[[nodiscard]] std::string printable(std::string_view text);
// Length in bytes of the well-formed UTF-8 sequence that `text` begins with, 0 if none (RFC 3629).
[[nodiscard]] size_t utf8_sequence(std::string_view text);

}  // namespace govchain::scenarios
