// Binds the kernels: checks shapes, releases the GIL, calls. One overload a number type; no array is converted, since
// what is written into a converted copy would be lost.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include "bindings.hpp"
#include "cpu.hpp"
#include "picking.hpp"
#include "poisson.hpp"
#include "products.hpp"
#include "rows.hpp"
#include "team.hpp"
#include "transposition.hpp"

namespace {

/// Whether edges, of which there is one at least, rise from 0 on to `last` at the most.
bool in_order(const Line<const std::int64_t>& edges, Index last) {
  const std::int64_t *begin = edges.data(), *end = begin + edges.shape(0);
  return begin != end && std::is_sorted(begin, end) && *begin >= 0 && end[-1] <= last;
}

bool lie_within(const Line<const std::int64_t>& rows, Index count) {
  return std::all_of(rows.data(), rows.data() + rows.shape(0), [&](Index row) { return 0 <= row && row < count; });
}

void raise_signals() {
  const nb::gil_scoped_acquire hold;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

template <class Integer>
void bind_integers(nb::module_& m) {
  m.def(
      "csr_count",
      [](Line<const Integer> indptr, Line<const Integer> indices, Table<Integer> counts, Line<const std::int64_t> edges,
         Team* team) {
        const Index rows = Index(indptr.shape(0)) - 1, blocks = Index(edges.shape(0)) - 1, m = Index(counts.shape(1));
        demand(in_order(edges, rows), "edges lie outside the rows of X");
        demand(Index(counts.shape(0)) == blocks, "counts has another number of rows than there are blocks");
        nb::gil_scoped_release free;
        on(team).each(blocks, [&](Index block) {
          const Index first = edges.data()[block], last = edges.data()[block + 1];
          csr_count(indptr.data(), indices.data(), counts.data() + block * m, first, last);
        });
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("counts").noconvert(),
      nb::arg("edges").noconvert(), nb::arg("team").none() = nb::none(),
      "Add to counts (blocks, m) how many entries each column has in rows edges[block] to edges[block + 1].");
  m.def(
      "csr_count_rows",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const std::int64_t> rows, Line<Integer> counts) {
        demand(lie_within(rows, Index(indptr.shape(0)) - 1), "rows lie outside X");
        nb::gil_scoped_release free;
        csr_count_rows(indptr.data(), indices.data(), rows.data(), Index(rows.shape(0)), counts.data());
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("rows").noconvert(),
      nb::arg("counts").noconvert(), "Add to counts (m,) how many entries each column has in the rows listed.");
}

template <class Real, class Integer>
void bind_sparse(nb::module_& m) {
  m.def(
      "csr_dot",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<const Real> right,
         Table<Real> out, Index first, Index last, bool add, Team* team) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(out.shape(0)) >= last - first && Index(out.shape(1)) == k, "out has another shape");
        nb::gil_scoped_release free;
        csr_dot(X, right.data(), out.data(), k, first, last, add, on(team));
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("right").noconvert(), nb::arg("out").noconvert(), nb::arg("first"), nb::arg("last"),
      nb::arg("add") = false, nb::arg("team").none() = nb::none(),
      "out[:last - first] (+)= X[first:last] @ right, for CSR X (n, m) and right (m, k); overwrites out.");
  m.def(
      "csr_scatter",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Line<Integer> next,
         Line<Integer> rows, Line<Real> entries, Index first, Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        demand(rows.shape(0) == entries.shape(0), "rows and entries differ in length");
        nb::gil_scoped_release free;
        csr_scatter(X, next.data(), rows.data(), entries.data(), first, last);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("next").noconvert(), nb::arg("rows").noconvert(), nb::arg("entries").noconvert(), nb::arg("first"),
      nb::arg("last"),
      "Write the entries of rows first..last, by columns, to where next (m,) says each column goes on; next moves on.");
  m.def(
      "csr_pick",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values,
         Line<const std::int64_t> rows, Line<const Integer> numbers, Line<Integer> out_indptr,
         Line<Integer> out_indices, Line<Real> out_values) {
        const auto X = csr<Real, Integer>(indptr, indices, values, 0, Index(indptr.shape(0)) - 1);
        const Index count = Index(rows.shape(0));
        demand(lie_within(rows, Index(indptr.shape(0)) - 1), "rows lie outside X");
        demand(Index(out_indptr.shape(0)) == count + 1 && out_indices.shape(0) == out_values.shape(0),
               "lengths differ");
        nb::gil_scoped_release free;
        Index room = 0;
        for (Index r = 0; r < count; ++r)
          for (Index p = Index(X.indptr[rows.data()[r]]); p < Index(X.indptr[rows.data()[r] + 1]); ++p)
            room += numbers.data()[X.indices[p]] >= 0;
        demand(room == Index(out_indices.shape(0)), "out_indices has another length than there are entries");
        csr_pick(X, rows.data(), count, numbers.data(), out_indptr.data(), out_indices.data(), out_values.data());
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("rows").noconvert(), nb::arg("numbers").noconvert(), nb::arg("out_indptr").noconvert(),
      nb::arg("out_indices").noconvert(), nb::arg("out_values").noconvert(),
      "Write the CSR matrix of the rows listed and of the columns j that have a number there, numbers[j] >= 0.");
  m.def(
      "csr_spread",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<const Real> right,
         Table<Real> out, Line<const std::int64_t> edges, Team* team) {
        const Index rows = Index(indptr.shape(0)) - 1, k = Index(right.shape(1));
        const auto X = csr<Real, Integer>(indptr, indices, values, 0, rows);
        demand(Index(right.shape(0)) == rows, "right has another number of rows than X");
        demand(Index(out.shape(1)) == k, "out has another shape");
        const Index panels = Index(edges.shape(0)) - 1;
        demand(in_order(edges, Index(out.shape(0))), "edges lie outside the columns of X");
        nb::gil_scoped_release free;
        csr_spread(X, right.data(), out.data(), k, rows, edges.data(), panels, on(team));
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("right").noconvert(), nb::arg("out").noconvert(), nb::arg("edges").noconvert(),
      nb::arg("team").none() = nb::none(),
      "out = X.T @ right, for CSR X (n, m) with sorted columns and right (n, k), from column edges[0] to edges[-1].\n"
      "A team shares the columns in panels, each from one edge to the next.");
  m.def(
      "csr_predict",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<const Real> left,
         Table<const Real> right, Line<double> model, Index first, Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(model.shape(0)) >= Index(indptr.data()[last] - indptr.data()[first]), "model is too short");
        nb::gil_scoped_release free;
        csr_predict(X, left.data(), right.data(), k, first, last, model.data());
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("model").noconvert(), nb::arg("first"),
      nb::arg("last"),
      "model[p] = <left[i], right[j]> in float64 at the stored entries of rows first..last; overwrites model.");
  m.def(
      "poisson_csr",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<Real> left,
         Table<const Real> right, Line<const Real> mass, Real l2, Real floor, int sweeps, double shrink, bool value,
         Index first, Index last, std::optional<Table<const Real>> lower, std::optional<Table<const Real>> upper) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        const PoissonPlan<Real> plan{mass.data(), l2, floor, sweeps, shrink, value, box<Real>(lower, upper, last, k)};
        PoissonStep step;
        {
          nb::gil_scoped_release free;
          step = poisson_csr(X, left.data(), right.data(), k, first, last, plan);
        }
        return nb::make_tuple(step.inner, step.residual);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("mass").noconvert(), nb::arg("l2"),
      nb::arg("floor"), nb::arg("sweeps"), nb::arg("shrink"), nb::arg("value"), nb::arg("first"), nb::arg("last"),
      nb::arg("lower").noconvert().none() = nb::none(), nb::arg("upper").noconvert().none() = nb::none(),
      "Coordinate passes on the Kullback-Leibler divergence for rows first..last of left, in place.\n"
      "Returns (sum x log p after them if `value`, else 0; sum of mass |change in the first pass|).");
  m.def(
      "poisson_pull",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<const Real> left,
         Table<const Real> right, Table<Real> negative, Real floor, bool value, Index first, Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(negative.shape(1)) == k && Index(negative.shape(0)) >= last - first, "negative: another shape");
        nb::gil_scoped_release free;
        return poisson_pull(X, left.data(), right.data(), negative.data(), k, first, last, floor, value);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("negative").noconvert(), nb::arg("floor"),
      nb::arg("value"), nb::arg("first"), nb::arg("last"),
      "negative = (X / (left right')) @ right for rows first..last, overwritten.\n"
      "Returns sum x log p if `value`, else 0.");
  m.def(
      "newton_csr",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<Real> left,
         Table<const Real> right, Line<const double> mass, double l2, double floor, double beta, int most, Index first,
         Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1)), m = Index(right.shape(0));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        nb::gil_scoped_release free;
        newton_csr(X, left.data(), right.data(), k, m, first, last, mass.data(), l2, floor, beta, most);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("mass").noconvert(), nb::arg("l2"),
      nb::arg("floor"), nb::arg("beta"), nb::arg("most"), nb::arg("first"), nb::arg("last"),
      "Solve rows first..last of left for a beta-divergence to the end, in place, in float64.\n"
      "mass: the L1 penalty, and for beta = 1 the column sums of right added.");
}

}  // namespace

NB_MODULE(PARTWISE_MODULE, m) {
  m.doc() = "Compiled loops of partwise; formulas and sources are in native/*.hpp.";
  Team::poll = raise_signals;
  Team::watch_forks();
  nb::class_<Team>(m, "Team", "Threads that share the rows of one kernel call after another.")
      .def(nb::init<Index>(), nb::arg("size"))
      .def("rest", &Team::rest, nb::call_guard<nb::gil_scoped_release>(),
           "End the threads; the next call starts new ones.");
  m.def("supported", &supported, "Names of the builds that this processor runs, oldest first.");
  bind_integers<std::int32_t>(m);
  bind_integers<std::int64_t>(m);
  bind_sparse<float, std::int32_t>(m);
  bind_sparse<float, std::int64_t>(m);
  bind_sparse<double, std::int32_t>(m);
  bind_sparse<double, std::int64_t>(m);
  bind_observed(m);
  bind_dense(m);
  bind_ranking(m);
  bind_neighbours(m);
}
