#pragma once
// The consensus engine of a chain, and the settings that only some engines have.

#include "scenarios/reader.h"
#include "sim/world_spec.h"

namespace govchain::scenarios {

// Which one `section.protocol` names; `otherwise` if it names none.
[[nodiscard]] consensus::Protocol protocol_of(const Reader& section, consensus::Protocol otherwise);
// A section of a chain is named after its engine. Settings of another engine are read all the same,
// so that mistakes in them are told, with a warning that they have no effect.
void read_protocol_settings(const Reader& chain, sim::ChainSpec& spec);

}  // namespace govchain::scenarios
