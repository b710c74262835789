// Small symmetric systems of several rows at once: elimination is a chain within each row, so vectors run ACROSS rows.
#pragma once

#include <algorithm>
#include <limits>

#include "simd.hpp"

namespace partwise {

/// What is smaller has no finite inverse.
constexpr double tiny = std::numeric_limits<double>::min();
/// A component whose pivot is a smaller share of its diagonal depends on those before it.
constexpr double dependent = 1e-14;

/// gram[F, F] x[F] = want[F] for as many rows as a vector has lanes, each with a set F of its own.
class Elimination {
 public:
  static constexpr int wide = lanes<double>;

  /// For up to `most` unknowns a row.
  explicit Elimination(Index most)
      : pivots_(most * most * wide), shares_(most * most * wide), y_(most * wide), inverse_(most * wide) {}

  /// Solve for the rows whose sets are order[r], of `count` components each: a shorter set ends with components whose
  /// row in gram is zero. A component that depends on those before it gets 0, here and in `solution`.
  void solve(const double* gram, Index stride, const Index* const* order, const double* const* want, Index count) {
    for (int r = 0; r < wide; ++r)
      for (Index a = 0; a < count; ++a) {
        const double* row = gram + order[r][a] * stride;
        for (Index b = a; b < count; ++b) pivots_[(a * count + b) * wide + r] = row[order[r][b]];
        y_[a * wide + r] = want[r][order[r][a]];
      }
    for (Index a = 0; a < count; ++a) {
      const V whole = at(pivots_, a * count + a);
      for (Index b = a; b < count; ++b) {
        V rest = at(pivots_, a * count + b);
        for (Index c = 0; c < a; ++c) rest -= at(shares_, c * count + a) * at(pivots_, c * count + b);
        store(&pivots_[(a * count + b) * wide], rest);
      }
      const V pivot = at(pivots_, a * count + a);
      const V inverse = pivot > at_least(dependent * whole, tiny - V{}) ? 1 / pivot : V{};
      store(&inverse_[a * wide], inverse);
      for (Index b = a + 1; b < count; ++b)
        store(&shares_[(a * count + b) * wide], at(pivots_, a * count + b) * inverse);
      V y = at(y_, a);
      for (Index c = 0; c < a; ++c) y -= at(shares_, c * count + a) * at(y_, c);
      store(&y_[a * wide], y);
    }
    for (Index a = count - 1; a >= 0; --a) {
      V y = at(y_, a);
      for (Index b = count - 1; b > a; --b) y -= at(pivots_, a * count + b) * at(y_, b);
      store(&y_[a * wide], y * at(inverse_, a));
    }
  }

  /// x[order[r][a]] as `solve` found it.
  double solution(int r, Index a) const { return y_[a * wide + r]; }

 private:
  using V = Vector<double, wide>;

  static V at(const Scratch<double>& numbers, Index e) { return load<V>(&numbers[e * wide]); }

  Scratch<double> pivots_, shares_, y_, inverse_;
};

}  // namespace partwise
