// Least squares over known entries alone, with weights: each row has a Gram matrix of its own, and none is kept.
#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

#include "box.hpp"
#include "nnls.hpp"
#include "products.hpp"

namespace partwise {

/// The normal equations of one row over its known entries p alone, g_p their rows of right (m, k):
///   gram = sum_p v_p g_p g_p',  pull = sum_p v_p x_p g_p,  squares = sum_p v_p x_p^2.
/// Of gram (rows, stride) the upper triangle is written, of pull (stride) as much as there are parts.
template <class Real>
class RowGram {
 public:
  static constexpr int wide = std::min<int>(lanes<Real>, 32 / int(sizeof(Real)));  // wider ones would be padding for most k
  static constexpr int step = std::max(wide, 4);  // rows of the Gram matrix are made four at a time
  using V = Vector<Real, wide>;

  /// Other: the type that right comes in.
  template <class Other>
  RowGram(const Other* right, Index m, Index k)
      : k_(k), stride_((k + step - 1) / step * step), rows_((k + 3) / 4 * 4) {
    if (std::is_same_v<Other, Real> && stride_ == k) {
      right_ = reinterpret_cast<const Real*>(right);
      return;
    }
    padded_.resize(m * stride_);
    for (Index j = 0; j < m; ++j)
      for (Index t = 0; t < k; ++t) padded_[j * stride_ + t] = Real(right[j * k + t]);
    right_ = padded_.data();
  }

  Index stride() const { return stride_; }
  Index size() const { return rows_ * stride_; }

  /// weights: v, or null where all are 1. Returns squares.
  template <class Other, class Integer>
  double take(const Other* values, const Integer* indices, const Other* weights, Index entries, Real* gram,
              Real* pull) const {
    return weights ? products<true>(values, indices, weights, entries, gram, pull)
                   : products<false>(values, indices, weights, entries, gram, pull);
  }

 private:
  template <bool Weighted, class Other, class Integer>
  double products(const Other* values, const Integer* indices, const Other* weights, Index entries, Real* gram,
                  Real* pull) const {
    double squares = 0;
    for (Index p = 0; p < entries; ++p)
      squares += double(values[p]) * double(values[p]) * (Weighted ? double(weights[p]) : 1.0);
    for (Index t = 0; t < k_;) {  // rows of the upper triangle, as many at a time as registers hold
      const Index rows = k_ - t <= wide && t + 8 <= rows_ ? 8 : 4;
      in_threes(t, [&](auto count, Index s) {
        if (rows == 8)
          corner<Weighted, 8, 1>(indices, weights, entries, gram, t, s);
        else
          corner<Weighted, 4, count>(indices, weights, entries, gram, t, s);
      });
      t += rows;
    }
    in_threes(0, [&](auto count, Index s) {
      V total[count] = {};
      for (Index p = 0; p < entries; ++p) {
        const Real* row = right_ + Index(indices[p]) * stride_;
        const V factor = Real(values[p]) * (Weighted ? Real(weights[p]) : Real(1)) - V{};
#pragma GCC unroll 3
        for (int c = 0; c < count; ++c) total[c] += factor * load<V>(row + s + c * wide);
      }
#pragma GCC unroll 3
      for (int c = 0; c < count; ++c) store(pull + s + c * wide, total[c]);
    });
    return squares;
  }

  /// gram[t:t + Rows, s:s + Count vectors] = the sum over entries of their products.
  template <bool Weighted, int Rows, int Count, class Other, class Integer>
  void corner(const Integer* indices, const Other* weights, Index entries, Real* gram, Index t, Index s) const {
    V total[Rows][Count] = {};
    for (Index p = 0; p < entries; ++p) {
      const Real* row = right_ + Index(indices[p]) * stride_;
      V columns[Count];
#pragma GCC unroll 3
      for (int c = 0; c < Count; ++c) columns[c] = load<V>(row + s + c * wide);
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
        const V factor = (Weighted ? Real(weights[p]) * row[t + r] : row[t + r]) - V{};
#pragma GCC unroll 3
        for (int c = 0; c < Count; ++c) total[r][c] += factor * columns[c];
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 3
      for (int c = 0; c < Count; ++c) store(gram + (t + r) * stride_ + s + c * wide, total[r][c]);
  }

  /// Calls of(count, s) for stretches of at most three vectors that cover the columns from `first` on; the last one may
  /// begin sooner, so as to end where rows end.
  template <class Of>
  void in_threes(Index first, Of of) const {
    for (Index s = first; s < k_;) {
      const Index left = (k_ - s + wide - 1) / wide, count = std::min<Index>(left, 3);
      const Index from = std::min(s, stride_ - count * wide);
      if (count == 3) of(std::integral_constant<int, 3>{}, from);
      if (count == 2) of(std::integral_constant<int, 2>{}, from);
      if (count == 1) of(std::integral_constant<int, 1>{}, from);
      s += count * wide;
    }
  }

  Index k_, stride_, rows_;
  const Real* right_ = nullptr;
  Scratch<Real> padded_;
};

/// `residual` = length of the first sweep, squared, in the metric of the curvatures; `loss` = half the weighted squared
/// error at the new point, from the normal equations: it loses digits where it is small.
struct ObservedStep {
  double residual = 0, loss = 0;
};

/// hals_block over known entries: rows first..last of X (n, m) in CSR form, absent entries unknown; weights: of the
/// entries, in the same order, or null. A row's Gram matrix is made for it alone and not kept; sweeps go across a tile of
/// rows, a Gram matrix in each lane. A component that no entry knows of goes to the bottom of its box.
/// iterate, start, point: (n, k); right (m, k).
template <class Real, class Integer>
ObservedStep hals_observed(Csr<Real, Integer> X, const Real* weights, Real* iterate, const Real* start, Real* point,
                           const Real* right, Index m, Index k, Index first, Index last, Box<Real> box, Real l1, Real l2,
                           int sweeps, Real shrink, Real momentum) {
  constexpr Index wide = RowGram<Real>::wide;
  using V = typename RowGram<Real>::V;
  const RowGram<Real> row(right, m, k);
  const Index stride = row.stride(), size = row.size();
  Scratch<Real> memory(2 * wide * size + wide * stride + 7 * wide * stride);
  Real *grams = memory.data(), *gram = grams + wide * size, *pulls = gram + wide * size, *pull = pulls + wide * stride;
  Real *pushed = pull + wide * stride, *x = pushed + wide * stride, *before = x + wide * stride;
  Real *inverse = before + wide * stride, *lower = inverse + wide * stride, *upper = lower + wide * stride;
  using Limits = std::numeric_limits<Real>;
  const V zero{};
  const auto boxed = [&](V value, Index t) {
    value = at_least(value, zero);
    if (!box.lower) return value;
    const V high = load<V>(upper + t * wide);
    value = at_least(value, load<V>(lower + t * wide));
    return value < high ? value : high;
  };
  const auto move = [&](Index t, V step) {  // x[t] moves by step: what pulls the components changes
    for (Index s = 0; s < k; ++s) {
      const Real* bend = gram + (s < t ? s * stride + t : t * stride + s) * wide;
      store(pushed + s * wide, load<V>(pushed + s * wide) - step * load<V>(bend));
    }
  };
  ObservedStep result;
  for (Index i = first; i < last; i += wide) {
    const Index tall = std::min(wide, last - i), offset = i * k;
    if (tall < wide) std::fill(memory.begin(), memory.end(), Real(0));
    for (Index r = 0; r < tall; ++r) {
      const Index begin = Index(X.indptr[i + r]), entries = Index(X.indptr[i + r + 1]) - begin;
      result.loss += 0.5 * row.take(X.values + begin, X.indices + begin, weights ? weights + begin : nullptr, entries,
                                    grams + r * size, pulls + r * stride);
    }
    transpose(grams, size, wide, size, gram, wide);
    transpose(pulls, stride, wide, k, pull, wide);
    transpose(start + offset, k, tall, k, x, wide);
    transpose(iterate + offset, k, tall, k, before, wide);
    if (box.lower) {
      transpose(box.lower + offset, k, tall, k, lower, wide);
      transpose(box.upper + offset, k, tall, k, upper, wide);
    }
    std::copy(pull, pull + k * wide, pushed);
    V largest{};
    for (Index t = 0; t < k; ++t) {
      largest = at_least(largest, load<V>(gram + (t * stride + t) * wide));
      move(t, load<V>(x + t * wide));
    }
    const V floor = at_least((largest + l2) * Limits::epsilon(), Limits::min() / Limits::epsilon() - zero);
    for (Index t = 0; t < k; ++t) {
      const V curvature = load<V>(gram + (t * stride + t) * wide) + l2;
      store(inverse + t * wide, curvature > floor ? 1 / curvature : zero);
    }
    double first_move = 0;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      V moved{};
      for (Index t = 0; t < k; ++t) {
        const V old = load<V>(x + t * wide), scale = load<V>(inverse + t * wide);
        const V wanted = old + (load<V>(pushed + t * wide) - l1 - l2 * old) * scale;
        const V now = boxed(scale > zero ? wanted : zero, t), change = now - old;
        store(x + t * wide, now);
        move(t, change);
        moved += change * change * (load<V>(gram + (t * stride + t) * wide) + l2);
      }
      const double move_now = double(sum<Real, int(wide)>(moved));
      if (sweep == 0) {
        first_move = move_now;
        result.residual += move_now;
      } else if (move_now < double(shrink) * double(shrink) * first_move) {
        break;
      }
    }
    transpose(x, wide, k, tall, iterate + offset, k);
    V inner{};
    for (Index t = 0; t < k; ++t) {
      V now = load<V>(x + t * wide);
      if (momentum > 0) {
        const V ahead = boxed(now + momentum * (now - load<V>(before + t * wide)), t);
        move(t, ahead - now);
        store(x + t * wide, ahead);
      }
    }
    for (Index t = 0; t < k; ++t)
      inner += load<V>(x + t * wide) * (load<V>(pull + t * wide) + load<V>(pushed + t * wide));
    for (Index r = 0; r < tall; ++r) result.loss -= 0.5 * double(inner[r]);
    transpose(x, wide, k, tall, point + offset, k);
  }
  return result;
}

/// left[i] <- argmin over x >= 0 of row i's problem over known entries, exactly, in float64, for rows first..last; left[i]'s
/// zeros are the first guess. weights: v, or null where all are 1. `ridge` is added to each Gram matrix's diagonal,
/// relative to its largest entry: it picks one solution where a row knows fewer entries than there are parts. Returns half
/// the weighted squared error.
template <class Real, class Integer>
double pivoting_observed(Csr<Real, Integer> X, const Real* weights, Real* left, const Real* right, Index m, Index k,
                       Index first, Index last, double l1, double l2, double ridge) {
  Pivoting pivoting(k);
  const RowGram<double> row(right, m, k);
  const Index stride = row.stride();
  Scratch<double> upper(row.size()), gram(k * k), pull(stride);
  double loss = 0;
  for (Index i = first; i < last; ++i) {
    const Index begin = Index(X.indptr[i]), entries = Index(X.indptr[i + 1]) - begin;
    loss += 0.5 * row.take(X.values + begin, X.indices + begin, weights ? weights + begin : nullptr, entries,
                           upper.data(), pull.data());
    double largest = 0;
    for (Index t = 0; t < k; ++t) largest = std::max(largest, upper[t * stride + t]);
    if (largest + l2 <= 0) {  // nothing is known of this row
      std::fill(left + i * k, left + (i + 1) * k, Real(0));
      continue;
    }
    for (Index t = 0; t < k; ++t) {
      for (Index s = t; s < k; ++s) gram[t * k + s] = gram[s * k + t] = upper[t * stride + s];
      gram[t * k + t] += l2 + ridge * largest;
    }
    pivoting.prepare(gram.data(), k);
    double *x = pivoting.x(), *want = pivoting.want();
    for (Index t = 0; t < k; ++t) {
      want[t] = pull[t] - l1;
      x[t] = double(left[i * k + t]);
    }
    pivoting.solve();
    for (Index t = 0; t < k; ++t) x[t] = double(left[i * k + t] = Real(std::max(x[t], 0.0)));
    for (Index t = 0; t < k; ++t) {
      if (x[t] == 0) continue;
      double model = 0.5 * upper[t * stride + t] * x[t];
      for (Index s = t + 1; s < k; ++s) model += upper[t * stride + s] * x[s];
      loss += x[t] * (model - pull[t]);
    }
  }
  return loss;
}

}  // namespace partwise
