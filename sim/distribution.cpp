#include "sim/distribution.h"

#include <array>
#include <bit>
#include <cmath>

#include "consensus/assert.h"

namespace govchain::sim {
namespace {

// ln 2 in two parts: the first has 32 trailing zero bits, so that its product with an exponent is
// exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kSqrt2 = 0x1.6a09e667f3bcdp+0;
constexpr double kHalfLn2Pi = 0x1.d67f1c864beb5p-1;  // ln(2 pi) / 2
constexpr double kSmallPoissonMean = 10;

// Horner's rule, highest power first.
template <size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double value = coefficients[0];
  for (size_t i = 1; i < N; ++i) value = value * x + coefficients[i];
  return value;
}

}  // namespace

double natural_logarithm(double x) {
  GOVCHAIN_ASSERT(x > 0 && x <= 0x1.fffffffffffffp+1023);
  int64_t exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p+54;
    exponent = -54;
  }
  const auto bits = std::bit_cast<uint64_t>(x);
  exponent += static_cast<int64_t>(bits >> 52U) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFU) | 0x3FF0000000000000U);
  if (mantissa > kSqrt2) {
    mantissa *= 0.5;
    ++exponent;
  }
  // ln(1+f) = 2 artanh(s) with s = f / (2+f), |s| < 0.1716; the series in s² needs eleven terms. It
  // is summed as f - (f²/2 - s·(f²/2 + R)), in which only small quantities are rounded.
  const double f = mantissa - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  const double w = z * z;
  const double odd =
      z * polynomial<6>({2.0 / 23, 2.0 / 19, 2.0 / 15, 2.0 / 11, 2.0 / 7, 2.0 / 3}, w);
  const double even = w * polynomial<5>({2.0 / 21, 2.0 / 17, 2.0 / 13, 2.0 / 9, 2.0 / 5}, w);
  const double half_square = 0.5 * f * f;
  const auto e = static_cast<double>(exponent);
  return e * kLn2High - ((half_square - (s * (half_square + (odd + even)) + e * kLn2Low)) - f);
}

double exponential_function(double x) {
  GOVCHAIN_ASSERT(x <= 709);
  if (!(x >= -708)) return 0;
  constexpr double kInverseLn2 = 0x1.71547652b82fep+0;
  const auto exponent = static_cast<int64_t>(x * kInverseLn2 + (x < 0 ? -0.5 : 0.5));
  const auto e = static_cast<double>(exponent);
  const double high = x - e * kLn2High;
  const double low = e * kLn2Low;
  const double r = high - low;
  // Taylor's series to r^13 / 13! on |r| <= ln(2)/2, remainder below 5e-18.
  const double tail = polynomial<12>(
      {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
       1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5},
      r);
  const double value = 1 + (high + (r * r * tail - low));
  const double scale = std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52U);
  return value * scale;
}

double log_factorial(uint64_t k) {
  if (k < 16) {
    double product = 1;
    for (uint64_t i = 2; i <= k; ++i) product *= static_cast<double>(i);
    return natural_logarithm(product);
  }
  // Stirling's series for ln Γ(x), x = k + 1.
  const double x = static_cast<double>(k) + 1;
  const double inverse = 1 / x;
  const double correction = inverse * polynomial<6>({-691.0 / 360360, 1.0 / 1188, -1.0 / 1680,
                                                     1.0 / 1260, -1.0 / 360, 1.0 / 12},
                                                    inverse * inverse);
  return (x - 0.5) * natural_logarithm(x) - x + kHalfLn2Pi + correction;
}

double normal_quantile(double p) {
  GOVCHAIN_ASSERT(p > 0 && p < 1);
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           polynomial<8>({2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                          45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                          133.14166789178437745, 3.3871328727963666080},
                         r) /
           polynomial<8>({5226.4952788528545610, 28729.085735721942674, 39307.895800092710610,
                          21213.794301586595867, 5394.1960214247511077, 687.18700749205790830,
                          42.313330701600911252, 1.0},
                         r);
  }
  double r = std::sqrt(-natural_logarithm(q < 0 ? p : 1 - p));
  double value = 0;
  if (r <= 5) {
    r -= 1.6;
    value =
        polynomial<8>({7.74545014278341407640e-4, 2.27238449892691845833e-2,
                       2.41780725177450611770e-1, 1.27045825245236838258, 3.64784832476320460504,
                       5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734},
                      r) /
        polynomial<8>(
            {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
             1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940,
             2.05319162663775882187, 1.0},
            r);
  } else {
    r -= 5;
    value = polynomial<8>(
                {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
                 2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580,
                 5.46378491116411436990, 6.65790464350110377720},
                r) /
            polynomial<8>(
                {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
                 7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
                 5.99832206555887937690e-1, 1.0},
                r);
  }
  return q < 0 ? -value : value;
}

Duration round_to_nanoseconds(double nanoseconds) {
  if (nanoseconds >= 0x1p62) return Duration::nanoseconds(int64_t{1} << 62U);
  if (nanoseconds <= -0x1p62) return Duration::nanoseconds(-(int64_t{1} << 62U));
  return Duration::nanoseconds(
      static_cast<int64_t>(nanoseconds < 0 ? nanoseconds - 0.5 : nanoseconds + 0.5));
}

double draw_standard_normal(RandomStream& stream) {
  // The middles of 2^52 equal cells: symmetric, and neither 0 nor 1.
  return normal_quantile((static_cast<double>(stream.next() >> 12U) + 0.5) * 0x1p-52);
}

double draw_standard_exponential(RandomStream& stream) {
  return -natural_logarithm(1 - stream.uniform());
}

Duration draw_exponential(RandomStream& stream, Duration mean) {
  return round_to_nanoseconds(draw_standard_exponential(stream) *
                              static_cast<double>(mean.nanoseconds()));
}

Duration draw_normal(RandomStream& stream, Duration mean, Duration deviation) {
  return round_to_nanoseconds(static_cast<double>(mean.nanoseconds()) +
                              draw_standard_normal(stream) *
                                  static_cast<double>(deviation.nanoseconds()));
}

Duration draw_log_normal(RandomStream& stream, Duration median, double shape) {
  const double exponent = shape * draw_standard_normal(stream);
  // A median of 292 years times e^100 is far beyond the cut, so nothing is lost by this bound.
  return round_to_nanoseconds(static_cast<double>(median.nanoseconds()) *
                              exponential_function(exponent > 100 ? 100 : exponent));
}

namespace {

uint64_t draw_small_poisson(RandomStream& stream, double mean) {
  double u = stream.uniform();
  double probability = exponential_function(-mean);
  uint64_t k = 0;
  // Where rounding leaves a remainder of u beyond all probability mass, the search ends far out in
  // the tail.
  constexpr uint64_t kFarTail = 200;
  while (u >= probability && k < kFarTail) {
    u -= probability;
    ++k;
    probability *= mean / static_cast<double>(k);
  }
  return k;
}

}  // namespace

uint64_t draw_poisson(RandomStream& stream, double mean) {
  GOVCHAIN_ASSERT(mean >= 0 && mean <= 0x1p52);
  if (mean < kSmallPoissonMean) return draw_small_poisson(stream, mean);
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double accept_at_once = 0.9277 - 3.6224 / (b - 2);
  const double log_mean = natural_logarithm(mean);
  while (true) {
    const double u = stream.uniform() - 0.5;
    const double v = 1 - stream.uniform();
    const double us = 0.5 - (u < 0 ? -u : u);
    if (us <= 0) continue;
    const double real_k = (2 * a / us + b) * u + mean + 0.43;
    if (real_k < 0 || real_k >= 0x1p53) continue;
    const auto k = static_cast<uint64_t>(real_k);
    if (us >= 0.07 && v <= accept_at_once) return k;
    if (us < 0.013 && v > us) continue;
    const double log_density = static_cast<double>(k) * log_mean - mean - log_factorial(k);
    if (natural_logarithm(v * inverse_alpha / (a / (us * us) + b)) <= log_density) return k;
  }
}

}  // namespace govchain::sim
