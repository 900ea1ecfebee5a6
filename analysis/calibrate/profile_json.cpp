// The profile as a file: scenarios/data/README.md says what its sections are.

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/calibrate/calibration.h"
#include "analysis/calibrate/profile_fields.h"

namespace govchain::analysis {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kLastDigit = 1e-4;  // a tenth of a nanosecond
constexpr int kMeasurementsFormat = 1;

// A file that people read: no digits that mean nothing.
double rounded(double value) { return std::round(value / kLastDigit) * kLastDigit; }
// As it is written; 1.0000000000000002e-4 is not what anybody wants to read.
Json number(double value) { return Json::parse(fmt::format("{:.10g}", rounded(value))); }

Json rate_row(const std::string& source) {
  constexpr int kUsualCard = 10'000;
  return {{"mbps", kUsualCard}, {"source", source}, {"quality", "judgement"}};
}

Json row_json(const RowName& name, const Row& row) {
  Json of = Json::object();
  for (const auto& [key, value] : name.of) of[key] = value;
  const Spread spread = row.spread();
  Json us = {{"median", number(spread.median)},
             {"low_quartile", number(spread.low_quartile)},
             {"high_quartile", number(spread.high_quartile)},
             {"deviation", number(spread.deviation)},
             {"minimum", number(spread.minimum)},
             {"maximum", number(spread.maximum)}};
  if (row.kind == RowKind::kWait) {
    constexpr double kMost = 0.9;
    constexpr double kNearlyAll = 0.99;
    std::vector<double> ascending = row.samples;
    std::sort(ascending.begin(), ascending.end());
    us["p90"] = number(quantile(ascending, kMost));
    us["p99"] = number(quantile(ascending, kNearlyAll));
  }
  Json json = {{"what", name.what},           {"of", std::move(of)},
               {"kind", name_of(row.kind)},   {"per", row.per},
               {"us", std::move(us)},         {"samples", spread.values},
               {"operations", row.operations}};
  if (!row.per_block.empty()) json["per_block"] = number(spread_of(row.per_block).median);
  return json;
}

Json quiet_json(const Quiet& quiet) {
  return {{"noisy", quiet.is_noisy()},
          {"reasons", quiet.reasons},
          {"load_before", number(quiet.load_before)},
          {"load_after", number(quiet.load_after)},
          {"others", number(quiet.others)},
          {"stolen", number(quiet.stolen)},
          {"waited", number(quiet.waited)},
          {"involuntary_switches_per_second", number(quiet.involuntary_switches_per_second)},
          {"wide_rows", number(quiet.spread)}};
}

Json measurements_json(const Calibration& calibration) {
  const Machine& machine = calibration.machine;
  Json skipped = Json::array();
  for (const Skipped& one : calibration.skipped) {
    skipped.push_back({{"what", one.what}, {"why", one.why}});
  }
  Json rows = Json::array();
  for (const auto& [name, row] : calibration.figures.rows()) rows.push_back(row_json(name, row));
  return {{"format", kMeasurementsFormat},
          {"machine",
           {{"processor", machine.processor},
            {"cores", machine.cores},
            {"memory_bytes", machine.memory.count()},
            {"kernel", machine.kernel},
            {"file_system", machine.file_system},
            {"date", machine.date}}},
          {"quiet", quiet_json(calibration.quiet)},
          {"rounds", calibration.rounds.rounds},
          {"seconds", number(calibration.took.to_seconds())},
          {"skipped", std::move(skipped)},
          {"rows", std::move(rows)}};
}

}  // namespace

consensus::Result<std::string> profile_json(const Calibration& calibration,
                                            const ProfileChoice& choice) {
  const auto fields = profile_fields(calibration, choice.scheme);
  if (!fields) return fields.error();
  const Machine& machine = calibration.machine;
  const bool is_sm2 = choice.scheme == consensus::SignatureScheme::kSm2;
  Json profile = {
      {"id", choice.id},
      {"description",
       fmt::format("{}, {} cores, {}, measured on {}{}", machine.processor, machine.cores,
                   is_sm2 ? "SM2 and SM3" : "Ed25519 and SHA-256", machine.date,
                   calibration.quiet.is_noisy() ? " while it was busy: rough figures" : "")},
      {"cores", machine.cores},
      {"memory_bytes", machine.memory.count()},
      {"nic", rate_row("judgement: 10 Gb/s card; one machine alone cannot measure its line")}};
  for (const ProfileField& field : *fields) {
    profile[field.section][field.key] = {
        {field.unit, number(field.value)}, {"source", field.source}, {"quality", "measured"}};
  }
  profile["measurements"] = measurements_json(calibration);
  return profile.dump(1) + "\n";
}

}  // namespace govchain::analysis
