"""Held-out cells: which they are, and the error on them."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import factorize
from partwise.exceptions import DataError, ParameterError
from partwise.losses import get_loss
from partwise.matrix import as_matrix
from partwise.selection.holdout import BACKGROUND, Fitting, deal, grown, heaviest_row

stores = pytest.mark.parametrize("store", [np.array, sp.csr_array], ids=["dense", "sparse"])


def seeded():
    return np.random.RandomState(3)


def fit(fold, k, loss=2, **options):
    return Fitting(get_loss(loss), "auto", 1e-4, 100)(fold, k, options.get("smaller"), [0, k], None)


@stores
@pytest.mark.parametrize("method", ["speckled", "bicross"])
def test_folds_hold_out_different_cells(planted, store, method):
    X = planted(50, 40, 3) + np.arange(1, 2001).reshape(50, 40)  # every entry is its own
    make = deal(as_matrix(store(X)), 5, method, seeded())
    seen = [
        value for number in range(5) for value in np.ravel(make(number).out.dense(np.arange(make(number).out.shape[0])))
    ]
    held = [value for value in seen if value > 0]
    assert len(held) == len(set(held))
    assert len(held) == (5 * 200 if method == "speckled" else 5 * 80)


@stores
def test_the_error_of_speckles_is_that_of_the_cells_held_out(planted, store):
    fold = deal(as_matrix(store(planted(50, 40, 3))), 5, "speckled", seeded())(1)
    found = fit(fold, 3)
    mask = fold.out.pattern.mask(*np.indices((50, 40)).reshape(2, -1)).reshape(50, 40)
    truth, guess = fold.out.dense(np.arange(50))[mask], (found.W @ found.H)[mask]
    expected = np.linalg.norm(truth - guess) / np.linalg.norm(truth)
    assert fold.error(found, fit(fold, 1), get_loss(2))[0] == pytest.approx(expected, rel=1e-9)


@stores
def test_the_error_of_losses_that_dread_zeros_is_that_of_a_mixed_model(planted, store):
    fold = deal(as_matrix(store(np.round(9 * planted(50, 40, 3)))), 5, "speckled", seeded())(1)
    found, alone = fit(fold, 3, 1), fit(fold, 1, 1)
    mask = fold.out.pattern.mask(*np.indices((50, 40)).reshape(2, -1)).reshape(50, 40)
    truth = fold.out.dense(np.arange(50))[mask]
    guess = ((1 - BACKGROUND) * found.W @ found.H + BACKGROUND * alone.W @ alone.H)[mask]
    expected = get_loss(1).gradient_split(truth[None].copy(), guess[None].copy(), 1e-20, True)[2] / truth.sum()
    assert fold.error(found, alone, get_loss(1))[0] == pytest.approx(expected, rel=1e-9)


@stores
@pytest.mark.parametrize("method", ["speckled", "bicross"])
@pytest.mark.parametrize("loss", [2, 1, 1.5, 0])
@pytest.mark.parametrize("odd", [False, True])
def test_the_heaviest_row_is_the_one_with_the_largest_loss(planted, store, method, loss, odd):
    X = planted(53, 40, 3) + 0.01
    X[17] *= 10.0 ** np.random.default_rng(0).uniform(-3, 3, 40) if odd else 1
    out, named, rng = deal(as_matrix(store(X)), 5, method, seeded())(1).out, get_loss(loss), np.random.default_rng(0)
    left, right = rng.random((out.shape[0], 3)), rng.random((out.shape[1], 3))
    alone = [named.value(out.take(np.array([i])), left[[i]], right) for i in range(len(left))]
    share = max(alone) / sum(alone)
    row, found = heaviest_row(out, named, left, right, named.value(out, left, right))
    if share > 0.1:
        assert row == np.argmax(alone)
        assert found == pytest.approx(share)
    else:
        assert (row, found) == (0, 0.0)


@stores
def test_a_block_is_predicted_from_what_is_fitted_beside_it(planted, store):
    """With no noise, the block of rows and columns that no fit has seen comes out exactly."""
    X = planted(60, 50, 3, noise=0.0)
    fold = deal(as_matrix(store(X)), 4, "bicross", seeded())(2)
    found = Fitting(get_loss(2), "auto", 1e-9, 5000)(fold, 3, None, [0], None)
    assert fold.kept.shape == (45, 38)
    assert fold.out.shape == (15, 12)
    assert fold.error(found, fit(fold, 1), get_loss(2))[0] < 0.1
    assert fold.parts(found, get_loss(2)).shape == (3, 50)


def test_of_unknown_entries_none_is_held_out_and_none_is_learned_from(planted):
    X = planted(60, 50, 2) + np.linspace(1, 2, 3000).reshape(60, 50)
    X[np.random.default_rng(0).random(X.shape) < 0.5] = np.nan
    given = as_matrix(X, missing_values=np.nan)
    make, held = deal(given, 5, "speckled", seeded()), []
    for number in range(5):
        fold = make(number)
        assert fold.kept.n_stored + fold.out.n_stored == given.n_stored
        held += fold.out.values().tolist()
        truth, model = np.where(fold.out.known.X.toarray() > 0, X, np.nan), (found := fit(fold, 2)).W @ found.H
        expected = np.sqrt(np.nansum((truth - model) ** 2) / np.nansum(truth**2))
        assert fold.error(found, found, get_loss(2))[0] == pytest.approx(expected, rel=1e-9)
    assert len(set(held)) == len(held) == given.n_stored // 2


def test_entries_alone_in_their_row_or_column_are_not_judged_by():
    X = np.full((30, 30), np.nan)
    X[np.arange(30), np.arange(30)] = 1.0
    fold = deal(as_matrix(X, missing_values=np.nan), 5, "speckled", seeded())(0)
    assert fold.out.n_stored == 0
    assert fold.error(fit(fold, 1), fit(fold, 1), get_loss(2)) == (0, 0, 0)


def test_growing_keeps_what_is_there_and_adds_what_is_missing(planted):
    X = as_matrix(planted(60, 50, 4, noise=0.0))
    small = factorize(X, 2, init="random", random_state=0)
    W, H = grown(X, small.W, small.H, 4, seeded())
    np.testing.assert_array_equal(H[:2], small.H)
    assert (W.shape, H.shape) == ((60, 4), (4, 50))
    assert np.linalg.norm(X.X - W @ H) < np.linalg.norm(X.X - small.W @ small.H)


def test_what_is_too_small_or_unknown_is_refused_with_a_way_out(planted):
    with pytest.raises(DataError, match="5 folds need at least 5 rows and columns"):
        deal(as_matrix(planted(50, 4, 2)), 5, "speckled", seeded())
    unknown = planted(50, 40, 2)
    unknown[0, 0] = np.nan
    with pytest.raises(ParameterError, match="'speckled'"):
        deal(as_matrix(unknown, missing_values=np.nan), 5, "bicross", seeded())
