// Gram matrices of tall thin matrices.
#pragma once

#include <algorithm>
#include <vector>

#include "simd.hpp"
#include "team.hpp"

namespace partwise {

/// Rows in a tile, which lies with its rows along vectors: (k, tile_rows).
template <class Real>
constexpr Index tile_rows = 256 / Index(sizeof(Real));

/// Adds up x x' over tiles x. Sums run along lanes, and go over to float64 now and then: long ones would lose digits.
template <class Real>
class TileGram {
 public:
  explicit TileGram(Index k) : k_(k), sums_(k * (k + 1) / 2), totals_(k * (k + 1) / 2) {}

  void add(const Real* x) {
    if (++tiles_ % stretch == 0) flush();
    V* at = sums_.data();
    for (Index t = 0; t < k_; ++t) {
      V own[count];
#pragma GCC unroll 16
      for (int v = 0; v < count; ++v) own[v] = load<V>(x + t * tile_rows<Real> + v * wide);
      for (Index s = 0; s <= t; ++s, ++at) {
        V total = *at;
#pragma GCC unroll 16
        for (int v = 0; v < count; ++v) total += own[v] * load<V>(x + s * tile_rows<Real> + v * wide);
        *at = total;
      }
    }
  }

  /// gram[t, s] = the sum so far, for s <= t.
  void write_to(double* gram) {
    flush();
    const double* at = totals_.data();
    for (Index t = 0; t < k_; ++t)
      for (Index s = 0; s <= t; ++s, ++at) gram[t * k_ + s] = *at;
  }

 private:
  static constexpr int wide = lanes<Real>, count = int(tile_rows<Real>) / wide;
  static constexpr Index stretch = 64;
  using V = Vector<Real, wide>;

  void flush() {
    for (Index e = 0; e < Index(totals_.size()); ++e) totals_[e] += double(sum<Real, wide>(sums_[e]));
    for (V& total : sums_) total = V{};
  }

  Index k_, tiles_ = 0;
  Scratch<V> sums_;
  std::vector<double> totals_;
};

/// The grams of pieces of rows, lower triangles.
class PieceGrams {
 public:
  PieceGrams(Index pieces, Index k) : pieces_(pieces), k_(k), grams_(pieces * k * k) {}

  double* of(Index piece) { return &grams_[piece * k_ * k_]; }

  /// gram (k, k) = their sum, in the order of the pieces.
  template <class Real>
  void add_up(Real* gram) {
    for (Index piece = 1; piece < pieces_; ++piece)
      for (Index e = 0; e < k_ * k_; ++e) grams_[e] += of(piece)[e];
    for (Index t = 0; t < k_; ++t)
      for (Index s = 0; s <= t; ++s) gram[t * k_ + s] = gram[s * k_ + t] = pieces_ ? Real(grams_[t * k_ + s]) : Real(0);
  }

 private:
  Index pieces_, k_;
  std::vector<double> grams_;
};

/// out (k, k) = factor' factor in float64, for a factor (rows, k).
template <class Real>
void gram(const Real* factor, Index rows, Index k, double* out, Team& team) {
  constexpr Index height = tile_rows<double>;
  const Pieces pieces(rows, height);
  PieceGrams grams(pieces.count(), k);
  team.each(pieces.count(), [&](Index piece) {
    TileGram<double> sums(k);
    Scratch<Real> tile(k * height);
    Scratch<double> exact(k * height);
    const Real* from = factor + pieces.first(piece) * k;
    for (Index first = 0; first < pieces.height(piece); first += height) {
      const Index tall = std::min(height, pieces.height(piece) - first);
      if (tall < height) std::fill(tile.begin(), tile.end(), Real(0));
      transpose(from + first * k, k, tall, k, tile.data(), height);
      std::copy(tile.begin(), tile.end(), exact.begin());
      sums.add(exact.data());
    }
    sums.write_to(grams.of(piece));
  });
  grams.add_up(out);
}

}  // namespace partwise
