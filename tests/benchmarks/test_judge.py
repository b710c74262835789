"""The judge says what the textbook says, whatever X is stored as, and takes no answer that is none."""

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.compare.judge import objective
from partwise.metrics.reconstruction import divergence, relative_error

STORAGES = [np.asarray, sp.csr_matrix, sp.csr_array]
rng = np.random.default_rng(0)
X = rng.poisson(0.7, (30, 20)).astype(np.float32)
W, H = rng.random((30, 4), dtype=np.float32), rng.random((4, 20), dtype=np.float32)


@pytest.mark.parametrize("store", STORAGES)
def test_the_relative_error_is_that_of_its_definition(store):
    expected = np.linalg.norm(X - W.astype(float) @ H) / np.linalg.norm(X.astype(float))
    assert objective(store(X), W, H, "frobenius") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("store", STORAGES)
def test_the_divergence_counts_every_cell(store):
    Y = W.astype(float) @ H
    logs = np.where(X > 0, X * np.log(np.where(X > 0, X, 1) / Y), 0)
    expected = (logs - X + Y).mean()
    assert objective(store(X), W, H, "kullback-leibler") == pytest.approx(expected, rel=1e-12)


def test_the_judge_agrees_with_the_library():
    assert objective(X, W, H, "frobenius") == pytest.approx(relative_error(X, W, H), rel=1e-6)
    positive = X + 0.1
    expected = divergence(positive, W, H, loss="itakura-saito") / X.size
    assert objective(positive, W, H, "itakura-saito") == pytest.approx(expected, rel=1e-5)


def test_an_exact_factorization_has_no_error():
    assert objective(W.astype(float) @ H, W, H, "frobenius") == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(("left", "right"), [(W[:, :3], H), (W[:-1], H), (W, -H), (np.where(W > 0.9, np.nan, W), H)])
def test_what_is_no_factorization_is_refused(left, right):
    with pytest.raises(ValueError, match=r"shape|negative or not finite"):
        objective(X, left, right, "frobenius")
