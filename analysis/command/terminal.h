#pragma once
// What the two output streams can show.

#include <string>
#include <string_view>

namespace govchain::analysis {

[[nodiscard]] bool output_is_terminal();  // standard output
[[nodiscard]] bool error_is_terminal();   // standard error
// Of standard output: $COLUMNS, else what the terminal says, else 80; at least 40.
[[nodiscard]] int terminal_columns();
// A terminal, no NO_COLOR in the environment and TERM other than "dumb" (https://no-color.org).
[[nodiscard]] bool use_colour();

// Columns that UTF-8 text takes on a terminal: one per code point, two for CJK.
[[nodiscard]] size_t display_width(std::string_view text);

}  // namespace govchain::analysis
