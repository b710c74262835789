"""A stranger's storage: blocks of rows, each in a file of its own, of which one at a time is in memory."""

from itertools import accumulate, pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, Penalty, factorize
from partwise.extend import ByBlocks, as_matrix


class RowFiles(ByBlocks):
    """Files of NumPy arrays (rows, m), one below the other."""

    def __init__(self, paths):
        arrays = [np.load(path, mmap_mode="r") for path in paths]
        self.paths, self.dtype = paths, arrays[0].dtype
        self.blocks = tuple(pairwise(accumulate((len(array) for array in arrays), initial=0)))
        self.shape = self.blocks[-1][1], arrays[0].shape[1]

    def block(self, first, last):
        number = next(i for i, (start, stop) in enumerate(self.blocks) if start <= first and last <= stop)
        start = self.blocks[number][0]
        return np.load(self.paths[number])[first - start : last - start]


RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (150, 4)) @ RNG.gamma(1.0, 1.0, (4, 20)) + 0.1 * RNG.random((150, 20))
X[RNG.random(X.shape) < 0.2] = 0
PAIRS = [("hals", 2), ("pivoting", 2), ("mu", 2), ("mu", 1), ("mu", 1.5), ("mu", "huber")]
OPTIONS = {
    "penalties": {"penalty_W": Penalty(0.1, 0.2), "penalty_H": Penalty(0.2, 0.1)},
    "weights": {"sample_weight": RNG.choice([0.5, 1, 2], 150), "feature_weight": RNG.choice([1, 2], 20)},
    "sums": {"sum_to_one": True},
    "other starts": {"init": "nndsvda"},
    "extreme units": {},
}


def files(folder, X):
    paths = []
    for first, last in ((0, 64), (64, 70), (70, len(X))):
        paths.append(folder / f"{first}.npy")
        np.save(paths[-1], X[first:last])
    return RowFiles(paths)


@pytest.mark.parametrize(("solver", "loss"), PAIRS)
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_fit_of_files_is_that_of_the_array(tmp_path, solver, loss, name, dtype):
    if (name == "sums" and solver != "hals") or (name in ("weights", "extreme units") and loss == "huber"):
        pytest.skip("these do not go together on any storage")
    data = X.astype(dtype) * (dtype(2.0) ** 60 if name == "extreme units" and dtype is np.float32 else 1)
    options = {"loss": loss, "solver": solver, "init": "random", "random_state": 0, "max_iter": 8} | OPTIONS[name]
    found, expected = (factorize(given, 4, **options) for given in (files(tmp_path, data), data))
    exact = dtype is np.float64 and name != "sums"  # whose steps end block by block
    assert found.loss == pytest.approx(expected.loss, rel=1e-6 if exact else 1e-3)
    assert factorize(files(tmp_path, data), 4, n_jobs=2, **options).loss == found.loss


def test_an_estimator_takes_it_and_so_does_its_transform(tmp_path):
    model = NMF(4, init="random", random_state=0, max_iter=30)
    W = model.fit_transform(files(tmp_path, X))
    np.testing.assert_allclose(model.transform(files(tmp_path, X)), W, atol=1e-8)
    np.testing.assert_allclose(model.transform(sp.csr_array(X)), W, atol=1e-8)


def test_what_else_is_asked_of_it_is_what_numpy_says(tmp_path):
    mine, dense, right = files(tmp_path, X), as_matrix(X), RNG.random((20, 3))
    for ours in (mine, mine.T, mine.astype(np.float32), mine.divided(4.0)):
        np.testing.assert_allclose(ours.row_squares().sum(), ours.squared_norm, rtol=1e-6)
        assert ours.has_zeros
    np.testing.assert_allclose(mine.product(right), dense.product(right))
    rows, columns = np.array([3, 149, 3]), np.array([1, 0])
    np.testing.assert_array_equal(mine.take(rows, columns).values(), X[rows][:, columns])
    assert mine.find(lambda entries: entries == X[70, 5])[:2] == (70, 5)
