#pragma once
// The measurements there are, one maker each. What a row means stands in README.md.

#include <memory>
#include <string>
#include <vector>

#include "analysis/calibrate/rounds.h"
#include "analysis/calibrate/settings.h"
#include "consensus/protocol_traits.h"

namespace govchain::analysis {

// What was left out of a calibration, and why.
struct Skipped {
  std::string what;
  std::string why;
};

[[nodiscard]] std::unique_ptr<Probe> make_hash_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_signature_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_codec_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_engine_probe(const ProbeSettings& settings,
                                                       const consensus::ProtocolTraits& protocol);
// Appends to `skipped` what does not fit into memory; it must outlive the probe.
[[nodiscard]] std::unique_ptr<Probe> make_ledger_probe(const ProbeSettings& settings,
                                                       std::vector<Skipped>& skipped);
[[nodiscard]] std::unique_ptr<Probe> make_transport_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_hand_over_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_log_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_file_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_store_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_admission_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_client_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_beside_probe(const ProbeSettings& settings);
[[nodiscard]] std::unique_ptr<Probe> make_block_probe(const ProbeSettings& settings);

// All of them. A folder that cannot be used is found by the first one that writes.
[[nodiscard]] std::vector<std::unique_ptr<Probe>> all_probes(const ProbeSettings& settings,
                                                             std::vector<Skipped>& skipped);

// Sizes of replica sets that are measured: 3f + 1, and 2f + 1 for protocols that tolerate crashes.
[[nodiscard]] std::vector<uint32_t> replica_counts(const consensus::ProtocolTraits& protocol);

}  // namespace govchain::analysis
