#pragma once
// Where the log holds what restores a committed block.

#include "consensus/types.h"

namespace govchain::consensus::chain {

struct CommittedTicket {
  Height height;
  Ticket ticket;
  Ticket needed;  // the first record without which it cannot be restored
};

}  // namespace govchain::consensus::chain
