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
/// Of gram (size() numbers, in rows of stride()) what is below the diagonal means nothing, nor what is beyond k.
template <class Real>
class RowGram {
 public:
  /// Other: the type that right comes in.
  template <class Other>
  RowGram(const Other* right, Index m, Index k) : k_(k), stride_(std::max<Index>((k + 3) / 4 * 4, wide)) {
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
  Index size() const { return (k_ + 3) / 4 * 4 * stride_; }

  /// weights: v, or null where all are 1. Returns squares.
  template <class Other, class Integer>
  double take(const Other* values, const Integer* indices, const Other* weights, Index entries, Real* gram,
              Real* pull) const {
    const Known<Other, Integer> known{values, indices, weights, entries, gram, pull};
    return weights ? products<true>(known) : products<false>(known);
  }

 private:
  static constexpr int wide = lanes<Real>;
  using V = Vector<Real, wide>;
  static constexpr int held = vector_bytes == 64 ? 24 : 12;  // sums that registers hold, beside what makes them

  static constexpr Index soon = 12;  // entries until one's row of right is read

  /// What is known of a row, and where its products go.
  template <class Other, class Integer>
  struct Known {
    const Other* values;
    const Integer* indices;
    const Other* weights;
    Index entries;
    Real *gram, *pull;
  };

  template <bool Weighted, class Of>
  double products(const Of& known) const {
    Index t = rows_from<Weighted, true>(known, 0);
    while (t < k_) t += rows_from<Weighted, false>(known, t);
    using Other = std::decay_t<decltype(*known.values)>;
    const auto wider = [](const Other* four) {
      return __builtin_convertvector(load<Vector<Other, 4>>(four), Vector<double, 4>);
    };
    Vector<double, 4> fours{};
    Index p = 0;
    for (; p + 4 <= known.entries; p += 4) {
      const Vector<double, 4> x = wider(known.values + p);
      fours += Weighted ? x * x * wider(known.weights + p) : x * x;
    }
    double squares = sum<double, 4>(fours);
    for (; p < known.entries; ++p) {
      const double x = known.values[p];
      squares += x * x * (Weighted ? double(known.weights[p]) : 1.0);
    }
    return squares;
  }

  /// Makes rows of the upper triangle from row t on, as many as registers hold, and the pull with those at the top,
  /// where all of an entry's row passes by. Returns how many.
  template <bool Weighted, bool Top, class Of>
  Index rows_from(const Of& known, Index t) const {
    const Index count = (stride_ - t + wide - 1) / wide;
    const Index alike = std::min(stride_ - (count - 1) * wide, (k_ + 3) / 4 * 4) - t;  // rows with as many vectors
    const auto make = [&](auto rows) {
      in_threes(t, [&](auto vectors, Index s) {
        if constexpr (rows * vectors <= held) corner<Weighted, Top, rows, vectors>(known, t, s);
      });
      return Index(rows);
    };
    const auto fit = [&](Index rows) { return count * rows <= held && alike >= rows; };
    if (fit(16)) return make(std::integral_constant<int, 16>{});
    if (fit(12)) return make(std::integral_constant<int, 12>{});
    if (fit(8)) return make(std::integral_constant<int, 8>{});
    return make(std::integral_constant<int, 4>{});
  }

  /// gram[t:t + Rows, s:s + Count vectors] = the sum over entries of their products; of pull the same columns, if Top.
  template <bool Weighted, bool Top, int Rows, int Count, class Of>
  void corner(const Of& known, Index t, Index s) const {
    V total[Rows][Count] = {}, pulled[Count] = {};
    const Real* from[Count];  // pointers made here leave constant offsets: GCC keeps others in registers that sums need
    for (int c = 0; c < Count; ++c) from[c] = right_ + at(s, c);
    for (Index p = 0; p < known.entries; ++p) {
      if (Top) prefetch(known.indices[std::min(p + soon, known.entries - 1)]);
      const Index row = Index(known.indices[p]) * stride_;
      const Real* left = right_ + t + row;
      V columns[Count];
#pragma GCC unroll 3
      for (int c = 0; c < Count; ++c) {
        columns[c] = load<V>(from[c] + row);
        if (Weighted) columns[c] *= Real(known.weights[p]) - V{};
        if (Top) pulled[c] += (Real(known.values[p]) - V{}) * columns[c];
      }
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) {
        const V factor = left[r] - V{};
#pragma GCC unroll 3
        for (int c = 0; c < Count; ++c) total[r][c] += factor * columns[c];
      }
    }
#pragma GCC unroll 3
    for (int c = 0; c < Count; ++c) {
      if (Top) store(known.pull + at(s, c), pulled[c]);
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) store(known.gram + (t + r) * stride_ + at(s, c), total[r][c]);
    }
  }

  /// Calls of(count, s) for stretches of at most three vectors that cover the columns from `first` on, and end where
  /// rows end; the first vector begins before `first`, where they do not divide.
  template <class Of>
  void in_threes(Index first, Of of) const {
    for (Index left = (stride_ - first + wide - 1) / wide; left > 0;) {
      const Index count = std::min<Index>(left, 3), s = stride_ - left * wide;
      if (count == 3) of(std::integral_constant<int, 3>{}, s);
      if (count == 2) of(std::integral_constant<int, 2>{}, s);
      if (count == 1) of(std::integral_constant<int, 1>{}, s);
      left -= count;
    }
  }

  void prefetch(Index j) const {
    const Real* row = right_ + j * stride_;
    for (Index t = 0; t < k_; t += 64 / sizeof(Real)) __builtin_prefetch(row + t);
    __builtin_prefetch(row + k_ - 1);
  }

  /// Where vector c of a stretch from s on begins: s is negative where the first would begin before the row.
  static Index at(Index s, int c) { return std::max<Index>(s + c * wide, 0); }

  Index k_, stride_;
  const Real* right_;
  Scratch<Real> padded_;
};

/// `residual` = length of the first sweep, squared, in the metric of the curvatures; `loss` = half the weighted squared
/// error at the new point, from the normal equations: it loses digits where it is small.
struct ObservedStep {
  double residual = 0, loss = 0;
};

/// hals_block over known entries: rows first..last of X (n, m) in CSR form, absent entries unknown; weights: of the
/// entries, in the same order, or null. A row's Gram matrix is made for it alone and not kept; sweeps go across a tile
/// of rows, a Gram matrix in each lane. A component that no entry knows of goes to the bottom of its box. iterate,
/// start, point: (n, k); right (m, k).
template <class Real, class Integer>
ObservedStep hals_observed(Csr<Real, Integer> X, const Real* weights, Real* iterate, const Real* start, Real* point,
                           const Real* right, Index m, Index k, Index first, Index last, Box<Real> box, Real l1,
                           Real l2, int sweeps, Real shrink, Real momentum) {
  constexpr Index wide = std::min<int>(lanes<Real>, 32 / int(sizeof(Real)));  // caches hold no more rows' grams
  using V = Vector<Real, int(wide)>;
  const RowGram<Real> row(right, m, k);
  const Index stride = row.stride(), size = row.size();
  Scratch<Real> memory(2 * wide * size + 7 * wide * stride);
  Real *grams = memory.data(), *gram = grams + wide * size, *pulls = gram + wide * size, *pull = pulls + wide * stride;
  Real *x = pull + wide * stride, *before = x + wide * stride;
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
  const auto along = [&](const Real* bends, Index step, Index from, Index to) {  // sum of the bends' products with x
    V totals[4] = {};
    Index s = from;
    for (; s + 4 <= to; s += 4)
      for (int e = 0; e < 4; ++e) totals[e] += load<V>(bends + (s + e) * step) * load<V>(x + (s + e) * wide);
    for (; s < to; ++s) totals[0] += load<V>(bends + s * step) * load<V>(x + s * wide);
    return (totals[0] + totals[1]) + (totals[2] + totals[3]);
  };
  const auto above = [&](Index t) { return along(gram + t * wide, stride * wide, 0, t); };
  const auto right_of = [&](Index t) { return along(gram + t * stride * wide, wide, t + 1, k); };
  ObservedStep result;
  for (Index i = first; i < last; i += wide) {
    const Index tall = std::min(wide, last - i), offset = i * k;
    if (tall < wide) std::fill(memory.begin(), memory.end(), Real(0));
    for (Index r = 0; r < tall; ++r) {
      const Index begin = Index(X.indptr[i + r]), entries = Index(X.indptr[i + r + 1]) - begin;
      result.loss += 0.5 * row.take(X.values + begin, X.indices + begin, weights ? weights + begin : nullptr, entries,
                                    grams + r * size, pulls + r * stride);
    }
    for (Index t = 0; t < k; ++t) {  // of the upper triangle, by fours
      const Index aside = t / 4 * 4, from = t * stride + aside;
      transpose(grams + from, size, wide, (k + 3) / 4 * 4 - aside, gram + from * wide, wide);
    }
    transpose(pulls, stride, wide, k, pull, wide);
    transpose(start + offset, k, tall, k, x, wide);
    transpose(iterate + offset, k, tall, k, before, wide);
    if (box.lower) {
      transpose(box.lower + offset, k, tall, k, lower, wide);
      transpose(box.upper + offset, k, tall, k, upper, wide);
    }
    V largest{};
    for (Index t = 0; t < k; ++t) largest = at_least(largest, load<V>(gram + (t * stride + t) * wide));
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
        const V curvature = load<V>(gram + (t * stride + t) * wide) + l2;
        const V wanted = (load<V>(pull + t * wide) - (above(t) + right_of(t)) - l1) * scale;
        const V now = boxed(wanted, t), change = now - old;
        store(x + t * wide, now);
        moved += change * change * curvature;
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
    if (momentum > 0) {
      for (Index t = 0; t < k; ++t) {
        const V now = load<V>(x + t * wide);
        store(x + t * wide, boxed(now + momentum * (now - load<V>(before + t * wide)), t));
      }
    }
    V inner{};
    for (Index t = 0; t < k; ++t) {
      const V now = load<V>(x + t * wide);
      inner +=
          now * (load<V>(pull + t * wide) - right_of(t) - Real(0.5) * load<V>(gram + (t * stride + t) * wide) * now);
    }
    for (Index r = 0; r < tall; ++r) result.loss -= double(inner[r]);
    transpose(x, wide, k, tall, point + offset, k);
  }
  return result;
}

/// left[i] <- argmin over x >= 0 of row i's problem over known entries, exactly, in float64, for rows first..last;
/// left[i]'s zeros are the first guess. weights: v, or null where all are 1. `ridge` is added to each Gram matrix's
/// diagonal, relative to its largest entry: it picks one solution where a row knows fewer entries than there are parts.
/// Returns half the weighted squared error.
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
