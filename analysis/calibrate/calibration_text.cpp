#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "analysis/calibrate/calibration.h"
#include "analysis/calibrate/profile_fields.h"
#include "analysis/experiments/figures.h"
#include "consensus/protocols.h"

namespace govchain::analysis {

namespace {

constexpr size_t kColumns = 80;

std::string line(const std::string& name, const std::string& middle, const std::string& low,
                 const std::string& high, const std::string& unit) {
  return fmt::format("  {:<36.36} {:>9} {:>9} {:>9}  {}\n", name, middle, low, high, unit);
}
std::string heading(const std::string& what) {
  return fmt::format("\n  {:<36} {:>9} {:>9} {:>9}\n", what, "median", "quarter", "3/4");
}

std::string short_unit(const std::string& per) { return "us" + (per.empty() ? "" : "/" + per); }

// "us/1,000 bytes" would not fit.
std::string unit_of(const Row& row) {
  if (row.per == "1,000 bytes") return "us/kB";
  if (row.per == "transaction") return "us/tx";
  if (row.per == "signature") return "us";
  return short_unit(row.per);
}

std::string row_line(const RowName& name, const Row& row) {
  const Spread spread = row.spread();
  return line(name.text(), figure(spread.median), figure(spread.low_quartile),
              figure(spread.high_quartile), unit_of(row));
}

// Processor time of a replica for each message that it gets, all its steps together: a line for
// each protocol, a column for each number of replicas.
std::string engines_text(const Figures& figures, const std::string& payloads) {
  std::string text =
      fmt::format("\n  Engine, us a message ± median deviation, blocks of {}\n", payloads);
  for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
    text += fmt::format("  {:<12}", protocol->name);
    for (const uint32_t replicas : replica_counts(*protocol)) {
      const Row* row = figures.find({"engine",
                                     {{"protocol", std::string(protocol->name)},
                                      {"replicas", std::to_string(replicas)},
                                      {"payloads", payloads}}});
      if (row == nullptr) continue;
      const Spread spread = row->spread();
      text += fmt::format("  n={:<2} {:>6} ± {:>2.0f} %", replicas, figure(spread.median),
                          spread.deviation / spread.median * 100);
    }
    text += "\n";
  }
  return text;
}

std::string wrapped(const std::string& first, const std::string& text) {
  std::string out = first;
  size_t used = first.size();
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    if (used + 1 + end - begin > kColumns) {
      out += "\n   ";
      used = 3;
    }
    out += " " + text.substr(begin, end - begin);
    used += 1 + end - begin;
    begin = end + 1;
  }
  return out + "\n";
}

std::string quiet_text(const Quiet& quiet) {
  if (!quiet.is_noisy()) {
    return wrapped("quiet:", fmt::format("others used {} of the cores' time, {} was waited",
                                         percent(quiet.others), percent(quiet.waited)));
  }
  std::string reasons;
  for (const std::string& reason : quiet.reasons) {
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  return wrapped("NOISY:", reasons) +
         "Measure again when the machine is idle before you rely on it.\n";
}

}  // namespace

consensus::Result<std::string> calibration_text(const Calibration& calibration,
                                                const ProfileChoice& choice) {
  const auto fields = profile_fields(calibration, choice.scheme);
  if (!fields) return fields.error();
  const Machine& machine = calibration.machine;
  std::string text = wrapped(machine.processor + ":",
                             fmt::format("{} cores, {} GB, {}, {}, {}", machine.cores,
                                         machine.memory.count() / 1'000'000'000, machine.kernel,
                                         machine.file_system, machine.date));
  text += wrapped(fmt::format("{} rounds in {:.0f} s;", calibration.rounds.rounds,
                              calibration.took.to_seconds()),
                  "medians and quartiles over rounds, of waits over all waits");
  text += quiet_text(calibration.quiet);

  text += heading("Profile");
  for (const ProfileField& field : *fields) {
    text += line(field.key, figure(field.value), figure(field.low), figure(field.high),
                 field.unit == "us" ? "us" : "Mbit/s");
  }
  const std::set<std::string> elsewhere{"step", "engine", "engine payload", "encode", "decode"};
  std::string kind;
  size_t in_file = 0;
  for (const auto& [name, row] : calibration.figures.rows()) {
    if (elsewhere.contains(name.what)) {
      ++in_file;
      continue;
    }
    if (kind.empty()) text += heading("Measured");
    kind = name.what;
    text += row_line(name, row);
  }
  text += engines_text(calibration.figures, "1") + engines_text(calibration.figures, "100");
  if (!calibration.skipped.empty()) text += "\n";
  for (const Skipped& skipped : calibration.skipped) {
    text += wrapped("not measured:", skipped.what + ": " + skipped.why);
  }
  text += "\n" + wrapped(fmt::format("{} rows", in_file),
                         "more by type of message and input, also codec: in the profile.");
  return text;
}

}  // namespace govchain::analysis
