// One pass over the entries of X that tells whether they can be factorized, and how large they are.
#pragma once

#include <algorithm>
#include <limits>

#include "simd.hpp"

namespace partwise {

/// Smallest and largest value, sum, and sum of squares, the sums in float64. Whether there is a NaN, the sum tells.
struct Surveyed {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double total = 0, squares = 0;
};

/// Sums run along sixteen lanes, and begin again now and then: long sums would lose digits.
template <class Real>
Surveyed survey(const Real* values, Index count) {
  constexpr Index width = 4, chains = 4;  // chains of dependent additions, to hide their latency
  constexpr Index stretch = 1 << 13;
  using Wide = Vector<double, width>;
  using Narrow = Vector<Real, width>;
  Surveyed found;
  Index p = 0;
  if (count >= width * chains) {
    Narrow low[chains], high[chains];
    for (Index c = 0; c < chains; ++c) low[c] = high[c] = load<Narrow>(values);
    while (p + width * chains <= count) {
      Wide total[chains] = {}, squares[chains] = {};
      const Index stop = std::min(count, p + stretch);
      for (; p + width * chains <= stop; p += width * chains)
#pragma GCC unroll 4
        for (Index c = 0; c < chains; ++c) {
          const Narrow here = load<Narrow>(values + p + c * width);
          low[c] = here < low[c] ? here : low[c];
          high[c] = here > high[c] ? here : high[c];
          const Wide value = __builtin_convertvector(here, Wide);
          total[c] += value;
          squares[c] += value * value;
        }
      double part = 0, part_squares = 0;
      for (Index c = 0; c < chains; ++c)
        for (int lane = 0; lane < width; ++lane) {
          part += total[c][lane];
          part_squares += squares[c][lane];
        }
      found.total += part;
      found.squares += part_squares;
    }
    for (Index c = 0; c < chains; ++c)
      for (int lane = 0; lane < width; ++lane) {
        found.low = low[c][lane] < found.low ? low[c][lane] : found.low;
        found.high = high[c][lane] > found.high ? high[c][lane] : found.high;
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
