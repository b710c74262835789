// Sums over the columns of a tall thin matrix, and their scale.
#pragma once

#include <algorithm>
#include <vector>

#include "simd.hpp"
#include "team.hpp"

namespace partwise {

constexpr Index rows_at_once = 64;

/// sums[t] and sums[k + t] = the sum and that of squares of column t of `rows` rows, for `width` columns from `first`
/// on.
template <int width, class Real>
void moments_of(const Real* row, Index rows, Index k, Index first, double* sums) {
  using Wide = Vector<double, width>;
  const auto entries = [&](Index i) {
    return __builtin_convertvector((load<Vector<Real, width>>(row + i * k + first)), Wide);
  };
  Wide total[2] = {}, square[2] = {};  // two chains of additions, to hide their latency
  Index i = 0;
  for (; i + 2 <= rows; i += 2)
#pragma GCC unroll 2
    for (int chain = 0; chain < 2; ++chain) {
      const Wide entry = entries(i + chain);
      total[chain] += entry;
      square[chain] += entry * entry;
    }
  if (i < rows) {
    const Wide entry = entries(i);
    total[0] += entry;
    square[0] += entry * entry;
  }
  store(sums + first, Wide(total[0] + total[1]));
  store(sums + k + first, Wide(square[0] + square[1]));
}

/// The same for all k columns, `width` or more.
template <int width, class Real>
void all_moments(const Real* factor, Index rows, Index k, double* sums) {
  for (Index t = 0; t + width <= k; t += width) moments_of<width>(factor, rows, k, t, sums);
  if (k % width) moments_of<width>(factor, rows, k, k - width, sums);  // some of them again, alike
}

/// sums (k,) and squares (k,) = those of each column of a factor (rows, k), in float64.
template <class Real>
void column_moments(const Real* factor, Index rows, Index k, double* sums, double* squares, Team& team) {
  const Blocks blocks(rows, rows_at_once);
  std::vector<double> partial(blocks.count() * 2 * k);
  team.each(blocks.count(), [&](Index block) {
    const Real* const from = factor + blocks.first(block) * k;
    double* const own = &partial[block * 2 * k];
    const Index height = blocks.height(block);
    k >= 8   ? all_moments<8>(from, height, k, own)
    : k >= 4 ? all_moments<4>(from, height, k, own)
    : k >= 2 ? all_moments<2>(from, height, k, own)
             : all_moments<1>(from, height, k, own);
  });
  for (Index t = 0; t < k; ++t) {
    sums[t] = squares[t] = 0;
    for (Index block = 0; block < blocks.count(); ++block) {
      sums[t] += partial[block * 2 * k + t];
      squares[t] += partial[block * 2 * k + k + t];
    }
  }
}

/// factor[:, t] *= by[t], for a factor (rows, k).
template <class Real>
void scale_columns(Real* factor, Index rows, Index k, const Real* by, Team& team) {
  const Blocks blocks(rows, rows_at_once);
  team.each(blocks.count(), [&](Index block) {
    Real* row = factor + blocks.first(block) * k;
    for (Index i = 0; i < blocks.height(block); ++i, row += k)
      for (Index t = 0; t < k; ++t) row[t] *= by[t];
  });
}

}  // namespace partwise
