// Entry-wise parts of the beta-divergences.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "simd.hpp"

namespace partwise {

/// (y^power - 1) / power for y >= 0, to all digits where the power is near zero; log y where it is zero.
inline double excess(double y, double power) {
  return power == 0 ? std::log(y) : std::expm1(power * std::log(y)) / power;
}

/// Whether beta is so near to 0 or 1 that the general formula of d is a difference of terms much larger than it.
inline bool near_limit(double beta) { return std::abs(beta) < 0.01 || std::abs(beta - 1) < 0.01; }

/// d(x, p) for a beta near 0 or 1 but neither.
inline double divergence_near_limit(double x, double p, double beta) {
  const double ratio = x / p, least = 1 - ratio;
  if (beta < 0.5) return std::pow(p, beta) * (excess(ratio, beta) + least) / (beta - 1);
  return std::pow(p, beta) * ((x > 0 ? ratio * excess(ratio, beta - 1) : 0) + least) / beta;
}

/// p^(halves / 2), which takes no more than a square root.
template <int Halves>
inline double power_of_halves(double p) {
  if constexpr (Halves == -1) return 1 / std::sqrt(p);
  if constexpr (Halves == 0) return 1;
  if constexpr (Halves == 1) return std::sqrt(p);
  if constexpr (Halves > 1) return p * power_of_halves<Halves - 2>(p);
}

/// beta_parts where twice beta is a whole number from 1 up, other than 2.
template <class Real, int Twice>
double beta_parts_of_halves(const Real* x, Real* p, Real* ratio, Index size, Real floor, bool value) {
  constexpr int wide = 8;  // sums side by side: one after another they would wait for each other
  constexpr double beta = Twice / 2.0;
  double sums[wide] = {};
  const auto entry = [&](Index e, int lane) {
    const double data = double(x[e]), model = double(std::max(p[e], floor));
    const double power = power_of_halves<Twice - 2>(model), part = data * power;
    ratio[e] = Real(part / model);
    p[e] = Real(power);
    if (value)
      sums[lane] += (power_of_halves<Twice>(data) + (beta - 1) * power * model - beta * part) / (beta * (beta - 1));
  };
  Index e = 0;
  for (; e + wide <= size; e += wide)
    for (int lane = 0; lane < wide; ++lane) entry(e + lane, lane);
  for (int lane = 0; e < size; ++e, ++lane) entry(e, lane);
  return sum<double, wide>(load<Vector<double, wide>>(sums));
}

/// For `size` entries x of the data and p of the model (raised to `floor` where lower):
///   ratio <- x p^(beta - 2),  p <- p^(beta - 1),  and the sum of d(x, p) is returned when `value` is set, where
///   d = x log(x / p) - x + p (beta = 1),  x / p - log(x / p) - 1 (beta = 0),
///   (x^beta + (beta - 1) p^beta - beta x p^(beta - 1)) / (beta (beta - 1)) otherwise.
/// Fevotte & Idier (2011), doi:10.1162/NECO_a_00168, eq. (5).
template <class Real>
double beta_parts(const Real* x, Real* p, Real* ratio, Index size, double beta, Real floor, bool value) {
  if (beta == 0.5) return beta_parts_of_halves<Real, 1>(x, p, ratio, size, floor, value);
  if (beta == 1.5) return beta_parts_of_halves<Real, 3>(x, p, ratio, size, floor, value);
  if (beta == 2.5) return beta_parts_of_halves<Real, 5>(x, p, ratio, size, floor, value);
  if (beta == 3) return beta_parts_of_halves<Real, 6>(x, p, ratio, size, floor, value);
  constexpr int wide = lanes<Real>;
  using V = Vector<Real, wide>;
  const V least = floor - V{}, normal = std::numeric_limits<Real>::min() - V{};
  const bool fast = beta == 0 || beta == 1;
  double total = 0;
  Index e = 0;
  while (fast && e + wide <= size) {
    V part{};
    LogarithmSum<Real, wide> logarithms;
    for (const Index stop = std::min(size - wide, e + 1023); e <= stop; e += wide) {
      const V data = load<V>(x + e), model = at_least(load<V>(p + e), least), inverse = Real(1) / model;
      const V fraction = data * inverse;
      if (value && beta == 1) part += data * logarithm<Real, wide>(at_least(fraction, normal)) - data + model;
      if (value && beta == 0) {
        part += fraction - Real(1);
        logarithms.add(at_least(fraction, normal));
      }
      store(ratio + e, beta == 1 ? fraction : fraction * inverse);
      store(p + e, beta == 1 ? V{} + Real(1) : inverse);
    }
    total += double(sum<Real, wide>(part)) - logarithms.total();
  }
  for (; e < size; ++e) {
    const double data = double(x[e]), model = double(std::max(p[e], floor));
    const double power = std::pow(model, beta - 1);
    ratio[e] = Real(data * power / model);
    p[e] = Real(power);
    if (!value) continue;
    if (beta == 1)
      total += (data > 0 ? data * std::log(data / model) : 0) - data + model;
    else if (beta == 0)
      total += data / model - std::log(data / model) - 1;
    else if (near_limit(beta))
      total += divergence_near_limit(data, model, beta);
    else
      total += ((data > 0 || beta > 0 ? std::pow(data, beta) : 0) + (beta - 1) * power * model - beta * data * power) /
               (beta * (beta - 1));
  }
  return total;
}

}  // namespace partwise
