#pragma once
// Measures this machine: all probes in rounds, and what is to be said of the machine and of how
// quiet it was.

#include <atomic>
#include <string>
#include <vector>

#include "analysis/calibrate/machine.h"
#include "analysis/calibrate/probes.h"
#include "analysis/calibrate/rounds.h"
#include "consensus/crypto/crypto.h"
#include "consensus/result.h"

namespace govchain::analysis {

struct CalibrationRequest {
  std::string folder = ".";  // on the file system that is measured
  double effort = 1;
  std::vector<uint64_t> state_sizes = ProbeSettings{}.state_sizes;
  bool hurries = true;  // as ProbeSettings has it
  RoundsPlan rounds;
  const std::atomic<bool>* stop = nullptr;
  RoundsProgress progress;
};

struct Calibration {
  Machine machine;
  Quiet quiet;
  RoundsOutcome rounds;
  consensus::Duration took;  // with preparation
  Figures figures;
  std::vector<Skipped> skipped;
};

// Nothing stays in the folder. Errors: that of the folder, or of the first probe that cannot go on.
[[nodiscard]] consensus::Result<Calibration> calibrate(const CalibrationRequest& request);

// What the profile is made for: its signatures and its hash.
struct ProfileChoice {
  std::string id;
  consensus::SignatureScheme scheme = consensus::SignatureScheme::kEd25519;
};
// A machine profile as scenarios/machine_profiles.cpp reads it, with all measurements. Error:
// kNotFound if a figure that a profile needs was not measured.
[[nodiscard]] consensus::Result<std::string> profile_json(const Calibration& calibration,
                                                          const ProfileChoice& choice);
// For people, in 80 columns.
[[nodiscard]] consensus::Result<std::string> calibration_text(const Calibration& calibration,
                                                              const ProfileChoice& choice);

}  // namespace govchain::analysis
