// Ridge regressions of each column on the columns that are read with it most.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "products.hpp"
#include "team.hpp"

namespace partwise {

/// Rows of a sparse matrix that end before the next begins: row i is indices[starts[i]..starts[i] + counts[i]].
struct Lists {
  const std::int64_t *starts, *counts;
  const std::int32_t* indices;
  const float* values;
};

/// A whole symmetric matrix (m, m). Its diagonal is not used.
struct Whole {
  const float* values;
  Index m;
};

/// Moves the `most` of `places` with the highest score to the front, of equal ones the lowest place; returns how many.
template <class Score>
Index heaviest(std::vector<std::int32_t>& places, Index most, Score score) {
  if (Index(places.size()) <= most) return Index(places.size());
  std::nth_element(places.begin(), places.begin() + most, places.end(), [&](std::int32_t a, std::int32_t b) {
    return score(a) > score(b) || (score(a) == score(b) && a < b);
  });
  return most;
}

/// act(j, share) for each term of row i of X' diag(by) X: entry j is the sum of its shares. Xt is X transposed.
template <class Integer, class Act>
void each_share(Csr<double, Integer> Xt, Csr<double, Integer> X, const double* by, Index i, Act act) {
  for (Index p = Index(Xt.indptr[i]); p < Index(Xt.indptr[i + 1]); ++p) {
    const Index u = Index(Xt.indices[p]);
    const double factor = by[u] * Xt.values[p];
    for (Index q = Index(X.indptr[u]); q < Index(X.indptr[u + 1]); ++q) act(Index(X.indices[q]), factor * X.values[q]);
  }
}

/// Rows first..last of the whole Gram matrix X' diag(by) X, (m, m).
template <class Integer>
void gram_rows(Csr<double, Integer> Xt, Csr<double, Integer> X, const double* by, Index m, float* gram, Index first,
               Index last) {
  std::vector<double> sums(m);
  for (Index i = first; i < last; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    each_share(Xt, X, by, i, [&](Index j, double share) { sums[j] += share; });
    for (Index j = 0; j < m; ++j) gram[i * m + j] = float(sums[j]);
  }
}

/// Rows first..last of the Gram matrix X' diag(by) X of X >= 0 without its diagonal: of row i the `most` entries with
/// the highest gram[i, j] scale[j], in order of j.
template <class Integer>
void pair_rows(Csr<double, Integer> Xt, Csr<double, Integer> X, const double* by, const double* scale, Index m,
               Index most, const std::int64_t* starts, std::int64_t* counts, std::int32_t* indices, float* values,
               Index first, Index last) {
  std::vector<double> sums(m);
  std::vector<std::int32_t> met;
  for (Index i = first; i < last; ++i) {
    met.clear();
    each_share(Xt, X, by, i, [&](Index j, double share) {
      if (j == i || !(share > 0)) return;
      if (sums[j] == 0) met.push_back(std::int32_t(j));
      sums[j] += share;
    });
    const Index kept = heaviest(met, most, [&](std::int32_t j) { return sums[j] * scale[j]; });
    std::sort(met.begin(), met.begin() + kept);
    for (Index t = 0; t < kept; ++t) {
      indices[starts[i] + t] = met[t];
      values[starts[i] + t] = float(sums[met[t]]);
    }
    counts[i] = kept;
    for (const std::int32_t j : met) sums[j] = 0;
  }
}

/// (M + diag(ridge)) b = g for symmetric M >= 0 of up to `most` unknowns, in float32: by Cholesky, or over b >= 0 by
/// coordinate descent.
class Ridge {
 public:
  explicit Ridge(Index most)
      : stride_(padded(most + 2)), gram_(most * stride_), work_(most * stride_), inverse_(most), b_(padded(most)) {}

  /// Begin a system of n unknowns: all is zero.
  void begin(Index n) {
    n_ = n;
    std::fill(gram_.begin(), gram_.begin() + n * stride_, 0.0f);
  }

  /// Row a of M, which may be filled on one side of the diagonal alone; `nowhere` is a column that does not count.
  float* entries(Index a) { return &gram_[a * stride_]; }
  Index nowhere() const { return stride_ - 1; }
  /// To be called once the entries are there, and before g is.
  void mirror() {
    for (Index a = 0; a < n_; ++a)
      for (Index c = a + 1; c < n_; ++c) {
        float& entry = gram_[a * stride_ + c];
        entry = std::max(entry, gram_[c * stride_ + a]);
      }
  }
  /// g[a].
  float& wanted(Index a) { return gram_[a * stride_ + n_]; }

  /// b, (n,), where `ridge[a]` is added to the diagonal.
  template <class Diagonal>
  const float* solve(Diagonal ridge) {
    std::copy(gram_.begin(), gram_.begin() + n_ * stride_, work_.begin());
    for (Index a = 0; a < n_; ++a) inverse_[a] = row(a)[a] += ridge(a);
    eliminate();
    std::fill(b_.begin(), b_.end(), 0.0f);  // so that what lies below the diagonal does not count
    for (Index a = n_ - 1; a >= 0; --a) {
      V sums{};
      for (Index c = a / wide * wide; c < n_; c += wide) sums += load<V>(row(a) + c) * load<V>(&b_[c]);
      b_[a] = (row(a)[n_] - sum<float, wide>(sums)) * inverse_[a];
    }
    return b_.data();
  }

  /// The same over b >= 0.
  template <class Diagonal>
  const float* solve_positive(Diagonal ridge) {
    for (Index a = 0; a < n_; ++a)
      for (Index c = a; c < n_; ++c) row(a)[c] = row(c)[a] = gram_[a * stride_ + c];
    Scratch<float>& rest = inverse_;
    float largest = 0;
    for (Index a = 0; a < n_; ++a) {
      row(a)[a] += ridge(a);
      b_[a] = 0;
      rest[a] = wanted(a);
      largest = std::max(largest, rest[a]);
    }
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      float moved = 0;
      for (Index a = 0; a < n_; ++a) {
        const float* own = row(a);
        const float step = std::max(rest[a] / own[a], -b_[a]);
        if (step == 0) continue;
        b_[a] += step;
        for (Index c = 0; c < n_; ++c) rest[c] -= step * own[c];
        moved = std::max(moved, std::abs(step) * own[a]);
      }
      if (moved <= accuracy * largest) break;
    }
    return b_.data();
  }

 private:
  static constexpr int wide = lanes<float>;
  static constexpr Index panel = 8;  // pivots that the rows below are updated by at once
  static constexpr int sweeps = 200;
  static constexpr float accuracy = 1e-5f, dependent_share = 1e-6f;
  using V = Vector<float, wide>;

  static Index padded(Index n) { return (n + wide - 1) / wide * wide; }
  float* row(Index a) { return &work_[a * stride_]; }

  /// work = U of M = U' U, and behind it U'^-1 g; inverse, which held the diagonal of M, = 1 / diag(U), or 0 of an
  /// unknown that depends on those before.
  void eliminate() {
    for (Index k = 0; k < n_; k += panel) {
      const Index end = std::min(k + panel, n_);
      for (Index p = k; p < end; ++p) {
        float* pivot = row(p);
        const float inverse = pivot[p] > dependent_share * inverse_[p] ? 1 / std::sqrt(pivot[p]) : 0;
        inverse_[p] = inverse;
        for (Index c = p; c <= n_; ++c) pivot[c] *= inverse;
        for (Index a = p + 1; a < end; ++a) {
          float* to = row(a);
          const float share = pivot[a];
          for (Index c = a; c <= n_; ++c) to[c] -= share * pivot[c];
        }
      }
      Index a = end;
      for (; a + 2 <= n_; a += 2) update<2>(k, a);
      for (; a < n_; ++a) update<1>(k, a);
    }
  }

  /// Rows a..a + Rows less their shares of the pivots k..k + panel.
  template <int Rows>
  void update(Index k, Index a) {
    float share[Rows][panel];
    for (Index p = 0; p < panel; ++p)
      for (int r = 0; r < Rows; ++r) share[r][p] = row(k + p)[a + r];
    const float* pivot = row(k);
    float* to = row(a);
    for (Index c = a / wide * wide; c < stride_; c += wide) {  // what lies below the diagonal is not read
      V total[Rows];
#pragma GCC unroll 2
      for (int r = 0; r < Rows; ++r) total[r] = load<V>(to + r * stride_ + c);
#pragma GCC unroll 8
      for (Index p = 0; p < panel; ++p) {
        const V own = load<V>(pivot + p * stride_ + c);
#pragma GCC unroll 2
        for (int r = 0; r < Rows; ++r) total[r] -= share[r][p] * own;
      }
#pragma GCC unroll 2
      for (int r = 0; r < Rows; ++r) store(to + r * stride_ + c, total[r]);
    }
  }

  Index stride_, n_ = 0;
  Scratch<float> gram_, work_, inverse_, b_;
};

/// What the columns listed are predicted by: for column i, N are the `most` neighbours with the highest gram[i, j]
/// scale[j], and weights solve (gram[N, N] + diag(diagonal[N] (1 + noise) + ridge)) b = gram[N, i], for each ridge.
/// An entry of gram[N, N] that is in the list of either column counts. H. Steck (2020), arXiv:2006.07084, has the
/// noise.
struct RidgePlan {
  const double *diagonal, *scale, *ridges;
  Index n_ridges, most;
  double noise;
  bool positive;
};

/// Columns that go with column i into found, and gram[i, j] into value[j].
inline void neighbours_of(Lists gram, Index i, std::vector<std::int32_t>& found, std::vector<float>& value) {
  const auto* indices = gram.indices + gram.starts[i];
  found.assign(indices, indices + gram.counts[i]);
  for (Index p = 0; p < gram.counts[i]; ++p) value[indices[p]] = gram.values[gram.starts[i] + p];
}

inline void neighbours_of(Whole gram, Index i, std::vector<std::int32_t>& found, std::vector<float>& value) {
  const float* row = gram.values + i * gram.m;
  std::copy(row, row + gram.m, value.begin());
  found.clear();
  for (Index j = 0; j < gram.m; ++j)
    if (row[j] > 0 && j != i) found.push_back(std::int32_t(j));
}

/// gram[N, N] into the system, for the first n of the sorted columns found; place is of m columns and all `nowhere`.
inline void gather(Lists gram, const std::vector<std::int32_t>& found, Index n, std::vector<std::int16_t>& place,
                   Ridge& system) {
  for (Index a = 0; a < n; ++a) place[found[a]] = std::int16_t(a);
  for (Index a = 0; a < n; ++a) {
    const Index j = found[a];
    float* to = system.entries(a);
    // Most entries belong to no neighbour. Writing these to a spare column is faster than testing each.
    for (Index p = gram.starts[j]; p < gram.starts[j] + gram.counts[j]; ++p)
      to[place[gram.indices[p]]] = gram.values[p];
  }
  system.mirror();
  for (Index a = 0; a < n; ++a) place[found[a]] = std::int16_t(system.nowhere());
}

inline void gather(Whole gram, const std::vector<std::int32_t>& found, Index n, std::vector<std::int16_t>&,
                   Ridge& system) {
  for (Index a = 0; a < n; ++a) {
    const float* row = gram.values + found[a] * gram.m;
    float* to = system.entries(a);
    for (Index c = a + 1; c < n; ++c) to[c] = row[found[c]];
  }
}

/// neighbours (count, most), of which held[r] count; weights (n_ridges, count, most); for columns[first..last].
template <class Gram>
void ridge_rows(Gram gram, Index m, const std::int64_t* columns, Index count, const RidgePlan& plan, std::int64_t* held,
                std::int32_t* neighbours, float* weights, Index first, Index last) {
  const Index most = plan.most;
  Ridge system(most);
  std::vector<std::int16_t> place(m, std::int16_t(system.nowhere()));
  std::vector<std::int32_t> found;
  std::vector<float> value(m);
  for (Index r = first; r < last; ++r) {
    const Index i = Index(columns[r]);
    neighbours_of(gram, i, found, value);
    const Index n = heaviest(found, most, [&](std::int32_t j) { return double(value[j]) * plan.scale[j]; });
    std::sort(found.begin(), found.begin() + n);
    system.begin(n);
    gather(gram, found, n, place, system);
    for (Index a = 0; a < n; ++a) {
      system.wanted(a) = value[found[a]];
      neighbours[r * most + a] = found[a];
    }
    for (Index l = 0; l < plan.n_ridges; ++l) {
      const auto diagonal = [&](Index a) { return float(plan.diagonal[found[a]] * (1 + plan.noise) + plan.ridges[l]); };
      const float* b = plan.positive ? system.solve_positive(diagonal) : system.solve(diagonal);
      std::copy(b, b + n, weights + (l * count + r) * most);
    }
    held[r] = n;
  }
}

}  // namespace partwise
