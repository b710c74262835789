// Squared errors of a dense matrix's rows.
#pragma once

#include <algorithm>

#include "simd.hpp"

namespace partwise {

/// errors[i] = the sum over j of (X[i, j] - <left[i], right[j]>)^2, in float64 throughout, for X (n, m) whose rows or
/// columns are contiguous, left (n, k) and right (m, k). A row's sum depends on that row alone, in a fixed order.
template <class Real>
class RowErrors {
 public:
  RowErrors(const Real* right, Index m, Index k)
      : m_(m), k_(k), right_(std::size_t((m + panel - 1) / panel * panel * k)) {
    for (Index j = 0; j < m; ++j)
      for (Index t = 0; t < k; ++t) right_[j / panel * panel * k + t * panel + j % panel] = double(right[j * k + t]);
  }

  void operator()(Strided<Real> X, Index n, const Real* left, double* errors) const {
    Scratch<double> own(std::size_t(tall * k_));
    Scratch<V> squares(std::size_t{tall});
    Scratch<Real> staged(std::size_t(tall * stretch));
    for (Index i = 0; i < n; i += tall) {
      const Index rows = std::min(tall, n - i);
      std::copy(left + i * k_, left + (i + rows) * k_, own.begin());
      std::fill(squares.begin(), squares.end(), V{});
      for (Index first = 0; first < m_; first += stretch) {
        const Index width = std::min(stretch, m_ - first), panels = (width + panel - 1) / panel;
        const Real* x = X.data + i * X.row + first * X.column;
        Index row = X.row;
        if (X.column != 1 || width < panels * panel) {
          stage(x, X, rows, width, staged.data());
          x = staged.data(), row = stretch;
        }
        Index r = 0;
        for (; r + 4 <= rows; r += 4) add<4>(x + r * row, row, first, panels, &own[r * k_], &squares[r]);
        for (; r < rows; ++r) add<1>(x + r * row, row, first, panels, &own[r * k_], &squares[r]);
      }
      for (Index r = 0; r < rows; ++r) errors[i + r] = sum<double, wide>(squares[r]);
    }
  }

 private:
  static constexpr int wide = lanes<double>, panel = 3 * wide;
  static constexpr Index tall = 32, stretch = 16 * panel;  // their entries stay in the first-level cache
  using V = Vector<double, wide>;
  using Narrow = Vector<Real, wide>;

  /// to (rows, stretch) = some entries, rows contiguous, zeros past the last column.
  static void stage(const Real* x, Strided<Real> X, Index rows, Index width, Real* to) {
    if (X.column != 1)
      transpose(x, X.column, width, rows, to, stretch);
    else
      for (Index r = 0; r < rows; ++r) std::copy_n(x + r * X.row, width, to + r * stretch);
    for (Index r = 0; r < rows; ++r) std::fill(to + r * stretch + width, to + (r + 1) * stretch, Real(0));
  }

  /// squares[r] += squared errors of `Rows` rows in as many panels of columns. No branch: a compiler could contract
  /// sums on both sides of one differently.
  template <int Rows>
  void add(const Real* x, Index row, Index first, Index panels, const double* left, V* squares) const {
    for (Index p = 0; p < panels; ++p, x += panel) {
      V model[Rows][3] = {};
      const double* right = right_.data() + (first + p * panel) * k_;
      for (Index t = 0; t < k_; ++t, right += panel) {
        const V r0 = load<V>(right), r1 = load<V>(right + wide), r2 = load<V>(right + 2 * wide);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
          const double own = left[r * k_ + t];
          model[r][0] += own * r0;
          model[r][1] += own * r1;
          model[r][2] += own * r2;
        }
      }
#pragma GCC unroll 4
      for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < 3; ++v) {
          const V error = __builtin_convertvector(load<Narrow>(x + r * row + v * wide), V) - model[r][v];
          squares[r] += error * error;
        }
    }
  }

  Index m_, k_;
  Scratch<double> right_;
};

}  // namespace partwise
