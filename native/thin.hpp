// Products of a dense matrix with a thin one.
#pragma once

#include <algorithm>

#include "simd.hpp"

namespace partwise {

/// out (n, k) = X (n, m) @ right (m, k), for X whose rows or columns are contiguous. Every entry is summed in one fixed
/// order, whatever the layout of X, its place in memory and the rows beside it: `deep` products one after another in a
/// register, then these sums one after another. Short sums keep digits.
template <class Real>
class ThinProduct {
 public:
  ThinProduct(const Real* right, Index m, Index k) : right_(right), m_(m), k_(k) {}

  void operator()(Strided<Real> X, Index n, Real* out) const {
    if (m_ == 0 || k_ == 0) return std::fill(out, out + n * k_, Real(0));
    if (X.column == 1)
      along_rows(X, n, out);
    else
      along_columns(X, n, out);
  }

 private:
  static constexpr int wide = lanes<Real>;
  static constexpr Index deep = 192;
  using V = Vector<Real, wide>;

  /// Cut 0..count into parts of up to `most`, as even as can be: act(first, size) for each.
  template <class Act>
  static void evenly(Index count, Index most, Act act) {
    const Index parts = (count + most - 1) / most, size = count / parts, larger = count % parts;
    for (Index part = 0; part < parts; ++part) act(part * size + std::min(part, larger), size + (part < larger));
  }

  /// Cut the columns of X into stretches of `deep`: act(first, size) for each.
  template <class Act>
  void in_depth(Act act) const {
    for (Index first = 0; first < m_; first += deep) act(first, std::min(deep, m_ - first));
  }

  /// sums (Rows, Vectors) (+)= total, both of whole vectors; rows of sums lie `stride` apart.
  template <int Rows, int Vectors>
  static void put(const V (&total)[Rows][Vectors], Real* sums, Index stride, bool add) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) {
        Real* at = sums + r * stride + v * wide;
        store(at, add ? load<V>(at) + total[r][v] : total[r][v]);
      }
  }

  /// sums (+)= X (rows, size) @ right (size, `Vectors` vectors), `Rows` rows in registers at a time.
  template <int Rows, int Vectors>
  static void row_tiles(const Real* X, Index row, Index rows, Index size, const Real* right, Real* sums, Index stride,
                        bool add) {
    Index i = 0;
    for (; i + Rows <= rows; i += Rows) {
      V total[Rows][Vectors] = {};
      const Real *here = X + i * row, *own = right;
      for (Index j = 0; j < size; ++j, ++here, own += Vectors * wide) {
        V held[Vectors];
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) held[v] = load<V>(own + v * wide);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
          const Real x = here[r * row];
#pragma GCC unroll 3
          for (int v = 0; v < Vectors; ++v) total[r][v] += x * held[v];
        }
      }
      put(total, sums + i * stride, stride, add);
    }
    if constexpr (Rows > 1)
      if (i < rows) row_tiles<1, Vectors>(X + i * row, row, rows - i, size, right, sums + i * stride, stride, add);
  }

  /// For X whose rows are contiguous: vectors run along the columns of right, up to three at a time.
  void along_rows(Strided<Real> X, Index n, Real* out) const {
    constexpr Index tall = 32;  // rows whose next `deep` entries stay in the first-level cache
    constexpr decltype(&row_tiles<1, 1>) tiles[] = {row_tiles<8, 1>, row_tiles<6, 2>, row_tiles<4, 3>};
    const Index vectors = (k_ + wide - 1) / wide, stride = vectors * wide;
    Scratch<Real> packed(std::size_t(m_ * stride)), sums(std::size_t(tall * stride));
    Real* to = packed.data();
    in_depth([&](Index first, Index size) {
      evenly(vectors, 3, [&](Index vector, Index count) {
        const Index column = vector * wide, width = std::min(count * wide, k_ - column);
        for (Index j = first; j < first + size; ++j, to += count * wide)
          std::copy_n(right_ + j * k_ + column, width, to);  // zeros past it
      });
    });
    for (Index i = 0; i < n; i += tall) {
      const Index rows = std::min(tall, n - i);
      const Real* own = packed.data();
      in_depth([&](Index first, Index size) {
        evenly(vectors, 3, [&](Index vector, Index count) {
          tiles[count - 1](X.data + i * X.row + first, X.row, rows, size, own, sums.data() + vector * wide, stride,
                           first > 0);
          own += size * count * wide;
        });
      });
      for (Index r = 0; r < rows; ++r) std::copy_n(sums.data() + r * stride, k_, out + (i + r) * k_);
    }
  }

  static constexpr int panel = 3 * wide;
  static constexpr Index tile = 8 * panel, most_sums = (1 << 18) / Index(sizeof(Real));  // both in the second level

  /// sums (Count, panel) (+)= right' (Count, size) @ X (size, panel).
  template <int Count>
  static void column_tile(const Real* X, Index size, const Real* right, Real* sums, Index stride, bool add) {
    V total[Count][3] = {};
    for (Index j = 0; j < size; ++j, X += panel, right += Count) {
      const V x0 = load<V>(X), x1 = load<V>(X + wide), x2 = load<V>(X + 2 * wide);
#pragma GCC unroll 4
      for (int t = 0; t < Count; ++t) {
        const Real own = right[t];
        total[t][0] += own * x0;
        total[t][1] += own * x1;
        total[t][2] += own * x2;
      }
    }
    put(total, sums, stride, add);
  }

  /// to (size, Count) = right[0:size, 0:Count].
  template <int Count>
  static void narrow(const Real* right, Index k, Index size, Real* to) {
    for (Index j = 0; j < size; ++j, right += k, to += Count)
      if constexpr (Count == 4)
        store(to, load<Vector<Real, 4>>(right));
      else
        for (int t = 0; t < Count; ++t) to[t] = right[t];
  }

  /// Columns of `width` entries, `size` of them, into panels: (panels, size, panel), zeros past the last entry.
  static void pack(const Real* X, Index column, Index size, Index width, Real* to) {
    for (Index j = 0; j < size; ++j, X += column, to += panel) {
      Index e = 0;
      for (; e + panel <= width; e += panel)
        for (int v = 0; v < 3; ++v) store(to + e * size + v * wide, load<V>(X + e + v * wide));
      if (e == width) continue;
      std::copy(X + e, X + width, to + e * size);
      std::fill(to + e * size + (width - e), to + e * size + panel, Real(0));
    }
  }

  /// Some entries of some columns, which are asked for before they are needed.
  struct Ahead {
    const Real* data;
    Index column, size, width;

    /// Ask for part `step` of `steps`.
    void fetch(Index step, Index steps) const {
      for (Index j = size * step / steps; j < size * (step + 1) / steps; ++j)
        for (Index e = 0; e < width; e += 64 / Index(sizeof(Real))) __builtin_prefetch(data + j * column + e);
    }
  };

  /// For X whose columns are contiguous: vectors run along these. Tiles of X are copied, because columns that lie a
  /// power of two apart would push each other out of the cache.
  void along_columns(Strided<Real> X, Index n, Real* out) const {
    constexpr decltype(&column_tile<1>) tiles[] = {column_tile<1>, column_tile<2>, column_tile<3>, column_tile<4>};
    constexpr decltype(&narrow<1>) narrows[] = {narrow<1>, narrow<2>, narrow<3>, narrow<4>};
    const Index tall = std::clamp<Index>(most_sums / k_ / tile, 1, 8) * tile;  // rows whose sums stay in the cache
    const Index stride = std::min(tall, (n + panel - 1) / panel * panel), parts = (k_ + 3) / 4;
    Scratch<Real> sums(std::size_t(k_ * stride)), packed(std::size_t(deep * k_)), x(std::size_t(deep * tile));
    for (Index i = 0; i < n; i += tall) {
      const Index rows = std::min(tall, n - i);
      in_depth([&](Index first, Index size) {
        const Real* const from = X.data + i * X.row + first * X.column;
        Real* to = packed.data();
        evenly(k_, 4, [&](Index t, Index count) {
          narrows[count - 1](right_ + first * k_ + t, k_, size, to);
          to += size * count;
        });
        for (Index corner = 0; corner < rows; corner += tile) {
          const Index width = std::min(tile, rows - corner), after = corner + tile;
          pack(from + corner * X.row, X.column, size, width, x.data());
          const Ahead ahead = after < rows
                                  ? Ahead{from + after * X.row, X.column, size, std::min(tile, rows - after)}
                                  : Ahead{from + size * X.column, X.column, std::min(deep, m_ - first - size), width};
          for (Index start = 0, step = 0; start < width; start += panel) {
            const Real* own = packed.data();
            evenly(k_, 4, [&](Index t, Index count) {
              ahead.fetch(step++, (width + panel - 1) / panel * parts);
              tiles[count - 1](x.data() + start * size, size, own, sums.data() + t * stride + corner + start, stride,
                               first > 0);
              own += size * count;
            });
          }
        }
      });
      transpose(sums.data(), stride, k_, rows, out + i * k_, k_);
    }
  }

  const Real* right_;
  Index m_, k_;
};

}  // namespace partwise
