"""dense_dot: the product of a dense matrix with a thin one."""

import numpy as np
import pytest

WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 20, 23, 24, 25, 31, 33, 40, 48, 49, 100, 257]
SHAPES = [(1, 1), (1, 300), (300, 1), (5, 3), (33, 192), (64, 193), (205, 400), (1, 0), (0, 4), (7, 1000)]
DEEP = 192  # entries that are summed in one register


def product(loops, X, right):
    out = np.full((X.shape[0], right.shape[1]), np.nan, X.dtype)
    loops.dense_dot(X, right, out)
    return out


def displaced(array, bytes_on):
    """Return the same numbers in the same layout, that many bytes past a multiple of 64."""
    order = "C" if array.flags.c_contiguous else "F"
    memory = np.empty(array.nbytes + 128, np.uint8)
    start = -memory.ctypes.data % 64 + bytes_on
    out = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape, order=order)
    out[...] = array
    assert out.ctypes.data % 64 == bytes_on
    return out


@pytest.fixture(params=["C", "F"])
def order(request):
    return request.param


@pytest.mark.parametrize("k", WIDTHS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_product_is_that_of_numpy_in_float64(loops, rng, dtype, order, shape, k):
    X = np.asarray(rng.normal(size=shape), dtype, order=order)
    right = rng.normal(size=(shape[1], k)).astype(dtype)
    exact = X.astype(np.float64) @ right.astype(np.float64)
    sizes = np.abs(X).astype(np.float64) @ np.abs(right).astype(np.float64)
    # additions on the way of a product into a sum: its stretch, then the stretches; each is off by half an epsilon
    roundings = min(DEEP, shape[1]) + shape[1] // DEEP + 1
    assert np.all(np.abs(product(loops, X, right) - exact) <= roundings * np.finfo(dtype).eps * sizes)


@pytest.mark.parametrize("k", [1, 5, 17, 40, 257])
def test_the_layout_and_the_place_in_memory_change_no_bit(loops, rng, dtype, order, k):
    X, right = rng.random((100, 500)).astype(dtype), rng.random((500, k)).astype(dtype)
    expected = product(loops, X, right)
    for bytes_on in (0, 8, 16, 24):
        moved = displaced(np.asarray(X, order=order), bytes_on)
        np.testing.assert_array_equal(product(loops, moved, displaced(right, bytes_on)), expected)


@pytest.mark.parametrize("k", [1, 20, 100])
@pytest.mark.parametrize("rows", [(0, 64), (64, 128), (64, 301), (128, 130), (17, 18), (300, 301)])
def test_some_rows_have_the_bits_of_the_whole_product(loops, rng, dtype, order, k, rows):
    X = np.asarray(rng.random((301, 400)), dtype, order=order)
    right = rng.random((400, k)).astype(dtype)
    part = slice(*rows)
    np.testing.assert_array_equal(product(loops, X[part], right), product(loops, X, right)[part])


@pytest.mark.parametrize("k", [3, 20, 30])
def test_the_product_of_one_column_does_not_depend_on_the_others(loops, rng, dtype, order, k):
    X = np.asarray(rng.random((70, 400)), dtype, order=order)
    right = rng.random((400, k)).astype(dtype)
    whole = product(loops, X, right)
    for t in range(k):
        np.testing.assert_array_equal(product(loops, X, np.ascontiguousarray(right[:, [t]]))[:, 0], whole[:, t])


@pytest.mark.parametrize("k", [1, 5, 9])
def test_nan_and_infinity_reach_their_own_row_alone(loops, dtype, order, k):
    X, right = np.ones((50, 30), dtype, order=order), np.ones((30, k), dtype)
    X[7, 3], X[8, 29], X[49, 0] = np.nan, np.inf, -np.inf
    expected = np.full((50, k), 30.0)
    expected[7], expected[8], expected[49] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(product(loops, X, right), expected)
    right[2, 0] = np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(product(loops, X, right), X @ right)


def test_what_overflows_is_infinite_without_a_warning(loops, dtype, order):
    X = np.full((3, 9), np.finfo(dtype).max, dtype, order=order)
    assert np.isposinf(product(loops, X, np.full((9, 5), 2, dtype))).all()


def test_read_only_and_transposed_arrays_are_read(loops, rng, dtype):
    X, right = rng.integers(0, 9, (40, 30)).astype(dtype), rng.integers(0, 9, (40, 6)).astype(dtype)
    X.flags.writeable = right.flags.writeable = False
    np.testing.assert_array_equal(product(loops, X.T, right), X.T @ right)


@pytest.mark.parametrize(
    ("X", "right", "out", "text"),
    [
        ((4, 3), (2, 5), (4, 5), "right has another number of rows"),
        ((4, 3), (3, 5), (3, 5), "out has another shape"),
        ((4, 3), (3, 5), (4, 4), "out has another shape"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(loops, dtype, X, right, out, text):
    with pytest.raises(ValueError, match=text):
        loops.dense_dot(np.ones(X, dtype), np.ones(right, dtype), np.ones(out, dtype))


def test_a_matrix_with_gaps_in_both_directions_is_refused(loops, dtype):
    with pytest.raises(ValueError, match="neither rows nor columns are contiguous"):
        loops.dense_dot(np.ones((8, 8), dtype)[::2, ::2], np.ones((4, 2), dtype), np.ones((4, 2), dtype))
