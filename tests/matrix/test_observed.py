"""Fits to known entries: what is unknown counts for nothing, and what is known counts as ever."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, Bounds, MiniBatchNMF, Penalty, factorize
from partwise.exceptions import DataError
from partwise.losses import get_loss
from partwise.matrix import as_matrix
from partwise.matrix.observed import Observed
from partwise.matrix.sparse import Sparse

NAN = np.nan
RNG = np.random.default_rng(0)
WHOLE = RNG.gamma(0.5, 1.0, (60, 3)) @ RNG.gamma(0.5, 1.0, (3, 40)) + 0.05 * RNG.random((60, 40))
HIDDEN = RNG.random(WHOLE.shape) < 0.3
GAPS = np.where(HIDDEN, NAN, WHOLE)
PAIRS = [("hals", 2), ("pivoting", 2), ("mu", 2), ("ccd", 1), ("mu", 1), ("mu", 1.5), ("mu", 0), ("mu", "huber")]
every_pair = pytest.mark.parametrize(("solver", "loss"), PAIRS)
CONVEX = [pair for pair in PAIRS if pair[1] in (1, 1.5, 2)]


def all_known(X):
    rows, columns = np.indices(X.shape)
    return Observed(Sparse(sp.csr_array((X.ravel(), (rows.ravel(), columns.ravel())), shape=X.shape)))


def same_bits(one, other):
    np.testing.assert_array_equal(one.W, other.W)
    np.testing.assert_array_equal(one.H, other.H)
    assert (one.loss, one.n_iter) == (other.loss, other.n_iter)


@pytest.mark.parametrize(("solver", "loss"), [pair for pair in PAIRS if pair[0] != "hals"])
@pytest.mark.parametrize("weight", [1, 3], ids=["no weights", "one weight for all"])
def test_with_all_entries_known_a_solver_takes_the_steps_that_it_takes_on_a_dense_x(solver, loss, weight):
    if weight == 3 and loss in (0, "huber"):
        pytest.skip("these losses take no weights")
    options = {"loss": loss, "solver": solver, "tol": 0, "max_iter": 8, "init": "nndsvda", "random_state": 0}
    dense, X = factorize(WHOLE, 3, **options), all_known(WHOLE)
    if weight == 3:
        X = as_matrix(WHOLE, entry_weight=np.full(WHOLE.shape, 3))
        assert type(X) is Observed
    known = factorize(X, 3, **options)
    np.testing.assert_allclose(known.W @ known.H, dense.W @ dense.H, rtol=1e-7, atol=1e-9)
    assert known.loss == pytest.approx(weight * dense.loss, rel=1e-7)
    assert known.relative_error == pytest.approx(dense.relative_error, rel=1e-7)
    np.testing.assert_allclose(known.curve["loss"], weight * dense.curve["loss"], rtol=1e-7)


def test_with_all_entries_known_hals_ends_where_it_ends_on_a_dense_x():
    """Its half-steps have fewer sweeps there, so that the way is another."""
    options = {"tol": 1e-9, "max_iter": 3000, "init": "nndsvda", "random_state": 0}
    dense, known = factorize(WHOLE, 3, **options), factorize(all_known(WHOLE), 3, **options)
    np.testing.assert_allclose(known.W @ known.H, dense.W @ dense.H, atol=1e-4)
    assert known.loss == pytest.approx(dense.loss, rel=1e-6)


@pytest.mark.parametrize("loss", [1, 1.5, 0.5])
def test_a_model_of_nothing_costs_a_light_entry_as_much_for_its_weight_as_a_heavy_one(loss):
    """A weight goes into the arguments of the divergence, and into the floor under the model with them."""
    rng, kind = np.random.default_rng(1), get_loss(loss)
    left, right, weights = rng.random((60, 3)), rng.random((40, 3)), np.full(WHOLE.shape, 1e-9)
    dense = WHOLE + 0.1
    dense[1], weights[1], left[0] = left[1] @ right.T, 1, 0
    X = as_matrix(dense, entry_weight=weights)
    costs = [
        kind.gradient_split(row[None], row_of[None].copy(), X.floor, True)[2]
        for row, row_of in zip(dense, left @ right.T, strict=True)
    ]
    assert kind.value(X, left, right) == pytest.approx(np.dot(costs, weights[:, 0]), rel=1e-5)


@every_pair
def test_what_an_unknown_entry_holds_changes_no_bit(solver, loss):
    options = {"loss": loss, "solver": solver, "max_iter": 8, "random_state": 0}
    by_nan = factorize(GAPS, 3, missing_values=NAN, **options)
    known = factorize(GAPS, 3, entry_weight=~HIDDEN, **options)
    for filler in (0.0, 1e6, -1.0, np.inf):
        same_bits(factorize(np.where(HIDDEN, filler, WHOLE), 3, entry_weight=~HIDDEN, **options), by_nan)
    same_bits(known, by_nan)
    ratings = sp.coo_array((WHOLE[~HIDDEN], np.nonzero(~HIDDEN)), shape=WHOLE.shape)
    same_bits(factorize(ratings, 3, missing_values=0, **options), by_nan)


@every_pair
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_hidden_entries_of_a_model_of_three_parts_are_found(solver, loss, dtype):
    """Better than by the mean of each column, by far."""
    options = {"loss": loss, "solver": solver, "init": "random", "random_state": 1, "tol": 1e-5, "max_iter": 3000}
    found = factorize(GAPS.astype(dtype), 3, missing_values=NAN, **options)
    error, usual = (
        np.linalg.norm((guess - WHOLE)[HIDDEN]) for guess in (found.W @ found.H, np.nanmean(GAPS, axis=0)[None])
    )
    assert error < 0.15 * usual


@pytest.mark.parametrize(("solver", "loss"), CONVEX)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", ["dense", "sparse"])
def test_transform_of_the_data_is_w_where_entries_are_unknown(solver, loss, dtype, store):
    X = GAPS.astype(dtype)
    X[11], X[:, 5] = NAN, NAN
    if store == "sparse":
        known = ~np.isnan(X)
        X = sp.csr_array((X[known], np.nonzero(known)), shape=X.shape)
    model = NMF(3, solver=solver, beta_loss=loss, missing_values=NAN if store == "dense" else 0, random_state=0)
    model.set_params(tol=1e-3, max_iter=2000)
    W = model.fit_transform(X)
    again, known = model.transform(X), np.arange(60) != 11
    np.testing.assert_allclose(again[known], W[known], rtol=1e-5, atol=1e-5 * W.max())
    np.testing.assert_allclose(model.transform(X[7:8])[0], W[7], rtol=1e-5, atol=1e-5 * W.max())
    assert not again[11].any(), "rows of transform know nothing of each other"


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("pivoting", 2), ("ccd", 1), ("mu", 1.5)])
def test_the_number_of_threads_leaves_no_trace(solver, loss):
    rng = np.random.default_rng(1)
    X = rng.gamma(1.0, 1.0, (1500, 400))
    X[rng.random(X.shape) < 0.3] = NAN
    assert len(as_matrix(X, missing_values=NAN).blocks) > 1
    weight = rng.choice([0.5, 2.0], X.shape)
    for options in ({"missing_values": NAN}, {"missing_values": NAN, "entry_weight": weight}):
        one, two = (
            factorize(X, 3, loss=loss, solver=solver, random_state=0, max_iter=2, n_jobs=n, **options) for n in (1, 2)
        )
        same_bits(one, two)


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("ccd", 1), ("mu", 1.5)])
def test_single_precision_is_good_to_its_digits(solver, loss):
    """On more entries than are worked on in double precision."""
    rng = np.random.default_rng(1)
    X = rng.gamma(0.5, 1.0, (400, 4)) @ rng.gamma(0.5, 1.0, (4, 300)) + 0.1 * rng.random((400, 300))
    X[rng.random(X.shape) < 0.3] = NAN
    start = {"W": rng.random((400, 4)).astype(np.float32), "H": rng.random((4, 300)).astype(np.float32)}
    options = {"loss": loss, "solver": solver, "missing_values": NAN, "max_iter": 60, "tol": 0, **start}
    single, double = (factorize(X.astype(t), 4, **options) for t in (np.float32, np.float64))
    assert single.W.dtype == np.float32
    assert single.loss == pytest.approx(double.loss, rel=1e-3)
    model = np.where(np.isnan(X), 0, single.W.astype(np.float64) @ single.H)
    if loss == 2:
        assert single.loss == pytest.approx(0.5 * np.nansum((X - model) ** 2), rel=1e-4)


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("pivoting", 2), ("ccd", 1), ("mu", 1), ("mu", 0)])
def test_a_large_model_of_unknown_entries_stands_in_no_one_s_way(solver, loss):
    """Where large rows meet large columns X is unknown: the model's total there says nothing about its scale."""
    rng = np.random.default_rng(0)
    left, right = rng.gamma(1.0, 1.0, (40, 3)), rng.gamma(1.0, 1.0, (3, 30))
    left[:10] *= 100
    right[:, :10] *= 100
    X = rng.poisson(left @ right + 1).astype(float) + (loss == 0)
    X[:10, :10] = NAN
    options = {"loss": loss, "solver": solver, "missing_values": NAN, "init": "nndsvda", "random_state": 0, "tol": 0}
    found = factorize(X, 3, max_iter=200, **options)
    assert (np.diff(found.curve["loss"]) <= 0).all()
    assert found.curve["loss"][-1] < 0.9 * found.curve["loss"][10], "it did not get stuck"
    assert found.relative_error < (0.005 if loss == 1 else 0.06)


@pytest.mark.parametrize(("solver", "loss"), [*CONVEX, ("mu", 0.5)])
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_units_do_not_matter_where_entries_are_unknown(solver, loss, unit):
    options = {"loss": loss, "solver": solver, "missing_values": NAN, "random_state": 0, "init": "random"}
    options |= {"max_iter": 20, "tol": 0}
    plain, extreme = factorize(GAPS, 3, **options), factorize(GAPS * unit, 3, **options)
    assert extreme.relative_error == pytest.approx(plain.relative_error, rel=1e-6)
    np.testing.assert_allclose(extreme.W / np.sqrt(unit) @ (extreme.H / np.sqrt(unit)), plain.W @ plain.H, rtol=1e-5)


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("pivoting", 2), ("mu", 2)])
def test_w_is_the_weighted_least_squares_solution_for_its_h(solver, loss):
    """The slope of each row's weighted problem is at least 0, and 0 where the weight of a part is not."""
    weight = np.random.default_rng(2).gamma(1.0, 1.0, WHOLE.shape) * ~HIDDEN
    found = factorize(WHOLE, 3, solver=solver, entry_weight=weight, random_state=0, max_iter=50, tol=0)
    slope = (weight * (found.W @ found.H - WHOLE)) @ found.H.T
    assert np.abs(np.minimum(found.W, slope)).max() < 1e-7
    assert found.loss == pytest.approx(0.5 * np.sum(weight * (WHOLE - found.W @ found.H) ** 2), rel=1e-9)


@pytest.mark.parametrize(("solver", "loss"), CONVEX)
def test_weights_of_entries_that_are_those_of_rows_are_weights_of_rows(solver, loss):
    rows = np.random.default_rng(2).gamma(1.0, 1.0, 60)
    options = {"loss": loss, "solver": solver, "missing_values": NAN, "tol": 0, "max_iter": 8}
    start = {"W": np.ones((60, 3)), "H": np.random.default_rng(3).random((3, 40))}
    by_entry = factorize(GAPS, 3, entry_weight=np.repeat(rows[:, None], 40, axis=1), **start, **options)
    by_row = factorize(GAPS, 3, sample_weight=rows, **start, **options)
    assert by_row.loss == pytest.approx(by_entry.loss, rel=1e-8)
    np.testing.assert_allclose(by_row.W @ by_row.H, by_entry.W @ by_entry.H, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
def test_an_x_that_is_unknown_altogether_is_refused_in_a_fit_and_weighs_nothing_in_a_transform(loss):
    nothing = np.full((5, 40), NAN)
    for X, missing in ((nothing, NAN), (sp.csr_array((5, 40)), 0)):
        with pytest.raises(DataError, match=r"No entry of X is known.*missing_values"):
            factorize(X, 2, loss=loss, missing_values=missing)
    model = NMF(3, beta_loss=loss, missing_values=NAN, random_state=0, tol=1e-3).fit(GAPS)
    assert not model.transform(nothing).any()


def without_some(dtype, store):
    """GAPS without a known entry in two rows and a column, with what marks an unknown entry."""
    X = GAPS.astype(dtype)
    X[[11, 40]], X[:, 5] = NAN, NAN
    known = ~np.isnan(X)
    return (X, NAN) if store == "dense" else (sp.csr_array((X[known], np.nonzero(known)), shape=X.shape), 0)


@pytest.mark.parametrize("penalty", [None, Penalty(l1=0.1), Penalty(l2=0.1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", ["dense", "sparse"])
def test_rows_and_columns_without_known_entries_are_the_mean_of_the_others(penalty, dtype, store):
    """They are predicted as the others are on average, with a penalty too, which does not count them."""
    X, missing = without_some(dtype, store)
    options = {"penalty_W": penalty, "penalty_H": penalty, "random_state": 0}
    found = factorize(X, 3, missing_values=missing, **options)
    rows, columns = np.delete(found.W, [11, 40], axis=0), np.delete(found.H, 5, axis=1)
    assert found.W.dtype == dtype
    for row in (11, 40):
        np.testing.assert_allclose(found.W[row], rows.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose((found.W @ found.H)[row], (rows @ found.H).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.H[:, 5], columns.mean(axis=1), rtol=1e-5)
    costs = 0 if penalty is None else sum(penalty.value(part.sum(), (part * part).sum()) for part in (rows, columns))
    assert found.curve["loss"][-1] == pytest.approx(found.loss + costs, rel=1e-5)
    same_bits(found, factorize(X, 3, missing_values=missing, n_jobs=2, **options))


@pytest.mark.parametrize("options", [{"alpha_W": 1e-3}, {"alpha_W": "choose"}], ids=["given", "chosen"])
@pytest.mark.parametrize("store", ["dense", "sparse"])
def test_a_penalty_of_the_estimator_leaves_no_zeros_where_nothing_is_known(options, store):
    X, missing = without_some(np.float64, store)
    model = NMF(3, missing_values=missing, random_state=0, max_iter=500, tol=1e-3, **options)
    W, H = model.fit_transform(X), model.components_
    np.testing.assert_allclose(W[11], np.delete(W, [11, 40], axis=0).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(H[:, 5], np.delete(H, 5, axis=1).mean(axis=1), rtol=1e-5)
    assert not model.transform(X)[11].any()


def test_a_row_of_bounded_weights_stays_within_its_bounds_where_nothing_is_known():
    X, missing = without_some(np.float64, "dense")
    found = factorize(X, 3, missing_values=missing, random_state=0, bounds_W=Bounds(0, 0.1))
    assert found.W.max() <= 0.1


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
def test_a_factorization_transforms_rows_with_unknown_entries_and_weights(loss):
    found = factorize(GAPS, 3, loss=loss, missing_values=NAN, random_state=0)
    np.testing.assert_allclose(found.transform(GAPS, missing_values=NAN), found.W, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        found.transform(WHOLE, entry_weight=~HIDDEN), found.transform(GAPS, missing_values=NAN)
    )


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
@pytest.mark.parametrize("store", ["dense", "sparse"])
def test_mini_batches_take_known_entries_alone(loss, store):
    filled = np.where(HIDDEN, 77.0, WHOLE)
    X, missing = GAPS, NAN
    if store == "sparse":
        X, missing = sp.csr_array((WHOLE[~HIDDEN], np.nonzero(~HIDDEN)), shape=WHOLE.shape), 0
    model = MiniBatchNMF(3, beta_loss=loss, missing_values=missing, init="random", random_state=0)
    for _ in range(200):
        for first in range(0, 60, 20):
            model.partial_fit(X[first : first + 20])
    whole = model.inverse_transform(model.transform(X))
    usual = np.linalg.norm((np.nanmean(GAPS, axis=0) - WHOLE)[HIDDEN])
    assert np.linalg.norm((whole - WHOLE)[HIDDEN]) < 0.1 * usual
    other = MiniBatchNMF(3, beta_loss=loss, init="random", random_state=0).partial_fit(filled)
    assert np.abs(other.components_ - model.components_).max() > 1


def test_mini_batches_refuse_nan_that_is_not_said_to_be_unknown_and_go_on_after_an_unknown_batch():
    with pytest.raises(ValueError, match=r"MiniBatchNMF leaves unknown.*missing_values=np\.nan"):
        MiniBatchNMF(3).partial_fit(GAPS)
    model = MiniBatchNMF(3, missing_values=NAN, random_state=0).partial_fit(GAPS[:20])
    before = model.components_
    model.partial_fit(np.full((5, 40), NAN)).partial_fit(GAPS[20:])
    assert np.isfinite(model.components_).all()
    assert (model.components_ != before).any()
    W = MiniBatchNMF(3, missing_values=NAN, random_state=0, batch_size=20, tol=0, max_iter=20).fit_transform(GAPS)
    assert np.isfinite(W).all()
