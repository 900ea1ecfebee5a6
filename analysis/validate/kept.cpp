#include "analysis/validate/kept.h"

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

namespace govchain::analysis::validate {

namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using Json = nlohmann::json;

Duration milliseconds(const Json& value) {
  constexpr double kNanoseconds = 1e6;
  return Duration::nanoseconds(static_cast<int64_t>(value.get<double>() * kNanoseconds + 0.5));
}

Figures figures_of(const Json& object) {
  Figures figures;
  figures.throughput = object.at("throughput_tps").get<double>();
  figures.p50 = milliseconds(object.at("latency_ms").at("p50"));
  figures.p99 = milliseconds(object.at("latency_ms").at("p99"));
  figures.load_made = object.at("load_made").get<double>();
  figures.processor = object.at("processor").get<double>();
  figures.others = object.at("others").get<double>();
  figures.blocks_per_second = object.at("blocks_per_second").get<double>();
  return figures;
}

Cell cell_of(const Json& object) {
  Cell cell;
  cell.name = object.at("name").get<std::string>();
  cell.level = LoadLevel::kAsGiven;
  for (const LoadLevel level : kLoadLevels) {
    if (object.at("load") == name_of(level)) cell.level = level;
  }
  cell.offered = object.at("offered_tps").get<double>();
  cell.live = figures_of(object.at("live"));
  cell.live_least = figures_of(object.at("live_least"));
  cell.live_most = figures_of(object.at("live_most"));
  cell.repetitions = object.at("repetitions").get<uint32_t>();
  return cell;
}

}  // namespace

Result<std::vector<Cell>> read_measured(const std::string& path, const ValidationResult& now) {
  std::ifstream file(path);
  if (!file) return Error{ErrorCode::kNotFound, "nothing to go on with", path};
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  try {
    const Json object = Json::parse(text);
    const auto differs = [&](const char* key, const Json& value) {
      return object.at(key) != value;
    };
    if (differs("machine", now.machine) || differs("changes", now.changes)) {
      return Error{ErrorCode::kInvalid,
                   "was measured on another machine or with other changes to the scenarios", path};
    }
    std::vector<Cell> cells;
    for (const Json& cell : object.at("cells")) cells.push_back(cell_of(cell));
    return cells;
  } catch (const Json::exception&) {
    return Error{ErrorCode::kInvalid, "is no result of a validation", path};
  }
}

}  // namespace govchain::analysis::validate
