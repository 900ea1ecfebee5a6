#include "analysis/validate/result.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/figures.h"
#include "analysis/model_version.h"
#include "consensus/protocols.h"

namespace govchain::analysis::validate {

namespace {

using Json = nlohmann::ordered_json;

Json figures_json(const Figures& figures) {
  return {{"throughput_tps", figures.throughput},
          {"latency_ms",
           {{"p50", figures.p50.to_milliseconds()}, {"p99", figures.p99.to_milliseconds()}}},
          {"load_made", figures.load_made},
          {"processor", figures.processor},
          {"blocks_per_second", figures.blocks_per_second},
          {"others", figures.others}};
}
Json error_json(const std::optional<double>& error) { return error ? Json(*error) : Json(); }

Json cell_json(const Cell& cell) {
  const Errors errors = errors_of(cell);
  const Configuration& one = cell.configuration;
  return {{"name", cell.name},
          {"protocol", consensus::traits_of(one.protocol).name},
          {"replicas", one.replicas},
          {"load", name_of(cell.level)},
          {"offered_tps", cell.offered},
          {"calibrates", one.calibrates},
          {"offered", was_offered(cell)},
          {"quiet", was_quiet(cell.live)},
          {"repetitions", cell.repetitions},
          {"live", figures_json(cell.live)},
          {"live_least", figures_json(cell.live_least)},
          {"live_most", figures_json(cell.live_most)},
          {"simulated", figures_json(cell.simulated)},
          {"free", figures_json(cell.free)},
          {"errors",
           {{"throughput", error_json(errors.throughput)},
            {"p50", error_json(errors.p50)},
            {"p99", error_json(errors.p99)}}}};
}

Json metric_json(const MetricScore& score, double limit, const std::vector<Cell>& cells) {
  Json object{{"cells", score.cells},
              {"median_error", score.cells == 0 ? Json() : Json(score.median)},
              {"limit", limit}};
  object["worst"] = score.worst ? Json{{"cell", cells[*score.worst].name},
                                       {"load", name_of(cells[*score.worst].level)},
                                       {"error", score.worst_error}}
                                : Json();
  return object;
}

constexpr size_t kColumns = 8;
using Line = std::array<std::string, kColumns>;

std::string error_text(const std::optional<double>& error) {
  return error ? percent(*error) : std::string("-");
}
std::string both(double live, double simulated) { return figure(live) + " " + figure(simulated); }

Line line_of(const Cell& cell) {
  const Errors errors = errors_of(cell);
  const bool saturated = errors.throughput.has_value();
  return {
      cell.name + (cell.configuration.calibrates ? " *" : "") + (is_comparable(cell) ? "" : " !"),
      name_of(cell.level),
      saturated ? both(cell.live.throughput, cell.simulated.throughput) : "-",
      error_text(errors.throughput),
      saturated ? "-" : both(cell.live.p50.to_milliseconds(), cell.simulated.p50.to_milliseconds()),
      error_text(errors.p50),
      saturated ? "-" : both(cell.live.p99.to_milliseconds(), cell.simulated.p99.to_milliseconds()),
      error_text(errors.p99)};
}

std::string summary_line(const char* name, const MetricScore& score, double limit,
                         const std::vector<Cell>& cells, bool colour) {
  if (score.cells == 0) return fmt::format("{:<22} no cell says anything of it\n", name);
  std::string median = fmt::format("{:>7}", percent(score.median));
  if (colour && score.median > limit) median = "\033[31m" + median + "\033[0m";
  return fmt::format("{:<22}{}  (limit {}; {} cells)  worst {} in {}, {}\n", name, median,
                     percent(limit), score.cells, percent(score.worst_error),
                     cells[*score.worst].name, name_of(cells[*score.worst].level));
}

}  // namespace

std::string validation_json(const ValidationResult& result, const std::string& command) {
  const Score found = score(result.cells);
  Json object{
      {"validation", true},
      {"model_version", kModelVersion},
      {"command", command},
      {"profile", result.profile},
      {"machine", result.machine},
      {"links", result.links},
      {"changes", result.changes},
      {"complete", result.complete},
      {"valid", within(found, result.limits)},
      {"score",
       {{"throughput", metric_json(found.throughput, result.limits.throughput, result.cells)},
        {"p50", metric_json(found.p50, result.limits.p50, result.cells)},
        {"p99", metric_json(found.p99, result.limits.p99, result.cells)}}}};
  Json cells = Json::array();
  for (const Cell& cell : result.cells) cells.push_back(cell_json(cell));
  object["cells"] = std::move(cells);
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string validation_text(const ValidationResult& result, const RunTextStyle& style) {
  const Score found = score(result.cells);
  std::string out = summary_line("saturation throughput", found.throughput,
                                 result.limits.throughput, result.cells, style.colour);
  out += summary_line("p50, net", found.p50, result.limits.p50, result.cells, style.colour);
  out += summary_line("p99, net", found.p99, result.limits.p99, result.cells, style.colour);
  std::vector<Line> lines = {
      {"cell (live and simulated)", "load", "tx/s", "error", "p50 ms", "error", "p99 ms", "error"}};
  bool calibrated = false;
  bool unoffered = false;
  double others = 0;
  for (const Cell& cell : result.cells) {
    lines.push_back(line_of(cell));
    calibrated = calibrated || cell.configuration.calibrates;
    unoffered = unoffered || !was_offered(cell);
    others = std::max(others, cell.live.others);
  }
  std::array<size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  out += "\n";
  for (const Line& line : lines) {
    std::string text;
    for (size_t i = 0; i < kColumns; ++i) {
      text += i == 0 ? fmt::format("{:<{}}", line[i], widths[i])
                     : fmt::format("  {:>{}}", line[i], widths[i]);
    }
    out += text + "\n";
  }
  out +=
      "errors of latency are of what is left without propagation and timers (the same cell on a "
      "machine\nwithout costs); throughput is compared at saturation\n";
  if (unoffered) {
    out += "! not scored: this machine had no room for the load as well\n";
  }
  if (others > kDisturbed) {
    out += fmt::format("! not scored: others had up to {} of this machine's cores meanwhile\n",
                       percent(others));
  }
  if (!result.complete) out += "stopped before all cells were measured\n";
  if (calibrated) out += "* calibrates: the smallest n of its protocol, not scored\n";
  out += fmt::format("machine {}; profile {}; links {}\n", result.machine, result.profile,
                     result.links);
  return out;
}

}  // namespace govchain::analysis::validate
