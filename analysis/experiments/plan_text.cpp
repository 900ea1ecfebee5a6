#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "analysis/experiments/figures.h"
#include "analysis/experiments/plan.h"

namespace govchain::analysis {

namespace {

using models::Money;
using models::Range;

std::string billions(Money amount) { return figure(amount.to_yuan() / 1e9); }

std::string pad_left(const std::string& text, size_t columns) {
  const size_t used = shown_width(text);
  return used >= columns ? text : std::string(columns - used, ' ') + text;
}

std::string pad_right(const std::string& text, size_t columns) {
  const size_t used = shown_width(text);
  return used >= columns ? text : text + std::string(columns - used, ' ');
}

// Eighths of a block, so that bars of similar length can be told apart.
std::string bar(double share, size_t columns) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths =
      static_cast<size_t>(std::max(0.0, share) * static_cast<double>(columns) * 8 + 0.5);
  std::string text;
  for (size_t i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

// A share in per cent without its sign, which stands in the header.
std::string hundredths(double share) {
  if (share > 0 && share < 0.0005) return "<0.1";
  return fmt::format("{:.1f}", share * 100);
}

// Cut, not rounded: 99.9996 % must not read as 100.
std::string availability_text(double availability) {
  return fmt::format("{:.3f}", std::floor(availability * 100'000) / 1000);
}

struct Column {
  std::string title;
  std::vector<std::string> cells;
  bool left = false;
};

size_t width_of(const Column& column) {
  size_t needed = shown_width(column.title);
  for (const std::string& cell : column.cells) needed = std::max(needed, shown_width(cell));
  return needed;
}

// Columns that do not fit drop from the right; nothing wraps.
std::string table(std::vector<Column> columns, int limit) {
  std::vector<size_t> widths;
  size_t used = 2;
  size_t shown = 0;
  for (const Column& column : columns) {
    const size_t needed = width_of(column);
    if (shown > 0 && used + needed > static_cast<size_t>(limit)) break;
    widths.push_back(needed);
    used += needed + 2;
    ++shown;
  }
  const auto row = [&](auto&& cell_of) {
    std::string line = "  ";
    for (size_t i = 0; i < shown; ++i) {
      const std::string cell = cell_of(columns[i]);
      line += columns[i].left ? pad_right(cell, widths[i]) : pad_left(cell, widths[i]);
      if (i + 1 < shown) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::string text = row([](const Column& column) { return column.title; });
  for (size_t r = 0; r < columns.front().cells.size(); ++r) {
    text += row([&](const Column& column) { return column.cells[r]; });
  }
  return text;
}

std::string deployments_table(const PlanResult& result, const TextStyle& style) {
  Column name{"deployment", {}, true};
  Column nodes{"nodes", {}};
  Column on_chain{"chain %", {}};
  Column by_hand{"hand %", {}};
  Column slowest{"p99 ms", {}};
  Column available{"avail. %", {}};
  Column cost{"bn CNY (5-95 %)", {}, true};
  std::vector<double> amounts;
  double largest = 0;
  for (const ValuedDeployment& one : result.deployments) {
    if (one.shown) largest = std::max(largest, one.procured.value.total().mid.to_yuan());
  }
  for (const ValuedDeployment& one : result.deployments) {
    if (!one.shown) continue;
    const models::SizedConfiguration& sized = one.procured.sized;
    const double all = sized.cases.total();
    const Range total = one.procured.value.total();
    name.cells.push_back(models::name_of(one.kind));
    nodes.cells.push_back(fmt::format("{:.0f}", sized.nodes));
    on_chain.cells.push_back(hundredths(all > 0 ? sized.cases.on_chain / all : 0));
    by_hand.cells.push_back(hundredths(all > 0 ? sized.cases.by_hand / all : 0));
    slowest.cells.push_back(
        sized.latency.count() > 0 ? figure(sized.latency.quantile(0.99).to_milliseconds()) : "-");
    available.cells.push_back(availability_text(sized.availability));
    cost.cells.push_back(
        fmt::format("{} ({}–{})", billions(total.mid), billions(total.low), billions(total.high)));
    amounts.push_back(total.mid.to_yuan());
  }
  std::vector<Column> columns{name, nodes, on_chain, by_hand, slowest, available, cost};
  if (style.bars) {
    // What the other columns leave, up to a width beyond which longer bars say no more.
    size_t used = 2;
    for (const Column& column : columns) used += width_of(column) + 2;
    const auto limit = static_cast<size_t>(style.columns);
    const size_t room = used < limit ? std::min<size_t>(limit - used, 24) : 0;
    Column bars{"", {}, true};
    for (const double amount : amounts)
      bars.cells.push_back(bar(largest > 0 ? amount / largest : 0, room));
    if (room >= 4) columns.push_back(bars);
  }
  return table(columns, style.columns);
}

std::string wrap(const std::string& text, int limit, const std::string& indent) {
  std::string result;
  std::string line = indent;
  size_t start = 0;
  while (start < text.size()) {
    size_t end = text.find(' ', start);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(start, end - start);
    if (shown_width(line) > shown_width(indent) &&
        shown_width(line) + 1 + shown_width(word) > static_cast<size_t>(limit)) {
      result += line + "\n";
      line = indent + word;
    } else {
      line += (shown_width(line) > shown_width(indent) ? " " : "") + word;
    }
    start = end + 1;
  }
  return result + line + "\n";
}

// The table counts what the hub does as done by hand, because no chain vouches for it.
std::string hub_sentence(const PlanResult& result) {
  for (const ValuedDeployment& one : result.deployments) {
    const models::CaseCounts& cases = one.procured.sized.cases;
    if (!one.shown || cases.centrally <= 0) continue;
    return fmt::format(
        "`{}` has no chain, so all its cases count as by hand; {:.1f} % of them need no clerk.",
        models::name_of(one.kind), 100 * cases.centrally / cases.by_hand);
  }
  return "";
}

std::string price_of_chain_sentence(const PlanResult& result) {
  const models::Range& price = result.price_of_chain;
  std::string text = fmt::format(
      "Having a chain at all, `national` less `hub`, {} {} bn (cost {} to {})",
      price.mid.fen() < 0 ? "saves" : "costs", figure(std::abs(price.mid.to_yuan()) / 1e9),
      billions(price.low), billions(price.high));
  for (const ValuedDeployment& one : result.deployments) {
    if (one.kind != models::DeploymentKind::kHub) continue;
    text += fmt::format("; {:.0f} % of what the hub costs rests on judgement",
                        100 * one.needed.value.judgement_share());
  }
  return text + ".";
}

std::string steps_sentence(const PlanResult& result) {
  std::string text;
  for (const ValuedStep& step : result.steps) {
    std::string name = step.id;
    std::replace(name.begin(), name.end(), '_', ' ');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, billions(step.amount.mid));
  }
  return text + ".";
}

std::string drivers_sentence(const PlanResult& result) {
  std::string text = "What would change that most:";
  for (size_t i = 0; i < result.drivers.size() && i < 3; ++i) {
    const models::Influence& one = result.drivers[i];
    text += fmt::format(" {} {} ({:.0f} % of the variance){}", i + 1, one.price, one.share * 100,
                        i + 1 < std::min<size_t>(3, result.drivers.size()) ? "," : ".");
  }
  return text;
}

}  // namespace

std::string plan_text(const PlanInput& input, const PlanResult& result, const TextStyle& style) {
  const int limit = style.columns;
  std::string text =
      wrap(fmt::format("{}: {} platforms, {} ministries, {} services, {} years, {} of {}",
                       input.scenario_id, input.national.nation.places.size(),
                       input.national.nation.deployment.ministries,
                       input.national.nation.services.size(), input.national.nation.years,
                       input.national.base.currency, input.national.base.price_year),
           limit, "");
  text += objectives_text(result.objectives, style.colour);
  text += "\n" + deployments_table(result, style) + "\n";
  const std::string strong = style.colour ? "\033[1m" : "";
  const std::string plain = style.colour ? "\033[0m" : "";
  const bool more = result.redundancy.mid.fen() >= 0;
  const double amount = std::abs(result.redundancy.mid.to_yuan()) / 1e9;
  text += strong +
          wrap(fmt::format("Building separately ({}) costs {} bn {} than `{}` sized to need ({} to "
                           "{} in nine of ten draws).",
                           models::name_of(result.from), figure(amount), more ? "more" : "less",
                           models::name_of(result.against), billions(result.redundancy.low),
                           billions(result.redundancy.high)),
               limit, "  ") +
          plain;
  text += wrap("Of that: " + steps_sentence(result), limit, "    ");
  text += wrap(fmt::format("`{}` is the cheapest with chains in {:.0f} % of draws. {}",
                           models::name_of(result.cheapest), result.cheapest_share * 100,
                           drivers_sentence(result)),
               limit, "  ");
  text += wrap(fmt::format("{} Doing nothing, `isolated` chains and no new project, costs {} bn.",
                           price_of_chain_sentence(result), billions(result.do_nothing.mid)),
               limit, "  ");
  if (const std::string hub = hub_sentence(result); !hub.empty()) text += wrap(hub, limit, "  ");
  std::string priced;
  for (const std::string& one : result.not_priced) priced += (priced.empty() ? "" : "; ") + one;
  text += wrap(fmt::format("{:.0f} % of the amount rests on judgement. Not priced: {}.",
                           result.judgement_share * 100,
                           priced.empty() ? "nothing that is modelled" : priced),
               limit, "  ");
  for (const ValuedDeployment& one : result.deployments) {
    if (!one.shown) continue;
    const models::SizedConfiguration& sized = one.procured.sized;
    if (sized.holds_service_level) continue;
    std::string why;
    for (const std::string& missed : sized.missed) why += (why.empty() ? "" : "; ") + missed;
    text += wrap(
        fmt::format("`{}` does not hold the service level: {}.", models::name_of(one.kind), why),
        limit, "  ");
  }
  for (const ValuedDeployment& one : result.deployments) {
    if (one.kind == result.against && !one.procured.sized.binding_resource.empty()) {
      text += wrap(fmt::format("First limit of `{}`: {}.", models::name_of(one.kind),
                               one.procured.sized.binding_resource),
                   limit, "  ");
    }
  }
  return text;
}

}  // namespace govchain::analysis
