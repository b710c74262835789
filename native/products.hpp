// Products of a sparse matrix in CSR form with a thin dense one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "simd.hpp"
#include "team.hpp"

namespace partwise {

/// A CSR matrix: row i holds values[p], at columns indices[p], for p in indptr[i] .. indptr[i + 1].
template <class Real, class Integer>
struct Csr {
  const Integer* indptr;
  const Integer* indices;
  const Real* values;
};

/// How a stretch of columns goes through registers: `Count` vectors of `Lanes` numbers, then one of `Last` that ends
/// where the stretch does. It may overlap the one before, so no tail is left over; both compute the same numbers there.
template <int Lanes_, int Count_, int Last_>
struct Stretch {
  static constexpr int Lanes = Lanes_, Count = Count_, Last = Last_;
};

template <int Lanes, int Last, int Count, int Most, class Act>
void with_count(Index full, Act act) {
  if (full == Count) return act(Stretch<Lanes, Count, Last>{});
  if constexpr (Count + 1 < Most) with_count<Lanes, Last, Count + 1, Most>(full, act);
}

template <int Lanes, int Last, int Most, class Act>
void with_last(Index full, Index rest, Act act) {
  if constexpr (Last < Lanes)
    if (rest > Last) return with_last<Lanes, 2 * Last, Most>(full, rest, act);
  with_count<Lanes, Last, 0, Most>(full, act);
}

/// Numbers of the shortest vector that is used.
template <class Real>
constexpr int shortest = lanes<Real> < 4 ? lanes<Real> : 4;

template <class Real, int Lanes, int Most, class Act>
void with_lanes(Index width, Act act) {
  if constexpr (Lanes > shortest<Real>)
    if (width < Lanes) return with_lanes<Real, Lanes / 2, 2>(width, act);
  const Index full = (width - 1) / Lanes;
  with_last<Lanes, shortest<Real>, Most>(full, width - full * Lanes, act);
}

/// Cut columns 0..k into stretches of up to `Most` whole vectors: act(a Stretch, first column, width) for each. Return
/// the first column after them: k, unless fewer columns than the shortest vector are left.
template <class Real, int Most, class Act>
Index in_stretches(Index k, Act act) {
  constexpr Index least = shortest<Real>;
  Index column = 0;
  while (k - column >= least) {
    Index width = std::min<Index>(k - column, Most * lanes<Real>);
    const Index rest = k - column - width;
    if (0 < rest && rest < least) width -= least;  // leave a vector's worth
    with_lanes<Real, lanes<Real>, Most>(width, [&](auto stretch) { act(stretch, column, width); });
    column += width;
  }
  return column;
}

/// A row's numbers in registers.
template <class Real, class Shape>
struct Held {
  static constexpr int Lanes = Shape::Lanes, Count = Shape::Count, Last = Shape::Last;
  Vector<Real, Lanes> whole[Count + 1];  // the last one is not used
  Vector<Real, Last> end;

  void clear() {
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) whole[v] = Vector<Real, Lanes>{};
    end = Vector<Real, Last>{};
  }
  void load_from(const Real* row, Index width) {
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) whole[v] = load<Vector<Real, Lanes>>(row + v * Lanes);
    end = load<Vector<Real, Last>>(row + width - Last);
  }
  void store_to(Real* row, Index width) const {
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) store(row + v * Lanes, whole[v]);
    store(row + width - Last, end);
  }
  void add(Real value, const Held& other) {
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) whole[v] += value * other.whole[v];
    end += value * other.end;
  }
};

/// out[i - first, 0:width] (+)= X[i] @ right[:, 0:width] for rows first..last; both dense arrays row-major.
/// The output row stays in registers from the first stored entry to the last.
template <class Shape, class Real, class Integer>
void csr_dot_columns(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index width, Index first, Index last,
                     bool add) {
  for (Index i = first; i < last; ++i) {
    Real* row = out + (i - first) * k;
    Held<Real, Shape> total, entry;
    if (add)
      total.load_from(row, width);
    else
      total.clear();
    const Index end = Index(X.indptr[i + 1]);
    for (Index p = Index(X.indptr[i]); p < end; ++p) {
      entry.load_from(right + Index(X.indices[p]) * k, width);
      total.add(X.values[p], entry);
    }
    total.store_to(row, width);
  }
}

/// The same where rows are narrower than any vector: `Width` numbers in scalar registers.
template <class Real, class Integer, int Width>
void csr_dot_narrow(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index first, Index last, bool add) {
  for (Index i = first; i < last; ++i) {
    Real* row = out + (i - first) * k;
    Real total[Width];
#pragma GCC unroll 8
    for (int t = 0; t < Width; ++t) total[t] = add ? row[t] : Real(0);
    const Index end = Index(X.indptr[i + 1]);
    for (Index p = Index(X.indptr[i]); p < end; ++p) {
      const Real* from = right + Index(X.indices[p]) * k;
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
  const Index column = in_stretches<Real, 8>(k, [&](auto stretch, Index start, Index width) {
    csr_dot_columns<decltype(stretch)>(X, right + start, out + start, k, width, first, last, add);
  });
  switch (k - column) {
#define PARTWISE_WIDTH(N) \
  case N:                 \
    return csr_dot_narrow<Real, Integer, N>(X, right + column, out + column, k, first, last, add);
    PARTWISE_WIDTH(1) PARTWISE_WIDTH(2) PARTWISE_WIDTH(3)
#undef PARTWISE_WIDTH
  }
}

/// The same, shared by a team in blocks of about as much work; where they are cut changes no bit.
template <class Real, class Integer>
void csr_dot(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index first, Index last, bool add,
             Team& team) {
  constexpr Index least = 1 << 12, row = 16;  // work of a block, and of a row beside its entries, in entries
  const auto work = [&](Index i) { return Index(X.indptr[i] - X.indptr[first]) + row * (i - first); };
  const Index blocks = std::clamp<Index>(work(last) / least, 1, 16 * team.size());
  const auto edge = [&](Index block) {
    const Index share = work(last) * block / blocks;
    Index low = first, high = last;
    while (low < high) {
      const Index middle = low + (high - low) / 2;
      if (work(middle) < share)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  };
  team.each(blocks, [&](Index block) {
    const Index from = edge(block);
    csr_dot(X, right, out + (from - first) * k, k, from, edge(block + 1), add);
  });
}

/// out[j, 0:width] += X[i, j] right[i, 0:width] for the columns j of first..last. All of a row is loaded before any is
/// stored, so where its last vector overlaps both hold the same.
template <class Shape, class Real, class Integer>
void csr_spread_columns(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index width, Index from, Index to,
                        Integer first, Integer last) {
  for (Index i = from; i < to; ++i) {
    Held<Real, Shape> own, total;
    own.load_from(right + i * k, width);
    const Integer* const end = X.indices + X.indptr[i + 1];
    const Integer* column = X.indices + X.indptr[i];
    if (first > 0) column = std::lower_bound(column, end, first);
    for (; column < end && *column < last; ++column) {
      Real* row = out + Index(*column) * k;
      total.load_from(row, width);
      total.add(X.values[column - X.indices], own);
      total.store_to(row, width);
    }
  }
}

/// The same where rows are narrower than any vector.
template <class Real, class Integer>
void csr_spread_narrow(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index width, Index from, Index to,
                       Integer first, Integer last) {
  for (Index i = from; i < to; ++i) {
    const Integer* const end = X.indices + X.indptr[i + 1];
    for (const Integer* column = std::lower_bound(X.indices + X.indptr[i], end, first); column < end && *column < last;
         ++column)
      for (Index t = 0; t < width; ++t) out[Index(*column) * k + t] += X.values[column - X.indices] * right[i * k + t];
  }
}

/// out (m, k) = X.T @ right (n, k), for X of n rows with sorted columns: a team shares the columns in panels, each
/// from one of `edges` to the next. Every entry is summed in the order of X's rows: the bits are those of csr_dot on
/// the transpose.
template <class Real, class Integer>
void csr_spread(Csr<Real, Integer> X, const Real* right, Real* out, Index k, Index rows, const std::int64_t* edges,
                Index panels, Team& team) {
  constexpr Index most = 1 << 23;  // entries of a block of rows: the caller looks for signals after each
  const Integer *const indptr = X.indptr, *const end = indptr + rows;
  Index from = 0;
  do {
    const Index to =
        std::upper_bound(std::min(indptr + from + 1, end), end, Index(indptr[from]) + most, std::less<Index>()) -
        indptr;
    team.each(panels, [&](Index panel) {
      const Integer first = Integer(edges[panel]), last = Integer(edges[panel + 1]);
      if (from == 0) std::fill(out + Index(first) * k, out + Index(last) * k, Real(0));
      const Index column = in_stretches<Real, 4>(k, [&](auto stretch, Index start, Index width) {
        csr_spread_columns<decltype(stretch)>(X, right + start, out + start, k, width, from, to, first, last);
      });
      if (column < k) csr_spread_narrow(X, right + column, out + column, k, k - column, from, to, first, last);
    });
    from = to;
  } while (from < rows);
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
