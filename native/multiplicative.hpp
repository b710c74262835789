// The multiplicative step, from the two parts of any gradient.
#pragma once

#include <cmath>

#include "simd.hpp"

namespace partwise {

/// What a multiplicative step did to some rows.
struct Multiplied {
  double moved;   // the sum of push times |change|
  Index waiting;  // zeros that the gradient wants larger, which no ratio can move
};

/// left[i,t] <- left[i,t] (negative[i,t] / (positive[i,t] + l1 + l2 left[i,t]))^exponent, in place, where the gradient
/// is positive - negative; an entry that falls under least[t] is zero. `positive_stride` = 0 when all rows share one
/// row of positive parts. Lee & Seung (2001); exponents: Fevotte & Idier (2011), doi:10.1162/NECO_a_00168.
template <class Real>
Multiplied multiply(Real* left, const Real* negative, const Real* positive, Index positive_stride, const Real* least,
                    Index rows, Index k, Real l1, Real l2, double exponent) {
  Multiplied done{0, 0};
  for (Index i = 0; i < rows; ++i) {
    Real* x = left + i * k;
    const Real* pull = negative + i * k;
    const Real* push = positive + i * positive_stride;
    for (Index t = 0; t < k; ++t) {
      const Real old = x[t], have = push[t] + l1 + l2 * old;
      if (old == 0) {
        done.waiting += pull[t] > have;
        continue;
      }
      if (!(have > 0)) continue;  // nothing pushes back yet, so the ratio says nothing but that it should grow
      const Real now = exponent == 1     ? old * pull[t] / have
                       : exponent == 0.5 ? old * std::sqrt(pull[t] / have)
                                         : old * Real(std::pow(double(pull[t] / have), exponent));
      if (!std::isfinite(now)) continue;
      x[t] = now < least[t] ? Real(0) : now;
      done.moved += double(have) * double(std::abs(x[t] - old));
    }
  }
  return done;
}

/// Where the multiplicative steps of a stream lead some rows of H, from two running sums over batches:
///   up <- forget up + negative x^(1 / exponent),  down <- forget down + positive + l1 + l2 x,  left <- (up /
///   down)^exponent
/// with x = left[i,t], or levels[t] where that is 0 and the gradient wants it larger; an entry that falls under
/// least[t] is zero. Lefevre, Bach & Fevotte (2011), doi:10.1109/ASPAA.2011.6082314.
template <class Real>
void remember(Real* left, double* up, double* down, const Real* negative, const Real* positive, Index positive_stride,
              const Real* least, const Real* levels, Index rows, Index k, double forget, double l1, double l2,
              double exponent) {
  const auto raised = [](double x, double power) {
    return power == 1 ? x : power == 0.5 ? std::sqrt(x) : power == 2 ? x * x : std::pow(x, power);
  };
  const double root = 1 / exponent;
  for (Index i = 0; i < rows; ++i) {
    const Real* push = positive + i * positive_stride;
    for (Index t = 0; t < k; ++t) {
      const Index e = i * k + t;
      const double x = double(left[e]), pull = double(negative[e]), have = double(push[t]) + l1 + l2 * x;
      up[e] = forget * up[e] + pull * raised(x == 0 && pull > have ? double(levels[t]) : x, root);
      down[e] = forget * down[e] + have;
      const Real now = Real(raised(up[e] / down[e], exponent));
      if (!(down[e] > 0) || !std::isfinite(now)) continue;  // nothing pushes back yet
      left[e] = now < least[t] ? Real(0) : now;
    }
  }
}

}  // namespace partwise
