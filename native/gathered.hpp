// The rows of a thin matrix that a sparse row reaches for, side by side.
#pragma once

#include <algorithm>

#include "simd.hpp"

namespace partwise {

/// G = right[indices]', (k, stride): a component a row, entries along it, zeros up to a whole vector, so that loops run
/// along entries.
template <class Real>
class Gathered {
 public:
  static constexpr int wide = lanes<Real>;

  Gathered(Index k, Index longest) : k_(k), stride_(padded(longest)), memory_(k * stride_) {}

  static Index padded(Index entries) { return (entries + wide - 1) / wide * wide; }

  Index stride() const { return stride_; }
  const Real* component(Index t) const { return &memory_[t * stride_]; }
  const Real* data() const { return memory_.data(); }

  template <class Integer>
  void gather(const Integer* indices, Index entries, const Real* right) {
    Index j = 0;
    for (; j + 4 <= entries; j += 4) {
      const Real* from[4];
      for (int e = 0; e < 4; ++e) from[e] = right + Index(indices[j + e]) * k_;
      Real four[16];
      Index t = 0;
      for (; t + 4 <= k_; t += 4) {
        for (int e = 0; e < 4; ++e) std::copy(from[e] + t, from[e] + t + 4, four + 4 * e);
        transpose4(four, 4, &memory_[t * stride_ + j], stride_);
      }
      for (; t < k_; ++t)
        for (int e = 0; e < 4; ++e) memory_[t * stride_ + j + e] = from[e][t];
    }
    for (; j < entries; ++j)
      for (Index t = 0; t < k_; ++t) memory_[t * stride_ + j] = right[Index(indices[j]) * k_ + t];
    for (; j < padded(entries); ++j)
      for (Index t = 0; t < k_; ++t) memory_[t * stride_ + j] = 0;
  }

 private:
  Index k_, stride_;
  Scratch<Real> memory_;
};

}  // namespace partwise
