// The multiplicative step, from the two parts of any gradient.
#pragma once

#include <cmath>

#include "simd.hpp"

namespace partwise {

/// left[i,t] <- left[i,t] (negative[i,t] / (positive[i,t] + l1 + l2 left[i,t]))^exponent, in place, where the gradient is
/// positive - negative. Zeros can leave: an entry under restart[t] that the gradient wants larger starts from there; one
/// that falls under flush restart[t] is zero. `positive_stride` = 0 when all rows share one row of positive parts.
/// Returns the sum of pull times |change|. Lee & Seung (2001); exponents: Fevotte & Idier (2011); restarts: Gillis &
/// Glineur (2012), doi:10.1162/NECO_a_00256, section 4, bound the entries below for the same end.
template <class Real>
double multiply(Real* left, const Real* negative, const Real* positive, Index positive_stride, const Real* restart,
                Index rows, Index k, Real l1, Real l2, double exponent) {
  constexpr Real flush = Real(1e-12);
  double moved = 0;
  for (Index i = 0; i < rows; ++i) {
    Real* x = left + i * k;
    const Real* pull = negative + i * k;
    const Real* push = positive + i * positive_stride;
    for (Index t = 0; t < k; ++t) {
      const Real old = x[t], have = push[t] + l1 + l2 * old;
      if (!(have > 0)) {  // nothing pushes back yet, so the ratio says nothing but that it should grow
        if (pull[t] > 0 && old < restart[t]) x[t] = restart[t];
        continue;
      }
      const Real from = pull[t] > have && old < restart[t] ? restart[t] : old;
      const Real now = exponent == 1     ? from * pull[t] / have
                       : exponent == 0.5 ? from * std::sqrt(pull[t] / have)
                                         : from * Real(std::pow(double(pull[t] / have), exponent));
      if (!std::isfinite(now)) continue;
      x[t] = now < flush * restart[t] ? Real(0) : now;
      moved += double(have) * double(std::abs(x[t] - old));
    }
  }
  return moved;
}

}  // namespace partwise
