// Half-steps of the quadratic loss by coordinate descent (HALS), a tile of rows at a time.
#pragma once

#include <algorithm>
#include <limits>

#include "box.hpp"
#include "gram.hpp"
#include "simd.hpp"
#include "team.hpp"

namespace partwise {

/// What a block of rows reports. `inner` = <cross, point>, `residual` = the length of the first sweep, squared, in the
/// metric of the gram's diagonal (zero exactly at a KKT point).
struct Swept {
  double inner = 0, residual = 0;
};

/// Cyclic coordinate descent on 1/2 ||X - left right'||^2 + l1 sum(left) over left >= 0, for a block of rows:
///   x[i,t] <- max(0, x[i,t] + (cross[i,t] - l1 - sum_s x[i,s] gram[s,t]) / gram[t,t]),  from x = start,
/// with l2 added to the diagonal of gram, and a floor under it, so that a dead component goes to zero.
/// A tile stops early when a sweep moves it less than `shrink` times as far as its first. Then
///   point <- max(0, x + momentum (x - iterate)),  iterate <- x.
/// start, iterate, point, cross: (rows, k), point may be start; gram: (k, k) = right' right. Cichocki & Phan (2009),
/// doi:10.1587/transfun.E92.A.708; repeated sweeps: Gillis & Glineur (2012), doi:10.1162/NECO_a_00256; momentum: Ang &
/// Gillis (2019), doi:10.1162/neco_a_01157.
/// With Boxed, x and point are held within box as well. Tiles lie with rows along vectors, because a sweep is a chain
/// within each row. `own`, unless null, takes in the point.
template <class Real, bool Boxed>
Swept hals_tiles(Real* iterate, const Real* start, Real* point, Strided<Real> cross, const Real* gram, Index rows,
                 Index k, Box<Real> box, Real l1, Real l2, int sweeps, Real shrink, Real momentum,
                 TileGram<Real>* own) {
  constexpr int wide = lanes<Real>;
  constexpr Index height = tile_rows<Real>;
  constexpr int count = int(height) / wide;
  constexpr Index at_once = vector_bytes == 64 ? 2 : 1;  // components; 32 registers hold the sums of two
  using V = Vector<Real, wide>;
  Scratch<Real> memory((Boxed ? 5 : 3) * k * height + k + k * k);
  Real *x = memory.data(), *target = x + k * height, *before = target + k * height;
  Real *lower = before + k * height, *upper = lower + k * height;
  Real* inverse = Boxed ? upper + k * height : lower;
  Real* safe = inverse + k;
  const auto boxed = [&](V value, Index e) {
    if constexpr (!Boxed) return value;
    const V high = load<V>(upper + e);
    value = at_least(value, load<V>(lower + e));
    return value < high ? value : high;
  };
  std::copy(gram, gram + k * k, safe);
  Real largest = 0;
  for (Index t = 0; t < k; ++t) largest = std::max(largest, safe[t * k + t] += l2);
  using Limits = std::numeric_limits<Real>;
  const Real floor = std::max(Limits::epsilon() * largest, Limits::min() / Limits::epsilon());
  for (Index t = 0; t < k; ++t) {
    safe[t * k + t] = std::max(safe[t * k + t], floor);
    inverse[t] = 1 / safe[t * k + t];
  }
  Swept result;
  const V zero{};
  for (Index first = 0; first < rows; first += height) {
    const Index tall = std::min(height, rows - first), offset = first * k;
    if (tall < height) std::fill(x, inverse, Real(0));
    transpose(start + offset, k, tall, k, x, height);
    if constexpr (Boxed) {
      transpose(box.lower + offset, k, tall, k, lower, height);
      transpose(box.upper + offset, k, tall, k, upper, height);
    }
    cross.transposed(first, tall, k, target, height);
    double first_move = 0;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      V moved{};
      // move component t, whose row of the model is given; return by how much, for those that have seen it before
      const auto exchange = [&](Index t, const V* model, V* change) {
#pragma GCC unroll 16
        for (int v = 0; v < count; ++v) {
          Real* at = x + t * height + v * wide;
          const V old = load<V>(at);
          const V now =
              boxed(at_least(old + (load<V>(target + t * height + v * wide) - l1 - model[v]) * inverse[t], zero),
                    t * height + v * wide);
          store(at, now);
          change[v] = now - old;
          moved += change[v] * change[v] * safe[t * k + t];
        }
      };
      V change[count];
      Index t = 0;
      for (; at_once == 2 && t + 2 <= k; t += 2) {
        V model[count] = {}, next[count] = {};
        const Real *row = safe + t * k, *below = row + k;
        for (Index s = 0; s < k; ++s) {
          const V weight = row[s] - zero, weight_below = below[s] - zero;
#pragma GCC unroll 16
          for (int v = 0; v < count; ++v) {
            const V entries = load<V>(x + s * height + v * wide);
            model[v] += weight * entries;
            next[v] += weight_below * entries;
          }
        }
        exchange(t, model, change);
#pragma GCC unroll 16
        for (int v = 0; v < count; ++v) next[v] += below[t] * change[v];
        exchange(t + 1, next, change);
      }
      for (; t < k; ++t) {
        V model[count] = {};
        const Real* row = safe + t * k;
        for (Index s = 0; s < k; ++s) {
          const V weight = row[s] - zero;
#pragma GCC unroll 16
          for (int v = 0; v < count; ++v) model[v] += weight * load<V>(x + s * height + v * wide);
        }
        exchange(t, model, change);
      }
      const double move = double(sum<Real, wide>(moved));
      if (sweep == 0) {
        first_move = move;
        result.residual += move;
      } else if (move < double(shrink) * double(shrink) * first_move) {
        break;
      }
    }
    if (momentum > 0) {
      transpose(iterate + offset, k, tall, k, before, height);
      transpose(x, height, k, tall, iterate + offset, k);
      for (Index e = 0; e < k * height; e += wide) {
        const V now = load<V>(x + e);
        store(x + e, boxed(at_least(now + momentum * (now - load<V>(before + e)), zero), e));
      }
    } else if (iterate != point) {
      transpose(x, height, k, tall, iterate + offset, k);
    }
    transpose(x, height, k, tall, point + offset, k);
    if (own) own->add(x);
    V inner{};
    for (Index e = 0; e < k * height; e += wide) inner += load<V>(x + e) * load<V>(target + e);
    result.inner += double(sum<Real, wide>(inner));
  }
  return result;
}

/// The same, shared by a team; own (k, k) = point' point, unless null.
template <class Real>
Swept hals_block(Real* iterate, const Real* start, Real* point, Strided<Real> cross, const Real* gram, Index rows,
                 Index k, Box<Real> box, Real l1, Real l2, int sweeps, Real shrink, Real momentum, Real* own,
                 Team& team) {
  const auto tiles = box.lower ? hals_tiles<Real, true> : hals_tiles<Real, false>;
  const Blocks blocks(rows, tile_rows<Real>);
  std::vector<Swept> swept(blocks.count());
  BlockGrams grams(own ? blocks.count() : 0, k);
  team.each(blocks.count(), [&](Index block) {
    const Index first = blocks.first(block), at = first * k;
    TileGram<Real> sums(own ? k : 0);
    swept[block] = tiles(iterate + at, start + at, point + at, cross.from(first), gram, blocks.height(block), k,
                         box.row(first, k), l1, l2, sweeps, shrink, momentum, own ? &sums : nullptr);
    if (own) sums.write_to(grams.of(block));
  });
  Swept total;
  for (const Swept& part : swept) {
    total.inner += part.inner;
    total.residual += part.residual;
  }
  if (own) grams.add_up(own);
  return total;
}

/// point = max(0, iterate + momentum (iterate - before)), within the box, for rows of k numbers; own (k, k) = point'
/// point.
template <class Real>
void extrapolate(const Real* iterate, const Real* before, Real* point, Index rows, Index k, Box<Real> box,
                 Real momentum, Real* own, Team& team) {
  constexpr Index height = tile_rows<Real>;
  const Blocks blocks(rows, height);
  BlockGrams grams(blocks.count(), k);
  team.each(blocks.count(), [&](Index block) {
    TileGram<Real> sums(k);
    Scratch<Real> tile(k * height);
    for (Index first = 0; first < blocks.height(block); first += height) {
      const Index tall = std::min(height, blocks.height(block) - first), start = (blocks.first(block) + first) * k;
      for (Index e = start; e < start + tall * k; ++e) {
        const Real now = iterate[e] + momentum * (iterate[e] - before[e]);
        point[e] = now > 0 ? now : Real(0);
      }
      for (Index e = start; box.lower && e < start + tall * k; ++e) point[e] = box.clip(point[e], e);
      if (tall < height) std::fill(tile.begin(), tile.end(), Real(0));
      transpose(point + start, k, tall, k, tile.data(), height);
      sums.add(tile.data());
    }
    sums.write_to(grams.of(block));
  });
  grams.add_up(own);
}

}  // namespace partwise
