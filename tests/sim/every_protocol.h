#pragma once
// For tests of what holds whatever the engine.

#include <vector>

#include "consensus/protocols.h"

namespace govchain::sim {

[[nodiscard]] inline std::vector<consensus::Protocol> every_protocol() {
  std::vector<consensus::Protocol> all;
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    all.push_back(traits->protocol);
  }
  return all;
}

}  // namespace govchain::sim
