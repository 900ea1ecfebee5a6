#include "analysis/experiments/compare_digests.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "scenarios/diagnostic.h"
#include "scenarios/json_document.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

namespace fs = std::filesystem;

struct StoredRun {
  fs::path folder;
  scenarios::JsonNode root;
  std::unique_ptr<scenarios::SourceText> source;
  [[nodiscard]] std::string text(const char* key) const {
    const scenarios::JsonNode* node = root.find(key);
    return node != nullptr ? node->text : "";
  }
};

Result<StoredRun> read_run(const std::string& path) {
  std::error_code ignored;
  const fs::path file =
      fs::is_directory(path, ignored) ? fs::path(path) / "result.json" : fs::path(path);
  auto source = scenarios::read_source(file.string());
  if (!source) {
    return Error{ErrorCode::kNotFound, "no run here; expected the folder that govchain run wrote",
                 scenarios::printable(path)};
  }
  StoredRun run;
  run.folder = file.parent_path();
  run.source = *std::move(source);
  auto root = scenarios::parse_json(*run.source);
  if (!root) return root.error();
  run.root = *std::move(root);
  if (run.text("digest").empty()) {
    return Error{ErrorCode::kInvalid, "has no digest; it is not the result of a run",
                 scenarios::printable(file.string())};
  }
  return run;
}

// The first difference in the order of the document; what lies outside the digest is left out.
std::string first_difference(const scenarios::JsonNode& a, const scenarios::JsonNode& b,
                             const std::string& pointer) {
  if (a.is_object() && b.is_object()) {
    for (const scenarios::Member& member : a.members) {
      if (pointer.empty() &&
          (member.key == "digest" || member.key == "command" || member.key == "simulation")) {
        continue;
      }
      const std::string inner = pointer + "/" + scenarios::escape_token(member.key);
      const scenarios::JsonNode* other = b.find(member.key);
      if (other == nullptr) return inner + ": only in the first";
      std::string found = first_difference(member.value, *other, inner);
      if (!found.empty()) return found;
    }
    return "";
  }
  if (a.is_array() && b.is_array() && a.elements.size() == b.elements.size()) {
    for (size_t i = 0; i < a.elements.size(); ++i) {
      std::string found =
          first_difference(a.elements[i], b.elements[i], pointer + "/" + std::to_string(i));
      if (!found.empty()) return found;
    }
    return "";
  }
  const std::string left = scenarios::canonical_text(a);
  const std::string right = scenarios::canonical_text(b);
  constexpr size_t kShown = 60;
  if (left == right) return "";
  return pointer + ": " + left.substr(0, kShown) + " and " + right.substr(0, kShown);
}

// A file that is gone when it is no longer needed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name)
      : path_(fs::temp_directory_path() / ("govchain-" + std::to_string(::getpid()) + "-" + name)) {
  }
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// Where the events of a run are: its own trace, or a new one of the same scenario.
Result<std::string> trace_of(const StoredRun& run, const std::string& home,
                             const std::string& temporary, const std::atomic<bool>* stop) {
  const fs::path own = run.folder / "trace.json";
  std::error_code ignored;
  if (fs::exists(own, ignored)) return own.string();
  scenarios::LoadOptions options;
  options.home = home;
  const auto scenario = scenarios::load_scenario((run.folder / "scenario.json").string(), options);
  if (!scenario) return scenario.error();
  sim::RunOptions run_options;
  run_options.stop = stop;
  run_options.trace_path = temporary;
  const auto world = sim::run_world(scenario->world, run_options);
  if (!world) return world.error();
  return temporary;
}

void compare_events(const std::string& a, const std::string& b, RunDifference& difference) {
  std::ifstream left(a);
  std::ifstream right(b);
  difference.events_compared = left.good() && right.good();
  const auto next = [](std::ifstream& file, std::string& line) {
    while (std::getline(file, line)) {
      if (!line.empty() && line.back() == ',') line.pop_back();
      // Names of tracks are no events.
      if (line.starts_with('{') && line.find("\"ph\":\"M\"") == std::string::npos) return;
    }
    line.clear();
  };
  std::string one;
  std::string other;
  for (;;) {
    next(left, one);
    next(right, other);
    if (one.empty() && other.empty()) return;
    ++difference.event;
    if (one == other) continue;
    difference.events_differ = true;
    difference.event_a = one;
    difference.event_b = other;
    return;
  }
}

}  // namespace

Result<RunDifference> compare_digests(const std::string& a, const std::string& b,
                                      const std::string& home, const std::atomic<bool>* stop) {
  const Result<StoredRun> left = read_run(a);
  if (!left) return left.error();
  const Result<StoredRun> right = read_run(b);
  if (!right) return right.error();
  RunDifference difference;
  difference.digest_a = left->text("digest");
  difference.digest_b = right->text("digest");
  difference.same = difference.digest_a == difference.digest_b;
  if (difference.same) return difference;
  difference.same_scenario = left->text("scenario_hash") == right->text("scenario_hash");
  difference.same_model_version = left->text("model_version") == right->text("model_version");
  difference.first_figure = first_difference(left->root, right->root, "");
  const TemporaryFile first("a.json");
  const TemporaryFile second("b.json");
  const Result<std::string> trace_a = trace_of(*left, home, first.path(), stop);
  const Result<std::string> trace_b = trace_of(*right, home, second.path(), stop);
  if (trace_a && trace_b) compare_events(*trace_a, *trace_b, difference);
  return difference;
}

}  // namespace govchain::analysis
