// Bounds on the entries of a factor.
#pragma once

#include <algorithm>

#include "simd.hpp"

namespace partwise {

/// lower <= x <= upper for a factor (rows, k), both arrays of its shape; or both null: nothing but x >= 0.
template <class Real>
struct Box {
  const Real *lower = nullptr, *upper = nullptr;

  Box row(Index i, Index k) const { return lower ? Box{lower + i * k, upper + i * k} : Box{}; }

  Real clip(Real x, Index t) const { return lower ? std::min(std::max(x, lower[t]), upper[t]) : x; }
};

}  // namespace partwise
