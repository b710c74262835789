// Scores of all columns for some rows, and the highest of each row: what a list of articles for a reader is made of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "products.hpp"

namespace partwise {

/// Columns of a panel: a multiple of every vector.
constexpr Index panel_width = 16;

/// out[r, 0:panel_width] = left[r] @ panel for `Rows` rows, of which each stays in registers.
template <int Rows, class Real>
void panel_dot_rows(const Real* left, const Real* panel, Real* out, Index k, Index stride) {
  constexpr int width = lanes<Real>, count = panel_width / width;
  using V = Vector<Real, width>;
  V total[Rows][count] = {};
  for (Index t = 0; t < k; ++t) {
    V own[count];
#pragma GCC unroll 8
    for (int v = 0; v < count; ++v) own[v] = load<V>(panel + t * panel_width + v * width);
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < count; ++v) total[r][v] += left[r * k + t] * own[v];
  }
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < count; ++v) store(out + r * stride + v * width, total[r][v]);
}

/// out (rows, panels * panel_width) = left (rows, k) @ right, whose columns are cut into panels (panels, k,
/// panel_width). Every entry is summed from the first of k to the last, whatever other rows there are.
template <class Real>
void panel_dot(const Real* left, const Real* panels, Real* out, Index rows, Index k, Index count) {
  constexpr Index together = 8, group = 2;  // panels that a row's stretch is written from, and rows in registers
  const Index stride = count * panel_width;
  for (Index first = 0; first < count; first += together) {
    const Index last = std::min(count, first + together);
    for (Index r = 0; r < rows; r += group)
      for (Index p = first; p < last; ++p) {
        const Real* panel = panels + p * k * panel_width;
        Real* to = out + r * stride + p * panel_width;
        if (r + group <= rows)
          panel_dot_rows<group>(left + r * k, panel, to, k, stride);
        else
          panel_dot_rows<1>(left + r * k, panel, to, k, stride);
      }
  }
}

/// out[r, j] += by[r] sum_i X[rows[r], i] Y[i, j] for CSR X and Y; out (count, stride).
template <class Real, class Integer, class Other>
void csr_chain(Csr<Real, Integer> X, const std::int64_t* rows, Index count, const Real* by, Csr<Real, Other> Y,
               Real* out, Index stride) {
  for (Index r = 0; r < count; ++r) {
    Real* row = out + r * stride;
    for (Index p = Index(X.indptr[rows[r]]); p < Index(X.indptr[rows[r] + 1]); ++p) {
      const Index i = Index(X.indices[p]);
      const Real factor = by[r] * X.values[p];
      for (Index q = Index(Y.indptr[i]); q < Index(Y.indptr[i + 1]); ++q) row[Y.indices[q]] += factor * Y.values[q];
    }
  }
}

/// The `most` highest of row[0:count], highest first, of equal ones the first; -1 and NaN where no more are above
/// minus infinity.
template <class Real>
void best_of_row(const Real* row, Index count, Index most, std::int64_t* places, Real* values) {
  const auto better = [row](std::int64_t a, std::int64_t b) { return row[a] > row[b] || (row[a] == row[b] && a < b); };
  Real least = -std::numeric_limits<Real>::infinity();
  Index held = 0;  // a heap, whose first is the worst
  for (Index j = 0; j < count; ++j) {
    if (!(row[j] > least)) continue;
    if (held == most) std::pop_heap(places, places + held--, better);
    places[held++] = j;
    std::push_heap(places, places + held, better);
    if (held == most) least = row[places[0]];
  }
  std::sort_heap(places, places + held, better);
  for (Index t = 0; t < held; ++t) values[t] = row[places[t]];
  std::fill(places + held, places + most, std::int64_t(-1));
  std::fill(values + held, values + most, std::numeric_limits<Real>::quiet_NaN());
}

}  // namespace partwise
