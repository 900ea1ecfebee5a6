#pragma once
// Student's t distribution, for intervals over replications. Made of + - * / and square root alone,
// so that an interval is the same bytes on every machine.

#include <cstdint>

namespace govchain::analysis {

// P(-t < T < t) for T with `degrees` >= 1 degrees of freedom; exact finite series (Abramowitz and
// Stegun 26.7.3 and 26.7.4).
[[nodiscard]] double student_t_within(double t, uint32_t degrees);

// The t with P(-t < T < t) = confidence, in (0, 1); to about 1e-12.
[[nodiscard]] double student_t_two_sided(double confidence, uint32_t degrees);

}  // namespace govchain::analysis
