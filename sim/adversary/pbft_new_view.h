#pragma once
// The part of an equivocating leader that only PBFT knows.

#include "sim/adversary/interceptor.h"

namespace govchain::sim {

// In place of this replica's own NEW-VIEW, one that rests on f+1 view changes only, so that it may
// forget what others prepared. Null for every other message, and if it rests on no more anyway.
[[nodiscard]] consensus::MessageRef new_view_on_few(const consensus::Message& message, Outbox& out);

}  // namespace govchain::sim
