// Vector types behind one small header: GCC/Clang vector extensions, as wide as the instruction set allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace partwise {

using Index = std::ptrdiff_t;

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

/// `Lanes` numbers of type Real in one register; loads and stores need no alignment.
template <class Real, int Lanes>
struct Pack {
  typedef Real type __attribute__((vector_size(Lanes * sizeof(Real)), aligned(alignof(Real)), may_alias));
};
template <class Real, int Lanes>
using Vector = typename Pack<Real, Lanes>::type;

template <class Real>
constexpr int lanes = vector_bytes / int(sizeof(Real));

/// V for memory that need not be aligned for it: a template argument loses V's own attributes.
template <class V, class Real>
struct Unaligned {
  typedef V type __attribute__((aligned(alignof(Real)), may_alias));
};

template <class V, class Real>
inline V load(const Real* from) {
  return *reinterpret_cast<const typename Unaligned<V, Real>::type*>(from);  // memcpy would go through the stack
}

template <class V, class Real>
inline void store(Real* to, V v) {
  *reinterpret_cast<typename Unaligned<V, Real>::type*>(to) = v;
}

/// Allocates from the start of a cache line.
template <class T>
struct OnLines {
  using value_type = T;
  static constexpr std::align_val_t line{64};
  OnLines() = default;
  template <class Other>
  OnLines(const OnLines<Other>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, line); }
  bool operator==(const OnLines&) const { return true; }
  bool operator!=(const OnLines&) const { return false; }
};

/// Working memory of a kernel, aligned: a vector across two cache lines takes two loads, and sweeps half the speed.
template <class T>
using Scratch = std::vector<T, OnLines<T>>;

template <class V>
inline V at_least(V x, V floor) {
  return x > floor ? x : floor;
}

/// v with its lane `l` from lane l ^ Distance.
template <class Real, int Distance, int... Lane>
inline Vector<Real, sizeof...(Lane)> exchanged(Vector<Real, sizeof...(Lane)> v, std::integer_sequence<int, Lane...>) {
#if defined(__clang__)
  return __builtin_shufflevector(v, v, (Lane ^ Distance)...);
#else
  using Order = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
  typedef Order Shuffle __attribute__((vector_size(sizeof...(Lane) * sizeof(Real))));
  return __builtin_shuffle(v, Shuffle{(Lane ^ Distance)...});
#endif
}

/// The sum of all lanes, by halves: one after another, each addition would wait for the one before.
template <class Real, int Lanes, int Half = Lanes / 2>
inline Real sum(Vector<Real, Lanes> v) {
  if constexpr (Half == 0)
    return v[0];
  else
    return sum<Real, Lanes, Half / 2>(v + exchanged<Real, Half>(v, std::make_integer_sequence<int, Lanes>{}));
}

/// target[p, q] = source[q, p] for a 4 x 4 corner of two row-major arrays; 4 loads, 8 shuffles, 4 stores.
template <class Real>
inline void transpose4(const Real* source, Index source_stride, Real* target, Index target_stride) {
  using V = Vector<Real, 4>;
  const V r0 = load<V>(source), r1 = load<V>(source + source_stride);
  const V r2 = load<V>(source + 2 * source_stride), r3 = load<V>(source + 3 * source_stride);
#if defined(__clang__)
  const V a = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), b = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
  const V c = __builtin_shufflevector(r0, r1, 2, 6, 3, 7), d = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
  store(target, __builtin_shufflevector(a, b, 0, 1, 4, 5));
  store(target + target_stride, __builtin_shufflevector(a, b, 2, 3, 6, 7));
  store(target + 2 * target_stride, __builtin_shufflevector(c, d, 0, 1, 4, 5));
  store(target + 3 * target_stride, __builtin_shufflevector(c, d, 2, 3, 6, 7));
#else
  using Order = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
  typedef Order Shuffle __attribute__((vector_size(4 * sizeof(Real))));
  const V a = __builtin_shuffle(r0, r1, Shuffle{0, 4, 1, 5}), b = __builtin_shuffle(r2, r3, Shuffle{0, 4, 1, 5});
  const V c = __builtin_shuffle(r0, r1, Shuffle{2, 6, 3, 7}), d = __builtin_shuffle(r2, r3, Shuffle{2, 6, 3, 7});
  store(target, __builtin_shuffle(a, b, Shuffle{0, 1, 4, 5}));
  store(target + target_stride, __builtin_shuffle(a, b, Shuffle{2, 3, 6, 7}));
  store(target + 2 * target_stride, __builtin_shuffle(c, d, Shuffle{0, 1, 4, 5}));
  store(target + 3 * target_stride, __builtin_shuffle(c, d, Shuffle{2, 3, 6, 7}));
#endif
}

/// target[t, i] = source[i, t] for `rows` rows of `columns` numbers.
template <class Real>
inline void transpose(const Real* source, Index source_stride, Index rows, Index columns, Real* target,
                      Index target_stride) {
  Index i = 0;
  for (; i + 4 <= rows; i += 4) {
    Index t = 0;
    for (; t + 4 <= columns; t += 4)
      transpose4(source + i * source_stride + t, source_stride, target + t * target_stride + i, target_stride);
    for (; t < columns; ++t)
      for (Index e = i; e < i + 4; ++e) target[t * target_stride + e] = source[e * source_stride + t];
  }
  for (; i < rows; ++i)
    for (Index t = 0; t < columns; ++t) target[t * target_stride + i] = source[i * source_stride + t];
}

/// A dense matrix whose rows or columns are contiguous: entry (i, t) is data[i row + t column].
template <class Real>
struct Strided {
  const Real* data;
  Index row, column;

  Strided from(Index first) const { return {data + first * row, row, column}; }

  /// target[t, i] = entry (first + i, t) for `rows` rows of `columns` numbers.
  void transposed(Index first, Index rows, Index columns, Real* target, Index target_stride) const {
    if (column == 1) return transpose(data + first * row, row, rows, columns, target, target_stride);
    for (Index t = 0; t < columns; ++t)
      std::memcpy(target + t * target_stride, data + first + t * column, std::size_t(rows) * sizeof(Real));
  }
};

/// Natural logarithm of positive normal numbers, within two units in the last place: m 2^e, m in [sqrt(1/2), sqrt(2)).
/// With f = m - 1 and s = f / (m + 1), log m = 2 artanh(s) = f - s (f - 2 s^2 / 3 - 2 s^4 / 5 - ...), where all that is
/// rounded is small beside f. The first term left out is below a quarter of a rounding.
template <class Real, int Lanes>
inline Vector<Real, Lanes> logarithm(Vector<Real, Lanes> x) {
  using V = Vector<Real, Lanes>;
  using Bits = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
  typedef Bits VB __attribute__((vector_size(Lanes * sizeof(Real)), aligned(alignof(Real)), may_alias));
  constexpr int mantissa = sizeof(Real) == 4 ? 23 : 52;
  constexpr Bits half = sizeof(Real) == 4 ? Bits(0x3f3504f3) : Bits(0x3fe6a09e667f3bcdLL);  // sqrt(1/2)
  VB bits;
  std::memcpy(&bits, &x, sizeof(V));
  const VB exponent = (bits - half) >> mantissa;
  const VB scaled = bits - (exponent << mantissa);
  V m;
  std::memcpy(&m, &scaled, sizeof(V));
  const V f = m - Real(1), s = f / (m + Real(1)), q = s * s;
  constexpr int last = sizeof(Real) == 4 ? 9 : 19;
  V series = V{} + Real(2.0 / last);
  for (int odd = last - 2; odd > 1; odd -= 2) series = series * q + Real(2.0 / odd);
  return f - s * (f - q * series) + __builtin_convertvector(exponent, V) * Real(0.693147180559945309417);
}

/// Sums logarithms of positive normal numbers at a few operations each: exponents are added, mantissas multiplied, and
/// one logarithm is taken for 16 of them, whose product lies between 2^-8 and 2^8.
template <class Real, int Lanes>
class LogarithmSum {
 public:
  using V = Vector<Real, Lanes>;

  void add(V x) {
    VB bits;
    std::memcpy(&bits, &x, sizeof(V));
    const VB exponent = (bits - half) >> mantissa;
    bits -= exponent << mantissa;
    V m;
    std::memcpy(&m, &bits, sizeof(V));
    exponents_ += exponent;
    product_ *= m;
    if (++count_ == 16) flush();
  }

  double total() {
    flush();
    return double(sum<Real, Lanes>(logs_)) + double(sum_exponents()) * 0.693147180559945309417;
  }

 private:
  using Bits = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
  typedef Bits VB __attribute__((vector_size(Lanes * sizeof(Real)), aligned(alignof(Real)), may_alias));
  static constexpr int mantissa = sizeof(Real) == 4 ? 23 : 52;
  static constexpr Bits half = sizeof(Real) == 4 ? Bits(0x3f3504f3) : Bits(0x3fe6a09e667f3bcdLL);  // sqrt(1/2)

  void flush() {
    logs_ += logarithm<Real, Lanes>(product_);
    product_ = V{} + Real(1);
    count_ = 0;
  }

  std::int64_t sum_exponents() const {
    std::int64_t total = 0;
    for (int lane = 0; lane < Lanes; ++lane) total += exponents_[lane];
    return total;
  }

  V product_ = V{} + Real(1), logs_{};
  VB exponents_{};
  int count_ = 0;
};

}  // namespace partwise
