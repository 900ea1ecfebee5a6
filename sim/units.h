#pragma once
// Time, sizes and rates are those of the engines.

#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::sim {

using consensus::Bytes;
using consensus::Duration;
using consensus::Rate;
using consensus::TimePoint;

}  // namespace govchain::sim
