#pragma once
// Votes of one kind by member position: the message as soon as it is here, so that each member
// costs one verification, and whether it verified. A vote may arrive before the proposal, so votes
// for any digest are held and only those for the bound one are weighed.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/message.h"
#include "consensus/position_set.h"

namespace govchain::consensus {

struct VoteTable {
  std::vector<MessageRef> messages;
  PositionSet verified;
  uint64_t weight = 0;  // verified votes for the bound digest
  void resize(size_t members) {
    messages.resize(members);
    verified.resize(members);
  }
  void clear() {
    for (MessageRef& message : messages) {
      if (message) message.reset();
    }
    verified.clear();
    weight = 0;
  }
};

}  // namespace govchain::consensus
