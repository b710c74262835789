"""Parts and weights that are known, forbidden or bounded, and weights that are shares."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import lsq_linear, minimize
from sklearn.base import clone

from partwise import NMF, factorize
from partwise.exceptions import IncompatibleSolverError, ParameterError
from partwise.init.given import starts
from partwise.matrix import as_matrix
from partwise.penalties import Bounds

pytestmark = pytest.mark.pairwise("solver", "loss")
NAN = np.nan
RNG = np.random.default_rng(0)
PARTS = RNG.gamma(0.5, 1.0, (4, 20)) + 0.01
WEIGHTS = RNG.gamma(0.5, 1.0, (50, 4)) + 0.01
X = WEIGHTS @ PARTS * RNG.gamma(200.0, 0.005, (50, 20))
SHARES = np.vstack([np.eye(3), RNG.dirichlet([0.5] * 3, 77)])
MIXED = SHARES @ PARTS[:3]
HIDDEN = RNG.random(X.shape) < 0.2
SOLVERS = [("hals", 2), ("mu", 2), ("mu", 1), ("ccd", 1), ("mu", 1.5), ("mu", 0.5), ("mu", "huber")]
every_solver = pytest.mark.parametrize(("solver", "loss"), SOLVERS)
both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])
ROUTES = ["dense", "Fortran", "sparse", "unknown entries", "ratings", "feature_weight", "sample_weight", "entry_weight"]
every_route = pytest.mark.parametrize("route", ROUTES)


def way(route, dtype=np.float64):
    """Return (X, parameters, arguments of fit) for one kind of data or weights."""
    data, rng = X.astype(dtype), np.random.default_rng(1)
    if route == "unknown entries":
        return np.where(HIDDEN, dtype(NAN), data), {"missing_values": NAN}, {}
    if route == "ratings":
        return sp.csr_array(np.where(HIDDEN, dtype(0), data)), {"missing_values": 0}, {}
    if route in ("feature_weight", "sample_weight", "entry_weight"):
        shape = {"feature_weight": 20, "sample_weight": 50, "entry_weight": X.shape}[route]
        return data, {}, {route: rng.gamma(1.0, 1.0, shape)}
    return {"dense": np.array, "Fortran": np.asfortranarray, "sparse": sp.csr_array}[route](data), {}, {}


def model_of(solver, loss, **options):
    given = {"loss": loss} if loss == "huber" else {"beta_loss": loss}
    return NMF(4, solver=solver, **given, **{"random_state": 0, "tol": 0, "max_iter": 30, **options})


def skip_unweighable(loss, route):
    if loss == "huber" and route.endswith("_weight"):
        pytest.skip("this loss takes no weights")


def some_known():
    """Two parts, of which a few entries are not known."""
    fixed = PARTS[:2] * 1.1
    fixed[0, 3:6] = fixed[1, 11] = NAN
    return fixed


def never_rises(model):
    losses = model.factorization_.curve["loss"]
    assert np.isfinite(losses).all()
    assert (np.diff(losses) <= 0).all()
    return losses[-1] < losses[0]


@every_solver
@every_route
@both_types
def test_fixed_components_are_kept_to_the_bit_and_the_rest_is_fitted(solver, loss, route, dtype):
    skip_unweighable(loss, route)
    data, parameters, arguments = way(route, dtype)
    fixed = some_known()
    model = model_of(solver, loss, fixed_components=fixed, **parameters).fit(data, **arguments)
    known = ~np.isnan(fixed)
    H = model.components_
    assert H.dtype == dtype
    np.testing.assert_array_equal(H[:2][known], fixed.astype(dtype)[known])
    assert np.isfinite(H).all()
    assert H[:2][~known].any()
    assert H[2:].any(axis=1).all()
    assert never_rises(model)


@every_solver
@every_route
@both_types
def test_fixed_weights_are_kept_to_the_bit_and_their_parts_are_fitted(solver, loss, route, dtype):
    skip_unweighable(loss, route)
    data, parameters, arguments = way(route, dtype)
    fixed = np.column_stack([np.ones(50), WEIGHTS[:, 1]])
    fixed[4:9, 1] = NAN
    model = model_of(solver, loss, **parameters)
    W = model.fit_transform(data, fixed_weights=fixed, **arguments)
    known = ~np.isnan(fixed)
    assert W.dtype == dtype
    np.testing.assert_array_equal(W[:, :2][known], fixed.astype(dtype)[known])
    assert np.isfinite(W).all()
    assert model.components_.any(axis=1).all()
    assert never_rises(model)


@every_solver
@pytest.mark.parametrize("route", ["dense", "sparse", "unknown entries", "feature_weight"])
def test_forbidden_entries_are_zero_and_others_need_not_be(solver, loss, route):
    skip_unweighable(loss, route)
    data, parameters, arguments = way(route)
    forbidden = np.random.default_rng(1).random((4, 20)) < 0.3
    forbidden[:, :2] = [[True, False], [False, True], [False, False], [False, False]]
    model = model_of(solver, loss, forbidden=forbidden, init="random", **parameters).fit(data, **arguments)
    assert not model.components_[forbidden].any()
    assert (model.components_[~forbidden] > 0).mean() > 0.5
    assert never_rises(model)
    few = model_of(solver, loss, forbidden=forbidden[:1], init="random", **parameters).fit(data, **arguments)
    assert not few.components_[0][forbidden[0]].any()
    assert few.components_[1:][forbidden[1:]].any()


@every_solver
@pytest.mark.parametrize("route", ["dense", "sparse", "unknown entries", "feature_weight"])
@pytest.mark.parametrize(
    "upper",
    [0.3, np.linspace(0.1, 1, 20), np.linspace(0.1, 1, 80).reshape(4, 20), np.full((1, 20), 0.2)],
    ids=["a number", "one a feature", "one an entry", "the first part"],
)
def test_no_entry_exceeds_its_upper_bound(solver, loss, route, upper):
    skip_unweighable(loss, route)
    data, parameters, arguments = way(route)
    parameters |= {"alpha_W": 0.01, "alpha_H": 0.0}  # else all weight could move to W, at no cost
    model = model_of(solver, loss, upper=upper, **parameters).fit(data, **arguments)
    rows = slice(1) if np.shape(upper) == (1, 20) else slice(None)
    H, limit = model.components_[rows], np.broadcast_to(upper, model.components_[rows].shape)
    assert (limit >= H).all()
    assert (limit == H).any()
    assert model.components_.max() > 0.5 or rows == slice(None)
    assert never_rises(model)


@every_solver
def test_all_of_them_hold_together_and_what_is_fixed_comes_first(solver, loss):
    forbidden = np.zeros((4, 20), bool)
    forbidden[:, ::3] = True
    fixed, fixed_weights = np.full((2, 20), NAN), np.full((50, 1), NAN)
    fixed[0, :7] = PARTS[0, :7] * 3
    fixed_weights[::2] = 0.5
    model = model_of(solver, loss, forbidden=forbidden, upper=0.4, fixed_components=fixed, missing_values=NAN)
    W = model.fit_transform(way("unknown entries")[0], fixed_weights=fixed_weights)
    H, known = model.components_, ~np.isnan(fixed)
    np.testing.assert_array_equal(H[:2][known], fixed[known])
    free = np.vstack([~known, np.ones((2, 20), bool)])
    assert (H[free] <= 0.4).all()
    assert not H[free & forbidden].any()
    np.testing.assert_array_equal(W[::2, 0], 0.5)
    assert never_rises(model)


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("mu", 1), ("ccd", 1), ("mu", 1.5)])
def test_with_all_parts_fixed_a_fit_is_a_transform(solver, loss):
    fitted = model_of(solver, loss).fit(X)
    fitted.components_ = PARTS
    W = model_of(solver, loss, fixed_components=PARTS).fit_transform(X)
    np.testing.assert_allclose(W, fitted.transform(X), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("mu", 2), ("ccd", 1), ("mu", 1)])
@pytest.mark.parametrize("route", ["dense", "unknown entries"])
def test_beside_known_parts_the_unknown_ones_are_found(solver, loss, route):
    data, parameters, _ = way(route)
    model = model_of(solver, loss, fixed_components=PARTS[:3], tol=1e-5, max_iter=5000, **parameters)
    W = model.fit_transform(data)
    for found, true in ((model.components_[3], PARTS[3]), (W[:, 0], WEIGHTS[:, 0]), (W[:, 3], WEIGHTS[:, 3])):
        assert np.corrcoef(found, true)[0, 1] > 0.98


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("mu", 2), ("ccd", 1)])
@pytest.mark.parametrize(
    ("dtype", "unit"),
    [(np.float32, 1e-30), (np.float32, 1e30), (np.float64, 1e-200), (np.float64, 1e12), (float, 1e200)],
)
@pytest.mark.parametrize("scale", ["of X", "of weights"])
def test_units_do_not_matter_to_what_is_fixed(solver, loss, dtype, unit, scale):
    """Fixed parts in the units of X, or W in them: free parts do not drown beside them."""
    fixed = (some_known() * (unit if scale == "of X" else 1.0)).astype(dtype)
    options = {"init": "random", "max_iter": 100}
    model = model_of(solver, loss, fixed_components=fixed, **options)
    W = model.fit_transform((X * unit).astype(dtype))
    known = ~np.isnan(fixed)
    np.testing.assert_array_equal(model.components_[:2][known], fixed[known])
    plain = model_of(solver, loss, fixed_components=some_known(), **options).fit(X)
    error = plain.factorization_.relative_error
    assert model.factorization_.relative_error == pytest.approx(error, rel=0.1)
    assert np.isfinite(W).all()


@pytest.mark.parametrize("unknown", [False, True], ids=["all known", "unknown entries"])
@both_types
def test_the_last_w_of_a_bounded_fit_is_the_bounded_least_squares_solution(unknown, dtype):
    rng = np.random.default_rng(2)
    data = np.where(HIDDEN & unknown, NAN, X).astype(dtype)
    upper = rng.choice([0.0, 0.2, 1.0, np.inf], (*X.shape[:1], 4))
    lower = np.where(rng.random(upper.shape) < 0.3, np.minimum(0.1, upper), 0)
    found = factorize(data, 4, bounds_W=Bounds(lower, upper), missing_values=NAN, init="random", random_state=0)
    lower, upper = lower.astype(dtype), upper.astype(dtype)
    assert (lower <= found.W).all()
    assert (upper >= found.W).all()
    assert ((upper == found.W) & (upper > 0)).any()
    for x, w, low, high in zip(data.astype(float), found.W, lower, upper, strict=True):
        known, fixed = ~np.isnan(x), low == high
        parts, rest = found.H.T.astype(float)[known], x[known] - found.H.T.astype(float)[known] @ (low * fixed)
        best = lsq_linear(parts[:, ~fixed], rest, (low[~fixed], high[~fixed]), tol=1e-14).x
        np.testing.assert_allclose(w[~fixed], best, atol=1e-5 if dtype is np.float32 else 1e-7)


@pytest.mark.parametrize(("solver", "loss"), [("mu", 1), ("ccd", 1), ("mu", 1.5)])
def test_the_last_w_of_a_bounded_fit_is_the_best_in_its_box(solver, loss):
    upper = np.random.default_rng(2).choice([0.05, 0.2, 1.0, 9.0], (50, 4))
    found = factorize(X, 4, loss=loss, solver=solver, bounds_W=Bounds(0.01, upper), random_state=0, max_iter=100)

    def value_and_slope(w, x):
        p = np.maximum(w @ found.H, 1e-12)
        if loss == 1:
            return np.sum(x * np.log(x / p) - x + p), (1 - x / p) @ found.H.T
        value = x**loss + (loss - 1) * p**loss - loss * x * p ** (loss - 1)
        return np.sum(value) / (loss * (loss - 1)), (p ** (loss - 1) - x * p ** (loss - 2)) @ found.H.T

    best = sum(
        minimize(value_and_slope, w, (x,), jac=True, method="L-BFGS-B", bounds=[(0.01, high) for high in limits]).fun
        for x, w, limits in zip(X, found.W, upper, strict=True)
    )
    assert found.loss == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("mu", 2), ("ccd", 1), ("mu", 1), ("mu", 1.5)])
@pytest.mark.parametrize("route", ["dense", "sparse", "unknown entries", "entry_weight", "feature_weight"])
def test_transform_takes_known_weights_and_weights_of_entries_as_the_fit_does(solver, loss, route):
    data, parameters, arguments = way(route)
    fixed = np.column_stack([np.ones(50), np.where(np.arange(50) % 3, WEIGHTS[:, 1], NAN)])
    model = model_of(solver, loss, **parameters)
    W = model.fit_transform(data, fixed_weights=fixed, **arguments)
    per_entry = {name: value for name, value in arguments.items() if name == "entry_weight"}
    again = model.transform(data, fixed_weights=fixed, **per_entry)
    np.testing.assert_array_equal(again[:, 0], 1)
    np.testing.assert_allclose(again, W, rtol=1e-2, atol=1e-3 * W.max())
    free = model_of(solver, loss, **parameters)
    W = free.fit_transform(data, **arguments)
    np.testing.assert_allclose(free.transform(data, **per_entry), W, rtol=1e-5, atol=1e-6 * W.max())
    assert np.abs(again - model.transform(data, **per_entry)).max() > 1e-2


@pytest.mark.parametrize("route", ["dense", "sparse", "unknown entries", "feature_weight"])
def test_parts_begin_at_their_seeds_whatever_the_scale_of_these_and_may_leave_them(route):
    """So they come in the order of the seeds."""
    data, parameters, arguments = way(route)
    order = [2, 0, 3, 1]
    seeds = PARTS[order] * [[100.0], [1e-3], [1.0], [7.0]]
    model = model_of("hals", 2, seed_components=seeds, max_iter=300, **parameters).fit(data, **arguments)
    likeness = np.corrcoef(model.components_, PARTS)[:4, 4:]
    np.testing.assert_array_equal(likeness.argmax(axis=1), order)
    assert (likeness.max(axis=1) < 1 - 1e-6).all()
    first = model_of("hals", 2, seed_components=seeds[:1], max_iter=1, **parameters).fit(data, **arguments)
    other = model_of("hals", 2, max_iter=1, **parameters).fit(data, **arguments)
    assert np.corrcoef(first.components_[0], PARTS[2])[0, 1] > np.corrcoef(other.components_[0], PARTS[2])[0, 1]


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        (PARTS[0], r"seed_components have shape \(20,\); they need at most 4 rows"),
        (np.ones((5, 20)), r"shape \(5, 20\); they need at most 4 rows"),
        (np.ones((2, 19)), r"shape \(2, 19\).*of 20 entries"),
        (-PARTS[:1], "must be finite and at least 0; NaN where"),
        (np.full((1, 20), np.inf), "must be finite and at least 0"),
    ],
)
def test_seeds_that_do_not_fit_are_refused(seeds, words):
    with pytest.raises(ParameterError, match=words):
        NMF(4, seed_components=seeds).fit(X)


def test_a_solver_that_cannot_names_those_that_can():
    for options in ({"fixed_components": PARTS[:1]}, {"forbidden": PARTS > 1}, {"upper": 1.0}):
        with pytest.raises(IncompatibleSolverError, match=r"solver 'pivoting' cannot hold.*'auto'.*'hals'.*'mu'"):
            NMF(4, solver="pivoting", **options).fit(X)
    with pytest.raises(IncompatibleSolverError, match="solver 'pivoting' cannot hold"):
        NMF(4, solver="pivoting").fit(X, fixed_weights=np.ones((50, 1)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fixed_components": PARTS[0]}, r"need two dimensions.*values\[None\] for one part"),
        ({"fixed_components": np.ones((5, 20))}, r"bounds of H have shape \(5, 20\); H has shape \(4, 20\)"),
        ({"fixed_components": np.ones((2, 19))}, r"bounds of H have shape \(2, 19\)"),
        ({"fixed_components": -PARTS[:1]}, "bounds of H: need 0 <= lower <= upper, and a finite lower"),
        ({"fixed_components": np.full((1, 20), np.inf)}, "a finite lower"),
        ({"forbidden": np.zeros((5, 20), bool)}, r"bounds of H have shape \(5, 20\)"),
        ({"upper": np.ones(19)}, r"bounds of H have shape \(19,\)"),
        ({"upper": -0.1}, "need 0 <= lower <= upper"),
    ],
)
def test_bounds_that_do_not_fit_are_refused(options, words):
    with pytest.raises(ParameterError, match=words):
        NMF(4, **options).fit(X)


def test_fixed_weights_that_do_not_fit_are_refused():
    for fixed, words in ((np.ones(50), "two dimensions"), (np.ones((49, 1)), r"bounds of W have shape \(49, 1\)")):
        with pytest.raises(ParameterError, match=words):
            NMF(4).fit(X, fixed_weights=fixed)


@pytest.mark.parametrize("route", ["dense", "Fortran", "sparse", "feature_weight"])
@both_types
@pytest.mark.parametrize("bounded", [False, True])
def test_weights_that_sum_to_one_do_so_in_transform_too(route, dtype, bounded):
    data, parameters, arguments = way(route, dtype)
    options = {"upper": 3.0, "fixed_components": 3 * PARTS[:1].clip(0, 1)} if bounded else {}
    model = NMF(4, sum_to_one=True, random_state=0, tol=1e-3, max_iter=2000, **options, **parameters)
    W = model.fit_transform(data, **arguments)
    for weights in (W, model.transform(data), model.transform(data[:1]), model.transform(data * 100)):
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(axis=1, dtype=np.float64), 1, atol=1e-6 if dtype is np.float32 else 1e-9)
    np.testing.assert_allclose(model.transform(data), W, atol=1e-4)
    assert never_rises(model)
    assert W.std(axis=0).min() > 0.01


def test_of_weights_that_sum_to_one_each_row_is_the_best():
    """No move towards another corner of the simplex lowers a row's error."""
    model = NMF(4, sum_to_one=True, random_state=0, tol=1e-3)
    W = model.fit_transform(X)
    H = model.components_
    slope = (W @ H - X) @ H.T
    gain = np.einsum("it,it->i", W, slope) - slope.min(axis=1)
    assert gain.max() < 1e-6 * np.square(X).sum(axis=1).max()


def test_mixtures_of_pure_rows_are_taken_apart():
    model = NMF(3, sum_to_one=True, init="separable", tol=1e-10, max_iter=2000)
    W = model.fit_transform(MIXED)
    order = W[:3].argmax(axis=1)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(W[:, order], SHARES, atol=0.02)


@pytest.mark.parametrize("unit", [1e-200, 1e-4, 1e200])
def test_units_do_not_matter_to_weights_that_sum_to_one(unit):
    options = {"sum_to_one": True, "random_state": 0, "tol": 1e-6, "max_iter": 5000}
    mixed = MIXED * np.random.default_rng(1).gamma(200.0, 0.005, MIXED.shape)
    plain, extreme = NMF(3, **options).fit(mixed), NMF(3, **options)
    W = extreme.fit_transform(mixed * unit)
    assert extreme.factorization_.relative_error == pytest.approx(plain.factorization_.relative_error, rel=1e-3)
    np.testing.assert_allclose(extreme.transform(mixed * unit), W, atol=1e-6)
    plain.components_ = extreme.components_ / unit
    np.testing.assert_allclose(plain.transform(mixed), W, atol=1e-6)


def test_what_cannot_go_with_weights_that_sum_to_one_says_so():
    for options in ({"beta_loss": "kullback-leibler"}, {"solver": "mu"}, {"beta_loss": 1.5}, {"solver": "pivoting"}):
        with pytest.raises(IncompatibleSolverError, match=r"cannot hold the sums of rows at one; use solver='hals'"):
            NMF(3, sum_to_one=True, **options).fit(X)
    with pytest.raises(IncompatibleSolverError, match="cannot go with unknown entries"):
        NMF(3, sum_to_one=True, missing_values=NAN).fit(np.where(HIDDEN, NAN, X))
    with pytest.raises(IncompatibleSolverError, match="cannot go with bounds on W"):
        NMF(3, sum_to_one=True).fit(X, fixed_weights=np.full((50, 1), 0.5))
    model = NMF(3, sum_to_one=True, tol=1e-2).fit(X)
    with pytest.raises(IncompatibleSolverError, match="cannot go with bounds on W"):
        model.transform(X, fixed_weights=np.full((50, 1), 0.5))
    with pytest.raises(IncompatibleSolverError, match="cannot go with unknown entries"):
        model.transform(X, entry_weight=X + 1)


@pytest.mark.parametrize("solver", ["hals", "mu"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_models_with_known_parts_can_be_cloned_and_threads_leave_no_trace(solver, n_jobs):
    model = model_of(solver, 2, fixed_components=some_known(), upper=2.0, n_init=3, init="random")
    twin = clone(model).set_params(n_jobs=n_jobs)
    np.testing.assert_array_equal(twin.fit_transform(X), model.fit_transform(X))
    np.testing.assert_array_equal(twin.components_, model.components_)


@pytest.mark.parametrize("scale", [1e18, 1e30])
def test_rows_far_larger_than_the_parts_have_a_place_on_the_simplex(scale):
    model = NMF(3, sum_to_one=True, random_state=0).fit(np.random.default_rng(0).random((30, 8)))
    shares = model.transform(np.random.default_rng(1).random((5, 8)) * scale)
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_a_seed_has_its_shape_in_the_scales_of_weighted_columns():
    rng = np.random.default_rng(3)
    part, scales = rng.random(8) + 0.1, np.r_[np.full(4, 1.0), np.full(4, 10.0)]
    data = as_matrix(rng.random((20, 8)) * scales)
    _, Ht = starts(data, 2, "random", None, None, (1.0, 1 / scales[:, None]), part[None], np.random.RandomState(0))()
    np.testing.assert_allclose(Ht[:, 0] / Ht[:, 0].sum(), part * scales / (part * scales).sum(), rtol=1e-12)
