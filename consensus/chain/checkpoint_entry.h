#pragma once
// A checkpoint on its way to being proven.

#include "consensus/types.h"
#include "consensus/vote_table.h"

namespace govchain::consensus::chain {

struct CheckpointEntry {
  Height height;
  Epoch epoch;      // whose members vote
  VoteTable votes;  // by position in that epoch
};

}  // namespace govchain::consensus::chain
