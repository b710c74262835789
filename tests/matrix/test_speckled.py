"""X with held-out cells: what a solver makes of it is what NumPy makes of the other cells alone."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from registry import gradient
from scipy.optimize import nnls

from partwise import factorize
from partwise.losses import BetaDivergence, Huber, get_loss
from partwise.matrix import as_matrix
from partwise.matrix.speckled import Speckles
from partwise.penalties import Penalty
from partwise.solvers import Fixed, solve_rows
from partwise.threads import Workers

GROUPS = 6
RNG = np.random.default_rng(0)
DATA = RNG.gamma(0.5, 1.0, (90, 4)) @ RNG.gamma(0.5, 1.0, (4, 35)) * RNG.gamma(10.0, 0.1, (90, 35))
DATA[RNG.random(DATA.shape) < 0.4] = 0
W, H = RNG.random((90, 3)) + 0.1, RNG.random((35, 3)) + 0.1
stores = pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array], ids=["C", "Fortran", "CSR"])
LOSSES = [2, 1, 1.5, 3, 0, Huber(0.5)]


def in_domain(loss, X=DATA):
    return X + 0.1 if loss == 0 else X


def split(X, diagonals=(0, 3), dtype=np.float64):
    """The dealt data, the kept and the held-out part, and the mask of the cells kept."""
    speckles = Speckles.of(as_matrix(X.astype(dtype)), GROUPS, np.random.RandomState(5))
    kept, out = speckles.split(diagonals)
    mask = kept.pattern.mask(*np.indices(kept.shape).reshape(2, -1)).reshape(kept.shape)
    dense = speckles.X.dense(np.arange(X.shape[0]))
    return dense, kept, out, mask


def brute(loss, x, p):
    return get_loss(loss).gradient_split(x[None].copy(), p[None].copy(), 1e-20, True)[2]


@stores
def test_rows_and_columns_are_dealt_without_loss(store):
    speckles = Speckles.of(as_matrix(store(DATA)), GROUPS, np.random.RandomState(5))
    dealt = speckles.X.dense(np.arange(90))
    np.testing.assert_array_equal(dealt, DATA[np.ix_(speckles.rows, speckles.columns)])


@stores
def test_the_kept_and_the_held_out_part_make_up_the_whole(store):
    dense, kept, out, mask = split(store(DATA))
    everything = np.arange(90)
    np.testing.assert_array_equal(kept.dense(everything), np.where(mask, dense, 0))
    np.testing.assert_array_equal(out.dense(everything), np.where(mask, 0, dense))
    assert kept.pattern.size == mask.sum()
    assert out.pattern.size == (~mask).sum()


@stores
@pytest.mark.parametrize("columns", [None, np.array([20, 3, 3, 34])])
@pytest.mark.parametrize("rows", [None, np.arange(4, 90, 9), np.array([70, 2, 3, 2, 71])])
def test_rows_and_columns_that_are_taken_keep_their_cells(store, rows, columns):
    dense, kept, _, mask = split(store(DATA))
    taken = kept.take(rows, columns)
    these = np.ix_(np.arange(90) if rows is None else rows, np.arange(35) if columns is None else columns)
    np.testing.assert_array_equal(taken.dense(np.arange(taken.shape[0])), np.where(mask, dense, 0)[these])
    assert taken.pattern.size == mask[these].sum()
    for i, counts in enumerate(mask[these]):
        np.testing.assert_array_equal(taken.pattern.columns_of(i), np.flatnonzero(counts))
    if rows is not None and columns is None:
        sample, numbers = kept.sample(rows)
        np.testing.assert_array_equal(sample.values(), taken.values())
        np.testing.assert_array_equal(numbers, np.arange(35))


def test_every_row_and_column_has_its_share_held_out_and_the_folds_are_disjoint():
    speckles = Speckles.of(as_matrix(DATA), GROUPS, np.random.RandomState(5))
    times = np.zeros(DATA.shape)
    for diagonal in range(GROUPS):
        _, out = speckles.split([diagonal])
        mask = out.pattern.mask(*np.indices(DATA.shape).reshape(2, -1)).reshape(DATA.shape)
        assert set(mask.sum(axis=1)) <= {35 // GROUPS, 35 // GROUPS + 1}
        assert set(mask.sum(axis=0)) == {90 // GROUPS}
        times += mask
    assert (times == 1).all()


@stores
def test_sums_and_means_are_those_of_the_cells_that_count(store):
    dense, kept, _, mask = split(store(DATA))
    assert kept.total == pytest.approx(dense[mask].sum())
    assert kept.squared_norm == pytest.approx(np.square(dense[mask]).sum())
    assert kept.mean == pytest.approx(dense[mask].mean())
    assert kept.T.mean == pytest.approx(dense[mask].mean())


def test_zeros_of_held_out_cells_are_no_zeros_of_the_data():
    _, kept, _, _ = split(DATA + 0.1)
    assert not kept.has_zeros
    assert split(DATA)[1].has_zeros


@stores
def test_the_transpose_has_the_transposed_cells_and_blocks_that_keep_to_groups(store):
    _, kept, _, mask = split(store(DATA))
    turned = kept.T
    assert turned.T is kept
    np.testing.assert_array_equal(turned.pattern.mask(*np.indices(turned.shape).reshape(2, -1)), mask.T.ravel())
    for side in (kept, turned):
        assert [row for block in side.blocks for row in range(*block)] == list(range(side.shape[0]))
        assert {first for first, _ in side.blocks} >= {first for first, _ in pairwise(side.pattern.rows)}


@stores
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_the_loss_is_that_of_the_cells_that_count(store, loss):
    dense, kept, out, mask = split(store(in_domain(loss)))
    model = W @ H.T
    assert get_loss(loss).value(kept, W, H) == pytest.approx(brute(loss, dense[mask], model[mask]), rel=1e-10)
    assert get_loss(loss).value(out, W, H) == pytest.approx(brute(loss, dense[~mask], model[~mask]), rel=1e-10)


@stores
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_gradients_are_those_of_the_cells_that_count(store, loss):
    dense, kept, _, mask = split(store(in_domain(loss)))
    kind = get_loss(loss)
    negative, positive, _ = kind.gradient_split(dense.copy(), W @ H.T, 1e-20, False)
    expected = np.where(mask, positive - negative, 0) @ H
    for first, last in kept.blocks:
        negative, positive, _ = gradient(kind, kept, W, H, first, last, value=False)
        np.testing.assert_allclose(positive - negative, expected[first:last], atol=1e-9)


@stores
def test_exact_rows_are_the_least_squares_of_the_cells_that_count(store):
    dense, kept, _, mask = split(store(DATA))
    with Workers(1) as workers:
        left = solve_rows(kept, get_loss(2), None, Fixed(H), Penalty(), workers)
    expected = [nnls(H[known], row[known])[0] for row, known in zip(dense, mask, strict=True)]
    np.testing.assert_allclose(left, expected, atol=1e-8)


@stores
@pytest.mark.parametrize("loss", [1, 1.5, 3, 0], ids=str)
def test_exact_rows_are_stationary_for_the_cells_that_count(store, loss):
    dense, kept, _, mask = split(store(in_domain(loss)))
    with Workers(1) as workers:
        left = solve_rows(kept, get_loss(loss), None, Fixed(H), Penalty(), workers)
    negative, positive, _ = BetaDivergence(loss).gradient_split(dense.copy(), left @ H.T, 1e-20, False)
    up, down = (np.where(mask, part, 0) @ H for part in (positive, negative))
    assert np.abs(np.minimum(left, (up - down) / up.max())).max() < 1e-5


@stores
@pytest.mark.pairwise("loss", "solver")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("loss", "solver"), [(2, "hals"), (2, "pivoting"), (2, "mu"), (1, "ccd"), (1, "mu"), (1.5, "mu")]
)
def test_a_fit_minimises_the_loss_of_the_cells_that_count(store, loss, solver, dtype):
    dense, kept, _, mask = split(store(DATA), dtype=dtype)
    found = factorize(
        kept, 3, loss=loss, solver=solver, tol=1e-7, max_iter=1000, W=W.astype(dtype), H=H.T.astype(dtype)
    )
    model = (found.W.astype(np.float64) @ found.H)[mask]
    assert found.loss == pytest.approx(brute(loss, dense[mask].astype(float), model), rel=1e-4)
    unknown = np.where(mask, dense, np.nan).astype(dtype)
    again = factorize(unknown, 3, loss=loss, missing_values=np.nan, tol=0, max_iter=10, W=found.W, H=found.H)
    assert again.loss > found.loss * (1 - 1e-3), "another algorithm finds nothing to improve"


@stores
def test_what_is_held_out_leaves_no_trace(store):
    """Other values in the held-out cells give the same fit, to the bit."""
    speckles = Speckles.of(as_matrix(store(DATA)), GROUPS, np.random.RandomState(5))
    kept, out = speckles.split([1])
    other = DATA.copy()
    mask = out.pattern.mask(*np.indices(DATA.shape).reshape(2, -1)).reshape(DATA.shape)
    inverse = np.zeros_like(mask)
    inverse[np.ix_(speckles.rows, speckles.columns)] = mask
    other[inverse] += 100
    again, _ = Speckles.of(as_matrix(store(other)), GROUPS, np.random.RandomState(5)).split([1])
    fits = [factorize(X, 3, init="random", random_state=0, max_iter=20) for X in (kept, again)]
    np.testing.assert_array_equal(fits[0].W, fits[1].W)
    np.testing.assert_array_equal(fits[0].H, fits[1].H)


@stores
@pytest.mark.parametrize("loss", [2, 1])
def test_fits_have_the_same_bits_at_any_number_of_threads(store, loss):
    _, kept, _, _ = split(store(np.vstack([DATA] * 9)))
    fits = [factorize(kept, 3, loss=loss, init="random", random_state=0, max_iter=20, n_jobs=n) for n in (1, 2)]
    np.testing.assert_array_equal(fits[0].W, fits[1].W)
    assert fits[0].loss == fits[1].loss


@stores
@pytest.mark.parametrize("first_half", [True, False])
def test_slices_units_and_float64_keep_the_pattern(store, first_half):
    dense, kept, _, mask = split(store(DATA), dtype=np.float32)
    rows = slice(0, 47) if first_half else slice(47, 90)
    part = kept.slice(rows.start, rows.stop).astype(np.float64).divided(4.0)
    assert part.dtype == np.float64
    assert part.mean == pytest.approx(dense[rows][mask[rows]].mean() / 4, rel=1e-6)
    model = W[rows] @ H.T
    expected = brute(2, dense[rows][mask[rows]].astype(float) / 4, model[mask[rows]])
    assert get_loss(2).value(part, W[rows], H) == pytest.approx(expected, rel=1e-6)


@stores
def test_residuals_of_rows_are_zero_in_held_out_cells(store):
    dense, kept, _, mask = split(store(DATA))
    residuals = np.where(mask, dense - W @ H.T, 0)
    np.testing.assert_allclose(kept.row_errors(W, H), np.square(residuals).sum(axis=1))
    np.testing.assert_allclose(kept.row_error(11, W, H), residuals[11], atol=1e-12)
