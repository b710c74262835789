// Some rows and columns of a CSR matrix.
#pragma once

#include "products.hpp"

namespace partwise {

/// counts[j] += the number of entries that the `count` rows listed have in column j.
template <class Integer>
void csr_count_rows(const Integer* indptr, const Integer* indices, const std::int64_t* rows, Index count,
                    Integer* counts) {
  for (Index r = 0; r < count; ++r)
    for (Index p = Index(indptr[rows[r]]); p < Index(indptr[rows[r] + 1]); ++p) ++counts[indices[p]];
}

/// The CSR matrix (indptr, indices, values) of the rows listed and of the columns whose number there, numbers[j], is
/// not negative.
template <class Real, class Integer>
void csr_pick(Csr<Real, Integer> X, const std::int64_t* rows, Index count, const Integer* numbers, Integer* indptr,
              Integer* indices, Real* values) {
  Index entries = 0;
  indptr[0] = 0;
  for (Index r = 0; r < count; ++r) {
    for (Index p = Index(X.indptr[rows[r]]); p < Index(X.indptr[rows[r] + 1]); ++p) {
      const Integer number = numbers[X.indices[p]];
      if (number < 0) continue;
      indices[entries] = number;
      values[entries++] = X.values[p];
    }
    indptr[r + 1] = Integer(entries);
  }
}

}  // namespace partwise
