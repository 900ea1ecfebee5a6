#include "analysis/calibrate/calibration.h"

#include <utility>

#include "analysis/calibrate/scratch_folder.h"
#include "consensus/protocols.h"

namespace govchain::analysis {

using consensus::Duration;
using consensus::Result;

std::vector<std::unique_ptr<Probe>> all_probes(const ProbeSettings& settings,
                                               std::vector<Skipped>& skipped) {
  std::vector<std::unique_ptr<Probe>> probes;
  // Those that can fail for want of a folder come first: nobody should wait for that.
  probes.push_back(make_log_probe(settings));
  probes.push_back(make_file_probe(settings));
  probes.push_back(make_store_probe(settings));
  probes.push_back(make_transport_probe(settings));
  probes.push_back(make_admission_probe(settings));
  probes.push_back(make_client_probe(settings));
  probes.push_back(make_hand_over_probe(settings));
  probes.push_back(make_beside_probe(settings));
  probes.push_back(make_hash_probe(settings));
  probes.push_back(make_signature_probe(settings));
  probes.push_back(make_codec_probe(settings));
  for (const consensus::ProtocolTraits* protocol : consensus::protocols()) {
    probes.push_back(make_engine_probe(settings, *protocol));
  }
  probes.push_back(make_block_probe(settings));
  probes.push_back(make_ledger_probe(settings, skipped));
  return probes;
}

Result<Calibration> calibrate(const CalibrationRequest& request) {
  Calibration calibration;
  calibration.machine = this_machine(request.folder);
  const Activity before = activity_now();
  Result<std::unique_ptr<ScratchFolder>> scratch = ScratchFolder::make(request.folder);
  if (!scratch) return scratch.error();
  ProbeSettings settings;
  settings.scratch = (*scratch)->path();
  settings.effort = request.effort;
  settings.state_sizes = request.state_sizes;
  settings.hurries = request.hurries;
  settings.company = std::make_shared<Company>();
  settings.stop = request.stop;
  SystemClocks clocks;
  {
    const std::vector<std::unique_ptr<Probe>> probes = all_probes(settings, calibration.skipped);
    const Result<RoundsOutcome> rounds = run_rounds(
        probes, request.rounds, clocks, calibration.figures, request.stop, request.progress);
    if (!rounds) return rounds.error();
    calibration.rounds = *rounds;
  }
  const Activity after = activity_now();
  calibration.took = after.at - before.at;
  calibration.quiet = quiet_between(before, after, calibration.machine.cores, calibration.figures);
  return calibration;
}

}  // namespace govchain::analysis
