// Binds the kernels: checks shapes, releases the GIL, calls. One overload a number type; no array is converted, since
// what is written into a converted copy would be lost.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include "beta.hpp"
#include "bindings.hpp"
#include "columns.hpp"
#include "cpu.hpp"
#include "gram.hpp"
#include "hals.hpp"
#include "multiplicative.hpp"
#include "nnls.hpp"
#include "picking.hpp"
#include "poisson.hpp"
#include "products.hpp"
#include "rows.hpp"
#include "survey.hpp"
#include "team.hpp"
#include "transposition.hpp"

namespace {

/// The team, or else the caller alone.
Team& on(Team* team) {
  static Team alone(1);
  return team ? *team : alone;
}

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
        const Index rows = Index(indptr.shape(0)) - 1, pieces = Index(edges.shape(0)) - 1, m = Index(counts.shape(1));
        demand(in_order(edges, rows), "edges lie outside the rows of X");
        demand(Index(counts.shape(0)) == pieces, "counts has another number of rows than there are pieces");
        nb::gil_scoped_release free;
        on(team).each(pieces, [&](Index piece) {
          const Index first = edges.data()[piece], last = edges.data()[piece + 1];
          csr_count(indptr.data(), indices.data(), counts.data() + piece * m, first, last);
        });
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("counts").noconvert(),
      nb::arg("edges").noconvert(), nb::arg("team").none() = nb::none(),
      "Add to counts (pieces, m) how many entries each column has in rows edges[piece] to edges[piece + 1].");
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
        const Index pieces = Index(edges.shape(0)) - 1;
        demand(in_order(edges, Index(out.shape(0))), "edges lie outside the columns of X");
        nb::gil_scoped_release free;
        csr_spread(X, right.data(), out.data(), k, rows, edges.data(), pieces, on(team));
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("right").noconvert(), nb::arg("out").noconvert(), nb::arg("edges").noconvert(),
      nb::arg("team").none() = nb::none(),
      "out = X.T @ right, for CSR X (n, m) with sorted columns and right (n, k), from column edges[0] to edges[-1].\n"
      "A team shares the columns, from each edge to the next.");
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
         Table<const Real> right, Line<const Real> mass, Real l2, Real floor, int sweeps, double shrink, Index first,
         Index last, std::optional<Table<const Real>> lower, std::optional<Table<const Real>> upper) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        const PoissonPlan<Real> plan{mass.data(), l2, floor, sweeps, shrink, box<Real>(lower, upper, last, k)};
        PoissonStep step;
        {
          nb::gil_scoped_release free;
          step = poisson_csr(X, left.data(), right.data(), k, first, last, plan);
        }
        return nb::make_tuple(step.inner, step.residual);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("mass").noconvert(), nb::arg("l2"),
      nb::arg("floor"), nb::arg("sweeps"), nb::arg("shrink"), nb::arg("first"), nb::arg("last"),
      nb::arg("lower").noconvert().none() = nb::none(), nb::arg("upper").noconvert().none() = nb::none(),
      "Coordinate passes on the Kullback-Leibler divergence for rows first..last of left, in place.\n"
      "Returns (sum x log p after them, sum of mass |change in the first pass|).");
  m.def(
      "poisson_pull",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const Real> values, Table<const Real> left,
         Table<const Real> right, Table<Real> negative, Real floor, Index first, Index last) {
        const auto X = csr<Real, Integer>(indptr, indices, values, first, last);
        const Index k = Index(right.shape(1));
        demand(Index(left.shape(1)) == k && Index(left.shape(0)) >= last, "left has another shape");
        demand(Index(negative.shape(1)) == k && Index(negative.shape(0)) >= last - first, "negative: another shape");
        nb::gil_scoped_release free;
        return poisson_pull(X, left.data(), right.data(), negative.data(), k, first, last, floor);
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("negative").noconvert(), nb::arg("floor"),
      nb::arg("first"), nb::arg("last"),
      "negative = (X / (left right')) @ right for rows first..last, overwritten; returns sum x log p.");
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

template <class Real>
void bind_dense(nb::module_& m) {
  m.def(
      "survey",
      [](Line<const Real> values) {
        Surveyed found;
        {
          nb::gil_scoped_release free;
          found = survey(values.data(), Index(values.shape(0)));
        }
        return nb::make_tuple(found.low, found.high, found.total, found.squares);
      },
      nb::arg("values").noconvert(),
      "Returns (smallest, largest, sum, sum of squares) of the values, in float64; the sum is NaN if a value is.");
  m.def(
      "hals_block",
      [](Table<Real> iterate, Table<const Real> start, Table<Real> point, Grid<const Real> cross,
         Table<const Real> gram, Real l1, Real l2, int sweeps, Real shrink, Real momentum,
         std::optional<Table<Real>> own, Team* team, std::optional<Table<const Real>> lower,
         std::optional<Table<const Real>> upper) {
        const Index rows = Index(iterate.shape(0)), k = Index(iterate.shape(1));
        for (const Index n : {Index(start.shape(0)), Index(point.shape(0))}) demand(n == rows, "rows differ");
        demand(Index(cross.shape(0)) >= rows, "cross has too few rows");
        for (const Index n : {Index(start.shape(1)), Index(point.shape(1)), Index(cross.shape(1)), Index(gram.shape(0)),
                              Index(gram.shape(1))})
          demand(n == k, "numbers of components differ");
        const auto crossed = strided(cross);
        const auto bounds = box<Real>(lower, upper, rows, k);
        if (own) demand(Index(own->shape(0)) == k && Index(own->shape(1)) == k, "own has another shape");
        Swept swept;
        {
          nb::gil_scoped_release free;
          swept = hals_block(iterate.data(), start.data(), point.data(), crossed, gram.data(), rows, k, bounds, l1, l2,
                             sweeps, shrink, momentum, own ? own->data() : nullptr, on(team));
        }
        return nb::make_tuple(swept.inner, swept.residual);
      },
      nb::arg("iterate").noconvert(), nb::arg("start").noconvert(), nb::arg("point").noconvert(),
      nb::arg("cross").noconvert(), nb::arg("gram").noconvert(), nb::arg("l1"), nb::arg("l2"), nb::arg("sweeps"),
      nb::arg("shrink"), nb::arg("momentum"), nb::arg("own").noconvert().none() = nb::none(),
      nb::arg("team").none() = nb::none(), nb::arg("lower").noconvert().none() = nb::none(),
      nb::arg("upper").noconvert().none() = nb::none(),
      "Coordinate descent on a block of rows from start; overwrites iterate and point = iterate + momentum * change,\n"
      "and own (k, k) = point.T @ point, if given.\n"
      "Returns (<cross, point>, squared length of the first sweep).");
  m.def(
      "extrapolate",
      [](Table<const Real> iterate, Table<const Real> before, Table<Real> point, Real momentum, Table<Real> own,
         Team* team, std::optional<Table<const Real>> lower, std::optional<Table<const Real>> upper) {
        for (int axis : {0, 1})
          demand(iterate.shape(axis) == before.shape(axis) && iterate.shape(axis) == point.shape(axis),
                 "shapes differ");
        const Index rows = Index(point.shape(0)), k = Index(point.shape(1));
        demand(Index(own.shape(0)) == k && Index(own.shape(1)) == k, "own has another shape");
        const auto bounds = box<Real>(lower, upper, rows, k);
        nb::gil_scoped_release free;
        extrapolate(iterate.data(), before.data(), point.data(), rows, k, bounds, momentum, own.data(), on(team));
      },
      nb::arg("iterate").noconvert(), nb::arg("before").noconvert(), nb::arg("point").noconvert(), nb::arg("momentum"),
      nb::arg("own").noconvert(), nb::arg("team").none() = nb::none(), nb::arg("lower").noconvert().none() = nb::none(),
      nb::arg("upper").noconvert().none() = nb::none(),
      "point = max(0, iterate + momentum (iterate - before)), within bounds; own (k, k) = point.T @ point. Overwrites "
      "both.");
  m.def(
      "column_moments",
      [](Table<const Real> factor, Line<double> sums, Line<double> squares, Team* team) {
        const Index k = Index(factor.shape(1));
        demand(Index(sums.shape(0)) == k && Index(squares.shape(0)) == k, "sums or squares have another length");
        nb::gil_scoped_release free;
        column_moments(factor.data(), Index(factor.shape(0)), k, sums.data(), squares.data(), on(team));
      },
      nb::arg("factor").noconvert(), nb::arg("sums").noconvert(), nb::arg("squares").noconvert(),
      nb::arg("team").none() = nb::none(),
      "sums (k,) and squares (k,) = the sum of each column of factor and of its squares, in float64; overwrites both.");
  m.def(
      "scale_columns",
      [](Table<Real> factor, Line<const Real> by, Team* team) {
        const Index k = Index(factor.shape(1));
        demand(Index(by.shape(0)) == k, "by has another length");
        nb::gil_scoped_release free;
        scale_columns(factor.data(), Index(factor.shape(0)), k, by.data(), on(team));
      },
      nb::arg("factor").noconvert(), nb::arg("by").noconvert(), nb::arg("team").none() = nb::none(),
      "factor *= by (k,), in place.");
  m.def(
      "turn",
      [](Table<const Real> source, Table<Real> out) {
        demand(source.shape(0) == out.shape(1) && source.shape(1) == out.shape(0), "out has another shape");
        nb::gil_scoped_release free;
        turn(source.data(), Index(source.shape(0)), Index(source.shape(1)), out.data());
      },
      nb::arg("source").noconvert(), nb::arg("out").noconvert(), "out = source.T; overwrites out.");
  m.def(
      "gram",
      [](Table<const Real> factor, Table<double> out, Team* team) {
        const Index k = Index(factor.shape(1));
        demand(Index(out.shape(0)) == k && Index(out.shape(1)) == k, "out has another shape");
        nb::gil_scoped_release free;
        gram(factor.data(), Index(factor.shape(0)), k, out.data(), on(team));
      },
      nb::arg("factor").noconvert(), nb::arg("out").noconvert(), nb::arg("team").none() = nb::none(),
      "out (k, k) = factor.T @ factor in float64; overwrites out.");
  m.def(
      "multiply",
      [](Table<Real> left, Table<const Real> negative, Table<const Real> positive, Line<const Real> least, Real l1,
         Real l2, double exponent) {
        const Index rows = Index(left.shape(0)), k = Index(left.shape(1)), shared = Index(positive.shape(0));
        demand(Index(negative.shape(0)) >= rows && Index(negative.shape(1)) == k, "negative: another shape");
        demand((shared == 1 || shared >= rows) && Index(positive.shape(1)) == k, "positive: another shape");
        demand(Index(least.shape(0)) == k, "least has another length");
        nb::gil_scoped_release free;
        const Multiplied done = multiply(left.data(), negative.data(), positive.data(), shared == 1 ? 0 : k,
                                         least.data(), rows, k, l1, l2, exponent);
        return std::make_pair(done.moved, done.waiting);
      },
      nb::arg("left").noconvert(), nb::arg("negative").noconvert(), nb::arg("positive").noconvert(),
      nb::arg("least").noconvert(), nb::arg("l1"), nb::arg("l2"), nb::arg("exponent"),
      "left *= (negative / (positive + l1 + l2 left))^exponent in place; what falls under least is zero.\n"
      "positive may be one shared row. Returns the sum of push times |change|, and how many zeros should grow.");
  m.def(
      "pivoting_block",
      [](Table<Real> left, Grid<const Real> cross, Table<const double> gram, double l1, Team* team) {
        const Index rows = Index(left.shape(0)), k = Index(left.shape(1));
        demand(Index(cross.shape(0)) >= rows && Index(cross.shape(1)) == k, "cross has another shape");
        demand(Index(gram.shape(0)) == k && Index(gram.shape(1)) == k, "gram has another shape");
        const auto crossed = strided(cross);
        nb::gil_scoped_release free;
        return pivoting_block(left.data(), crossed, gram.data(), rows, k, l1, on(team));
      },
      nb::arg("left").noconvert(), nb::arg("cross").noconvert(), nb::arg("gram").noconvert(), nb::arg("l1"),
      nb::arg("team").none() = nb::none(),
      "Exact non-negative least squares for a block of rows, in place; left's zero pattern is the first guess.\n"
      "Returns <cross, left>.");
  m.def(
      "poisson_dense",
      [](Table<const Real> X, Table<Real> left, Table<const Real> transposed, Line<const Real> mass, Real l2,
         Real floor, int sweeps, double shrink, std::optional<Table<const Real>> lower,
         std::optional<Table<const Real>> upper) {
        const Index rows = Index(X.shape(0)), m = Index(X.shape(1)), k = Index(left.shape(1));
        const Index stride = Index(transposed.shape(1));
        demand(Index(left.shape(0)) == rows, "rows differ");
        demand(Index(transposed.shape(0)) == k && stride >= PoissonRow<Real>::padded(m), "transposed: another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        const PoissonPlan<Real> plan{mass.data(), l2, floor, sweeps, shrink, box<Real>(lower, upper, rows, k)};
        PoissonStep step;
        {
          nb::gil_scoped_release free;
          step = poisson_dense(X.data(), left.data(), transposed.data(), stride, k, rows, m, plan);
        }
        return nb::make_tuple(step.inner, step.residual);
      },
      nb::arg("X").noconvert(), nb::arg("left").noconvert(), nb::arg("transposed").noconvert(),
      nb::arg("mass").noconvert(), nb::arg("l2"), nb::arg("floor"), nb::arg("sweeps"), nb::arg("shrink"),
      nb::arg("lower").noconvert().none() = nb::none(), nb::arg("upper").noconvert().none() = nb::none(),
      "poisson_csr for a block of dense rows; transposed (k, m padded to 16) holds right', zero past m.");
  m.def(
      "newton_dense",
      [](Table<const Real> X, Table<Real> left, Table<const Real> right, Line<const double> mass, double l2,
         double floor, double beta, int most) {
        const Index rows = Index(X.shape(0)), m = Index(X.shape(1)), k = Index(left.shape(1));
        demand(Index(left.shape(0)) == rows, "rows differ");
        demand(Index(right.shape(0)) == m && Index(right.shape(1)) == k, "right has another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        nb::gil_scoped_release free;
        newton_dense(X.data(), left.data(), right.data(), k, m, rows, mass.data(), l2, floor, beta, most);
      },
      nb::arg("X").noconvert(), nb::arg("left").noconvert(), nb::arg("right").noconvert(), nb::arg("mass").noconvert(),
      nb::arg("l2"), nb::arg("floor"), nb::arg("beta"), nb::arg("most"), "newton_csr for a block of dense rows.");
  m.def(
      "beta_parts",
      [](Table<const Real> x, Table<Real> p, Table<Real> ratio, double beta, Real floor, bool value) {
        for (int axis : {0, 1})
          demand(x.shape(axis) == p.shape(axis) && x.shape(axis) == ratio.shape(axis), "shapes differ");
        nb::gil_scoped_release free;
        return beta_parts(x.data(), p.data(), ratio.data(), Index(x.shape(0) * x.shape(1)), beta, floor, value);
      },
      nb::arg("x").noconvert(), nb::arg("p").noconvert(), nb::arg("ratio").noconvert(), nb::arg("beta"),
      nb::arg("floor"), nb::arg("value"),
      "ratio = x p^(beta - 2), p = p^(beta - 1), both overwritten; returns the sum of d(x, p) if `value`, else 0.");
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
  bind_dense<float>(m);
  bind_dense<double>(m);
}
