#pragma once
// Adversaries that work together read the bodies of one protocol's messages, so each protocol that
// bears lies has a kind of its own: they vote for one victim alone, deny it afterwards, and lead
// views that forget it. conspirators.cpp is the one place that names them all.

#include <memory>

#include "consensus/types.h"
#include "sim/adversary/interceptor.h"

namespace govchain::sim {

using ConspiratorFactory = std::unique_ptr<Interceptor> (*)();

// What AdversarySpec::Kind::kHidingPrimary is in this protocol; null if nobody has written one.
[[nodiscard]] ConspiratorFactory conspirators_of(consensus::Protocol protocol);

}  // namespace govchain::sim
