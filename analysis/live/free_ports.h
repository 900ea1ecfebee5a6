#pragma once
// Ports of the loopback address that nobody listens on.

#include <cstdint>

#include "consensus/result.h"

namespace govchain::analysis::live {

// The first of `count` free ports in a row, below those that the system gives to outgoing
// connections. They were free a moment ago; who takes one first has it. kExhausted if there are not
// so many.
[[nodiscard]] consensus::Result<uint16_t> free_ports(uint32_t count);

}  // namespace govchain::analysis::live
