#pragma once
// Which configurations a validation measures: a fraction of all combinations of protocol, replicas,
// payload, signature and link delay, each at several loads.
//
// All combinations would be 1,080 cells. The design takes four configurations of each protocol, two
// of them at its smallest number of replicas, which calibrate and are not scored. Payload,
// signature and delay are dealt so that every pair of levels of any two factors meets as evenly as
// it can (a pairwise covering design, made greedily: Cohen et al., The AETG system, IEEE TSE 1997).

#include <cstdint>
#include <string>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::analysis::validate {

struct Configuration {
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint32_t replicas = 4;
  consensus::Bytes payload;
  consensus::SignatureScheme signature = consensus::SignatureScheme::kEd25519;
  consensus::Duration link_delay;  // one way
  // The protocol's smallest number of replicas: what the model may be fitted to, and not scored.
  bool calibrates = false;
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// How hard a cell is driven. At saturation throughput is scored, below it latency.
// kAsGiven is no level of the design: the load that a scenario itself has.
enum class LoadLevel : uint8_t { kFifth, kHalf, kFourFifths, kSaturation, kAsGiven };
inline constexpr LoadLevel kLoadLevels[] = {LoadLevel::kFifth, LoadLevel::kHalf,
                                            LoadLevel::kFourFifths, LoadLevel::kSaturation};
// Of the measured saturation.
[[nodiscard]] double share_of(LoadLevel level);
// "20 %", …, "saturation".
[[nodiscard]] std::string name_of(LoadLevel level);

// In the order in which they are measured. The same on every machine; protocols in the order given.
[[nodiscard]] std::vector<Configuration> fractional_design(
    const std::vector<consensus::Protocol>& protocols);

// "pbft n=7, 1 KiB, sm2, 5 ms".
[[nodiscard]] std::string describe(const Configuration& configuration);
// What makes a scenario of one chain this configuration: POINTER=VALUE, for
// scenarios::load_scenario.
[[nodiscard]] std::vector<std::string> overrides_of(const Configuration& configuration);

}  // namespace govchain::analysis::validate
