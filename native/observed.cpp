// Binds the kernels over known entries.
#include "observed.hpp"

#include "bindings.hpp"
#include "poisson.hpp"
#include "rows.hpp"

namespace {

template <class Real, class Integer>
void bind(nb::module_& m) {
  m.def(
      "hals_observed",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values,
         std::optional<Line<const Real>> weights, Table<Real> iterate, Table<const Real> start, Table<Real> point,
         Table<const Real> right, Real l1, Real l2, int sweeps, Real shrink, Real momentum, Index first, Index last,
         std::optional<Table<const Real>> lower, std::optional<Table<const Real>> upper) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        for (const Index n : {Index(iterate.shape(1)), Index(start.shape(1)), Index(point.shape(1))})
          demand(n == k, "numbers of components differ");
        for (const Index n : {Index(iterate.shape(0)), Index(start.shape(0)), Index(point.shape(0))})
          demand(n >= last, "too few rows");
        const Real* weight = each_entry<Real>(weights, values);
        const auto bounds = box<Real>(lower, upper, last, k);
        ObservedStep step;
        {
          nb::gil_scoped_release free;
          step = hals_observed(X, weight, iterate.data(), start.data(), point.data(), right.data(),
                               Index(right.shape(0)), k, first, last, bounds, l1, l2, sweeps, shrink, momentum);
        }
        return nb::make_tuple(step.loss, step.residual);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("weights").noconvert().none(), nb::arg("iterate").noconvert(), nb::arg("start").noconvert(),
      nb::arg("point").noconvert(), nb::arg("right").noconvert(), nb::arg("l1"), nb::arg("l2"), nb::arg("sweeps"),
      nb::arg("shrink"), nb::arg("momentum"), nb::arg("first"), nb::arg("last"),
      nb::arg("lower").noconvert().none() = nb::none(), nb::arg("upper").noconvert().none() = nb::none(),
      "hals_block over known entries (absent: unknown) with weights, or None.\n"
      "Returns (half the weighted squared error at point, squared length of the first sweep).");
  m.def(
      "pivoting_observed",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values,
         std::optional<Line<const Real>> weights, Table<Real> left, Table<const Real> right, double l1, double l2,
         double ridge, Index first, Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        const Real* weight = each_entry<Real>(weights, values);
        nb::gil_scoped_release free;
        return pivoting_observed(X, weight, left.data(), right.data(), Index(right.shape(0)), k, first, last, l1, l2,
                                 ridge);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("weights").noconvert().none(), nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("l1"),
      nb::arg("l2"), nb::arg("ridge"), nb::arg("first"), nb::arg("last"),
      "Exact non-negative least squares of rows first..last over known entries, in place.\n"
      "Returns half the weighted squared error.");
  m.def(
      "poisson_observed",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values,
         std::optional<Line<const Real>> weights, Table<Real> left, Table<const Real> right, Line<const Real> mass,
         Real l2, Real floor, int sweeps, double shrink, bool value, Index first, Index last,
         std::optional<Table<const Real>> lower, std::optional<Table<const Real>> upper) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        const Real* weight = each_entry<Real>(weights, values);
        const PoissonPlan<Real> plan{mass.data(), l2, floor, sweeps, shrink, value, box<Real>(lower, upper, last, k)};
        PoissonStep step;
        {
          nb::gil_scoped_release free;
          step = poisson_observed(X, weight, left.data(), right.data(), k, first, last, plan);
        }
        return nb::make_tuple(step.inner, step.residual);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("weights").noconvert().none(), nb::arg("left").noconvert(), nb::arg("right").noconvert(),
      nb::arg("mass").noconvert(), nb::arg("l2"), nb::arg("floor"), nb::arg("sweeps"), nb::arg("shrink"),
      nb::arg("value"), nb::arg("first"), nb::arg("last"), nb::arg("lower").noconvert().none() = nb::none(),
      nb::arg("upper").noconvert().none() = nb::none(),
      "poisson_csr over known entries, values multiplied by their weights; mass holds the L1 penalty alone.\n"
      "Returns (sum of v (x log p - p) after the passes if `value`, else 0; sum of mass |change in the first pass|).");
  m.def(
      "newton_observed",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values,
         std::optional<Line<const Real>> weights, Table<Real> left, Table<const Real> right, Line<const double> mass,
         double l2, double floor, double beta, int most, Index first, Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        const Real* weight = each_entry<Real>(weights, values);
        nb::gil_scoped_release free;
        newton_observed(X, weight, left.data(), right.data(), k, first, last, mass.data(), l2, floor, beta, most);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("weights").noconvert().none(), nb::arg("left").noconvert(), nb::arg("right").noconvert(),
      nb::arg("mass").noconvert(), nb::arg("l2"), nb::arg("floor"), nb::arg("beta"), nb::arg("most"), nb::arg("first"),
      nb::arg("last"),
      "newton_csr over known entries; for beta = 1 values come multiplied by their weights. mass: the L1 penalty.");
}

}  // namespace

void bind_observed(nb::module_& m) {
  bind<float, std::int32_t>(m);
  bind<float, std::int64_t>(m);
  bind<double, std::int32_t>(m);
  bind<double, std::int64_t>(m);
}
