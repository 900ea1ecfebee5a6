#pragma once
// Distributions, and the few functions under them, made of IEEE + - * / and square root alone: the
// standard library's distributions differ between implementations and libm differs between
// machines, but these give the same bits wherever doubles are IEEE 754 and products are not fused
// (-ffp-contract=off).

#include <cstdint>

#include "sim/random.h"
#include "sim/units.h"

namespace govchain::sim {

// ln(x) for finite x > 0; within 2 units in the last place.
[[nodiscard]] double natural_logarithm(double x);
// e^x; within 2 units in the last place; 0 below -708 (no subnormal results), and x must not be
// above 709.
[[nodiscard]] double exponential_function(double x);
// ln(k!); relative error below 1e-13.
[[nodiscard]] double log_factorial(uint64_t k);
// The standard normal quantile of p in (0, 1): Wichura's AS 241 (PPND16), relative error about
// 1e-15.
[[nodiscard]] double normal_quantile(double p);

// To the nearest nanosecond, half away from zero; cut at +-2^62.
[[nodiscard]] Duration round_to_nanoseconds(double nanoseconds);

// Each takes exactly one number from the stream, so that streams stay aligned whatever the
// parameters are; Poisson counts take a varying number.

[[nodiscard]] double draw_standard_normal(RandomStream& stream);
// Mean 1.
[[nodiscard]] double draw_standard_exponential(RandomStream& stream);
[[nodiscard]] Duration draw_exponential(RandomStream& stream, Duration mean);
// May be negative.
[[nodiscard]] Duration draw_normal(RandomStream& stream, Duration mean, Duration deviation);
// median * exp(shape * N(0, 1)).
[[nodiscard]] Duration draw_log_normal(RandomStream& stream, Duration median, double shape);
// Number of events of a Poisson process in a time in which `mean` (>= 0, at most 2^52) are
// expected. Below 10 by sequential search, above by transformed rejection (Hörmann 1993, PTRS).
[[nodiscard]] uint64_t draw_poisson(RandomStream& stream, double mean);

}  // namespace govchain::sim
