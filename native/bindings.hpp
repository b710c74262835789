// What every binding needs: array types, checks of shapes, and arrays as kernels take them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <optional>
#include <stdexcept>

#include "box.hpp"
#include "products.hpp"
#include "simd.hpp"
#include "team.hpp"

namespace nb = nanobind;
using namespace partwise;

/// Kernels over known entries, over dense rows and factors, of rankings, and of neighbours, for every type of numbers
/// and indices.
void bind_observed(nb::module_& m);
void bind_dense(nb::module_& m);
void bind_ranking(nb::module_& m);
void bind_neighbours(nb::module_& m);

/// The team, or else the caller alone.
inline Team& on(Team* team) {
  static Team alone(1);
  return team ? *team : alone;
}

namespace {

template <class Number>
using Line = nb::ndarray<Number, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class Number>
using Table = nb::ndarray<Number, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class Number>
using Grid = nb::ndarray<Number, nb::ndim<2>, nb::device::cpu>;

void demand(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

template <class Real>
Strided<Real> strided(const Grid<const Real>& matrix) {
  const Index row = Index(matrix.stride(0)), column = Index(matrix.stride(1));
  demand(row == 1 || column == 1 || matrix.size() == 0, "neither rows nor columns are contiguous");
  return {matrix.data(), row, column};
}

template <class Real, class Integer>
Csr<Real, Integer> csr(const Line<const Integer>& indptr, const Line<const Integer>& indices,
                       const Line<const Real>& values, Index first, Index last) {
  demand(0 <= first && first <= last && last < Index(indptr.shape(0)), "rows first..last lie outside X");
  demand(indices.shape(0) == values.shape(0), "indices and values differ in length");
  return {indptr.data(), indices.data(), values.data()};
}

/// Bounds in a factor's shape, or none; `lower` and `upper` come together.
template <class Real>
Box<Real> box(const std::optional<Table<const Real>>& lower, const std::optional<Table<const Real>>& upper, Index rows,
              Index k) {
  demand(bool(lower) == bool(upper), "lower and upper come together");
  if (!lower) return {};
  for (const auto& bound : {*lower, *upper})
    demand(Index(bound.shape(0)) >= rows && Index(bound.shape(1)) == k, "bounds have another shape");
  return {lower->data(), upper->data()};
}

template <class Real>
const Real* each_entry(const std::optional<Line<const Real>>& weights, const Line<const Real>& values) {
  demand(!weights || weights->shape(0) == values.shape(0), "weights and values differ in length");
  return weights ? weights->data() : nullptr;
}

}  // namespace
