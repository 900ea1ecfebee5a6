#include "analysis/live/node_figures.h"

#include <cstdlib>

namespace govchain::analysis::live {

double metric_of(const std::string& text, const std::string& name) {
  const std::string wanted = "\n" + name;
  for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
    size_t end = at + wanted.size();
    if (end >= text.size()) break;
    if (text[end] == '{') {
      end = text.find('}', end);
      if (end == std::string::npos) break;
      ++end;
    }
    if (end < text.size() && text[end] == ' ') return std::strtod(text.c_str() + end, nullptr);
  }
  return 0;
}

NodeFigures figures_of(const std::string& text) {
  // A value follows its description, so that none stands on the first line.
  const auto count = [&](const std::string& name) {
    return static_cast<uint64_t>(metric_of(text, "govchain_" + name));
  };
  const auto dropped = [&](const std::string& reason) {
    return count("engine_inputs_dropped_total{reason=\"" + reason + "\"}");
  };
  NodeFigures figures;
  consensus::EngineCounters& counters = figures.counters;
  counters.malformed = dropped("malformed");
  counters.oversize = dropped("oversize");
  counters.unauthorised = dropped("unauthorised");
  counters.forged = dropped("forged");
  counters.stale = dropped("stale");
  counters.future = dropped("future");
  counters.duplicate = dropped("duplicate");
  counters.conflicting = dropped("conflicting");
  counters.accepted = count("engine_inputs_accepted_total");
  counters.proposals = count("engine_proposals_total");
  counters.committed_blocks = count("engine_committed_blocks_total");
  counters.view_changes = count("engine_view_changes_total");
  counters.checkpoints = count("engine_checkpoints_total");
  counters.state_transfers = count("engine_state_transfers_total");
  counters.block_catch_ups = count("engine_block_catch_ups_total");
  counters.recoveries = count("engine_recoveries_total");
  counters.evidence = count("engine_evidence_total");
  counters.membership_changes = count("engine_membership_changes_total");
  figures.view = count("engine_view");
  figures.committed_height = count("engine_committed_height");
  figures.frames_received = count("transport_frames_received_total");
  figures.bytes_sent = count("transport_bytes_sent_total");
  figures.disk_full = count("disk_full") == 1;
  return figures;
}

}  // namespace govchain::analysis::live
