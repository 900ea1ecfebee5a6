#pragma once
// From a document of kind "consensus" to the description of a world.

#include <string>

#include "scenarios/reader.h"
#include "sim/world_spec.h"

namespace govchain::scenarios {

// Complaints are left in the reader's log; the world means something only if there is none.
// `profile`: a machine profile's file for every host, or empty.
[[nodiscard]] sim::WorldSpec read_consensus(const Reader& root, const std::string& home,
                                            const std::string& profile);

// Pieces, each in the file of its name.
struct MachineReader {
  std::string home;
  std::string profile_file;
  // `base`: what applies where the object says nothing.
  [[nodiscard]] sim::MachineProfile read(const Reader& machine,
                                         const sim::MachineProfile& base) const;
};
[[nodiscard]] sim::Jitter read_jitter(const Reader& jitter);
[[nodiscard]] sim::NetworkSpec read_network(const Reader& network, const std::string& home);
// Needs places, chains and their replicas.
void read_load(const Reader& load, const Reader& chain, sim::ChainIndex index,
               sim::WorldSpec& world);
void read_events(const Reader& root, sim::WorldSpec& world);

}  // namespace govchain::scenarios
