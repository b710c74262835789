// Exact non-negative least squares, row by row.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "elimination.hpp"
#include "team.hpp"

namespace partwise {

/// Minimises 1/2 x' gram x - want' x over x >= 0, exactly, by block principal pivoting. J. Kim & H. Park (2011),
/// doi:10.1137/110821172; the exchange rule with its backup is theirs.
class Pivoting {
 public:
  /// For problems of up to `most` unknowns.
  explicit Pivoting(Index most)
      : rows_((most + 1) * padded(most + 1)),
        inverse_(most + 4),
        y_(most + 4),
        want_(padded(most + 1)),
        x_(padded(most + 1)),
        system_((most + 4) * (most + 4) / 4),
        usable_(padded(most + 1)),
        passive_(padded(most + 1)),
        wrong_(padded(most + 1)),
        order_(most + 4) {}

  /// Take the gram (k, k), positive semi-definite, of the problems to come.
  void prepare(const double* gram, Index k) {
    k_ = k;
    stride_ = padded(k + 1);
    for (Index t = 0; t < stride_; ++t) {
      usable_[t] = t < k && gram[t * k + t] > tiny ? -1 : 0;
      x_[t] = want_[t] = 0;
      passive_[t] = 0;
    }
    for (Index t = 0; t < k; ++t) {
      std::copy(gram + t * k, gram + (t + 1) * k, &rows_[t * stride_]);
      std::fill(&rows_[t * stride_] + k, &rows_[t * stride_] + stride_, 0.0);
    }
    std::fill(&rows_[k * stride_], &rows_[k * stride_] + stride_, 0.0);
  }

  /// What is wanted, (k,): to be filled before each call of `solve`.
  double* want() { return want_.data(); }
  /// Before `solve` its signs are the first guess, and only speed it up; after it, the solution, (k,).
  double* x() { return x_.data(); }

  void solve() {
    for (Index t = 0; t < stride_; t += wide)
      store(&passive_[t], Mask(load<V>(&x_[t]) > V{}) & load<Mask>(&usable_[t]));
    solve_passive();
    pivot();
  }

  /// Whether the gram says anything of a component.
  Index usable(Index t) const { return -usable_[t]; }
  /// The gram, rows and columns padded with zeros: component k is all zero.
  const double* rows() const { return rows_.data(); }
  Index stride() const { return stride_; }

  /// As `solve`, where the components order[0..size] have been solved for already: `value(a)` is x[order[a]].
  template <class Value>
  void resume(const Index* order, Index size, Value value) {
    std::copy(order, order + size, order_.begin());
    size_ = size;
    for (Index t = 0; t < stride_; t += wide) {
      store(&x_[t], V{});
      store(&passive_[t], Mask{});
    }
    for (Index a = 0; a < size; ++a) {
      x_[order[a]] = value(a);
      passive_[order[a]] = -1;
    }
    pivot();
  }

 private:
  static constexpr int wide = lanes<double>;
  using V = Vector<double, wide>;
  typedef std::int64_t Mask __attribute__((vector_size(wide * sizeof(double)), aligned(alignof(double)), may_alias));

  using Quad = Vector<double, 4>;

  static Index padded(Index n) { return (n + wide - 1) / wide * wide; }

  /// Exchange components between the sets until none is on the wrong side.
  void pivot() {
    if (feasible(0)) return;  // as most first guesses are
    double largest = 0;
    for (Index t = 0; t < k_; ++t) largest = std::max(largest, std::abs(want_[t]));
    Index fewest = k_ + 1;
    int backup = 3;
    for (Index round = 0; round < 10 * k_ + 100; ++round) {
      if (feasible(-1e-12 * largest)) return;
      exchange(fewest, backup);
      solve_passive();
    }
    // rounding made the pivots cycle: finish by coordinate descent from what there is
    for (Index t = 0; t < k_; ++t) x_[t] = std::max(x_[t], 0.0);
    for (int sweep = 0; sweep < 1000; ++sweep)
      for (Index t = 0; t < k_; ++t) {
        const double* row = &rows_[t * stride_];
        if (!usable_[t]) continue;
        double step = want_[t];
        for (Index s = 0; s < k_; ++s) step -= row[s] * x_[s];
        x_[t] = std::max(x_[t] + step / row[t], 0.0);
      }
  }

  /// gram[F, F] x[F] = want[F] on the passive set F, x = 0 elsewhere; a component that depends on those before it gets
  /// 0. Elimination on the upper triangle; Fixed > 0 is a number of components (a multiple of four, at least the size
  /// of F, the rest being component k, which is all zero) that lets the compiler keep everything in registers.
  template <Index Fixed>
  void eliminate() {
    const Index count = Fixed ? Fixed : (size_ + 3) / 4 * 4, quads = count / 4;
    Quad local[Fixed ? Fixed * Fixed / 4 : 1];
    double local_y[Fixed ? Fixed : 1], local_inverse[Fixed ? Fixed : 1];
    Quad* const system = Fixed ? local : system_.data();
    double* const y = Fixed ? local_y : y_.data();
    double* const inverse = Fixed ? local_inverse : inverse_.data();
    const Index* order = order_.data();
#pragma GCC unroll 16
    for (Index a = 0; a < count; ++a) {
      const double* entries = &rows_[order[a] * stride_];
#pragma GCC unroll 4
      for (Index q = a / 4; q < quads; ++q)
        system[a * quads + q] = Quad{entries[order[4 * q]], entries[order[4 * q + 1]], entries[order[4 * q + 2]],
                                     entries[order[4 * q + 3]]};
      y[a] = want_[order[a]];
    }
#pragma GCC unroll 16
    for (Index a = 0; a < count; ++a) {
      const Quad* pivot = system + a * quads;
      const double rest = pivot[a / 4][a % 4];
      inverse[a] = rest > std::max(dependent * rows_[order[a] * (stride_ + 1)], tiny) ? 1 / rest : 0;
#pragma GCC unroll 16
      for (Index b = a + 1; b < count; ++b) {
        const double share = pivot[b / 4][b % 4] * inverse[a];
        y[b] -= share * y[a];
#pragma GCC unroll 4
        for (Index q = b / 4; q < quads; ++q) system[b * quads + q] -= share * pivot[q];
      }
    }
#pragma GCC unroll 16
    for (Index a = count - 1; a >= 0; --a) {
#pragma GCC unroll 16
      for (Index b = count - 1; b > a; --b) y[a] -= system[a * quads + b / 4][b % 4] * y[b];
      y[a] *= inverse[a];
    }
    for (Index t = 0; t < stride_; t += wide) store(&x_[t], V{});
    for (Index a = 0; a < count; ++a) x_[order[a]] = y[a];
  }

  void solve_passive() {
    size_ = 0;
    for (Index t = 0; t < k_; ++t) {
      order_[size_] = t;
      size_ -= passive_[t];
    }
    for (Index a = size_; a < size_ + 4; ++a) order_[a] = k_;
    if (size_ <= 4) return eliminate<4>();
    if (size_ <= 8) return eliminate<8>();
    if (size_ <= 12) return eliminate<12>();
    if (size_ <= 16) return eliminate<16>();
    if (size_ <= 20) return eliminate<20>();
    eliminate<0>();
  }

  /// Whether no component is on the wrong side: passive and below zero, or not and with a gradient below `slack`.
  bool feasible(double slack) {
    Mask any{};
    Index t = 0;
    for (; t + 4 * wide <= stride_; t += 4 * wide) any |= check<4>(t, slack);
    for (; t < stride_; t += wide) any |= check<1>(t, slack);
    std::int64_t all = 0;
    for (int lane = 0; lane < wide; ++lane) all |= any[lane];
    return all == 0;
  }

  /// The same for Count vectors of components from t on, marked in wrong_.
  template <int Count>
  Mask check(Index t, double slack) {
    V gradient[Count];
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) gradient[v] = -load<V>(&want_[t + v * wide]);
    for (Index a = 0; a < size_; ++a) {
      const double* row = &rows_[order_[a] * stride_ + t];
      const V value = x_[order_[a]] - V{};
#pragma GCC unroll 4
      for (int v = 0; v < Count; ++v) gradient[v] += value * load<V>(row + v * wide);
    }
    Mask any{};
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) {
      const Index at = t + v * wide;
      const Mask passive = load<Mask>(&passive_[at]), usable = load<Mask>(&usable_[at]);
      const Mask wrong =
          (passive & Mask(load<V>(&x_[at]) < V{})) | (~passive & usable & Mask(gradient[v] < slack - V{}));
      store(&wrong_[at], wrong);
      any |= wrong;
    }
    return any;
  }

  /// Move all wrong components to the other set or, where that stopped helping, the last one alone.
  void exchange(Index& fewest, int& backup) {
    Index count = 0, last = 0;
    for (Index t = 0; t < k_; ++t)
      if (wrong_[t]) {
        ++count;
        last = t;
      }
    if (count >= fewest && backup == 0) {
      passive_[last] ^= -1;
      return;
    }
    backup = count < fewest ? 3 : backup - 1;
    fewest = std::min(fewest, count);
    for (Index t = 0; t < k_; ++t) passive_[t] ^= wrong_[t];
  }

  Index k_ = 0, stride_ = 0, size_ = 0;
  Scratch<double> rows_, inverse_, y_, want_, x_;
  Scratch<Quad> system_;
  Scratch<std::int64_t> usable_, passive_, wrong_;
  Scratch<Index> order_;
};

/// left[i] <- argmin over x >= 0 of 1/2 x' gram x - (cross[i] - l1)' x for a block of rows; left[i]'s zeros are the
/// first guess. left, cross: (rows, k); gram: (k, k). Returns <cross, left>, to read the loss off. The first guesses of
/// rows with about as many components are solved for together, a tile of rows at a time.
template <class Real>
double pivoting_block(Real* left, Strided<Real> cross, const double* gram, Index rows, Index k, double l1) {
  constexpr int wide = Elimination::wide;
  constexpr Index height = 32 * wide;
  Pivoting pivoting(k);
  pivoting.prepare(gram, k);
  Elimination elimination(k);
  Scratch<double> wants(height * (k + 1));  // of component k, which is all zero, too
  Scratch<Index> orders(height * k), sizes(height), sorted(height), starts(k + 2);
  using V = Vector<double, wide>;
  V inner{};
  for (Index first = 0; first < rows; first += height) {
    const Index tall = std::min(height, rows - first);
    std::fill(starts.begin(), starts.end(), 0);
    for (Index i = 0; i < tall; ++i) {
      const Real* wanted = cross.data + (first + i) * cross.row;
      const Real* start = left + (first + i) * k;
      Index* order = &orders[i * k];
      Index size = 0;
      for (Index t = 0; t < k; ++t) {
        wants[i * (k + 1) + t] = double(wanted[t * cross.column]) - l1;
        order[size] = t;
        size += Index(start[t] > 0) & pivoting.usable(t);
      }
      std::fill(order + size, order + k, k);
      ++starts[(sizes[i] = size) + 1];
    }
    for (Index s = 0; s < k; ++s) starts[s + 1] += starts[s];
    for (Index i = 0; i < tall; ++i) sorted[starts[sizes[i]]++] = i;
    for (Index g = 0; g < tall; g += wide) {
      const Index* order[wide];
      const double* want[wide];
      const Index count = std::min<Index>(wide, tall - g);
      for (int r = 0; r < wide; ++r) {  // lanes beyond the last row repeat it
        const Index i = sorted[g + std::min<Index>(r, count - 1)];
        order[r] = &orders[i * k];
        want[r] = &wants[i * (k + 1)];
      }
      elimination.solve(pivoting.rows(), pivoting.stride(), order, want, sizes[sorted[g + count - 1]]);
      for (int r = 0; r < count; ++r) {
        const Index i = sorted[g + r];
        std::copy(want[r], want[r] + k, pivoting.want());
        pivoting.resume(order[r], sizes[i], [&](Index a) { return elimination.solution(r, a); });
        Real* out = left + (first + i) * k;
        double* x = pivoting.x();
        for (Index t = 0; t < k; ++t) x[t] = out[t] = Real(std::max(x[t], 0.0));
        for (Index t = 0; t < pivoting.stride(); t += wide)
          inner += load<V>(x + t) * (load<V>(pivoting.want() + t) + l1);
      }
    }
  }
  return sum<double, wide>(inner);
}

/// The same, shared by a team.
template <class Real>
double pivoting_block(Real* left, Strided<Real> cross, const double* gram, Index rows, Index k, double l1, Team& team) {
  const Blocks blocks(rows, 256);
  std::vector<double> inner(blocks.count());
  team.each(blocks.count(), [&](Index block) {
    const Index first = blocks.first(block);
    inner[block] = pivoting_block(left + first * k, cross.from(first), gram, blocks.height(block), k, l1);
  });
  double total = 0;
  for (const double part : inner) total += part;
  return total;
}

}  // namespace partwise
