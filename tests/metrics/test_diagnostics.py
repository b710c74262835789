"""diagnose and part_order, against brute force on the dense residual."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.decomposition import NMF as TheirNMF
from sklearn.exceptions import NotFittedError

import partwise as pw
from partwise.exceptions import DataError, DomainError, ParameterError
from partwise.losses import LOSSES, BetaDivergence, get_loss
from partwise.matrix import as_matrix

RNG = np.random.default_rng(0)
W, H = RNG.gamma(1.0, 1.0, (31, 4)), RNG.gamma(1.0, 1.0, (4, 17))
X = W @ H * RNG.gamma(5.0, 0.2, (31, 17))
X[RNG.random(X.shape) < 0.4] = 0
STORES = [np.array, np.asfortranarray, pd.DataFrame, sp.csr_array, sp.csc_matrix, sp.coo_array]
ANY_LOSS = [*LOSSES, 1.5, 3.0]


def brute(x, w, h, loss):
    """The loss of each cell, one at a time."""
    loss, model, floor = get_loss(loss), w @ h, as_matrix(x).floor
    cells = [
        loss.gradient_split(np.array([[a]]), np.array([[p]]), floor, True)[2]
        for a, p in zip(x.flat, model.flat, strict=True)
    ]
    return np.reshape(cells, x.shape)


@pytest.mark.parametrize("store", STORES)
def test_errors_of_rows_and_columns_are_those_of_the_residual(store):
    found, residual = pw.diagnose(store(X), (W, H)), X - W @ H
    for axis, side in ((1, "row"), (0, "column")):
        norms = np.linalg.norm(residual, axis=axis)
        np.testing.assert_allclose(getattr(found, f"{side}_error"), norms, rtol=1e-12)
        relative = norms / np.linalg.norm(X, axis=axis)
        np.testing.assert_allclose(getattr(found, f"{side}_relative_error"), relative, rtol=1e-12)
        np.testing.assert_allclose(getattr(found, f"{side}_loss"), 0.5 * norms**2, rtol=1e-12)
    assert found.relative_error == pytest.approx(pw.relative_error(X, W, H), rel=1e-12)
    assert found.loss == pytest.approx(0.5 * np.sum(residual**2), rel=1e-12)


@pytest.mark.parametrize("loss", ANY_LOSS)
@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array])
def test_losses_of_rows_and_columns_are_sums_of_those_of_cells(loss, store):
    x = X + 0.1 if loss == "itakura-saito" else X
    cells = brute(x, W, H, loss)
    found = pw.diagnose(store(x), (W, H), loss=loss)
    np.testing.assert_allclose(found.row_loss, cells.sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(found.column_loss, cells.sum(axis=0), rtol=1e-10)
    assert found.loss == pytest.approx(cells.sum(), rel=1e-12)
    assert found.loss_function == get_loss(loss)
    np.testing.assert_allclose(found.row_error, np.linalg.norm(x - W @ H, axis=1), rtol=1e-12)


@pytest.mark.parametrize("loss", ANY_LOSS)
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_the_gain_of_a_part_is_what_the_loss_rises_by_without_it(loss, store):
    x = X + 0.1 if loss == "itakura-saito" else X
    found = pw.diagnose(store(x), (W, H), loss=loss)
    whole = brute(x, W, H, loss).sum()
    for t in range(4):
        others = np.delete(np.arange(4), t)
        without = brute(x, W[:, others], H[others], loss).sum()
        assert found.part_gain[t] == pytest.approx(without - whole, rel=1e-9)


def test_shares_add_up_to_one_and_are_those_of_the_model_s_entries():
    found = pw.diagnose(X, (W, H))
    masses = [np.sum(np.outer(W[:, t], H[t])) for t in range(4)]
    np.testing.assert_allclose(found.part_share, np.array(masses) / np.sum(W @ H), rtol=1e-12)
    assert found.part_share.sum() == pytest.approx(1)


@pytest.mark.parametrize("store", [np.array, sp.csr_array])
@pytest.mark.parametrize("relative", [False, True])
def test_a_row_and_a_column_that_no_part_explains_come_first(store, relative):
    rng = np.random.default_rng(1)
    planted = rng.gamma(0.5, 1.0, (60, 3)) @ rng.gamma(0.5, 1.0, (3, 40))
    odd = rng.gamma(0.5, 1.0, 40)
    planted[13] = odd * np.sqrt(np.mean(planted**2) / np.mean(odd**2))
    found = pw.diagnose(store(planted), pw.factorize(planted, 3, random_state=0))
    assert found.worst_rows(relative=relative)[0] == 13
    assert len(found.worst_rows()) == 10
    assert len(found.worst_rows(1000)) == 60
    turned = pw.diagnose(store(planted.T), pw.factorize(planted.T, 3, random_state=0))
    assert turned.worst_columns(3, relative=relative)[0] == 13


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", "huber", 1.5])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_a_fit_is_the_one_that_it_reports(loss, store, dtype):
    found = pw.factorize(store(X.astype(dtype)), 3, loss=loss, random_state=0)
    report = pw.diagnose(store(X.astype(dtype)), found)
    assert report.loss_function == found.loss_function
    assert report.loss == pytest.approx(found.loss, rel=1e-4 if dtype is np.float32 else 1e-9)


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
def test_large_float32_data_stay_float32_and_give_nearly_the_same(store, loss):
    """Over 65,536 stored entries nothing is widened."""
    rng = np.random.default_rng(2)
    w, h = rng.random((300, 3)), rng.random((3, 400))
    x = w @ h * rng.gamma(5.0, 0.2, (300, 400))
    narrow, wide = (pw.diagnose(store(x.astype(dtype)), (w, h), loss=loss) for dtype in (np.float32, np.float64))
    for name in ("row_error", "column_error", "row_loss", "column_loss", "part_share", "part_gain"):
        np.testing.assert_allclose(getattr(narrow, name), getattr(wide, name), rtol=2e-4, err_msg=name)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_sparse_x_stays_sparse(loss):
    """As an array of its shape it would take 3.2 GB."""
    rng = np.random.default_rng(4)
    x = sp.random_array((20_000, 20_000), density=1e-5, rng=rng, format="csr")
    pair = rng.random((20_000, 3)), rng.random((3, 20_000))
    tracemalloc.start()
    found = pw.diagnose(x, pair, loss=loss)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.row_error.shape == found.column_loss.shape == (20_000,)
    assert peak < 20e6


def test_an_estimator_weighs_x_itself_and_may_see_new_rows():
    model = pw.NMF(3, random_state=0, beta_loss="kullback-leibler", max_iter=1000).fit(X)
    assert pw.diagnose(X, model).loss == pytest.approx(model.factorization_.loss, rel=1e-6)
    assert pw.diagnose(X, model).loss_function == get_loss("kullback-leibler")
    assert pw.diagnose(X[:5], model).row_error.shape == (5,)
    with pytest.raises(DataError, match=r"X of shape \(5, 17\) needs W of shape \(5, k\)"):
        pw.diagnose(X[:5], model.factorization_)


def test_the_loss_object_of_an_estimator_counts_before_its_beta_loss():
    model = pw.NMF(2, random_state=0, loss=BetaDivergence(1.5), solver="mu", max_iter=1000).fit(X)
    assert pw.diagnose(X, model).loss_function == BetaDivergence(1.5)
    assert pw.diagnose(X, model, loss="frobenius").loss_function == get_loss(2)


def test_a_model_of_scikit_learn_s_is_an_estimator_too():
    model = TheirNMF(3, random_state=0, max_iter=1000, tol=1e-3).fit(X)
    expected = np.linalg.norm(X - model.transform(X) @ model.components_, axis=1)
    np.testing.assert_allclose(pw.diagnose(X, model).row_error, expected, rtol=1e-9)


@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_negative_and_unknown_entries_are_treated_as_in_the_fit(store):
    dirty = X.copy()
    dirty[3, 2] = -1.0
    clipped = pw.diagnose(store(dirty), (W, H), negatives="clip")
    np.testing.assert_allclose(clipped.row_error, pw.diagnose(np.maximum(dirty, 0), (W, H)).row_error, rtol=1e-12)
    dirty[3, 2] = np.nan
    residual = np.where(np.isnan(dirty), 0, dirty - W @ H)
    known = pw.diagnose(store(dirty), (W, H), missing_values=np.nan)
    np.testing.assert_allclose(known.row_error, np.linalg.norm(residual, axis=1), rtol=1e-12)
    np.testing.assert_allclose(known.column_error, np.linalg.norm(residual, axis=0), rtol=1e-12)
    assert known.part_gain.shape == (4,)


def test_near_duplicates_are_pairs_by_falling_cosine_and_dead_parts_are_none_of_them():
    h = np.vstack([H, 2 * H[1], np.zeros(17), H[0] + 0.05 * H[2], H[3]])
    w = np.hstack([W, W])
    w[:, 7] = 0
    found = pw.diagnose(X, (w, h), alike=0.99)
    assert [pair[:2] for pair in found.near_duplicates] == [(1, 4), (3, 7), (0, 6)]
    cosines = [pair[2] for pair in found.near_duplicates]
    assert cosines[:2] == pytest.approx([1, 1])
    assert 0.99 <= cosines[2] < 1
    assert found.dead == [5, 7]
    np.testing.assert_array_equal(found.part_share[[5, 7]], 0)
    np.testing.assert_allclose(found.part_gain[[5, 7]], 0, atol=1e-9)


def test_rows_of_zeros_are_explained_by_zeros_alone():
    x, w = X.copy(), W.copy()
    x[[2, 4]] = 0
    w[2] = 0
    found = pw.diagnose(x, (w, H))
    assert (found.row_error[2], found.row_relative_error[2]) == (0, 0)
    assert found.row_relative_error[4] == np.inf
    empty = pw.diagnose(np.zeros((3, 2)), (np.zeros((3, 1)), np.zeros((1, 2))))
    assert (empty.loss, empty.relative_error, empty.part_share[0], empty.dead) == (0, 0, 0, [0])
    assert "none" in str(empty)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_units_change_numbers_and_nothing_else(unit, store):
    plain, scaled = pw.diagnose(store(X), (W, H), loss=1), pw.diagnose(store(X * unit), (W * unit, H), loss=1)
    np.testing.assert_allclose(scaled.row_error / unit, plain.row_error, rtol=1e-9)
    np.testing.assert_allclose(scaled.row_loss / unit, plain.row_loss, rtol=1e-9)
    np.testing.assert_allclose(scaled.part_gain / unit, plain.part_gain, rtol=1e-9)
    np.testing.assert_allclose(scaled.part_share, plain.part_share, rtol=1e-9)


def test_the_summary_is_short_however_many_parts_there_are():
    rng = np.random.default_rng(3)
    pair = rng.random((31, 40)), rng.random((40, 17))
    lines = str(pw.diagnose(X, pair, alike=0.5)).splitlines()
    assert lines[0].startswith("31 x 17, 40 parts: frobenius loss ")
    assert "  and 30 smaller ones" in lines
    assert len(lines) == 17
    assert max(map(len, lines)) <= 120
    assert " more" in lines[-2]
    assert str(pw.diagnose(X, (W[:, :1], H[:1]))).startswith("31 x 17, 1 part: ")


@pytest.mark.parametrize("model", [None, 3, "NMF", (W,), (W, H, W)])
def test_what_has_no_parts_is_refused(model):
    with pytest.raises(ParameterError, match="has no parts; give a Factorization, a fitted NMF"):
        pw.diagnose(X, model)


def test_a_model_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError, match="This NMF instance is not fitted yet"):
        pw.diagnose(X, pw.NMF(2))


def test_data_outside_the_loss_s_domain_and_a_cosine_that_is_none_are_refused():
    with pytest.raises(DomainError, match="itakura-saito"):
        pw.diagnose(X, (W, H), loss="itakura-saito")
    for alike in (0, 1.1, -1, np.nan, "0.9"):
        with pytest.raises(ParameterError, match="alike must be a number above 0, up to 1; got"):
            pw.diagnose(X, (W, H), alike=alike)


def test_the_order_of_parts_is_the_same_however_they_come():
    expected = pw.part_order(W, H)
    shares = pw.diagnose(X, (W, H)).part_share
    assert (np.diff(shares[expected]) <= 0).all()
    for seed in range(5):
        shuffled = np.random.default_rng(seed).permutation(4)
        scale = np.random.default_rng(seed).gamma(1.0, 1.0, 4)
        w, h = W[:, shuffled] * scale, H[shuffled] / scale[:, None]
        np.testing.assert_array_equal(shuffled[pw.part_order(w, h)], expected)


def test_of_parts_as_large_as_each_other_that_whose_heaviest_column_comes_first_is_first():
    h = np.eye(3)[[2, 0, 1]]
    jitter = 1 + 1e-15 * np.array([3, 1, 2])
    np.testing.assert_array_equal(pw.part_order(np.ones((5, 3)) * jitter, h), [1, 2, 0])
    np.testing.assert_array_equal(pw.part_order(np.zeros((5, 3)), h), [1, 2, 0])


def test_different_starts_give_the_same_parts_in_the_same_order():
    rng = np.random.default_rng(5)
    w, h = rng.gamma(0.3, 1.0, (80, 4)), rng.gamma(0.3, 1.0, (4, 30)) * [[1], [2], [4], [8]]
    w[:4], h[:, :4] = np.eye(4), np.diag([1, 2, 4, 8])  # with rows and columns of one part alone there is one answer
    fits = [pw.factorize(w @ h, 4, init="random", random_state=seed, max_iter=3000, tol=1e-7) for seed in range(3)]
    rows = [found.H[pw.part_order(found.W, found.H)] for found in fits]
    first, *others = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in rows)
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-3)
