#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "analysis/experiments/figures.h"
#include "analysis/published/published.h"

namespace govchain::analysis::published {

namespace {

constexpr size_t kColumns = 7;
using Line = std::array<std::string, kColumns>;

std::string others_of(const Figure& figure) {
  std::string text;
  for (const Other& other : figure.others) {
    text += (text.empty() ? "" : "; ") + other.name + " " + analysis::figure(other.value);
  }
  return text;
}

std::string table_of(const std::vector<Line>& lines) {
  std::array<size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const Line& line : lines) {
    std::string text;
    for (size_t i = 0; i < kColumns; ++i) {
      const bool words = i < 2 || i + 1 == kColumns;
      text += words ? fmt::format("{:<{}}  ", line[i], widths[i])
                    : fmt::format("{:>{}}  ", line[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

}  // namespace

std::string published_text(const PublishedResult& result) {
  std::string out;
  for (const Group& group : result.groups) {
    std::vector<Line> lines = {{"", "", "published", "ours", "error", "allowed", "others"}};
    for (const Compared& one : result.compared) {
      if (one.group != group.id) continue;
      lines.push_back({one.point, one.figure.what, figure(one.figure.published), figure(one.ours),
                       signed_percent(one.error()) + (one.holds() ? "" : " !"),
                       percent(one.figure.within), others_of(one.figure)});
    }
    out += (out.empty() ? "" : "\n") + group.title + "\n" + table_of(lines);
    out += "  not published: " + group.unknown + "\n  what remains: " + group.finding + "\n";
  }
  const auto missed = std::count_if(result.compared.begin(), result.compared.end(),
                                    [](const Compared& one) { return !one.holds(); });
  out += fmt::format("\n{} figures, {} beyond what is allowed{}\n", result.compared.size(), missed,
                     missed > 0 ? " (!)" : "");
  return out;
}

}  // namespace govchain::analysis::published
