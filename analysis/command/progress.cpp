#include "analysis/command/progress.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "analysis/command/terminal.h"
#include "analysis/experiments/figures.h"

namespace govchain::analysis {

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), shown_(!quiet && error_is_terminal()), started_(Clock::now()) {}

Progress::~Progress() { clear(); }

bool Progress::is_due() {
  if (!shown_) return false;
  constexpr auto kBetween = std::chrono::milliseconds(100);
  const Clock::time_point now = Clock::now();
  if (drawn_ && now - last_ < kBetween) return false;
  last_ = now;
  drawn_ = true;
  return true;
}

void Progress::draw(std::string line, double share) const {
  const double seconds = std::chrono::duration<double>(last_ - started_).count();
  if (seconds > 0.5 && share > 0.01) {
    line += fmt::format(", {:.0f} s left", seconds * (1 - share) / share);
  }
  std::cerr << "\r\033[K" << line << std::flush;
}

void Progress::update(double share, uint64_t amount, const char* unit) {
  if (!is_due()) return;
  const double seconds = std::chrono::duration<double>(last_ - started_).count();
  std::string line = fmt::format("{}  {:.0f} %  {} {}", what_, std::clamp(share, 0.0, 1.0) * 100,
                                 with_prefix(static_cast<double>(amount)), unit);
  if (seconds > 0.5) {
    line += fmt::format(", {}/s", with_prefix(static_cast<double>(amount) / seconds));
  }
  draw(std::move(line), share);
}

void Progress::tell(double share, const std::string& part) {
  if (!is_due()) return;
  draw(fmt::format("{}  {:.0f} %  {}", what_, std::clamp(share, 0.0, 1.0) * 100, part), share);
}

void Progress::clear() {
  if (drawn_) std::cerr << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace govchain::analysis
