#include "scenarios/profile_measurements.h"

#include <algorithm>

#include <fmt/format.h>

#include "scenarios/nearest_name.h"

namespace govchain::scenarios {

namespace {

constexpr uint64_t kFormat = 1;
constexpr double kMostMicroseconds = 1e9;

double share(DataFile& file, const JsonNode& object, const std::string& key) {
  const double value = file.number(object, key);
  if (value < 0) file.fail(object, key + ": expected a number, not below 0");
  return value;
}

void check_machine(DataFile& file, const JsonNode& machine) {
  only_members(file, machine,
               {"processor", "cores", "memory_bytes", "kernel", "file_system", "date"});
  for (const char* key : {"processor", "kernel", "file_system", "date"}) file.text(machine, key);
  if (file.count(machine, "cores") == 0) file.fail(machine, "cores: expected at least 1");
  file.count(machine, "memory_bytes");
}

void check_quiet(DataFile& file, const JsonNode& quiet) {
  const std::vector<std::string> numbers{"load_before",
                                         "load_after",
                                         "others",
                                         "stolen",
                                         "waited",
                                         "wide_rows",
                                         "involuntary_switches_per_second"};
  std::vector<std::string> known = numbers;
  known.insert(known.end(), {"noisy", "reasons"});
  only_members(file, quiet, known);
  for (const std::string& key : numbers) share(file, quiet, key);
  const JsonNode* noisy = file.member(quiet, "noisy", JsonNode::Type::kBoolean);
  const std::vector<JsonNode>& reasons = file.list(quiet, "reasons");
  for (const JsonNode& reason : reasons) {
    if (!reason.is_string()) file.fail(reason, "reasons: expected strings");
  }
  if (noisy != nullptr && noisy->boolean == reasons.empty()) {
    file.fail(*noisy, "noisy: expected true where there are reasons, and only there");
  }
}

void check_microseconds(DataFile& file, const JsonNode& us, bool is_wait) {
  std::vector<std::string> known{"median",    "low_quartile", "high_quartile",
                                 "deviation", "minimum",      "maximum"};
  if (is_wait) known.insert(known.end(), {"p90", "p99"});
  only_members(file, us, known);
  std::vector<double> ascending;
  std::vector<std::string> order{"minimum", "low_quartile", "median", "high_quartile"};
  if (is_wait) order.insert(order.end(), {"p90", "p99"});
  order.emplace_back("maximum");
  for (const std::string& key : order) ascending.push_back(file.number(us, key));
  const double deviation = share(file, us, "deviation");
  if (file.failure()) return;
  if (ascending.front() <= 0 || ascending.back() > kMostMicroseconds ||
      deviation > ascending.back()) {
    file.fail(us, "expected microseconds above 0, and at most 1e9");
  } else if (!std::is_sorted(ascending.begin(), ascending.end())) {
    file.fail(us, "expected minimum, quartiles, median and maximum in ascending order");
  }
}

void check_row(DataFile& file, const JsonNode& row) {
  if (!row.is_object()) return file.fail(row, "rows: expected objects");
  only_members(file, row,
               {"what", "of", "kind", "per", "us", "samples", "operations", "per_block"});
  file.text(row, "what");
  file.text(row, "per");
  if (const JsonNode* of = file.member(row, "of", JsonNode::Type::kObject)) {
    for (const Member& label : of->members) {
      if (!label.value.is_string()) file.fail(label.value, label.key + ": expected a string");
    }
  }
  const std::string kind = file.text(row, "kind");
  const std::vector<std::string> kinds{"processor", "wall", "wait"};
  if (!file.failure() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    file.fail(*row.find("kind"), "kind: expected processor, wall or wait");
  }
  if (const JsonNode* us = file.member(row, "us", JsonNode::Type::kObject)) {
    check_microseconds(file, *us, kind == "wait");
  }
  if (file.count(row, "samples") == 0) file.fail(row, "samples: expected at least 1");
  if (file.count(row, "operations") == 0) file.fail(row, "operations: expected at least 1");
  if (row.find("per_block") != nullptr) share(file, row, "per_block");
}

}  // namespace

std::shared_ptr<const sim::Measurements> read_measurements(DataFile& file,
                                                           const JsonNode& measurements) {
  auto read = std::make_shared<sim::Measurements>();
  for (const JsonNode& row : file.list(measurements, "rows")) {
    const JsonNode* const of = row.find("of");
    const JsonNode* const us = row.find("us");
    if (of == nullptr || us == nullptr) continue;
    sim::MeasuredRow& out = read->rows.emplace_back();
    out.what = file.text(row, "what");
    for (const Member& label : of->members) out.of.emplace_back(label.key, label.value.text);
    const auto time = [&](const char* key) {
      constexpr double kNanoseconds = 1e3;
      return sim::Duration::nanoseconds(
          static_cast<int64_t>(file.number(*us, key) * kNanoseconds + 0.5));
    };
    out.time.minimum = time("minimum");
    out.time.low_quartile = time("low_quartile");
    out.time.median = time("median");
    out.time.high_quartile = time("high_quartile");
    out.time.maximum = time("maximum");
    const bool is_wait = us->find("p90") != nullptr;
    out.time.p90 = is_wait ? time("p90") : out.time.maximum;
    out.time.p99 = is_wait ? time("p99") : out.time.maximum;
  }
  return read;
}

void only_members(DataFile& file, const JsonNode& object, const std::vector<std::string>& known) {
  for (const Member& member : object.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    JsonNode at;
    at.at = member.key_at;
    std::string message = fmt::format("unknown key \"{}\"", printable(member.key));
    if (const auto nearest = nearest_name(member.key, known)) {
      message += "; did you mean \"" + *nearest + "\"?";
    }
    file.fail(at, message);
  }
}

void check_measurements(DataFile& file, const JsonNode& measurements) {
  only_members(file, measurements,
               {"format", "machine", "quiet", "rounds", "seconds", "skipped", "rows"});
  if (file.count(measurements, "format") != kFormat) {
    file.fail(measurements, fmt::format("format: expected {}", kFormat));
  }
  if (const auto* machine = file.member(measurements, "machine", JsonNode::Type::kObject)) {
    check_machine(file, *machine);
  }
  if (const auto* quiet = file.member(measurements, "quiet", JsonNode::Type::kObject)) {
    check_quiet(file, *quiet);
  }
  file.count(measurements, "rounds");
  share(file, measurements, "seconds");
  for (const JsonNode& skipped : file.list(measurements, "skipped")) {
    only_members(file, skipped, {"what", "why"});
    file.text(skipped, "what");
    file.text(skipped, "why");
  }
  for (const JsonNode& row : file.list(measurements, "rows")) check_row(file, row);
}

}  // namespace govchain::scenarios
