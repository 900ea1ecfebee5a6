#pragma once

#include "consensus/engine.h"

namespace govchain::sim {

inline void add_counters(consensus::EngineCounters& total, const consensus::EngineCounters& part) {
  using Counters = consensus::EngineCounters;
  for (const auto member : {&Counters::malformed,
                            &Counters::oversize,
                            &Counters::unauthorised,
                            &Counters::forged,
                            &Counters::stale,
                            &Counters::future,
                            &Counters::duplicate,
                            &Counters::conflicting,
                            &Counters::unsupported,
                            &Counters::accepted,
                            &Counters::proposals,
                            &Counters::committed_blocks,
                            &Counters::view_changes,
                            &Counters::checkpoints,
                            &Counters::state_transfers,
                            &Counters::block_catch_ups,
                            &Counters::recoveries,
                            &Counters::evidence,
                            &Counters::membership_changes,
                            &Counters::upgrades,
                            &Counters::outdated_software}) {
    total.*member += part.*member;
  }
}

}  // namespace govchain::sim
