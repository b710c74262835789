// Rows of the beta-divergences to the end: Newton's method on each row's problem, its quadratic model solved exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "nnls.hpp"
#include "products.hpp"
#include "simd.hpp"

namespace partwise {

/// One row's problem:  min over w >= 0 of  sum_j d(x_j, p_j) + mass' w + l2/2 |w|^2,  p = G' w, where for beta = 1 the
/// term sum_j p_j is left out of d and is part of mass (so that absent entries need not be touched). For 1 <= beta <= 2
/// it is convex, and solved to the last digits, in float64; for other betas curvature is kept positive and a local
/// minimum is found. G: (k, stride), a component a row.
class RowNewton {
 public:
  static constexpr int wide = lanes<double>;
  using V = Vector<double, wide>;

  RowNewton(Index k, Index longest, double beta, const double* mass, double l2, double floor)
      : k_(k), stride_((longest + wide - 1) / wide * wide), beta_(beta), mass_(mass), l2_(l2), floor_(floor),
        pivoting_(k), g_(k * stride_), x_(stride_), p_(stride_), slope_(stride_), bend_(stride_), bent_(stride_),
        hessian_(k * k), gradient_(k), want_(k), next_(k), trial_(k) {}

  double* values() { return x_.data(); }
  double* component(Index t) { return &g_[t * stride_]; }

  /// Improves w (k) over the first `length` entries until a step no longer lowers the objective.
  void solve(double* w, Index length, int most) {
    constexpr double rounding = 4e-16;
    length_ = length;
    for (Index j = length; j < stride_ && j < length + wide; ++j)
      for (Index t = 0; t < k_; ++t) component(t)[j] = 0;
    double value = predict(w);
    for (int step = 0; step < most; ++step) {
      model(w);
      for (Index t = 0; t < k_; ++t) {
        double want = -gradient_[t];
        for (Index s = 0; s < k_; ++s) want += hessian_[t * k_ + s] * w[s];
        want_[t] = want;
        next_[t] = w[t];
      }
      pivoting_.solve(hessian_.data(), want_.data(), next_.data());
      double slope = 0;
      for (Index t = 0; t < k_; ++t) {
        next_[t] = std::max(next_[t], 0.0);
        slope += gradient_[t] * (next_[t] - w[t]);
      }
      if (!(slope < 0)) return;
      double share = 1, lower = value;
      int halvings = 0;
      for (; halvings < 40; ++halvings, share /= 2) {
        for (Index t = 0; t < k_; ++t) trial_[t] = std::max(w[t] + share * (next_[t] - w[t]), 0.0);
        lower = predict(trial_.data());
        if (lower <= value + 1e-4 * share * slope + rounding * std::abs(value)) break;
      }
      if (halvings == 40) return;
      std::copy(trial_.begin(), trial_.end(), w);
      if (-slope <= 1e-16 * std::abs(value)) return;  // the step just taken squared what error was left
      value = lower;
    }
  }

 private:
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
        total += beta_ == 1 ? -x * log : x / p + log;
      }
      for (; j < length_; ++j) value += beta_ == 1 ? -x_[j] * std::log(p_[j]) : x_[j] / p_[j] + std::log(p_[j]);
      return value + sum<double, wide>(total);
    }
    for (Index j = 0; j < length_; ++j)
      value += std::pow(p_[j], beta_ - 1) * (p_[j] / beta_ - x_[j] / (beta_ - 1));
    return value;
  }

  /// The gradient and the Hessian at w, whose p `predict` left.
  void model(const double* w) {
    for (Index j = 0; j < length_; ++j) {
      const double p = p_[j], x = x_[j];
      if (beta_ == 1) {
        slope_[j] = -x / p;
        bend_[j] = x / (p * p);
      } else {
        const double power = beta_ == 0 ? 1 / (p * p) : std::pow(p, beta_ - 2);
        slope_[j] = power * (p - x);
        const double convex = std::max(beta_ - 1, 0.0) + std::max(2 - beta_, 0.0) * x / p;
        bend_[j] = power * std::max((beta_ - 1) + (2 - beta_) * x / p, 0.25 * convex);
      }
    }
    for (Index s = 0; s < k_; ++s) {
      const double* g = component(s);
      gradient_[s] = mass_[s] + l2_ * w[s] + dot(slope_.data(), g);
      for (Index j = 0; j < length_; j += wide) store(&bent_[j], load<V>(&bend_[j]) * load<V>(g + j));
      for (Index t = 0; t <= s; ++t)
        hessian_[s * k_ + t] = hessian_[t * k_ + s] = dot(bent_.data(), component(t));
      hessian_[s * k_ + s] += l2_;
    }
  }

  Index k_, stride_, length_ = 0;
  double beta_;
  const double* mass_;
  double l2_, floor_;
  Pivoting pivoting_;
  std::vector<double> g_, x_, p_, slope_, bend_, bent_, hessian_, gradient_, want_, next_, trial_;
};

/// left[i] <- the minimum of row i's problem, from left[i], for rows first..last of a CSR X; beta = 1 touches stored
/// entries only, other betas every column. left (n, k), right (m, k), mass (k).
template <class Real, class Integer>
void newton_csr(Csr<Real, Integer> X, Real* left, const Real* right, Index k, Index m, Index first, Index last,
                const double* mass, double l2, double floor, double beta, int most) {
  Index longest = 0;
  for (Index i = first; i < last; ++i) longest = std::max(longest, Index(X.indptr[i + 1]) - Index(X.indptr[i]));
  RowNewton row(k, beta == 1 ? longest : m, beta, mass, l2, floor);
  std::vector<double> w(k);
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
  RowNewton row(k, m, beta, mass, l2, floor);
  std::vector<double> w(k);
  for (Index t = 0; t < k; ++t)
    for (Index j = 0; j < m; ++j) row.component(t)[j] = double(right[j * k + t]);
  for (Index i = 0; i < rows; ++i) {
    std::copy(X + i * m, X + (i + 1) * m, row.values());
    std::copy(left + i * k, left + (i + 1) * k, w.begin());
    row.solve(w.data(), m, most);
    std::transform(w.begin(), w.end(), left + i * k, [](double value) { return Real(value); });
  }
}

}  // namespace partwise
