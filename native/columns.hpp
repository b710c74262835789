// Sums over the columns of a tall thin matrix, and their scale.
#pragma once

#include <algorithm>
#include <vector>

#include "simd.hpp"
#include "team.hpp"

namespace partwise {

constexpr Index rows_at_once = 64;

/// sums (k,) and squares (k,) = those of each column of a factor (rows, k), in float64.
template <class Real>
void column_moments(const Real* factor, Index rows, Index k, double* sums, double* squares, Team& team) {
  const Pieces pieces(rows, rows_at_once);
  std::vector<double> parts(pieces.count() * 2 * k);
  team.each(pieces.count(), [&](Index piece) {
    Scratch<double> moments(2 * k);  // of this thread alone
    double *const __restrict total = moments.data(), *const __restrict square = total + k;
    const Real* row = factor + pieces.first(piece) * k;
    for (Index i = 0; i < pieces.height(piece); ++i, row += k)
      for (Index t = 0; t < k; ++t) {
        const double entry = double(row[t]);
        total[t] += entry;
        square[t] += entry * entry;
      }
    std::copy(moments.begin(), moments.end(), &parts[piece * 2 * k]);
  });
  for (Index t = 0; t < k; ++t) {
    sums[t] = squares[t] = 0;
    for (Index piece = 0; piece < pieces.count(); ++piece) {
      sums[t] += parts[piece * 2 * k + t];
      squares[t] += parts[piece * 2 * k + k + t];
    }
  }
}

/// factor[:, t] *= by[t], for a factor (rows, k).
template <class Real>
void scale_columns(Real* factor, Index rows, Index k, const Real* by, Team& team) {
  const Pieces pieces(rows, rows_at_once);
  team.each(pieces.count(), [&](Index piece) {
    Real* row = factor + pieces.first(piece) * k;
    for (Index i = 0; i < pieces.height(piece); ++i, row += k)
      for (Index t = 0; t < k; ++t) row[t] *= by[t];
  });
}

}  // namespace partwise
