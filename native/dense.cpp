// Binds the kernels over dense rows and factors.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include "beta.hpp"
#include "bindings.hpp"
#include "columns.hpp"
#include "errors.hpp"
#include "gram.hpp"
#include "hals.hpp"
#include "leap.hpp"
#include "multiplicative.hpp"
#include "nnls.hpp"
#include "poisson.hpp"
#include "rows.hpp"
#include "survey.hpp"
#include "thin.hpp"
#include "transposition.hpp"

namespace {

template <class Real>
void bind(nb::module_& m) {
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
      "dense_dot",
      [](Grid<const Real> X, Table<const Real> right, Table<Real> out) {
        const Index n = Index(X.shape(0)), m = Index(X.shape(1)), k = Index(right.shape(1));
        demand(Index(right.shape(0)) == m, "right has another number of rows than X has columns");
        demand(Index(out.shape(0)) == n && Index(out.shape(1)) == k, "out has another shape");
        const auto rows = strided(X);
        nb::gil_scoped_release free;
        ThinProduct<Real>(right.data(), m, k)(rows, n, out.data());
      },
      nb::arg("X").noconvert(), nb::arg("right").noconvert(), nb::arg("out").noconvert(),
      "out = X @ right for a thin right; rows or columns of X are contiguous. Overwrites out.");
  m.def(
      "row_errors",
      [](Grid<const Real> X, Table<const Real> left, Table<const Real> right, Line<double> errors) {
        const Index n = Index(X.shape(0)), m = Index(X.shape(1)), k = Index(right.shape(1));
        demand(Index(left.shape(0)) == n && Index(errors.shape(0)) == n, "rows differ");
        demand(Index(right.shape(0)) == m && Index(left.shape(1)) == k, "left or right has another shape");
        const auto rows = strided(X);
        nb::gil_scoped_release free;
        RowErrors<Real>(right.data(), m, k)(rows, n, left.data(), errors.data());
      },
      nb::arg("X").noconvert(), nb::arg("left").noconvert(), nb::arg("right").noconvert(),
      nb::arg("errors").noconvert(),
      "errors (n,) = the sum of (X - left @ right.T)^2 over each row, in float64; rows or columns of X are "
      "contiguous.\n"
      "Overwrites errors.");
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
      "inner",
      [](Table<const Real> a, Table<const Real> b) {
        demand(a.shape(0) == b.shape(0) && a.shape(1) == b.shape(1), "shapes differ");
        return inner(a.data(), b.data(), Index(a.size()));
      },
      nb::arg("a").noconvert(), nb::arg("b").noconvert(), "Returns the sum of a * b in float64, in their order.");
  m.def(
      "hals_leap",
      [](Grid<const Real> X, Table<Real> W, Table<Real> W_point, Table<Real> W_best, Table<Real> W_gram, Table<Real> H,
         Table<Real> H_point, Table<Real> H_best, Table<Real> H_gram, Table<Real> H_before, int W_sweeps, Real W_shrink,
         int H_sweeps, Real H_shrink, Line<const double> rules, Line<double> state, std::vector<double> losses,
         Table<double> log) {
        const Index n = Index(X.shape(0)), m = Index(X.shape(1)), k = Index(W.shape(1));
        for (const auto& table : {W, W_point, W_best}) demand(Index(table.shape(0)) == n, "W: another shape");
        for (const auto& table : {H, H_point, H_best, H_before}) demand(Index(table.shape(0)) == m, "H: another shape");
        for (const auto& table : {W_gram, H_gram}) demand(Index(table.shape(0)) == k, "a gram has another shape");
        for (const auto& table : {W_point, W_best, W_gram, H, H_point, H_best, H_gram, H_before})
          demand(Index(table.shape(1)) == k, "numbers of components differ");
        demand(rules.shape(0) == 13 && state.shape(0) == 8 && log.shape(1) == 3, "rules, state or log: another length");
        const double* r = rules.data();
        const LeapRules ruled{r[0], r[1], r[2], r[3],  r[4],         r[5],        r[6],
                              r[7], r[8], r[9], r[10], Index(r[11]), Index(r[12])};
        demand(ruled.window > 0 && ruled.revive_every > 0, "a number of iterations must be positive");
        double* s = state.data();
        LeapState at{s[0], s[1], s[2], s[3], s[4], s[5], s[6], Index(s[7])};
        const auto rows = strided(X);
        LeapEnd end;
        {
          nb::gil_scoped_release free;
          const LeapFactor<Real> left{W.data(), W_point.data(), W_best.data(), W_gram.data(), nullptr,
                                      n,        W_sweeps,       W_shrink};
          const LeapFactor<Real> right{H.data(), H_point.data(), H_best.data(), H_gram.data(), H_before.data(),
                                       m,        H_sweeps,       H_shrink};
          end = hals_leap(rows, left, right, k, ruled, at, losses, at.iteration + Index(log.shape(0)), log.data());
        }
        for (const double value : {at.momentum, at.before, at.cap, at.kept, at.best, at.residual, at.seconds})
          *s++ = value;
        *s = double(at.iteration);
        return nb::make_tuple(end.moved_W, end.moved_H, end.after, end.better);
      },
      nb::arg("X").noconvert(), nb::arg("W").noconvert(), nb::arg("W_point").noconvert(), nb::arg("W_best").noconvert(),
      nb::arg("W_gram").noconvert(), nb::arg("H").noconvert(), nb::arg("H_point").noconvert(),
      nb::arg("H_best").noconvert(), nb::arg("H_gram").noconvert(), nb::arg("H_before").noconvert(),
      nb::arg("W_sweeps"), nb::arg("W_shrink"), nb::arg("H_sweeps"), nb::arg("H_shrink"), nb::arg("rules").noconvert(),
      nb::arg("state").noconvert(), nb::arg("losses"), nb::arg("log").noconvert(),
      "Iterations of HALS, at most len(log), until more has to be decided than that a pair is good: see leap.hpp and\n"
      "solvers/leap.py. Overwrites the factors, state and log.\n"
      "Returns (residuals of W and H, loss or NaN of the last iteration, whether the best pair is another).");
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
         Real floor, int sweeps, double shrink, bool value, std::optional<Table<const Real>> lower,
         std::optional<Table<const Real>> upper) {
        const Index rows = Index(X.shape(0)), m = Index(X.shape(1)), k = Index(left.shape(1));
        const Index stride = Index(transposed.shape(1));
        demand(Index(left.shape(0)) == rows, "rows differ");
        demand(Index(transposed.shape(0)) == k && stride >= PoissonRow<Real>::padded(m), "transposed: another shape");
        demand(Index(mass.shape(0)) == k, "mass has another length");
        const PoissonPlan<Real> plan{mass.data(), l2, floor, sweeps, shrink, value, box<Real>(lower, upper, rows, k)};
        PoissonStep step;
        {
          nb::gil_scoped_release free;
          step = poisson_dense(X.data(), left.data(), transposed.data(), stride, k, rows, m, plan);
        }
        return nb::make_tuple(step.inner, step.residual);
      },
      nb::arg("X").noconvert(), nb::arg("left").noconvert(), nb::arg("transposed").noconvert(),
      nb::arg("mass").noconvert(), nb::arg("l2"), nb::arg("floor"), nb::arg("sweeps"), nb::arg("shrink"),
      nb::arg("value"), nb::arg("lower").noconvert().none() = nb::none(),
      nb::arg("upper").noconvert().none() = nb::none(),
      "poisson_csr for a block of dense rows; transposed (k, m padded to 16) holds right', zero past m.");
  m.def(
      "remember",
      [](Table<Real> left, Table<double> up, Table<double> down, Table<const Real> negative, Table<const Real> positive,
         Line<const Real> least, Line<const Real> levels, double forget, double l1, double l2, double exponent) {
        const Index rows = Index(left.shape(0)), k = Index(left.shape(1)), shared = Index(positive.shape(0));
        demand(Index(up.shape(0)) == rows && Index(up.shape(1)) == k, "up: another shape");
        demand(Index(down.shape(0)) == rows && Index(down.shape(1)) == k, "down: another shape");
        demand(Index(negative.shape(0)) >= rows && Index(negative.shape(1)) == k, "negative: another shape");
        demand((shared == 1 || shared >= rows) && Index(positive.shape(1)) == k, "positive: another shape");
        demand(Index(least.shape(0)) == k && Index(levels.shape(0)) == k, "least or levels: another length");
        nb::gil_scoped_release free;
        remember(left.data(), up.data(), down.data(), negative.data(), positive.data(), shared == 1 ? 0 : k,
                 least.data(), levels.data(), rows, k, forget, l1, l2, exponent);
      },
      nb::arg("left").noconvert(), nb::arg("up").noconvert(), nb::arg("down").noconvert(),
      nb::arg("negative").noconvert(), nb::arg("positive").noconvert(), nb::arg("least").noconvert(),
      nb::arg("levels").noconvert(), nb::arg("forget"), nb::arg("l1"), nb::arg("l2"), nb::arg("exponent"),
      "Adds the parts of a batch's gradient to the running sums, and sets left = (up / down)^exponent, in place.\n"
      "The sums so far are multiplied by forget. positive may be one shared row.");
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

void bind_dense(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
}
