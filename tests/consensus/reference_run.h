#pragma once
// A fixed small life of one chain, told by the table of protocols alone: load, reads, a leader that
// fails, a restart from the log, catching up, a state transfer, a membership change, lost proposals
// and proposals by digest. Every build, compiler and machine must make the same effects of it.

#include <cstdint>
#include <map>
#include <vector>

#include "consensus/protocol_traits.h"
#include "consensus/types.h"

namespace govchain::consensus::testing {

struct ReferenceRun {
  Digest effects;  // of all effects of all replicas, in order
  uint64_t effect_count = 0;
  uint64_t committed = 0;  // blocks, of all replicas together
  uint64_t stalls = 0;     // times that nothing was decided any more
  Digest state;            // of all fingerprints at the end
  // The first of each type that an engine made, in canonical bytes.
  std::map<uint8_t, std::vector<uint8_t>> messages;
  std::map<uint8_t, std::vector<uint8_t>> records;
};

[[nodiscard]] ReferenceRun make_reference_run(const ProtocolTraits& protocol);

}  // namespace govchain::consensus::testing
