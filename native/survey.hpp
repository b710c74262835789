// One pass over the entries of X that tells whether they can be factorized, and how large they are.
#pragma once

#include <limits>

#include "simd.hpp"

namespace partwise {

/// Smallest and largest value, sum, and sum of squares, the sums in float64. Whether there is a NaN, the sum tells.
struct Surveyed {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double total = 0, squares = 0;
};

/// Sums run along sixteen lanes.
template <class Real>
Surveyed survey(const Real* values, Index count) {
  constexpr Index width = 4, chains = 4;  // chains of dependent additions, to hide their latency
  using Wide = Vector<double, width>;
  using Narrow = Vector<Real, width>;
  Surveyed found;
  Index p = 0;
  if (count >= width * chains) {
    Narrow low[chains], high[chains];
    Wide total[chains] = {}, squares[chains] = {};
    for (Index c = 0; c < chains; ++c) low[c] = high[c] = load<Narrow>(values);
    for (; p + width * chains <= count; p += width * chains)
#pragma GCC unroll 4
      for (Index c = 0; c < chains; ++c) {
        const Narrow here = load<Narrow>(values + p + c * width);
        low[c] = here < low[c] ? here : low[c];
        high[c] = here > high[c] ? here : high[c];
        const Wide value = __builtin_convertvector(here, Wide);
        total[c] += value;
        squares[c] += value * value;
      }
    for (Index c = 0; c < chains; ++c)
      for (int lane = 0; lane < width; ++lane) {
        found.low = low[c][lane] < found.low ? low[c][lane] : found.low;
        found.high = high[c][lane] > found.high ? high[c][lane] : found.high;
        found.total += total[c][lane];
        found.squares += squares[c][lane];
      }
  }
  for (; p < count; ++p) {
    const double value = values[p];
    found.low = value < found.low ? value : found.low;
    found.high = value > found.high ? value : found.high;
    found.total += value;
    found.squares += value * value;
  }
  return found;
}

}  // namespace partwise
