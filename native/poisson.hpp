// Half-steps of the generalised Kullback-Leibler divergence, a row at a time; only stored entries are touched.
#pragma once

#include <algorithm>
#include <cmath>

#include "box.hpp"
#include "gathered.hpp"
#include "products.hpp"
#include "simd.hpp"

namespace partwise {

/// One row's convex problem:  min over w >= 0 of  sum_t mass[t] w[t] + l2/2 w[t]^2 - sum_j x[j] log p[j],  p = G' w,
/// where mass = the column sums of `right`, the L1 penalty added: absent entries enter through it alone, exactly.
/// G: (k, stride), a component a row, entries along it, so that every loop runs along entries.
template <class Real>
class PoissonRow {
 public:
  static constexpr int wide = lanes<Real>;
  using V = Vector<Real, wide>;

  /// For rows of at most `longest` entries; `gathers` = false for whole rows, which need no room for a gathered G.
  PoissonRow(Index k, Index longest, bool gathers)
      : k_(k), stride_(padded(longest)), gathered_(k, gathers ? longest : 0), x_(stride_), p_(stride_) {}

  static Index padded(Index entries) { return Gathered<Real>::padded(entries); }

  /// Takes the row's entries (values, at columns indices) and gathers their rows of right, transposed.
  template <class Integer>
  void gather(const Real* values, const Integer* indices, Index entries, const Real* right) {
    gathered_.gather(indices, entries, right);
    whole(values, entries, gathered_.data(), gathered_.stride());
  }

  /// Takes a whole row of a dense X; `transposed` is right' padded with zero columns to `stride`.
  void whole(const Real* values, Index entries, const Real* transposed, Index stride) {
    length_ = padded(entries);
    std::copy(values, values + entries, x_.begin());
    std::fill(x_.begin() + entries, x_.begin() + length_, Real(0));
    g_ = transposed;
    g_stride_ = stride;
  }

  /// sum_j x log p, at the present p.
  double likelihood() const {
    V total{};
    for (Index j = 0; j < length_; j += wide) total += load<V>(&x_[j]) * logarithm<Real, wide>(load<V>(&p_[j]));
    return double(sum<Real, wide>(total));
  }

  /// p = max(G' w, floor).
  void predict(const Real* w, Real floor) {
    std::fill(p_.begin(), p_.begin() + length_, Real(0));
    for (Index t = 0; t < k_; ++t) {
      if (w[t] == 0) continue;
      const Real* g = g_ + t * g_stride_;
      for (Index j = 0; j < length_; j += wide) store(&p_[j], load<V>(&p_[j]) + w[t] * load<V>(g + j));
    }
    const V least = floor - V{};
    for (Index j = 0; j < length_; j += wide) store(&p_[j], at_least(load<V>(&p_[j]), least));
  }

  /// mass[t] += sum_j v_j G[t,j], with v = 1 where weights is null.
  void add_mass(const Real* weights, Index entries, Real* mass) const {
    for (Index t = 0; t < k_; ++t) {
      const Real* g = g_ + t * g_stride_;
      double total = 0;
      for (Index j = 0; j < entries; ++j) total += double(g[j]) * (weights ? double(weights[j]) : 1.0);
      mass[t] += Real(total);
    }
  }

  /// negative[t] = sum_j x_j G[t,j] / p_j; p is spent.
  void pull(Real* negative) {
    for (Index j = 0; j < length_; j += wide) store(&p_[j], load<V>(&x_[j]) / load<V>(&p_[j]));
    for (Index t = 0; t < k_; ++t) {
      const Real* g = g_ + t * g_stride_;
      V wanted{};
      for (Index j = 0; j < length_; j += wide) wanted += load<V>(&p_[j]) * load<V>(g + j);
      negative[t] = sum<Real, wide>(wanted);
    }
  }

  /// sum_j x_j g_j / p_j with w g taken off p: how the entries pull where this coordinate is zero.
  double pull_at_zero(const Real* g, Real w, V least) const {
    V pull{};
    for (Index j = 0; j < length_; j += wide) {
      const V rest = at_least(load<V>(&p_[j]) - w * load<V>(g + j), least);
      pull += load<V>(&x_[j]) * load<V>(g + j) / rest;
    }
    return double(sum<Real, wide>(pull));
  }

  /// One cyclic pass of one-variable steps. With s = sum_j x g / p and c = sum_j x (g / p)^2 the pull of the entries
  /// along coordinate t is at least s^2 / (s + c d) after a step d (Jensen). The step goes to where this meets
  /// mass + l2 (w + d). It is exact if g / p is constant. On the way up it never passes the minimum, as a Newton step
  /// can; on the way down it ends nearer to it. It goes down to zero only if zero is the minimum; else it is the
  /// multiplicative step, which cannot pass the minimum. Returns sum_t mass |change|. After C.-J. Hsieh & I. Dhillon
  /// (2011), doi:10.1145/2020408.2020577, with the hyperbola in place of their parabola.
  double sweep(Real* w, const Real* mass, Real l2, Real floor, Box<Real> box) {
    double moved = 0;
    const V least = floor - V{};
    for (Index t = 0; t < k_; ++t) {
      const Real* g = g_ + t * g_stride_;
      V pull{}, bend{};
      for (Index j = 0; j < length_; j += wide) {
        const V u = load<V>(g + j) / load<V>(&p_[j]), v = load<V>(&x_[j]) * u;
        pull += v;
        bend += v * u;
      }
      const double s = double(sum<Real, wide>(pull)), c = double(sum<Real, wide>(bend));
      const double a = double(mass[t]) + double(l2) * double(w[t]);
      if (!(a > 0) && !(s > 0)) continue;
      double step;
      if (!(c > 0)) {
        step = -double(w[t]);
      } else if (l2 > 0) {
        // the root of (a c + l2 s)^2 + 4 l2 c s (s - a), as a sum of squares: no penalty makes it negative or infinite
        const double along = a * c, damped = double(l2) * s;
        const double root = std::hypot(along - damped, 2 * s * std::sqrt(double(l2)) * std::sqrt(c));
        step = 2 * s * (s - a) / (along + damped + root);
      } else {
        step = s * (s - a) / (a * c);
      }
      Real now = std::max(Real(double(w[t]) + step), Real(0));
      if (!std::isfinite(now)) continue;  // beyond the range of numbers
      if (now == 0 && w[t] > 0 && pull_at_zero(g, w[t], least) > double(mass[t])) now = Real(double(w[t]) * (s / a));
      now = box.clip(now, t);
      const Real change = now - w[t];
      if (change == 0) continue;
      w[t] = now;
      moved += a * double(std::abs(change));
      for (Index j = 0; j < length_; j += wide)
        store(&p_[j], at_least(load<V>(&p_[j]) + change * load<V>(g + j), least));
    }
    return moved;
  }

 private:
  Index k_, stride_, length_ = 0, g_stride_ = 0;
  Gathered<Real> gathered_;
  Scratch<Real> x_, p_;
  const Real* g_ = nullptr;
};

/// How to update each row.
template <class Real>
struct PoissonPlan {
  const Real* mass;
  Real l2, floor;
  int sweeps;
  double shrink;  // stop a row when a sweep moves it less than this times its first
  bool value;     // whether `inner` is asked for
  Box<Real> box{};
};

/// `inner` = sum_j x log p AFTER the update (0 if not asked for), `residual` = sum_t mass |change in the first sweep|.
struct PoissonStep {
  double inner = 0, residual = 0;
};

template <class Real>
void poisson_row(PoissonRow<Real>& row, Real* w, const PoissonPlan<Real>& plan, Box<Real> box, PoissonStep& result) {
  row.predict(w, plan.floor);
  double first = 0;
  for (int sweep = 0; sweep < plan.sweeps; ++sweep) {
    const double moved = row.sweep(w, plan.mass, plan.l2, plan.floor, box);
    if (sweep == 0) {
      first = moved;
      result.residual += moved;
    }
    if (moved <= plan.shrink * first) break;
    if (sweep % 16 == 15) row.predict(w, plan.floor);  // rounding gathers in p
  }
  if (plan.value) result.inner += row.likelihood();
}

/// Updates rows first..last of left (n, k) in place for a CSR X.
template <class Real, class Integer>
PoissonStep poisson_csr(Csr<Real, Integer> X, Real* left, const Real* right, Index k, Index first, Index last,
                        const PoissonPlan<Real>& plan) {
  Index longest = 0;
  for (Index i = first; i < last; ++i) longest = std::max(longest, Index(X.indptr[i + 1]) - Index(X.indptr[i]));
  PoissonRow<Real> row(k, longest, true);
  PoissonStep result;
  for (Index i = first; i < last; ++i) {
    const Index start = Index(X.indptr[i]);
    row.gather(X.values + start, X.indices + start, Index(X.indptr[i + 1]) - start, right);
    poisson_row(row, left + i * k, plan, plan.box.row(i, k), result);
  }
  return result;
}

/// negative[i - first, t] = sum_j X[i,j] right[j,t] / <left[i], right[j]> for rows first..last of a CSR X, the part of
/// the divergence's gradient that pulls up. Returns sum x log p if `value`, else 0.
template <class Real, class Integer>
double poisson_pull(Csr<Real, Integer> X, const Real* left, const Real* right, Real* negative, Index k, Index first,
                    Index last, Real floor, bool value) {
  Index longest = 0;
  for (Index i = first; i < last; ++i) longest = std::max(longest, Index(X.indptr[i + 1]) - Index(X.indptr[i]));
  PoissonRow<Real> row(k, longest, true);
  double total = 0;
  for (Index i = first; i < last; ++i) {
    const Index start = Index(X.indptr[i]);
    row.gather(X.values + start, X.indices + start, Index(X.indptr[i + 1]) - start, right);
    row.predict(left + i * k, floor);
    if (value) total += row.likelihood();
    row.pull(negative + (i - first) * k);
  }
  return total;
}

/// poisson_csr for a block of a dense X (rows, m), row-major; transposed: (k, stride) = right', zero past m.
template <class Real>
PoissonStep poisson_dense(const Real* X, Real* left, const Real* transposed, Index stride, Index k, Index rows, Index m,
                          const PoissonPlan<Real>& plan) {
  PoissonRow<Real> row(k, m, false);
  PoissonStep result;
  for (Index i = 0; i < rows; ++i) {
    row.whole(X + i * m, m, transposed, stride);
    poisson_row(row, left + i * k, plan, plan.box.row(i, k), result);
  }
  return result;
}

/// poisson_csr over known entries alone, with weights v (null: 1): X holds v x, absent entries are unknown, and a row's
/// mass is that of its own entries; plan.mass holds the L1 penalty. `inner` = sum_j v (x log p - p).
template <class Real, class Integer>
PoissonStep poisson_observed(Csr<Real, Integer> X, const Real* weights, Real* left, const Real* right, Index k,
                             Index first, Index last, PoissonPlan<Real> plan) {
  Index longest = 0;
  for (Index i = first; i < last; ++i) longest = std::max(longest, Index(X.indptr[i + 1]) - Index(X.indptr[i]));
  PoissonRow<Real> row(k, longest, true);
  PoissonStep result;
  const Real* penalty = plan.mass;
  Scratch<Real> mass(k);
  plan.mass = mass.data();
  for (Index i = first; i < last; ++i) {
    const Index start = Index(X.indptr[i]), entries = Index(X.indptr[i + 1]) - start;
    row.gather(X.values + start, X.indices + start, entries, right);
    std::copy(penalty, penalty + k, mass.begin());
    row.add_mass(weights ? weights + start : nullptr, entries, mass.data());
    poisson_row(row, left + i * k, plan, plan.box.row(i, k), result);
    if (!plan.value) continue;
    for (Index t = 0; t < k; ++t) result.inner -= double(mass[t] - penalty[t]) * double(left[i * k + t]);
  }
  return result;
}

}  // namespace partwise
