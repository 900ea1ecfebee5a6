#include "analysis/validate/design.h"

#include <array>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "consensus/assert.h"

namespace govchain::analysis::validate {

namespace {

using consensus::Bytes;
using consensus::Duration;
using consensus::Protocol;
using consensus::SignatureScheme;

constexpr std::array kPayloads = {Bytes(128), Bytes(1'024), Bytes(16'384)};
constexpr std::array kSignatures = {SignatureScheme::kEd25519, SignatureScheme::kSm2};
constexpr std::array kDelays = {Duration::zero(), Duration::milliseconds(5),
                                Duration::milliseconds(25)};
// Positions in a protocol's list of sizes: twice the smallest.
constexpr std::array<size_t, 4> kSizePositions = {0, 0, 1, 2};

std::array<uint32_t, 3> sizes_of(Protocol protocol) {
  // A crash-fault protocol needs 2f + 1 replicas, the others 3f + 1.
  if (protocol == Protocol::kRaft) return {3, 5, 7};
  return {4, 7, 10};
}

// The levels that a configuration has, by factor.
using Levels = std::array<size_t, 4>;  // size, payload, signature, delay
constexpr std::array<size_t, 4> kCounts = {3, kPayloads.size(), kSignatures.size(), kDelays.size()};

// How often each pair of levels of two factors, and each level, has met so far.
class Meetings {
 public:
  // The more often this configuration's pairs have met already, the worse it is.
  [[nodiscard]] uint64_t cost(const Levels& levels) const {
    uint64_t cost = 0;
    for (size_t a = 0; a < levels.size(); ++a) {
      for (size_t b = a; b < levels.size(); ++b) {
        const uint64_t met = met_[a][b][levels[a]][levels[b]];
        // As if every pair of factors had as many levels: rarer levels may meet more often.
        cost += met * met * kCounts[a] * kCounts[b];
      }
    }
    return cost;
  }
  void add(const Levels& levels) {
    for (size_t a = 0; a < levels.size(); ++a) {
      for (size_t b = a; b < levels.size(); ++b) ++met_[a][b][levels[a]][levels[b]];
    }
  }

 private:
  std::array<std::array<std::array<std::array<uint64_t, 3>, 3>, 4>, 4> met_{};
};

}  // namespace

double share_of(LoadLevel level) {
  switch (level) {
    case LoadLevel::kFifth:
      return 0.2;
    case LoadLevel::kHalf:
      return 0.5;
    case LoadLevel::kFourFifths:
      return 0.8;
    case LoadLevel::kSaturation:
    case LoadLevel::kAsGiven:
      return 1;
  }
  return 1;
}

std::string name_of(LoadLevel level) {
  if (level == LoadLevel::kSaturation) return "saturation";
  if (level == LoadLevel::kAsGiven) return "as given";
  return fmt::format("{} %", std::lround(share_of(level) * 100));
}

std::vector<Configuration> fractional_design(const std::vector<Protocol>& protocols) {
  std::vector<Configuration> design;
  Meetings meetings;
  for (const Protocol protocol : protocols) {
    std::vector<Levels> own;
    for (const size_t size : kSizePositions) {
      Levels best{};
      uint64_t least = UINT64_MAX;
      for (size_t payload = 0; payload < kPayloads.size(); ++payload) {
        for (size_t signature = 0; signature < kSignatures.size(); ++signature) {
          for (size_t delay = 0; delay < kDelays.size(); ++delay) {
            const Levels levels = {size, payload, signature, delay};
            // Within a protocol no level is repeated before the others have had their turn.
            uint64_t repeated = 0;
            for (const Levels& other : own) {
              for (size_t factor = 1; factor < levels.size(); ++factor) {
                if (other[factor] == levels[factor]) repeated += kCounts[factor];
              }
            }
            const uint64_t cost = meetings.cost(levels) + 4 * repeated;
            if (cost < least) {
              least = cost;
              best = levels;
            }
          }
        }
      }
      meetings.add(best);
      own.push_back(best);
      Configuration configuration;
      configuration.protocol = protocol;
      configuration.replicas = sizes_of(protocol)[size];
      configuration.payload = kPayloads[best[1]];
      configuration.signature = kSignatures[best[2]];
      configuration.link_delay = kDelays[best[3]];
      configuration.calibrates = size == 0;
      design.push_back(configuration);
    }
  }
  return design;
}

std::string describe(const Configuration& configuration) {
  const uint64_t bytes = configuration.payload.count();
  const std::string payload =
      bytes % 1'024 == 0 ? fmt::format("{} KiB", bytes / 1'024) : fmt::format("{} B", bytes);
  return fmt::format("{} n={}, {}, {}, {:g} ms", consensus::traits_of(configuration.protocol).name,
                     configuration.replicas, payload,
                     configuration.signature == SignatureScheme::kSm2 ? "sm2" : "ed25519",
                     configuration.link_delay.to_milliseconds());
}

std::vector<std::string> overrides_of(const Configuration& configuration) {
  return {
      fmt::format("/chains/0/protocol={}", consensus::traits_of(configuration.protocol).name),
      fmt::format("/chains/0/replicas={}", configuration.replicas),
      fmt::format("/chains/0/load/payload_bytes={}", configuration.payload.count()),
      fmt::format("/chains/0/signatures={}",
                  configuration.signature == SignatureScheme::kSm2 ? "sm2" : "ed25519"),
      fmt::format("/network/places/0/local_delay_ms={:g}",
                  configuration.link_delay.to_milliseconds()),
      "/chains/0/one_machine=true",
  };
}

}  // namespace govchain::analysis::validate
