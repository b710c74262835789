"""An executor of another kind: blocks of rows go to processes, which give the bits that threads give."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, consensus, factorize
from partwise.extend import Adding, ByBlocks, as_matrix

RNG = np.random.default_rng(0)
X = RNG.gamma(0.5, 1.0, (500, 4)) @ RNG.gamma(0.5, 1.0, (4, 30)) + 0.1 * RNG.random((500, 30))


class Blocks(ByBlocks):
    """An array, 100 rows at a time, on the threads of the fit."""

    def __init__(self, X):
        self.X, self.shape, self.dtype = X, X.shape, X.dtype
        self.blocks = tuple((first, first + 100) for first in range(0, 500, 100))

    def block(self, first, last):
        return self.X[first:last]


class OnProcesses(Blocks):
    """The same on processes: all that changes is who runs a function on each block."""

    def __init__(self, X, pool):
        super().__init__(X)
        self.pool = pool

    def each(self, function, shared, *factors, workers=None):
        rows = [slice(*block) for block in self.tiled]
        tasks = [
            self.pool.submit(function, as_matrix(self.X[part]), part, shared, *self.parts(factors, part))
            for part in rows
        ]
        adding, own = Adding(len(tasks)), []
        for number, task in enumerate(tasks):
            found, sums = task.result()
            own.append(found)
            adding.take(number, sums)
        return own, adding.total


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize(
    "more", [{}, {"loss": "kullback-leibler"}, {"sum_to_one": True}, {"solver": "pivoting"}, {"n_init": 2}]
)
def test_processes_give_what_threads_and_memory_give(pool, more):
    options = {"init": "random", "random_state": 0, "max_iter": 10, "tol": 0} | more
    found, threads = (factorize(data, 3, **options) for data in (OnProcesses(X, pool), Blocks(X)))
    np.testing.assert_allclose(found.H, threads.H, rtol=1e-12)
    np.testing.assert_allclose(found.W, threads.W, rtol=1e-10, atol=1e-12)
    if not {"loss", "sum_to_one"} & more.keys():
        np.testing.assert_allclose(found.H, factorize(X, 3, **options).H, rtol=1e-8)


def test_an_estimator_takes_it(pool):
    model = NMF(3, init="random", random_state=0).fit(OnProcesses(X, pool))
    np.testing.assert_allclose(model.transform(OnProcesses(X, pool)), model.transform(X), atol=1e-8)


@pytest.mark.parametrize("store", [np.array, sp.csr_array])
@pytest.mark.parametrize("resample", [None, "bootstrap"])
def test_runs_of_a_consensus_are_the_same_on_processes(pool, store, resample):
    options = {"n_runs": 4, "random_state": 0, "max_iter": 30, "resample": resample}
    done = []
    found = consensus(store(X), 3, executor=pool, progress=done.append, **options)
    expected = consensus(store(X), 3, **options)
    np.testing.assert_array_equal(found.components_, expected.components_)
    assert done == [1, 2, 3, 4]
