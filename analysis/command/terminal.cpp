#include "analysis/command/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scenarios/diagnostic.h"

namespace govchain::analysis {

bool output_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool error_is_terminal() { return isatty(STDERR_FILENO) == 1; }

int terminal_columns() {
  constexpr int kDefault = 80;
  constexpr int kLeast = 40;
  constexpr int kMost = 1'000;
  if (const char* columns = std::getenv("COLUMNS")) {
    const long value = std::strtol(columns, nullptr, 10);
    if (value > 0) return static_cast<int>(std::clamp<long>(value, kLeast, kMost));
  }
  winsize size{};
  if (output_is_terminal() && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::clamp(static_cast<int>(size.ws_col), kLeast, kMost);
  }
  return kDefault;
}

bool use_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  return output_is_terminal();
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const size_t length = std::max<size_t>(1, scenarios::utf8_sequence(text));
    // Every three-byte sequence from U+2E80 on is drawn two columns wide, but for private use.
    const bool wide = length == 3 && static_cast<unsigned char>(text[0]) >= 0xE3 &&
                      static_cast<unsigned char>(text[0]) <= 0xED;
    width += wide ? 2 : 1;
    text.remove_prefix(length);
  }
  return width;
}

}  // namespace govchain::analysis
