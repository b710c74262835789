"""Where most entries are known, least squares of many parts work on X filled in with the model."""

import numpy as np
import pytest

from partwise import NMF, Penalty, factorize
from partwise.matrix import as_matrix
from partwise.matrix.filled import Filled
from partwise.penalties import Penalty as Net
from partwise.solvers import Fixed, filled_rows
from partwise.solvers.rows import least_squares
from partwise.threads import ALONE

RNG = np.random.default_rng(0)
K = 15
WHOLE = RNG.gamma(0.5, 1.0, (90, K)) @ RNG.gamma(0.5, 1.0, (K, 70)) + 0.05 * RNG.random((90, 70))
GAPS = np.where(RNG.random(WHOLE.shape) < 0.25, np.nan, WHOLE)
LIGHT = {"penalty_W": Penalty(l2=0.5), "penalty_H": Penalty(l2=0.5)}


def by_rows(monkeypatch):
    monkeypatch.setattr("partwise.matrix.observed.is_faster", lambda *_: False)


def test_a_product_with_x_filled_in_takes_the_model_where_x_is_unknown():
    filled = Filled(as_matrix(GAPS, missing_values=np.nan).known.X)
    left, right = RNG.random((90, 4)), RNG.random((70, 4))
    by_hand = np.where(np.isnan(GAPS), left @ right.T, GAPS)
    np.testing.assert_allclose(filled.product(left, right, ALONE), by_hand @ right, rtol=1e-12)
    error = 0.5 * np.nansum(np.square(GAPS - left @ right.T))
    assert filled.error(left, right, ALONE) == pytest.approx(error, rel=1e-12)


def test_it_pays_for_many_parts_of_mostly_known_data_alone():
    X = as_matrix(GAPS, missing_values=np.nan)
    assert X.fills(K)
    assert not X.fills(3)
    assert not as_matrix(WHOLE).fills(K)
    assert not as_matrix(np.where(RNG.random(WHOLE.shape) < 0.9, np.nan, WHOLE), missing_values=np.nan).fills(100)
    blank = GAPS.copy()
    blank[3] = np.nan
    assert not as_matrix(blank, missing_values=np.nan).fills(K)
    assert not as_matrix(GAPS, missing_values=np.nan, entry_weight=2.0 - (GAPS > 1)).fills(K)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_never_rises_and_ends_where_that_of_single_rows_ends(dtype, monkeypatch):
    options = {"missing_values": np.nan, "random_state": 0, "tol": 1e-7, "max_iter": 2000, **LIGHT}
    filled = factorize(GAPS.astype(dtype), K, **options)
    assert np.all(np.diff(filled.curve["loss"]) <= 0)
    by_rows(monkeypatch)
    rows = factorize(GAPS.astype(dtype), K, **options)
    assert filled.curve["loss"][-1] == pytest.approx(rows.curve["loss"][-1], rel=0.01)


def test_it_has_the_same_bits_at_any_number_of_jobs():
    one, two = (factorize(GAPS, K, missing_values=np.nan, max_iter=10, random_state=0, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one.W, two.W)
    np.testing.assert_array_equal(one.H, two.H)


def test_bounds_are_kept_to():
    fixed = np.full((1, 70), 0.3)
    model = NMF(K, fixed_components=fixed, missing_values=np.nan, random_state=0, max_iter=20, tol=0).fit(GAPS)
    np.testing.assert_array_equal(model.components_[:1], fixed)


@pytest.mark.parametrize("l1", [0.0, 0.2])
def test_rows_on_their_own_parts_are_those_of_all_parts(l1, monkeypatch):
    right, penalty, X = RNG.random((70, 60)) ** 4, Net(l1, 0.3), as_matrix(GAPS, missing_values=np.nan)
    slow, _ = least_squares(X, None, Fixed(right), penalty, ALONE)
    monkeypatch.setattr(filled_rows, "FEWEST", 1)
    fast, _ = least_squares(X, None, Fixed(right), penalty, ALONE)
    np.testing.assert_allclose(fast, slow, rtol=1e-8, atol=1e-10)


def test_parts_on_the_wrong_side_in_turn_end_too(monkeypatch):
    """Parts that are nearly alike make block pivoting exchange them again and again."""
    monkeypatch.setattr(filled_rows, "STEPS", 1)
    base = RNG.random((70, 4))
    right = np.hstack([base + 0.01 * RNG.random((70, 4)) for _ in range(20)])
    X, penalty = as_matrix(GAPS, missing_values=np.nan), Net(0.0, 1e-6)
    slow, _ = least_squares(X, None, Fixed(right), penalty, ALONE)
    monkeypatch.setattr(filled_rows, "FEWEST", 1)
    fast, _ = least_squares(X, None, Fixed(right), penalty, ALONE)
    np.testing.assert_allclose(fast @ right.T, slow @ right.T, rtol=1e-5, atol=1e-7)
