#include "consensus/node/transport/stranger_gate.h"

#include "consensus/assert.h"

namespace govchain::consensus::node {

bool StrangerGate::enter(const std::string& address) {
  if (inside_ >= limit_) return false;
  const auto known = by_address_.find(address);
  if ((known == by_address_.end() ? 0 : known->second) >= limit_per_address_) return false;
  ++by_address_[address];
  ++inside_;
  return true;
}

void StrangerGate::leave(const std::string& address) {
  const auto known = by_address_.find(address);
  GOVCHAIN_ASSERT(known != by_address_.end() && inside_ > 0);
  --inside_;
  if (--known->second == 0) by_address_.erase(known);
}

}  // namespace govchain::consensus::node
