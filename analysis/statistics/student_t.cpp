#include "analysis/statistics/student_t.h"

#include <algorithm>
#include <cmath>

#include "consensus/assert.h"

namespace govchain::analysis {

namespace {

constexpr double kPi = 3.14159265358979323846;
// Beyond this the distribution differs from this many degrees by less than 1e-4 of the quantile.
constexpr uint32_t kMostDegrees = 10'000;

// atan(x) for x >= 0. Three halvings of the angle bring the argument below 0.2, where the series
// converges in a dozen terms. sqrt is exactly rounded by IEEE 754; libm's atan is not.
double arc_tangent(double x) {
  int halvings = 0;
  while (x > 0.15) {
    x = x / (1 + std::sqrt(1 + x * x));
    ++halvings;
  }
  const double square = x * x;
  double sum = 0;
  for (int k = 41; k >= 1; k -= 2) sum = 1.0 / k - square * sum;
  double angle = x * sum;
  for (; halvings > 0; --halvings) angle *= 2;
  return angle;
}

}  // namespace

double student_t_within(double t, uint32_t degrees) {
  GOVCHAIN_ASSERT(degrees >= 1);
  degrees = std::min(degrees, kMostDegrees);
  const double n = degrees;
  const double cosine_squared = n / (n + t * t);
  const double sine = t / std::sqrt(n + t * t);
  if (degrees % 2 == 0) {
    double term = 1;
    double sum = 1;
    for (uint32_t k = 2; k < degrees; k += 2) {
      term *= cosine_squared * (k - 1) / k;
      sum += term;
    }
    return sine * sum;
  }
  const double angle = arc_tangent(t / std::sqrt(n));
  if (degrees == 1) return 2 * angle / kPi;
  double term = std::sqrt(cosine_squared);
  double sum = term;
  for (uint32_t k = 3; k < degrees; k += 2) {
    term *= cosine_squared * (k - 1) / k;
    sum += term;
  }
  return 2 / kPi * (angle + sine * sum);
}

double student_t_two_sided(double confidence, uint32_t degrees) {
  GOVCHAIN_ASSERT(confidence > 0 && confidence < 1);
  double low = 0;
  double high = 1;
  while (student_t_within(high, degrees) < confidence && high < 1e12) high *= 2;
  constexpr int kSteps = 100;
  for (int step = 0; step < kSteps; ++step) {
    const double middle = (low + high) / 2;
    (student_t_within(middle, degrees) < confidence ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace govchain::analysis
