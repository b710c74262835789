// Exact non-negative least squares, row by row.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "simd.hpp"

namespace partwise {

/// Minimises 1/2 x' gram x - want' x over x >= 0, exactly, by block principal pivoting. J. Kim & H. Park (2011),
/// doi:10.1137/110821172; the exchange rule with its backup is theirs.
class Pivoting {
 public:
  /// For problems of up to k unknowns.
  explicit Pivoting(Index k)
      : k_(k), factor_(k * k), scaled_(k * k), inverse_(k), y_(k), gradient_(k), order_(k), passive_(k), wrong_(k) {}

  /// x: the signs on entry are the first guess, and only speed it up; overwritten. gram: positive semi-definite.
  void solve(const double* gram, const double* want, double* x, Index k) {
    k_ = k;
    double largest = 0;
    for (Index t = 0; t < k_; ++t) {
      largest = std::max(largest, std::abs(want[t]));
      passive_[t] = x[t] > 0 && gram[t * k_ + t] > 0;
    }
    Index fewest = k_ + 1;
    int backup = 3;
    for (Index round = 0; round < 10 * k_ + 100; ++round) {
      solve_passive(gram, want, x);
      for (Index t = 0; t < k_; ++t) gradient_[t] = -want[t];
      for (Index a = 0; a < size_; ++a) {
        const double value = x[order_[a]], *row = gram + order_[a] * k_;
        for (Index t = 0; t < k_; ++t) gradient_[t] += row[t] * value;
      }
      Index count = 0, last = 0;
      for (Index t = 0; t < k_; ++t) {
        wrong_[t] = passive_[t] ? x[t] < 0 : gram[t * k_ + t] > 0 && gradient_[t] < -1e-12 * largest;
        if (wrong_[t]) {
          ++count;
          last = t;
        }
      }
      if (count == 0) return;
      if (count < fewest || backup > 0) {
        backup = count < fewest ? 3 : backup - 1;
        fewest = std::min(fewest, count);
        for (Index t = 0; t < k_; ++t) passive_[t] ^= wrong_[t];
      } else {
        passive_[last] ^= 1;
      }
    }
    // rounding made the pivots cycle: finish by coordinate descent from what there is
    for (Index t = 0; t < k_; ++t) x[t] = std::max(x[t], 0.0);
    for (int sweep = 0; sweep < 1000; ++sweep)
      for (Index t = 0; t < k_; ++t) {
        if (gram[t * k_ + t] <= 0) continue;
        double step = want[t];
        for (Index s = 0; s < k_; ++s) step -= gram[t * k_ + s] * x[s];
        x[t] = std::max(x[t] + step / gram[t * k_ + t], 0.0);
      }
  }

 private:
  /// gram[F, F] x[F] = want[F] on the passive set F, x = 0 elsewhere; a component that depends on those before it gets 0.
  void solve_passive(const double* gram, const double* want, double* x) {
    size_ = 0;
    for (Index t = 0; t < k_; ++t) {
      x[t] = 0;
      if (passive_[t]) order_[size_++] = t;
    }
    // L D L' = gram[F, F]: row a of factor_ holds L, row a of scaled_ L D; inverse_ holds 1 / D
    for (Index a = 0; a < size_; ++a) {
      double *row = &factor_[a * k_], *own = &scaled_[a * k_];
      const double* entries = gram + order_[a] * k_;
      double rest = entries[order_[a]], known = want[order_[a]];
      for (Index b = 0; b < a; ++b) {
        const double* other = &factor_[b * k_];
        double value = entries[order_[b]];
        for (Index c = 0; c < b; ++c) value -= own[c] * other[c];
        own[b] = value;
        row[b] = value * inverse_[b];
        rest -= value * row[b];
        known -= row[b] * y_[b];
      }
      inverse_[a] = rest > 1e-14 * entries[order_[a]] ? 1 / rest : 0;
      y_[a] = known;
    }
    for (Index a = 0; a < size_; ++a) y_[a] *= inverse_[a];
    for (Index a = size_ - 1; a >= 0; --a) {
      const double value = x[order_[a]] = y_[a];
      for (Index b = 0; b < a; ++b) y_[b] -= factor_[a * k_ + b] * value;
    }
  }

  Index k_, size_ = 0;
  std::vector<double> factor_, scaled_, inverse_, y_, gradient_;
  std::vector<Index> order_;
  std::vector<char> passive_, wrong_;
};

/// left[i] <- argmin over x >= 0 of 1/2 x' gram x - (cross[i] - l1)' x for a block of rows; left[i]'s zeros are the first
/// guess. left, cross: (rows, k); gram: (k, k).
template <class Real>
void pivoting_block(Real* left, const double* cross, const double* gram, Index rows, Index k, double l1) {
  Pivoting pivoting(k);
  std::vector<double> x(k), want(k);
  for (Index i = 0; i < rows; ++i) {
    for (Index t = 0; t < k; ++t) {
      want[t] = cross[i * k + t] - l1;
      x[t] = double(left[i * k + t]);
    }
    pivoting.solve(gram, want.data(), x.data(), k);
    for (Index t = 0; t < k; ++t) left[i * k + t] = Real(std::max(x[t], 0.0));
  }
}

}  // namespace partwise
