// Distances without libm: its sine and arc sine differ between machines and versions in the last
// bit, and distances become delays that enter digests. + - * / and sqrt are rounded exactly by
// IEEE 754, so these series give the same bytes everywhere.

#include <algorithm>
#include <cmath>

#include "models/network/backbone.h"

namespace govchain::models {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kEarthRadiusKilometres = 6371.0;  // mean radius, as in the data's own distances

// Taylor series on [-pi/2, pi/2]; the first term left out is below 1e-17 there.
double sine(double x) {
  const double square = x * x;
  double term = x;
  double sum = x;
  for (int k = 1; k <= 11; ++k) {
    term *= -square / ((2.0 * k) * (2.0 * k + 1.0));
    sum += term;
  }
  return sum;
}

double cosine(double x) { return sine(kPi / 2 - (x < 0 ? -x : x)); }

// Power series for |x| <= 1/2, and asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)) above.
double arc_sine(double x) {
  if (x > 0.5) return kPi / 2 - 2 * arc_sine(std::sqrt((1 - x) / 2));
  const double square = x * x;
  double coefficient = x;
  double sum = x;
  for (int k = 1; k <= 30; ++k) {
    coefficient *= square * (2.0 * k - 1.0) / (2.0 * k);
    sum += coefficient / (2.0 * k + 1.0);
  }
  return sum;
}

}  // namespace

// Haversine formula (Sinnott, Sky and Telescope 68(2), 1984): stable for short distances.
double great_circle_kilometres(GeoPoint a, GeoPoint b) {
  constexpr double kRadian = kPi / 180;
  const double latitude_half = sine((b.latitude - a.latitude) * kRadian / 2);
  const double longitude_half = sine((b.longitude - a.longitude) * kRadian / 2);
  const double haversine = latitude_half * latitude_half + cosine(a.latitude * kRadian) *
                                                               cosine(b.latitude * kRadian) *
                                                               longitude_half * longitude_half;
  return 2 * kEarthRadiusKilometres * arc_sine(std::sqrt(std::clamp(haversine, 0.0, 1.0)));
}

}  // namespace govchain::models
