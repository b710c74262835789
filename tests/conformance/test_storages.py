"""Every storage: what a solver asks of X is what NumPy says of the dense array."""

import numpy as np
import pytest
from registry import MATRIX_CLASSES, STORAGES, data

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
    samples = {type(as_matrix(store(data()))) for store in STORAGES.values()}
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
    np.testing.assert_allclose(X.dot(right), dense @ right, rtol=RTOL[dtype])
    found = X.dot_block(3, 8, right)
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
    found = X.rows(wanted)
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
    name = next(key for key in ("C order", "CSR array") if type(as_matrix(STORAGES[key](dense))) is type(X))
    scaled = dense * dtype(10.0) ** dtype(exponent)
    matrix, unit = rescaled(as_matrix(STORAGES[name](scaled)))
    mantissa, power = np.frexp(unit)
    assert mantissa == 0.5
    assert (power - 1) % 2 == 0
    back = matrix.rows(np.arange(23)).astype(np.float64) * unit
    normal = scaled >= np.finfo(dtype).tiny
    np.testing.assert_array_equal(back[normal], scaled.astype(np.float64)[normal])
    assert np.isfinite(matrix.squared_norm)
    assert matrix.squared_norm > 0
