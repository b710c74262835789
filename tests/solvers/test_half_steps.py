"""A matrix that is read a block of rows at a time gives the numbers of one in memory, and is read once an iteration."""

import gc
import weakref

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import IncompatibleSolverError
from partwise.extend import ByBlocks
from partwise.terms import GraphSmoothness, Orthogonality


class Kept(ByBlocks):
    """Blocks of an array, which counts how often each is read."""

    def __init__(self, X, height):
        self.X, self.shape, self.dtype, self.reads = X, X.shape, X.dtype, 0
        self.blocks = tuple((first, min(first + height, X.shape[0])) for first in range(0, X.shape[0], height))

    @property
    def n_stored(self):
        return self.X.nnz if sp.issparse(self.X) else self.X.size

    def block(self, first, last):
        self.reads += 1
        return self.X[first:last]


RNG = np.random.default_rng(0)
DENSE = RNG.gamma(0.5, 1.0, (700, 5)) @ RNG.gamma(0.5, 1.0, (5, 40)) + 0.1 * RNG.random((700, 40))
SPARSE = sp.csr_array(np.where(RNG.random(DENSE.shape) < 0.3, DENSE, 0))
OPTIONS = {
    "hals": {},
    "pivoting": {"solver": "pivoting"},
    "KL": {"loss": "kullback-leibler", "solver": "mu"},
    "beta 1.5": {"loss": 1.5},
    "beta 0.5": {"loss": 0.5},
    "mu": {"solver": "mu"},
    "penalties": {"penalty_W": pw.Penalty(0.1, 0.3), "penalty_H": pw.Penalty(1.0, 0.2)},
    "weights of rows": {"sample_weight": RNG.random(700) + 0.5},
    "weights of columns": {"feature_weight": RNG.random(40) + 0.5},
    "bounds": {"bounds_W": pw.Bounds(upper=0.5)},
    "orthogonal": {"terms_W": [Orthogonality(0.3)], "terms_H": [Orthogonality(0.3)]},
    "three starts": {"n_init": 3},
}


@pytest.mark.parametrize("X", [DENSE, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("height", [64, 100, 300])
def test_parts_are_those_of_the_matrix_in_memory(X, name, height):
    options = {"init": "random", "random_state": 0, "max_iter": 12, "tol": 0} | OPTIONS[name]
    found, expected = (pw.factorize(given, 4, **options) for given in (Kept(X, height), X))
    np.testing.assert_allclose(found.H, expected.H, rtol=1e-8, atol=1e-9 * expected.H.max())
    assert found.loss == pytest.approx(expected.loss, rel=1e-6)


def test_rows_that_sum_to_one_are_as_good_as_in_memory():
    # gradient steps of a block end when the block as a whole moves little: how rows are cut matters until the end
    options = {"init": "random", "random_state": 0, "max_iter": 200, "tol": 0, "sum_to_one": True}
    found, expected = (pw.factorize(given, 4, **options) for given in (Kept(DENSE, 128), DENSE))
    assert found.loss == pytest.approx(expected.loss, rel=0.02)
    np.testing.assert_allclose(found.W.sum(axis=1), 1)


@pytest.mark.parametrize("X", [DENSE, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", ["hals", "pivoting", "KL", "beta 1.5", "three starts"])
def test_an_iteration_reads_each_block_once(X, name):
    def reads(iterations):
        kept = Kept(X, 128)
        pw.factorize(kept, 4, init="random", random_state=0, max_iter=iterations, tol=0, **OPTIONS[name])
        return kept.reads

    assert reads(9) - reads(4) == 5 * len(Kept(X, 128).blocks)


@pytest.mark.parametrize("name", ["hals", "KL"])
def test_any_number_of_threads_gives_the_same_bits(name):
    options = {"init": "random", "random_state": 0, "max_iter": 5, "tol": 0} | OPTIONS[name]
    one, three = (pw.factorize(Kept(SPARSE, 64), 4, n_jobs=jobs, **options) for jobs in (1, 3))
    assert np.array_equal(one.H, three.H)
    assert np.array_equal(one.W, three.W)
    assert one.loss == three.loss


def test_terms_that_link_rows_read_it_twice_and_hold():
    graph = sp.diags_array([np.ones(699)] * 2, offsets=[-1, 1]).tocsr()
    options = {"init": "random", "random_state": 0, "max_iter": 9, "terms_W": [GraphSmoothness(graph, 0.2)]}
    found, expected = (pw.factorize(given, 4, **options) for given in (Kept(DENSE, 128), DENSE))
    np.testing.assert_allclose(found.W, expected.W, rtol=1e-8, atol=1e-9)


def test_a_solver_that_needs_columns_says_which_others_do_not():
    with pytest.raises(IncompatibleSolverError, match=r"solver 'ccd' needs the columns of X.* solver='mu'"):
        pw.factorize(Kept(DENSE, 128), 4, loss="kullback-leibler", solver="ccd")
    assert pw.factorize(Kept(DENSE, 128), 4, loss="kullback-leibler", max_iter=3).n_iter == 3


def test_an_error_of_a_reader_is_the_users():
    class Broken(Kept):
        def block(self, first, last):
            if first >= 256:
                raise OSError("the disk is gone")
            return super().block(first, last)

    with pytest.raises(OSError, match="the disk is gone"):
        pw.factorize(Broken(DENSE, 128), 4, n_jobs=2)


def test_what_no_factorization_can_take_is_named_by_row_and_column():
    X = DENSE.copy()
    X[555, 7] = np.nan
    with pytest.raises(ValueError, match=r"X\[555, 7\] is unknown"):
        pw.factorize(Kept(X, 128), 4)
    X[555, 7] = -2
    with pytest.raises(ValueError, match=r"X\[555, 7\] = -2 is negative"):
        pw.factorize(Kept(X, 128), 4)
    assert pw.factorize(Kept(X, 128), 4, negatives="clip").H.min() >= 0


@pytest.mark.parametrize("missing", [np.nan, 0])
@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_unknown_entries_count_for_nothing(missing, loss):
    X = np.where(RNG.random(DENSE.shape) < 0.2, missing, DENSE)
    options = {"loss": loss, "solver": "mu", "init": "random", "random_state": 0, "max_iter": 12, "tol": 0}
    found, expected = (pw.factorize(given, 4, missing_values=missing, **options) for given in (Kept(X, 100), X))
    np.testing.assert_allclose(found.H, expected.H, rtol=1e-8, atol=1e-9)
    with pytest.raises(IncompatibleSolverError, match="with unknown entries needs the columns of X"):
        pw.factorize(Kept(X, 100), 4, missing_values=missing, solver="hals")


def test_what_was_never_unknown_is_a_whole_matrix():
    found = pw.factorize(Kept(DENSE, 100), 4, missing_values=np.nan, solver="hals", init="random", random_state=0)
    assert found.loss == pytest.approx(pw.factorize(DENSE, 4, solver="hals", init="random", random_state=0).loss)


@pytest.mark.parametrize("name", ["hals", "pivoting"])
def test_the_error_of_a_close_fit_is_that_of_its_residuals(name):
    rng = np.random.default_rng(1)
    X = rng.gamma(0.5, 1.0, (700, 2)) @ rng.gamma(0.5, 1.0, (2, 40))
    options = {"solver": name, "init": "random", "random_state": 0, "max_iter": 60, "tol": 0}
    found, expected = (pw.factorize(given, 2, **options) for given in (Kept(X, 128), X))
    assert found.relative_error < 1e-3
    np.testing.assert_allclose(found.curve["loss"], expected.curve["loss"], rtol=1e-2, atol=1e-20 * (X**2).sum())


class Counted(Kept):
    """Blocks of an array, which knows how many of them are in memory at most."""

    def __init__(self, X, height):
        super().__init__(X, height)
        self.given, self.most = [], 0

    def block(self, first, last):
        rows = super().block(first, last).copy()
        self.given = [*(one for one in self.given if one() is not None), weakref.ref(rows)]
        self.most = max(self.most, len(self.given))
        return rows


@pytest.mark.parametrize("X", [DENSE, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    "options", [{}, {"loss": "kullback-leibler", "solver": "mu"}, {"missing_values": 0}, {"n_jobs": 2}]
)
def test_a_block_leaves_memory_when_the_next_is_worked_on(X, options):
    matrix = Counted(X, 64)
    gc.collect()
    gc.disable()  # which would find what holds itself, some time
    try:
        pw.factorize(matrix, 4, init="random", random_state=0, max_iter=5, tol=0, **options)
    finally:
        gc.enable()
    assert matrix.most <= 2 * options.get("n_jobs", 1) + 1
