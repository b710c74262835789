// Products of a sparse matrix in CSR form with a thin dense one.
#pragma once

#include <algorithm>

#include "simd.hpp"

namespace partwise {

/// A CSR matrix: row i holds values[p], at columns indices[p], for p in indptr[i] .. indptr[i + 1].
template <class Real, class Integer>
struct Csr {
  const Integer* indptr;
  const Integer* indices;
  const Real* values;
};

/// out[i - first, 0:width] (+)= X[i] @ right[:, 0:width] for rows first..last; both dense arrays row-major.
/// The output row lives in `Count` vectors from the first stored entry to the last. The last vector ends at `width`
/// exactly, overlapping the one before it, so no tail is left over; both compute the same numbers there.
template <class Real, class Integer, int Lanes, int Count>
void csr_dot_columns(Csr<Real, Integer> X, const Real* right, Index right_stride, Real* out, Index out_stride,
                     Index width, Index first, Index last, bool add) {
  using V = Vector<Real, Lanes>;
  const Index tail = width - Lanes;
  for (Index i = first; i < last; ++i) {
    Real* row = out + (i - first) * out_stride;
    V total[Count];
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v)
      total[v] = add ? load<V>(row + (v + 1 < Count ? v * Lanes : tail)) : V{};
    const Index end = Index(X.indptr[i + 1]);
    for (Index p = Index(X.indptr[i]); p < end; ++p) {
      const Real* from = right + Index(X.indices[p]) * right_stride;
      const V value = X.values[p] - V{};
#pragma GCC unroll 16
      for (int v = 0; v < Count; ++v) total[v] += value * load<V>(from + (v + 1 < Count ? v * Lanes : tail));
    }
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) store(row + (v + 1 < Count ? v * Lanes : tail), total[v]);
  }
}

template <class Real, class Integer, int Lanes>
void csr_dot_lanes(int count, Csr<Real, Integer> X, const Real* right, Index right_stride, Real* out,
                   Index out_stride, Index width, Index first, Index last, bool add) {
  switch (count) {
#define PARTWISE_COUNT(N)                                                                                        \
  case N:                                                                                                        \
    return csr_dot_columns<Real, Integer, Lanes, N>(X, right, right_stride, out, out_stride, width, first, last, add);
    PARTWISE_COUNT(1) PARTWISE_COUNT(2) PARTWISE_COUNT(3) PARTWISE_COUNT(4)
    PARTWISE_COUNT(5) PARTWISE_COUNT(6) PARTWISE_COUNT(7) PARTWISE_COUNT(8)
#undef PARTWISE_COUNT
  }
}

/// The same where rows are narrower than any vector: `Width` numbers in scalar registers.
template <class Real, class Integer, int Width>
void csr_dot_narrow(Csr<Real, Integer> X, const Real* right, Index right_stride, Real* out, Index out_stride,
                    Index first, Index last, bool add) {
  for (Index i = first; i < last; ++i) {
    Real* row = out + (i - first) * out_stride;
    Real total[Width];
#pragma GCC unroll 8
    for (int t = 0; t < Width; ++t) total[t] = add ? row[t] : Real(0);
    const Index end = Index(X.indptr[i + 1]);
    for (Index p = Index(X.indptr[i]); p < end; ++p) {
      const Real* from = right + Index(X.indices[p]) * right_stride;
#pragma GCC unroll 8
      for (int t = 0; t < Width; ++t) total[t] += X.values[p] * from[t];
    }
#pragma GCC unroll 8
    for (int t = 0; t < Width; ++t) row[t] = total[t];
  }
}

/// out (last - first, k) (+)= X[first:last] @ right (m, k). Columns go in stretches that fit the registers.
/// Every entry is summed in the order of the stored entries of its row, whatever the instruction set.
template <class Real, class Integer>
void csr_dot(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index first, Index last, bool add) {
  constexpr int wide = lanes<Real>, half = wide / 2, most = 8;
  Index column = 0;
  while (k - column >= wide) {
    Index width = std::min<Index>(k - column, most * wide);
    const Index rest = k - column - width, least = half >= 4 ? half : wide;
    if (0 < rest && rest < least) width -= least;  // leave a vector's worth
    csr_dot_lanes<Real, Integer, wide>(int((width + wide - 1) / wide), X, right + column, k, out + column, k, width,
                                       first, last, add);
    column += width;
  }
  if (half >= 4 && k - column >= half) {
    csr_dot_lanes<Real, Integer, half>(int((k - column + half - 1) / half), X, right + column, k, out + column, k,
                                       k - column, first, last, add);
    column = k;
  }
  while (column < k) {
    const Index width = std::min<Index>(k - column, 4);
    switch (width) {
#define PARTWISE_WIDTH(N) \
  case N:                 \
    csr_dot_narrow<Real, Integer, N>(X, right + column, k, out + column, k, first, last, add); \
    break;
      PARTWISE_WIDTH(1) PARTWISE_WIDTH(2) PARTWISE_WIDTH(3) PARTWISE_WIDTH(4)
#undef PARTWISE_WIDTH
    }
    column += width;
  }
}

/// out[j] += X[i, j] right[i] for the columns j of first..last, `Count` vectors of a row at a time as in csr_dot_columns:
/// all are loaded before one is stored, so where the last overlaps both hold the same.
template <class Real, class Integer, int Lanes, int Count>
void csr_spread_columns(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index width, Index rows,
                        Integer first, Integer last) {
  using V = Vector<Real, Lanes>;
  const Index tail = width - Lanes;
  for (Index i = 0; i < rows; ++i) {
    V own[Count];
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) own[v] = load<V>(right + i * k + (v + 1 < Count ? v * Lanes : tail));
    const Integer* const end = X.indices + X.indptr[i + 1];
    const Integer* column = X.indices + X.indptr[i];
    if (first > 0) column = std::lower_bound(column, end, first);
    for (; column < end && *column < last; ++column) {
      Real* row = out + Index(*column) * k;
      const V value = X.values[column - X.indices] - V{};
      V total[Count];
#pragma GCC unroll 16
      for (int v = 0; v < Count; ++v) total[v] = load<V>(row + (v + 1 < Count ? v * Lanes : tail)) + value * own[v];
#pragma GCC unroll 16
      for (int v = 0; v < Count; ++v) store(row + (v + 1 < Count ? v * Lanes : tail), total[v]);
    }
  }
}

/// The same where rows are narrower than any vector.
template <class Real, class Integer>
void csr_spread_narrow(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index width, Index rows,
                       Integer first, Integer last) {
  for (Index i = 0; i < rows; ++i) {
    const Integer* const end = X.indices + X.indptr[i + 1];
    for (const Integer* column = std::lower_bound(X.indices + X.indptr[i], end, first); column < end && *column < last;
         ++column)
      for (Index t = 0; t < width; ++t)
        out[Index(*column) * k + t] += X.values[column - X.indices] * right[i * k + t];
  }
}

/// out[first:last] (m, k) = X.T[first:last] @ right (n, k), for X of n rows with sorted columns. Every entry is summed
/// in the order of X's rows: the bits are those of csr_dot on the transpose.
template <class Real, class Integer>
void csr_spread(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index rows, Integer first, Integer last) {
  constexpr int wide = lanes<Real>, half = wide / 2, most = 4;
  std::fill(out + Index(first) * k, out + Index(last) * k, Real(0));
  Index column = 0;
  while (k - column >= wide) {
    Index width = std::min<Index>(k - column, most * wide);
    const Index rest = k - column - width, least = half >= 4 ? half : wide;
    if (0 < rest && rest < least) width -= least;  // leave a vector's worth
    switch ((width + wide - 1) / wide) {
#define PARTWISE_COUNT(N)                                                                                          \
  case N:                                                                                                          \
    csr_spread_columns<Real, Integer, wide, N>(X, right + column, out + column, k, width, rows, first, last);      \
    break;
      PARTWISE_COUNT(1) PARTWISE_COUNT(2) PARTWISE_COUNT(3) PARTWISE_COUNT(4)
#undef PARTWISE_COUNT
    }
    column += width;
  }
  if (half >= 4 && k - column >= half) {
    if (k - column == half)
      csr_spread_columns<Real, Integer, half, 1>(X, right + column, out + column, k, half, rows, first, last);
    else
      csr_spread_columns<Real, Integer, half, 2>(X, right + column, out + column, k, k - column, rows, first, last);
    column = k;
  }
  if (column < k) csr_spread_narrow(X, right + column, out + column, k, k - column, rows, first, last);
}

/// model[p - indptr[first]] = <left[i], right[column of p]> for the stored entries of rows first..last, in float64.
template <class Real, class Integer>
void csr_predict(Csr<Real, Integer> X, const Real* left, const Real* right, Index k, Index first, Index last,
                 double* model) {
  const Index start = Index(X.indptr[first]);
  for (Index i = first; i < last; ++i)
    for (Index p = Index(X.indptr[i]); p < Index(X.indptr[i + 1]); ++p) {
      const Real* column = right + Index(X.indices[p]) * k;
      double total = 0;
      for (Index t = 0; t < k; ++t) total += double(left[i * k + t]) * double(column[t]);
      model[p - start] = total;
    }
}

}  // namespace partwise
