// Rows of the beta-divergences to the end: Newton's method on each row's problem, its quadratic model solved exactly.
#pragma once

#include <algorithm>
#include <cmath>

#include "beta.hpp"
#include "nnls.hpp"
#include "products.hpp"
#include "simd.hpp"

namespace partwise {

/// One row's problem:  min over w >= 0 of  sum_j d(x_j, p_j) + mass' w + l2/2 |w|^2,  p = G' w, where for beta = 1 the
/// term sum_j p_j is left out of d and is part of mass (so that absent entries need not be touched). For 1 <= beta <= 2
/// it is convex, and solved to the last digits, in float64; for other betas curvature is kept positive and a local
/// minimum is found. G: (k, stride), a component a row. Where beta is not 1 each d is multiplied by a weight of its
/// own.
class RowNewton {
 public:
  static constexpr int wide = lanes<double>;
  using V = Vector<double, wide>;
  static constexpr double ridge = 1e-9;  // makes the quadratic model definite where a row has fewer entries than parts

  RowNewton(Index k, Index longest, double beta, const double* mass, double l2, double floor, double tol)
      : k_(k),
        stride_((std::max<Index>(longest, 1) + wide - 1) / wide * wide),
        beta_(beta),
        mass_(mass),
        l2_(l2),
        floor_(floor),
        tol_(tol),
        pivoting_(k),
        g_(k * stride_),
        x_(stride_),
        weights_(stride_, 1.0),
        p_(stride_),
        before_(stride_),
        slope_(stride_),
        bend_(stride_),
        bent_(stride_),
        hessian_(k * k),
        gradient_(k),
        next_(k),
        trial_(k),
        free_(k) {}

  double* values() { return x_.data(); }
  double* weights() { return weights_.data(); }
  double* component(Index t) { return &g_[t * stride_]; }

  /// Improves w (k) over the first `length` entries until a step no longer lowers the objective.
  void solve(double* w, Index length, int most) {
    constexpr double rounding = 4e-16;
    length_ = length;
    for (Index j = length; j < stride_ && j < length + wide; ++j)
      for (Index t = 0; t < k_; ++t) component(t)[j] = 0;
    double value = predict(w);
    for (int step = 0; step < most; ++step) {
      const Index free = model(w);
      std::swap(p_, before_);
      pivoting_.prepare(hessian_.data(), free);
      for (Index a = 0; a < free; ++a) {
        double want = -gradient_[free_[a]];
        for (Index b = 0; b < free; ++b) want += hessian_[a * free + b] * w[free_[b]];
        pivoting_.want()[a] = want;
        pivoting_.x()[a] = w[free_[a]];
      }
      pivoting_.solve();
      std::copy(w, w + k_, next_.begin());
      double slope = 0;
      for (Index a = 0; a < free; ++a) {
        next_[free_[a]] = std::max(pivoting_.x()[a], 0.0);
        slope += gradient_[free_[a]] * (next_[free_[a]] - w[free_[a]]);
      }
      if (!(slope < 0)) return;
      double share = 1, lower = value;
      int halvings = 0;
      for (; halvings < 40; ++halvings, share /= 2) {
        for (Index t = 0; t < k_; ++t) trial_[t] = std::max(w[t] + share * (next_[t] - w[t]), 0.0);
        lower = predict(trial_.data());
        if (falls_too_far()) continue;
        if (lower <= value + 1e-4 * share * slope + rounding * std::abs(value)) break;
      }
      if (halvings == 40) return;
      std::copy(trial_.begin(), trial_.end(), w);
      if (-slope <= tol_ * std::abs(value)) return;
      value = lower;
    }
  }

 private:
  /// Whether the model of a positive entry fell below a twentieth of its value. The quadratic model is of no use that
  /// far down, because the divergence goes to infinity there.
  bool falls_too_far() const {
    if (beta_ > 1) return false;
    for (Index j = 0; j < length_; ++j)
      if (x_[j] > 0 && p_[j] < 0.05 * before_[j]) return true;
    return false;
  }

  double dot(const double* a, const double* b) const {
    V total{};
    for (Index j = 0; j < length_; j += wide) total += load<V>(a + j) * load<V>(b + j);
    return sum<double, wide>(total);
  }

  /// p = max(G' w, floor); returns the objective, less what w does not change.
  double predict(const double* w) {
    std::fill(p_.begin(), p_.begin() + length_, 0.0);
    double value = 0;
    for (Index t = 0; t < k_; ++t) {
      value += w[t] * (mass_[t] + 0.5 * l2_ * w[t]);
      if (w[t] == 0) continue;
      const double* g = component(t);
      for (Index j = 0; j < length_; j += wide) store(&p_[j], load<V>(&p_[j]) + w[t] * load<V>(g + j));
    }
    for (Index j = 0; j < length_; ++j) p_[j] = std::max(p_[j], floor_);
    if (beta_ == 0 || beta_ == 1) {
      V total{};
      Index j = 0;
      for (; j + wide <= length_; j += wide) {
        const V x = load<V>(&x_[j]), p = load<V>(&p_[j]), log = logarithm<double, wide>(p);
        total += beta_ == 1 ? -x * log : load<V>(&weights_[j]) * (x / p + log);
      }
      for (; j < length_; ++j)
        value += beta_ == 1 ? -x_[j] * std::log(p_[j]) : weights_[j] * (x_[j] / p_[j] + std::log(p_[j]));
      return value + sum<double, wide>(total);
    }
    const bool near = near_limit(beta_);
    for (Index j = 0; j < length_; ++j)
      value += weights_[j] * (near ? excess(p_[j], beta_) - x_[j] * excess(p_[j], beta_ - 1)
                                   : std::pow(p_[j], beta_ - 1) * (p_[j] / beta_ - x_[j] / (beta_ - 1)));
    return value;
  }

  /// The gradient at w, whose p `predict` left, and the Hessian of the components that can move: those above zero, and
  /// those that the gradient wants larger. Returns how many; free_ lists them.
  Index model(const double* w) {
    for (Index j = 0; j < length_; ++j) {
      const double p = p_[j], x = x_[j];
      if (beta_ == 1) {
        slope_[j] = -x / p;
        bend_[j] = x / (p * p);
      } else {
        const double power = weights_[j] * (beta_ == 0 ? 1 / (p * p) : std::pow(p, beta_ - 2));
        slope_[j] = power * (p - x);
        const double convex = std::max(beta_ - 1, 0.0) + std::max(2 - beta_, 0.0) * x / p;
        bend_[j] = power * std::max((beta_ - 1) + (2 - beta_) * x / p, 0.25 * convex);
      }
    }
    Index free = 0;
    for (Index s = 0; s < k_; ++s) {
      gradient_[s] = mass_[s] + l2_ * w[s] + dot(slope_.data(), component(s));
      if (w[s] > 0 || gradient_[s] < 0) free_[free++] = s;
    }
    for (Index a = 0; a < free; ++a) {
      const double* g = component(free_[a]);
      for (Index j = 0; j < length_; j += wide) store(&bent_[j], load<V>(&bend_[j]) * load<V>(g + j));
      for (Index b = 0; b <= a; ++b)
        hessian_[a * free + b] = hessian_[b * free + a] = dot(bent_.data(), component(free_[b]));
      hessian_[a * free + a] = (hessian_[a * free + a] + l2_) * (1 + ridge);
    }
    return free;
  }

  Index k_, stride_, length_ = 0;
  double beta_;
  const double* mass_;
  double l2_, floor_, tol_;
  Pivoting pivoting_;
  Scratch<double> g_, x_, weights_, p_, before_, slope_, bend_, bent_, hessian_, gradient_, next_, trial_;
  Scratch<Index> free_;
};

/// A row is done after a step that promised less than this share of the objective: the error left is then its square.
template <class Real>
constexpr double settled = sizeof(Real) == 4 ? 1e-9 : 1e-16;

/// left[i] <- the minimum of row i's problem, from left[i], for rows first..last of a CSR X; beta = 1 touches stored
/// entries only, other betas every column. left (n, k), right (m, k), mass (k).
template <class Real, class Integer>
void newton_csr(Csr<Real, Integer> X, Real* left, const Real* right, Index k, Index m, Index first, Index last,
                const double* mass, double l2, double floor, double beta, int most) {
  Index longest = 0;
  for (Index i = first; i < last; ++i) longest = std::max(longest, Index(X.indptr[i + 1]) - Index(X.indptr[i]));
  RowNewton row(k, beta == 1 ? longest : m, beta, mass, l2, floor, settled<Real>);
  Scratch<double> w(k);
  if (beta != 1)
    for (Index t = 0; t < k; ++t)
      for (Index j = 0; j < m; ++j) row.component(t)[j] = double(right[j * k + t]);
  for (Index i = first; i < last; ++i) {
    const Index start = Index(X.indptr[i]), length = Index(X.indptr[i + 1]) - start;
    if (beta != 1) std::fill(row.values(), row.values() + m, 0.0);
    for (Index e = 0; e < length; ++e) {
      const Index column = Index(X.indices[start + e]);
      row.values()[beta == 1 ? e : column] = double(X.values[start + e]);
      if (beta != 1) continue;
      for (Index t = 0; t < k; ++t) row.component(t)[e] = double(right[column * k + t]);
    }
    std::copy(left + i * k, left + (i + 1) * k, w.begin());
    row.solve(w.data(), beta == 1 ? length : m, most);
    std::transform(w.begin(), w.end(), left + i * k, [](double value) { return Real(value); });
  }
}

/// The same for a block of dense rows X (rows, m), row-major.
template <class Real>
void newton_dense(const Real* X, Real* left, const Real* right, Index k, Index m, Index rows, const double* mass,
                  double l2, double floor, double beta, int most) {
  RowNewton row(k, m, beta, mass, l2, floor, settled<Real>);
  Scratch<double> w(k);
  for (Index t = 0; t < k; ++t)
    for (Index j = 0; j < m; ++j) row.component(t)[j] = double(right[j * k + t]);
  for (Index i = 0; i < rows; ++i) {
    std::copy(X + i * m, X + (i + 1) * m, row.values());
    std::copy(left + i * k, left + (i + 1) * k, w.begin());
    row.solve(w.data(), m, most);
    std::transform(w.begin(), w.end(), left + i * k, [](double value) { return Real(value); });
  }
}

/// newton_csr over known entries alone, with weights v (null: 1): absent entries are unknown. For beta = 1 X holds v x;
/// mass is the L1 penalty, to which each row's own entries add.
template <class Real, class Integer>
void newton_observed(Csr<Real, Integer> X, const Real* weights, Real* left, const Real* right, Index k, Index first,
                     Index last, const double* penalty, double l2, double floor, double beta, int most) {
  Index longest = 0;
  for (Index i = first; i < last; ++i) longest = std::max(longest, Index(X.indptr[i + 1]) - Index(X.indptr[i]));
  Scratch<double> w(k), mass(k);
  RowNewton row(k, longest, beta, mass.data(), l2, floor, settled<Real>);
  for (Index i = first; i < last; ++i) {
    const Index start = Index(X.indptr[i]), length = Index(X.indptr[i + 1]) - start;
    std::copy(penalty, penalty + k, mass.begin());
    for (Index e = 0; e < length; ++e) {
      const Real* from = right + Index(X.indices[start + e]) * k;
      const double weight = weights ? double(weights[start + e]) : 1.0;
      row.values()[e] = double(X.values[start + e]);
      row.weights()[e] = weight;
      for (Index t = 0; t < k; ++t) {
        row.component(t)[e] = double(from[t]);
        if (beta == 1) mass[t] += weight * double(from[t]);
      }
    }
    std::copy(left + i * k, left + (i + 1) * k, w.begin());
    row.solve(w.data(), length, most);
    std::transform(w.begin(), w.end(), left + i * k, [](double value) { return Real(value); });
  }
}

}  // namespace partwise
