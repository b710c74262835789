"""Weights of rows, columns and entries: a row of weight 2 is a row given twice, one of weight 0 is left out."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from partwise import NMF, Penalty, factorize
from partwise.exceptions import IncompatibleSolverError, ParameterError
from partwise.losses import BetaDivergence, get_loss
from partwise.matrix import as_matrix
from partwise.solvers import SOLVERS
from partwise.weighting import Weighting

RNG = np.random.default_rng(0)
X = RNG.gamma(0.5, 1.0, (14, 3)) @ RNG.gamma(0.5, 1.0, (3, 9)) + 0.3 * RNG.random((14, 9))
X[RNG.random(X.shape) < 0.2] = 0
START = {"W": RNG.random((14, 3)) + 0.1, "H": RNG.random((3, 9)) + 0.1}
COUNTS = RNG.integers(1, 4, 14)
PAIRS = [("hals", 2), ("pivoting", 2), ("mu", 2), ("ccd", 1), ("mu", 1), ("mu", 1.5), ("mu", 0.5), ("mu", 3)]
every_pair = pytest.mark.parametrize(("solver", "loss"), PAIRS)
every_store = pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
FEW = {"tol": 0, "max_iter": 8}


def scaled_away(found):
    """The model, which the scale between W and H does not change."""
    return found.W @ found.H


@every_pair
@every_store
def test_a_row_of_weight_two_is_a_row_given_twice(solver, loss, store):
    """Step by step: the same start, repeated, takes the same way."""
    options = {"loss": loss, "solver": solver, "H": START["H"], **FEW}
    weighted = factorize(store(X), 3, sample_weight=COUNTS, W=START["W"], **options)
    repeated = factorize(store(np.repeat(X, COUNTS, axis=0)), 3, W=np.repeat(START["W"], COUNTS, axis=0), **options)
    np.testing.assert_allclose(
        np.repeat(scaled_away(weighted), COUNTS, axis=0), scaled_away(repeated), rtol=1e-6, atol=1e-8
    )
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-8)
    assert weighted.relative_error == pytest.approx(repeated.relative_error, rel=1e-8)


@every_pair
@every_store
def test_a_column_of_weight_two_is_a_column_given_twice(solver, loss, store):
    counts = COUNTS[:9]
    options = {"loss": loss, "solver": solver, "W": START["W"], **FEW}
    weighted = factorize(store(X), 3, feature_weight=counts, H=START["H"], **options)
    repeated = factorize(store(np.repeat(X, counts, axis=1)), 3, H=np.repeat(START["H"], counts, axis=1), **options)
    np.testing.assert_allclose(
        np.repeat(scaled_away(weighted), counts, axis=1), scaled_away(repeated), rtol=1e-6, atol=1e-8
    )
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-8)


@every_pair
@every_store
def test_a_row_of_weight_zero_is_left_out_and_its_w_is_the_transform(solver, loss, store):
    keep = np.arange(14) % 5 != 2
    options = {"loss": loss, "solver": solver, "H": START["H"], **FEW}
    weighted = factorize(store(X), 3, sample_weight=keep, W=START["W"], **options)
    rest = factorize(store(X[keep]), 3, W=START["W"][keep], **options)
    np.testing.assert_allclose(scaled_away(weighted)[keep], scaled_away(rest), rtol=1e-6, atol=1e-8)
    assert weighted.loss == pytest.approx(rest.loss, rel=1e-8)
    if get_loss(loss).convex:
        np.testing.assert_allclose(weighted.W, weighted.transform(store(X)), rtol=1e-5, atol=1e-6)
    else:  # a row's problem has several minima
        assert np.isfinite(weighted.W).all()


@every_pair
@every_store
def test_a_column_of_weight_zero_is_left_out_of_fit_and_transform(solver, loss, store):
    keep = np.arange(9) % 4 != 1
    options = {"loss": loss, "solver": solver, "W": START["W"], **FEW}
    weighted = factorize(store(X), 3, feature_weight=keep, H=START["H"], **options)
    rest = factorize(store(X[:, keep]), 3, H=START["H"][:, keep], **options)
    np.testing.assert_allclose(scaled_away(weighted)[:, keep], scaled_away(rest), rtol=1e-6, atol=1e-8)
    other = np.where(keep, X, 1e3)
    np.testing.assert_allclose(weighted.transform(store(other)), weighted.transform(store(X)), rtol=1e-9)
    assert np.isfinite(weighted.H).all()


@pytest.mark.parametrize(("solver", "loss"), [pair for pair in PAIRS if pair[1] in (1, 1.5, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform_of_the_data_is_w_with_weights_of_columns(solver, loss, dtype):
    weight = np.random.default_rng(1).gamma(1.0, 1.0, 9)
    model = NMF(3, solver=solver, beta_loss=loss, random_state=0, tol=1e-3, max_iter=2000)
    W = model.fit_transform(X.astype(dtype), feature_weight=weight, sample_weight=COUNTS)
    assert W.dtype == dtype
    np.testing.assert_allclose(model.transform(X.astype(dtype)), W, rtol=1e-4, atol=1e-5 * W.max())
    plain = NMF(3, solver=solver, beta_loss=loss, random_state=0, tol=1e-3, max_iter=2000).fit(X)
    plain.components_ = model.components_
    assert np.abs(plain.transform(X) - W).max() > 1e-3 * W.max(), "without weights it is another one"


@pytest.mark.parametrize("loss", [2, 1, 1.5])
def test_the_reported_loss_is_the_weighted_one(loss):
    rows, columns = np.random.default_rng(1).gamma(1.0, 1.0, 14), np.random.default_rng(2).gamma(1.0, 1.0, 9)
    found = factorize(X, 3, loss=loss, sample_weight=rows, feature_weight=columns, random_state=0)
    kind = get_loss(loss)
    cells = [
        rows[i] * columns[j] * kind.value(as_matrix(X[i : i + 1, j : j + 1]), found.W[i : i + 1], found.H[:, j][None])
        for i in range(14)
        for j in range(9)
    ]
    assert found.loss == pytest.approx(sum(cells), rel=1e-6)
    assert found.curve["loss"][-1] == pytest.approx(found.loss, rel=1e-12)
    assert (np.diff(found.curve["loss"]) <= 0).all()


@every_pair
@every_store
def test_weights_of_one_change_no_bit(solver, loss, store):
    options = {"loss": loss, "solver": solver, **START, **FEW}
    plain = factorize(store(X), 3, **options)
    for weights in (
        {"sample_weight": np.ones(14)},
        {"feature_weight": np.ones(9)},
        {"entry_weight": np.ones((14, 9))},
        {"sample_weight": 1.0, "feature_weight": [1] * 9},
    ):
        found = factorize(store(X), 3, **weights, **options)
        np.testing.assert_array_equal(found.W, plain.W)
        np.testing.assert_array_equal(found.H, plain.H)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_only_ratios_of_weights_matter(solver, factor):
    loss = 1 if solver == "ccd" else 2
    options = {"loss": loss, "solver": solver, "random_state": 0, "init": "random", **FEW}
    one, other = (factorize(X, 3, sample_weight=COUNTS * f, **options) for f in (1.0, factor))
    np.testing.assert_allclose(scaled_away(other), scaled_away(one), rtol=1e-6, atol=1e-8)
    assert other.loss == pytest.approx(factor * one.loss, rel=1e-8)


@pytest.mark.parametrize("name", ["sample_weight", "feature_weight"])
def test_weights_that_are_no_weights_are_refused(name):
    count = 14 if name == "sample_weight" else 9
    for bad in (np.full(count, -1.0), np.full(count, np.nan), np.full(count, np.inf), np.zeros(count)):
        with pytest.raises(ParameterError, match=f"{name} must be finite, at least 0, and not zero for every"):
            factorize(X, 3, **{name: bad})
    for shape in ((count + 1,), (count, 1), (1, count)):
        with pytest.raises(ParameterError, match=rf"{name} has shape .*so shape \({count},\)"):
            factorize(X, 3, **{name: np.ones(shape)})
        with pytest.raises(ParameterError, match=rf"{name} has shape .*so shape \({count},\)"):
            NMF(3).fit(X, **{name: np.ones(shape)})


@pytest.mark.parametrize("loss", ["itakura-saito", "huber"])
def test_a_loss_that_does_not_scale_with_its_arguments_takes_no_weights_but_ones(loss):
    for weights in ({"sample_weight": COUNTS}, {"feature_weight": COUNTS[:9]}):
        with pytest.raises(IncompatibleSolverError, match=rf"loss='{loss}' takes no weights.*'kullback-leibler'"):
            factorize(X + 1, 3, loss=loss, **weights)
    with pytest.raises(IncompatibleSolverError, match=rf"loss='{loss}' takes no weights.*entry_weight of 0 and 1"):
        factorize(X + 1, 3, loss=loss, entry_weight=X + 1)
    assert factorize(X + 1, 3, loss=loss, sample_weight=np.ones(14), max_iter=2).n_iter == 2
    assert factorize(X + 1, 3, loss=loss, entry_weight=X > 0, max_iter=2).n_iter == 2


def test_a_penalty_on_the_weighted_factor_is_refused_and_on_the_other_one_taken():
    for weights, own, other in (
        ({"sample_weight": COUNTS}, "penalty_W", "penalty_H"),
        ({"feature_weight": COUNTS[:9]}, "penalty_H", "penalty_W"),
    ):
        with pytest.raises(ParameterError, match=rf"{next(iter(weights))} cannot go with a penalty on {own[-1]}"):
            factorize(X, 3, **weights, **{own: Penalty(l1=0.1)})
        found = factorize(X, 3, random_state=0, **weights, **{other: Penalty(l1=0.1)})
        assert (np.diff(found.curve["loss"]) <= 0).all()
    with pytest.raises(ParameterError, match="sample_weight cannot go with sum_to_one"):
        factorize(X, 3, sample_weight=COUNTS, sum_to_one=True)


def test_the_penalty_on_h_grows_with_the_sum_of_weights_as_it_does_with_rows():
    options = {"alpha_W": 0.0, "alpha_H": 0.01, "init": "custom", "tol": 0, "max_iter": 8}
    weighted, repeated = NMF(3, **options), NMF(3, **options)
    weighted.fit(X, **START, sample_weight=COUNTS)
    repeated.fit(np.repeat(X, COUNTS, axis=0), W=np.repeat(START["W"], COUNTS, axis=0), H=START["H"])
    np.testing.assert_allclose(weighted.components_, repeated.components_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series])
def test_the_estimator_takes_weights_as_the_function_does(kind):
    model = NMF(3, random_state=0)
    W = model.fit_transform(X, sample_weight=kind(list(COUNTS)))
    found = factorize(X, 3, random_state=0, sample_weight=COUNTS)
    np.testing.assert_array_equal(W, found.W)
    np.testing.assert_array_equal(NMF(3, random_state=0).fit(X, sample_weight=COUNTS).components_, found.H)
    entry = np.outer(COUNTS, COUNTS[:9])
    by_entry = NMF(3, random_state=0).fit(X, entry_weight=entry).components_
    np.testing.assert_array_equal(by_entry, factorize(X, 3, random_state=0, entry_weight=entry).H)


def test_a_pipeline_hands_weights_on_where_metadata_routing_is_on():
    with sklearn.config_context(enable_metadata_routing=True):
        nmf = NMF(3, random_state=0).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(MaxAbsScaler(), nmf)
        W = pipeline.fit_transform(X, sample_weight=COUNTS)
        fitted = make_pipeline(MaxAbsScaler(), NMF(3, random_state=0).set_fit_request(sample_weight=True))
        fitted.fit(X, sample_weight=COUNTS)
        silent = make_pipeline(MaxAbsScaler(), NMF(3, random_state=0))
        with pytest.raises(ValueError, match=r"sample_weight.*not explicitly set"):
            silent.fit(X, sample_weight=COUNTS)
        ignoring = make_pipeline(MaxAbsScaler(), NMF(3, random_state=0).set_fit_request(sample_weight=False))
        with pytest.raises(TypeError, match="sample_weight"):
            ignoring.fit(X, sample_weight=COUNTS)
    direct = NMF(3, random_state=0)
    expected = direct.fit_transform(MaxAbsScaler().fit_transform(X), sample_weight=COUNTS)
    np.testing.assert_array_equal(W, expected)
    np.testing.assert_array_equal(fitted[-1].components_, direct.components_)


def test_metadata_requests_know_every_weight():
    requests = NMF().get_metadata_routing().fit.requests
    assert {"sample_weight", "feature_weight", "entry_weight", "fixed_weights"} <= set(requests)


def test_the_callback_sees_factors_of_the_data_and_not_of_the_scaled_data():
    seen = []
    found = factorize(
        X, 3, sample_weight=COUNTS, feature_weight=COUNTS[:9], random_state=0,
        callback=lambda at: seen.append((at.W @ at.H, at.loss)),
    )  # fmt: skip
    np.testing.assert_allclose(seen[-1][0], found.W @ found.H, atol=0.05 * X.max())
    assert seen[-1][1] == pytest.approx(found.loss, rel=0.05)


def test_scales_are_roots_of_weights_by_the_degree_of_the_loss():
    weights, data = np.array([1.0, 4.0, 0.0]), as_matrix(np.ones((3, 2)))
    for loss, expected in ((2, [1, 2, 0]), (1, [1, 4, 0]), (0.5, [1, 16, 0])):
        found = Weighting.of(weights, None, data, get_loss(loss))
        np.testing.assert_allclose(found.rows[:, 0], expected)
        assert found.columns is None
        assert found
    assert not Weighting.of(np.ones(3), np.ones(2), data, BetaDivergence(3.0))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_weights_that_would_drown_the_data_are_refused(size):
    with pytest.raises(ParameterError, match=r"sample_weight has .* as its largest.*divide them by their mean"):
        factorize(np.ones((4, 3)), 1, sample_weight=np.full(4, size))
