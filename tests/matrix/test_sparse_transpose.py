"""The transpose of a sparse matrix is scipy's, to the bit, however many threads make it, and in panels too."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import kernels
from partwise.matrix import as_matrix, scattered, sparse
from partwise.matrix.cutting import cut
from partwise.matrix.sparse import FEW, LEAST_ROWS, TALL, UNCOPIED, Sparse
from partwise.threads import Workers


@pytest.fixture(params=["one panel", "panels"])
def cut_finely(request, monkeypatch):
    """Blocks and, for one of two runs, panels of 64 rows."""
    monkeypatch.setattr(sparse, "WORK_A_BLOCK", 500)
    if request.param == "panels":
        monkeypatch.setattr(sparse, "PANEL", 64)
        monkeypatch.setattr(sparse, "LARGE", 1)


def make(shape, density, dtype, index):
    """A CSR matrix with empty rows and columns, the first and last ones too."""
    X = sp.random_array(shape, density=density, dtype=dtype, rng=np.random.default_rng(0)).toarray()
    X[[0, 100, 101, -1]], X[:, [0, 20, -1]] = 0, 0
    X = sp.csr_array(X)
    X.indptr, X.indices = X.indptr.astype(index), X.indices.astype(index)
    return X


def prepared(X, n_jobs):
    matrix = as_matrix(X)
    with Workers(n_jobs) as workers:
        matrix.prepare(workers, whole=False)
        matrix.T.copied(workers)
    return matrix


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize(("shape", "density"), [((500, 80), 0.1), ((130, 700), 0.02), ((200, 30), 0.0)])
def test_the_transpose_is_that_of_scipy(cut_finely, n_jobs, dtype, index, shape, density):
    X = make(shape, density, dtype, index)
    matrix = prepared(X, n_jobs)
    assert len(matrix.blocks) > 1
    for panel in matrix.T.panels:
        assert (panel.indptr.dtype, panel.indices.dtype, panel.data.dtype) == (index, index, dtype)
    found, expected = matrix.T.X, X.T.tocsr()
    np.testing.assert_array_equal(found.indptr, expected.indptr)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.data, expected.data)
    assert found.has_canonical_format
    assert len(matrix.T.panels) == 1  # which gave way to the whole


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_the_number_of_threads_changes_no_bit(cut_finely, n_jobs):
    X = make((500, 80), 0.1, np.float32, np.int32)
    alone, together = prepared(X, 1).T, prepared(X, n_jobs).T
    assert alone.blocks == together.blocks
    for one, other in zip(alone.panels, together.panels, strict=True):
        for expected, found in zip(one, other, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_transpose_is_made_once_and_knows_what_it_is_of(cut_finely):
    matrix = prepared(make((500, 80), 0.1, np.float64, np.int32), 2)
    turned = matrix.T
    with Workers(1) as workers:
        matrix.prepare(workers, whole=False)
        turned.prepare(workers, whole=False)
    assert matrix.T is turned
    assert turned.T is matrix


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_one_row_or_column_is_transposed(shape):
    X = sp.csr_array(np.arange(1.0, 1 + shape[0] * shape[1]).reshape(shape))
    np.testing.assert_array_equal(prepared(X, 2).T.X.toarray(), X.toarray().T)


def test_a_csc_matrix_lends_its_arrays_to_its_transpose():
    X = sp.csc_array(make((500, 80), 0.1, np.float64, np.int32))
    panel = as_matrix(X).T.panels[0]
    for found, lent in zip(panel, (X.indptr, X.indices, X.data), strict=True):
        assert np.shares_memory(found, lent)


def test_a_dense_matrix_has_nothing_to_prepare():
    matrix = as_matrix(np.ones((3, 2)))
    with Workers(2) as workers:
        matrix.prepare(workers, whole=True)
    assert np.shares_memory(matrix.T.X, matrix.X)


def test_a_transpose_whose_rows_will_be_read_is_not_cut_into_panels(cut_finely):
    matrix = as_matrix(make((500, 80), 0.1, np.float64, np.int32))
    with Workers(2) as workers:
        matrix.prepare(workers, whole=True)
    assert len(matrix.T.panels) == 1
    assert np.shares_memory(matrix.T.X.data, matrix.T.panels[0].data)  # no second copy


@pytest.mark.parametrize("k", [1, 3, 4, 5, 6, 7, 8, 12, 16, 20, 33, 35, 50, 65, 70])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("indices", [np.int32, np.int64])
def test_products_have_the_same_bits_from_the_rows_of_the_matrix_as_from_a_copy(indices, dtype, k):
    X = sp.random_array((500, 90), density=0.1, rng=np.random.default_rng(k), format="csr", dtype=dtype)
    X.indptr, X.indices = X.indptr.astype(indices), X.indices.astype(indices)
    right = np.random.default_rng(1).random((500, k)).astype(dtype)
    with Workers(1) as one, Workers(3) as three:
        fresh, copied = Sparse(X), Sparse(X)
        assert len(copied.T.panels) == 1
        expected = copied.T.product(right)
        for workers in (one, three):
            np.testing.assert_array_equal(fresh.T.product(right, workers), expected)
    np.testing.assert_allclose(expected, X.T @ right, rtol=1e-4 if dtype is np.float32 else 1e-12)


@pytest.mark.usefixtures("cut_finely")
def test_blocks_are_the_same_from_the_rows_of_the_matrix_as_from_a_copy():
    X = make((400, 300), 0.1, np.float64, np.int32)
    copied = prepared(X, 2).T
    assert len(copied.blocks) > 2
    assert as_matrix(X).T.blocks == copied.blocks


def shares(X, count):
    """What part of the entries of X the columns have that each of so many threads is given."""
    work, exact = Sparse(X).T._work, np.cumsum(np.diff(X.tocsc().indptr))
    return [(exact[last - 1] - (exact[first - 1] if first else 0)) / X.nnz for first, last in cut(work, count)]


@pytest.mark.parametrize("count", [2, 3])
def test_threads_get_about_as_many_entries_each(count, monkeypatch):
    monkeypatch.setattr(sparse, "COUNTED", 4000)
    # columns as words, some of them far more frequent, in one half of every other row
    rng = np.random.default_rng(0)
    X = (rng.random((2000, 3000)) < 10 / np.arange(100, 3100)[::-1]) * (
        np.arange(3000) // 1500 == np.arange(2000)[:, None] % 2
    )
    assert shares(sp.csr_array(X * 1.0), count) == pytest.approx([1 / count] * count, rel=0.1)


def test_threads_share_columns_though_the_rows_that_are_looked_at_are_empty(monkeypatch):
    monkeypatch.setattr(sparse, "COUNTED", 1)
    X = sp.random_array((2000, 3000), density=0.02, rng=np.random.default_rng(0)).toarray()
    X[scattered(2000, LEAST_ROWS)] = 0
    assert shares(sp.csr_array(X), 3) == pytest.approx([1 / 3] * 3, rel=0.1)


def copied_after(products, shape, n_jobs):
    """Whether the transpose of a matrix of this shape has been copied after so many products with it."""
    X = sp.random_array(shape, density=0.1, rng=np.random.default_rng(0), format="csr")
    turned = Sparse(X).T
    with Workers(n_jobs) as workers:
        for _ in range(products):
            turned.product(np.ones((shape[0], 4)), workers)
    return turned._panels is not None


def test_a_copy_is_made_once_it_pays():
    assert not copied_after(UNCOPIED, (100, 60), 1)
    assert copied_after(UNCOPIED + 1, (100, 60), 1)


def test_a_tall_matrix_is_copied_for_many_threads_alone():
    shape = (60 * TALL, 60)
    assert not copied_after(UNCOPIED + 1, shape, FEW)
    assert copied_after(UNCOPIED + 1, shape, FEW + 1)


def test_a_kernel_refuses_columns_outside_its_result():
    X = sp.random_array((30, 60), density=0.1, rng=np.random.default_rng(0), format="csr")
    out = np.zeros((60, 2))
    for edges in ((-1, 5), (0, 5, 61), (7, 3, 60), ()):
        with pytest.raises(ValueError, match="edges lie outside"):
            kernels.csr_spread(X.indptr, X.indices, X.data, np.ones((30, 2)), out, np.array(edges, np.int64))
    with pytest.raises(ValueError, match="another number of rows"):
        kernels.csr_spread(X.indptr, X.indices, X.data, np.ones((31, 2)), out, np.array([0, 60]))


@pytest.mark.parametrize("shape", [(0, 4), (1, 1), (3, 0), (200, 7)])
def test_a_product_by_rows_fills_the_columns_that_are_asked_for(shape):
    X = sp.csr_array(np.random.default_rng(0).random(shape))
    right, out = np.ones((shape[0], 3)), np.full((shape[1], 3), np.nan)
    some = max(shape[1] - 2, 0)
    kernels.csr_spread(X.indptr, X.indices, X.data, right, out, np.array([0, 0, some]))
    np.testing.assert_allclose(out[:some], (X.T @ right)[:some])
    assert np.isnan(out[some:]).all()
