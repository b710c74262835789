"""Every storage: what a solver asks of X is what NumPy says of the dense array."""

import numpy as np
import pytest
from registry import EVERY, MATRIX_CLASSES, PARTLY, STORAGES, data, known

from partwise.matrix import as_matrix, rescaled

RTOL = {np.float32: 1e-5, np.float64: 1e-13}


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def dense(dtype):
    return data().astype(dtype)


@pytest.fixture(params=STORAGES)
def X(request, dense):
    return as_matrix(STORAGES[request.param](dense))


def test_every_storage_in_the_package_has_a_sample_here():
    samples = {type(as_matrix(store(data()))) for store in EVERY.values()}
    assert samples == set(MATRIX_CLASSES)


def test_shape_and_dtype_are_those_of_the_data(X, dense, dtype):
    assert (X.shape, X.dtype) == (dense.shape, np.dtype(dtype))
    assert (X.T.shape, X.T.dtype) == (dense.T.shape, np.dtype(dtype))


def test_the_transpose_of_the_transpose_is_the_matrix_itself(X):
    assert X.T.T is X


@pytest.mark.parametrize("side", ["X", "X.T"])
@pytest.mark.parametrize("k", [1, 4])
def test_products_are_those_of_the_dense_array(X, dense, dtype, side, k):
    X, dense = (X, dense) if side == "X" else (X.T, dense.T)
    right = np.random.default_rng(1).random((dense.shape[1], k)).astype(dtype)
    np.testing.assert_allclose(X.product(right), dense @ right, rtol=RTOL[dtype])
    found = X.rows(3, 8).product(right)
    np.testing.assert_allclose(found, dense[3:8] @ right, rtol=RTOL[dtype])


@pytest.mark.parametrize("side", ["X", "X.T"])
def test_sums_are_those_of_the_dense_array_in_float64(X, dense, side):
    X, wide = (X, dense.astype(np.float64)) if side == "X" else (X.T, dense.T.astype(np.float64))
    assert X.total == pytest.approx(wide.sum(), rel=1e-12)
    assert X.mean == pytest.approx(wide.mean(), rel=1e-12)
    assert X.squared_norm == pytest.approx((wide**2).sum(), rel=1e-12)
    assert X.has_zeros


def test_rows_are_those_of_the_dense_array(X, dense):
    wanted = np.array([7, 0, 22, 7])
    found = X.dense(wanted)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, dense[wanted])


def test_find_names_the_first_entry_and_the_number_of_them(X, dense):
    limit = float(np.sort(dense.ravel())[-3])
    row, column, value, count = X.find(lambda values: values >= limit)
    assert (row, column) == tuple(np.argwhere(dense >= limit)[0])
    assert (value, count) == (dense[row, column], 3)
    assert X.find(np.isnan) is None


@pytest.mark.parametrize("side", ["X", "X.T"])
def test_blocks_cover_the_rows_once_and_start_where_a_tile_does(X, side):
    X = X if side == "X" else X.T
    assert [row for first, last in X.blocks for row in range(first, last)] == list(range(X.shape[0]))
    assert all(first % 64 == 0 for first, _ in X.blocks)


def test_data_without_zeros_says_so(dtype):
    X = np.ones((4, 3), dtype)
    for name in ("C order", "Fortran order", "CSR array", "CSC"):
        assert not as_matrix(STORAGES[name](X)).has_zeros


@pytest.mark.parametrize("exponent", [-39, -35, 0, 35, 37])
def test_extreme_data_is_divided_by_a_power_of_four_without_rounding(X, dense, dtype, exponent):
    """Between 1e-300 and 1e300 in float64, 1e-38 and 1e38 in float32; the factor of 8 is the same share of both."""
    exponent = exponent * (1 if dtype is np.float32 else 8)
    name = next(key for key in ("C order", "CSR array") if isinstance(X, type(as_matrix(STORAGES[key](dense)))))
    scaled = dense * dtype(10.0) ** dtype(exponent)
    matrix, unit = rescaled(as_matrix(STORAGES[name](scaled)))
    mantissa, power = np.frexp(unit)
    assert mantissa == 0.5
    assert (power - 1) % 2 == 0
    back = matrix.dense(np.arange(23)).astype(np.float64) * unit
    normal = scaled >= np.finfo(dtype).tiny
    np.testing.assert_array_equal(back[normal], scaled.astype(np.float64)[normal])
    assert np.isfinite(matrix.squared_norm)
    assert matrix.squared_norm > 0


# storages of which some entries are unknown


@pytest.fixture(params=PARTLY)
def partly(request, dense):
    """Such a matrix, and the weights of its entries: 0 where unknown."""
    return PARTLY[request.param](dense), known(request.param)


@pytest.mark.parametrize("side", ["X", "X.T"])
def test_sums_over_known_entries_are_weighted_sums_in_float64(partly, dense, side):
    (X, weights), wide = partly, dense.astype(np.float64)
    if side == "X.T":
        X, weights, wide = X.T, weights.T, wide.T
    assert (X.shape, X.dtype) == (wide.shape, dense.dtype)
    assert X.total == pytest.approx((weights * wide).sum(), rel=1e-12)
    assert X.mean == pytest.approx(np.average(wide, weights=weights), rel=1e-12)
    assert X.squared_norm == pytest.approx((weights * wide**2).sum(), rel=1e-12)
    logs = np.where(wide > 0, wide * np.log(np.where(wide > 0, wide, 1)), 0)
    assert X.x_log_x == pytest.approx((weights * logs).sum(), rel=1e-12)
    np.testing.assert_allclose(X.row_squares(), (weights * wide**2).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("side", ["X", "X.T"])
def test_residuals_are_those_of_known_entries(partly, dense, dtype, side):
    (X, weights), wide = partly, dense.astype(np.float64)
    if side == "X.T":
        X, weights, wide = X.T, weights.T, wide.T
    rng = np.random.default_rng(1)
    left, right = (rng.random((count, 3)).astype(dtype) for count in X.shape)
    difference = wide - left.astype(np.float64) @ right.astype(np.float64).T
    np.testing.assert_allclose(X.row_errors(left, right), (weights * difference**2).sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(X.row_error(9, left, right), np.where(weights[9] > 0, difference[9], 0), rtol=1e-4)
    expected = (weights * (left @ right.T)).sum()
    assert X.model_total(left, right) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("side", ["X", "X.T"])
def test_rows_know_which_parts_their_entries_touch_and_how_these_bend_the_loss(partly, dtype, side):
    X, weights = partly if side == "X" else (partly[0].T, partly[1].T)
    right = np.random.default_rng(1).random((X.shape[1], 4)).astype(dtype)
    right[:, 1] *= np.random.default_rng(2).random(len(right)) < 0.1
    touched = X.rows(0, X.shape[0]).touched(right)
    np.testing.assert_array_equal(touched, (weights > 0) @ (right > 0) > 0)
    assert touched[:, 1].any()
    assert not touched[:, 1].all()
    np.testing.assert_allclose(X.rows(3, 9).curvatures(right), (weights @ right**2)[3:9], rtol=1e-5)
    np.testing.assert_array_equal(X.blank_rows(), ~weights.any(axis=1))


def test_a_slice_of_rows_knows_what_the_whole_knows_of_them(partly, dense):
    X, weights = partly
    part = X.slice(5, 12)
    assert part.shape == (7, 14)
    assert part.total == pytest.approx((weights * dense)[5:12].sum(), rel=1e-6)
    np.testing.assert_array_equal(part.dense(np.arange(7)), X.dense(np.arange(5, 12)))


def test_unknown_entries_are_no_zeros(partly):
    X, _ = partly
    assert X.has_zeros == (X.values() == 0).any()
    positive = PARTLY["Observed, dense"](np.ones((23, 14)))
    assert not positive.has_zeros
