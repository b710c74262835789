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

/// The grams of blocks of rows, lower triangles.
class BlockGrams {
 public:
  BlockGrams(Index blocks, Index k) : blocks_(blocks), k_(k), grams_(blocks * k * k) {}

  double* of(Index block) { return &grams_[block * k_ * k_]; }

  /// gram (k, k) = their sum, in the order of the blocks.
  template <class Real>
  void add_up(Real* gram) {
    for (Index block = 1; block < blocks_; ++block)
      for (Index e = 0; e < k_ * k_; ++e) grams_[e] += of(block)[e];
    for (Index t = 0; t < k_; ++t)
      for (Index s = 0; s <= t; ++s) gram[t * k_ + s] = gram[s * k_ + t] = blocks_ ? Real(grams_[t * k_ + s]) : Real(0);
  }

 private:
  Index blocks_, k_;
  std::vector<double> grams_;
};

/// out (k, k) = factor' factor in float64, for a factor (rows, k).
template <class Real>
void gram(const Real* factor, Index rows, Index k, double* out, Team& team) {
  constexpr Index height = tile_rows<double>;
  const Blocks blocks(rows, height);
  BlockGrams grams(blocks.count(), k);
  team.each(blocks.count(), [&](Index block) {
    TileGram<double> sums(k);
    Scratch<Real> tile(k * height);
    Scratch<double> exact(k * height);
    const Real* from = factor + blocks.first(block) * k;
    for (Index first = 0; first < blocks.height(block); first += height) {
      const Index tall = std::min(height, blocks.height(block) - first);
      if (tall < height) std::fill(tile.begin(), tile.end(), Real(0));
      transpose(from + first * k, k, tall, k, tile.data(), height);
      std::copy(tile.begin(), tile.end(), exact.begin());
      sums.add(exact.data());
    }
    sums.write_to(grams.of(block));
  });
  grams.add_up(out);
}

}  // namespace partwise
