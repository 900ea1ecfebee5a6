#include "scenarios/scenario.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "consensus/crypto/hash.h"
#include "scenarios/consensus_reader.h"
#include "scenarios/diagnostic.h"
#include "scenarios/national_reader.h"
#include "scenarios/nearest_name.h"
#include "scenarios/overrides.h"
#include "scenarios/reader.h"
#include "scenarios/schema_check.h"

namespace govchain::scenarios {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

const char* name_of(ScenarioKind kind) {
  return kind == ScenarioKind::kNational ? "national" : "consensus";
}

const char* name_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return "<";
    case Comparison::kLessOrEqual:
      return "<=";
    case Comparison::kGreater:
      return ">";
    case Comparison::kGreaterOrEqual:
      return ">=";
  }
  return "";
}

bool holds(double value, Comparison comparison, double bound) {
  switch (comparison) {
    case Comparison::kLess:
      return value < bound;
    case Comparison::kLessOrEqual:
      return value <= bound;
    case Comparison::kGreater:
      return value > bound;
    case Comparison::kGreaterOrEqual:
      return value >= bound;
  }
  return false;
}

namespace {

std::string hash_of(const std::string& text) {
  const consensus::Digest digest =
      consensus::hash(consensus::HashAlgorithm::kSha256,
                      std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  std::string hex;
  for (const uint8_t byte : digest.bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::vector<Objective> read_objectives(const Reader& root) {
  std::vector<Objective> objectives;
  for (const Reader& entry : root.objects("objectives", "objective")) {
    Objective one;
    one.metric = entry.text("metric");
    const std::string comparison = entry.text("comparison");
    if (comparison == "<") one.comparison = Comparison::kLess;
    if (comparison == ">") one.comparison = Comparison::kGreater;
    if (comparison == ">=") one.comparison = Comparison::kGreaterOrEqual;
    one.value = entry.value("value", 0);
    one.where = entry.find("metric") != nullptr ? place_of(entry.find("metric")->at) : "";
    if (!one.metric.starts_with('/')) {
      entry.refuse("metric",
                   "expected a JSON pointer into the result, like /chains/0/latency_ms/p99");
    }
    objectives.push_back(std::move(one));
  }
  return objectives;
}

// A scenario that is missing: which one was meant?
Error not_found(const std::string& path, const std::string& home) {
  Error error{ErrorCode::kNotFound, printable(path) + ": no such file", {}};
  std::vector<std::string> known;
  const Result<std::vector<ScenarioEntry>> entries = list_scenarios(home);
  if (entries) {
    for (const ScenarioEntry& entry : *entries) {
      known.push_back(std::filesystem::path(entry.path).filename().string());
    }
    const std::string name = std::filesystem::path(path).filename().string();
    if (const auto nearest = nearest_name(name, known)) {
      for (const ScenarioEntry& entry : *entries) {
        if (std::filesystem::path(entry.path).filename().string() != *nearest) continue;
        error.message += "; did you mean " + entry.path + "?";
        break;
      }
    }
  }
  error.message += "\nThere is what `govchain scenario list` prints.";
  return error;
}

// Where in a document of this kind an option's value goes; empty: nowhere.
std::string pointer_of_option(const std::string& option, bool national) {
  if (option == "--seed") return "/seed";
  if (option == "--load") return national ? "/deployment/transactions" : "/load_mode";
  if (option == "--crypto") return national ? "" : "/crypto";
  if (option == "--network") return national ? "" : "/network/model";
  return "";
}

Status apply_options(Document& document, const LoadOptions& options) {
  for (const std::string& change : options.overrides) {
    Status done = apply_override(document, "--set", change);
    if (!done) return done;
  }
  const JsonNode* kind = document.root.find("kind");
  const bool national = kind != nullptr && kind->text == "national";
  for (const auto& [option, value] : options.named) {
    const std::string pointer = pointer_of_option(option, national);
    if (pointer.empty()) {
      return Error{ErrorCode::kInvalid, "has no effect on a plan", option};
    }
    std::string name = option;
    name += " " + value;
    Status done = apply_override(document, name, pointer + "=" + value);
    if (!done) return done;
  }
  return consensus::success();
}

// The folder that holds the data sets: the one given, else the nearest above the scenario.
std::string home_of(const std::string& path, const std::string& home) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto holds_data = [&](const fs::path& folder) {
    return fs::exists(folder / "scenarios" / "data" / "provinces.json", error);
  };
  if (holds_data(home)) return home;
  const fs::path file = fs::absolute(path, error);
  for (fs::path folder = file.parent_path(); !error; folder = folder.parent_path()) {
    if (holds_data(folder)) return folder.string();
    if (folder == folder.root_path()) break;
  }
  return home;
}

Status check_document(const Document& document) {
  if (auto wrong = check_schema(document.root)) return to_error(*wrong);
  return consensus::success();
}

}  // namespace

Result<Scenario> load_scenario(const std::string& path, const LoadOptions& options) {
  const std::string home = home_of(path, options.home);
  Result<Document> document = read_document(path);
  if (!document) {
    if (document.error().code == ErrorCode::kNotFound) return not_found(path, home);
    return document.error();
  }
  Status changed = apply_options(*document, options);
  if (!changed) return changed.error();
  Status valid = check_document(*document);
  if (!valid) return valid.error();

  ReadLog log;
  log.keys_asked = options.keys_asked;
  const JsonNode* kind = document->root.find("kind");
  const bool national = kind->text == "national";
  const Reader root(log, &document->root, national ? "national" : "consensus", {});
  Scenario scenario;
  scenario.path = path;
  scenario.id = root.text("id");
  scenario.summary = root.text("summary");
  scenario.kind =
      root.text("kind") == "national" ? ScenarioKind::kNational : ScenarioKind::kConsensus;
  scenario.objectives = read_objectives(root);
  if (national) {
    scenario.national = read_national(root, home, options.profile);
  } else {
    scenario.world = read_consensus(root, home, options.profile);
  }
  if (log.error) return to_error(*log.error);
  for (const Diagnostic& warning : log.warnings) {
    scenario.warnings.push_back("warning: " + place_of(warning.at) + "  " +
                                printable(warning.pointer) + "  " + warning.message);
  }
  scenario.hash = hash_of(canonical_text(document->root));
  scenario.resolved = pretty_text(document->root) + "\n";
  if (national) {
    const Status consistent = models::check_nation(scenario.national->nation);
    if (!consistent) {
      const std::string where = consistent.error().where;
      return Error{
          ErrorCode::kInvalid,
          printable(path) + ": " + (where.empty() ? "" : where + ": ") + consistent.error().message,
          {}};
    }
  }
  return scenario;
}

Result<std::vector<ScenarioEntry>> list_scenarios(const std::string& home) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> paths;
  const fs::path folder = fs::path(home) / "scenarios";
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory() && (name == "data" || name == "schema")) {
      entry.disable_recursion_pending();
    } else if (entry->path().extension() == ".json") {
      paths.push_back(fs::relative(entry->path(), home, error).string());
    }
  }
  if (paths.empty()) {
    return Error{ErrorCode::kNotFound, "no scenarios here; set GOVCHAIN_HOME to the checkout",
                 printable(folder.string())};
  }
  std::sort(paths.begin(), paths.end());
  std::vector<ScenarioEntry> entries;
  for (const std::string& path : paths) {
    Result<Document> document = read_document((fs::path(home) / path).string());
    if (!document) return document.error();
    const auto text = [&](const char* key) {
      const JsonNode* node = document->root.find(key);
      return node != nullptr && node->is_string() ? node->text : std::string();
    };
    entries.push_back({text("id"), path, text("summary"), text("kind")});
  }
  return entries;
}

}  // namespace govchain::scenarios
