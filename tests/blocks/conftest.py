"""A small matrix, dense and sparse, and what every source of it has to give."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, factorize

RNG = np.random.default_rng(0)


@pytest.fixture(scope="session")
def dense():
    """A matrix (1000, 40) near rank three, with zeros, of which blocks under SMALL make 16."""
    X = RNG.gamma(1.0, 1.0, (1000, 3)) @ RNG.gamma(1.0, 1.0, (3, 40)) + 0.1 * RNG.random((1000, 40))
    X[RNG.random(X.shape) < 0.3] = 0
    X.setflags(write=False)
    return X


@pytest.fixture(scope="session")
def sparse(dense):
    """The same with few entries, and some rows without any."""
    X = np.where(np.random.default_rng(1).random(dense.shape) < 0.1, dense, 0)
    X[100:170] = 0
    return sp.csr_array(X)


def same_rows(found, expected):
    """Assert that rows, dense or CSR, are the same to the bit, in the same form, and in memory of their own."""
    assert sp.issparse(found) == sp.issparse(expected)
    if not sp.issparse(expected):
        assert found.dtype == expected.dtype
        assert found.flags.c_contiguous
        assert not isinstance(found, np.memmap)
        np.testing.assert_array_equal(found, expected)
        return
    assert found.format == "csr"
    assert found.indices.dtype == found.indptr.dtype
    assert found.shape == expected.shape
    assert found.data.dtype == expected.data.dtype
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.fixture
def gives():
    """Assert that a source gives the blocks of a matrix, whole ones and parts of them, and a fit like that of it."""

    def gives(source, expected, *, fits=True):
        n, m = expected.shape
        assert source.shape == (n, m)
        assert [first for first, _ in source.blocks] == [0, *(last for _, last in source.blocks[:-1])]
        assert source.blocks[-1][1] == n
        assert all(first % 64 == 0 for first, _ in source.blocks)
        assert source.n_stored == (expected.nnz if sp.issparse(expected) else n * m)
        for first, last in source.blocks:
            same_rows(source.block(first, last), expected[first:last])
            middle = (first + last) // 2
            same_rows(source.block(middle, last), expected[middle:last])
        if fits:
            options = {"init": "random", "random_state": 0, "max_iter": 20, "tol": 0}
            found, wanted = (factorize(X, 3, **options) for X in (source, expected))
            scale = wanted.H.max() * (1e-8 if expected.dtype == np.float64 else 1e-4)
            np.testing.assert_allclose(found.H, wanted.H, rtol=0, atol=scale)

    return gives


@pytest.fixture
def fitted():
    """Fit a few iterations."""
    return lambda X: NMF(3, init="random", random_state=0, max_iter=5, tol=0).fit(X)
