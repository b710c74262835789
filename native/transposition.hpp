// Transposes: of rows of a CSR matrix, in two passes (count the columns, then write each entry to its place), and of
// dense arrays, a tile at a time.
#pragma once

#include <algorithm>

#include "products.hpp"

namespace partwise {

/// counts[j] += the number of entries that rows first..last have in column j.
template <class Integer>
void csr_count(const Integer* indptr, const Integer* indices, Integer* counts, Index first, Index last) {
  for (Index p = Index(indptr[first]); p < Index(indptr[last]); ++p) ++counts[indices[p]];
}

/// For the entries of rows first..last, in order: rows[next[j]] = i, entries[next[j]] = X[i, j], and next[j] moves on.
/// Every entry goes to another cache line than the one before: lines are asked for ahead, which saves a quarter.
template <class Real, class Integer>
void csr_scatter(Csr<Real, Integer> X, Integer* next, Integer* rows, Real* entries, Index first, Index last) {
  constexpr Index ahead = 16;
  const Index end = Index(X.indptr[last]);
  for (Index i = first; i < last; ++i)
    for (Index p = Index(X.indptr[i]); p < Index(X.indptr[i + 1]); ++p) {
      const Integer soon = next[X.indices[p + ahead < end ? p + ahead : p]];
      __builtin_prefetch(rows + soon, 1);
      __builtin_prefetch(entries + soon, 1);
      const Integer to = next[X.indices[p]]++;
      rows[to] = Integer(i);
      entries[to] = X.values[p];
    }
}

/// out (columns, rows) = source (rows, columns)'.
template <class Real>
void turn(const Real* source, Index rows, Index columns, Real* out) {
  constexpr Index tile = 64;
  for (Index i = 0; i < rows; i += tile)
    for (Index j = 0; j < columns; j += tile)
      transpose(source + i * columns + j, columns, std::min(tile, rows - i), std::min(tile, columns - j),
                out + j * rows + i, rows);
}

}  // namespace partwise
