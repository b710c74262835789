"""The sample that a random start is improved on, and the starts that it leaves alone."""

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.losses import Frobenius
from partwise.losses.fixed import Fixed
from partwise.matrix import as_matrix, dense, sparse
from partwise.penalties import Penalty
from partwise.solvers import HALS, Factor, Multiplicative, Pivoting, warm_up
from partwise.solvers.rows import least_squares
from partwise.solvers.warmup import FEWEST, ITERATIONS, SHARE
from partwise.threads import ALONE, Workers

K = 4
N = SHARE * FEWEST * K


def planted(n=N, m=90, seed=0):
    """Return X (n, m) and its parts (m, K): a row is of one part, and which one follows from its number."""
    rng = np.random.default_rng(seed)
    H = rng.gamma(0.3, 1.0, (K, m))
    W = np.eye(K)[np.arange(n) % K] * rng.gamma(2.0, 1.0, (n, 1)) + 0.02 * rng.random((n, K))
    X = W @ H
    X[0.1 * X.mean() > X] = 0
    return X, H.T.copy()


def noise(n=N, m=90, seed=1):
    rng = np.random.default_rng(seed)
    return np.abs(rng.standard_normal((n, K))), np.abs(rng.standard_normal((m, K)))


def warmed(X, start, solver=None, n_jobs=1):
    matrix, (W, Ht) = as_matrix(X), start
    pair = Factor(W), Factor(Ht)
    with Workers(n_jobs) as workers:
        starts, taken = warm_up(matrix, Frobenius(), solver or HALS(), [pair], workers, 0.0)
    return taken[0], starts[0][1].point


def error(X, Ht):
    """Return the relative error of the best W for these parts."""
    matrix = as_matrix(X)
    with Workers(1) as workers:
        W = least_squares(matrix, None, Fixed(Ht), Penalty(), workers)[0]
    return np.linalg.norm(X - W @ Ht.T) / np.linalg.norm(X)


def test_a_random_start_is_near_the_parts_before_all_rows_are_read():
    X, _ = planted()
    taken, Ht = warmed(X, noise())
    assert taken == ITERATIONS
    assert error(X, Ht) < 0.5 * error(X, noise()[1])


def test_a_start_beyond_float32_is_warmed_up_as_well():
    (X, _), (W, Ht) = planted(), noise()
    far = [warmed(X, (W * 2.0**exponent, Ht * 2.0**-exponent))[1] * 2.0**exponent for exponent in (0, 40, 160)]
    np.testing.assert_array_equal(far[1], far[2])  # a power of two rounds nothing
    assert error(X, far[1]) == pytest.approx(error(X, far[0]), rel=0.02)  # in float32 a sweep more or less is made


def test_a_pattern_in_the_order_of_rows_does_not_hide_parts_from_the_sample():
    X, H = planted()
    _, Ht = warmed(X, noise())
    assert pw.match(Ht.T, H.T).similarity.min() > 0.8


def test_parts_that_know_something_stay_to_the_bit():
    X, H = planted()
    taken, Ht = warmed(X, (noise()[0], H))
    assert taken == 0
    np.testing.assert_array_equal(Ht, H)


@pytest.mark.parametrize("solver", [Multiplicative(), Pivoting()])
def test_solvers_that_gain_nothing_are_left_alone(solver):
    X, _ = planted()
    taken, Ht = warmed(X, noise(), solver)
    assert taken == 0
    np.testing.assert_array_equal(Ht, noise()[1])


def test_of_few_rows_there_is_no_sample():
    X, _ = planted(N - SHARE)
    taken, Ht = warmed(X, noise(N - SHARE))
    assert taken == 0
    np.testing.assert_array_equal(Ht, noise(N - SHARE)[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("storage", [np.asarray, sp.csr_array])
def test_threads_and_storage_do_not_matter(storage, dtype, monkeypatch):
    monkeypatch.setattr(sparse, "WORK_A_BLOCK", 500)
    monkeypatch.setattr(dense, "ENTRIES_A_BLOCK", 500)
    X, start = planted()[0].astype(dtype), [factor.astype(dtype) for factor in noise()]
    one, two = (warmed(storage(X), start, n_jobs=jobs)[1] for jobs in (1, 2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(one, warmed(X, start)[1], rtol=0, atol=1e-3 * one.max())


def test_a_column_that_the_sample_misses_is_found_by_the_fit():
    X, _ = planted()
    X[:, 7] = 0
    X[3, 7] = 5.0
    H = pw.factorize(sp.csr_array(X), K, init="random", random_state=0, max_iter=30).H
    assert H[:, 7].max() > 0


def test_a_fit_that_goes_on_from_another_does_not_fall_behind_it():
    X, _ = planted()
    first = pw.factorize(X, K, init="random", random_state=0, max_iter=100, tol=1e-6)
    again = pw.factorize(X, K, init="custom", W=first.W, H=first.H, max_iter=1)
    assert again.loss <= first.loss * (1 + 1e-9)


def test_a_warmed_fit_ends_as_low_as_one_that_was_not():
    X, _ = planted(seed=3)
    X += 0.3 * X.mean() * np.random.default_rng(4).random(X.shape)
    ends = []
    for seed in range(3):
        warm = pw.factorize(X, K, init="random", random_state=seed, max_iter=300, tol=1e-7)
        # a bound that binds nothing leaves the warm-up out
        cold = pw.factorize(
            X, K, init="random", random_state=seed, max_iter=300, tol=1e-7, bounds_H=pw.Bounds(upper=1e6)
        )
        ends.append(warm.loss / cold.loss)
    assert np.median(ends) < 1.01


@pytest.mark.parametrize("storage", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("X", [np.zeros((N, 5)), np.eye(N)], ids=["zeros", "a column a row"])
def test_a_sample_that_says_nothing_changes_nothing(X, storage):
    found = pw.factorize(storage(X), K, init="random", random_state=0, max_iter=3)
    assert np.isfinite(found.W).all()
    assert np.isfinite(found.H).all()


def test_a_start_goes_on_as_it_would_alone():
    """One beside it knows nothing, and has been improved; this one has not."""
    X, H = planted()
    matrix, (W, Ht) = as_matrix(X), noise()
    pairs = [(Factor(W), Factor(start)) for start in (H, Ht)]
    with Workers(1) as workers:
        assert warm_up(matrix, Frobenius(), HALS(), pairs, workers, 0.0)[1] == [0, ITERATIONS]


def wide(seed=0):
    """Return X (1600, 1200), large enough for a sketch of K + 40 directions, and its parts (1200, K)."""
    rng = np.random.default_rng(seed)
    W, H = rng.gamma(0.3, 1.0, (1600, K)), rng.gamma(0.3, 1.0, (K, 1200))
    return W @ H + 0.1 * rng.random((1600, 1200)), H.T.copy()


def test_of_a_dense_matrix_a_sketch_finds_the_parts():
    X, H = wide()
    sketch = as_matrix(X).sketched(K, ALONE)
    Q, B = (factor.X for factor in sketch._factors)
    assert np.linalg.norm(X - Q @ B) < np.linalg.norm(X - X.mean(axis=0)) / 4
    taken, Ht = warmed(X, noise(*X.shape))
    assert ITERATIONS < taken <= 100
    assert pw.match(Ht.T, H.T).similarity.min() > 0.99


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sketch_multiplies_as_X_does_and_keeps_its_other_facts(dtype):
    X = wide()[0].astype(dtype)
    matrix = as_matrix(X)
    sketch, (left, right) = matrix.sketched(K, ALONE), (as_matrix(X) for _ in range(2))
    for seen, whole, size in ((sketch, left, 1200), (sketch.T, right.T, 1600)):
        thin = np.random.default_rng(1).random((size, 3)).astype(dtype)
        np.testing.assert_allclose(seen.product(thin), whole.product(thin), rtol=0.05)
        assert seen.squared_norm == matrix.squared_norm
    assert sketch.T.T is sketch
    assert sketch.n_stored < X.size / 8
    with Workers(2) as workers:
        np.testing.assert_array_equal(sketch.product(thin[:1200], workers), sketch.product(thin[:1200]))


def test_small_sparse_and_empty_matrices_have_no_sketch():
    for X in (planted()[0], sp.csr_array(wide()[0]), np.zeros((1600, 1200))):
        assert as_matrix(X).sketched(K, ALONE) is None


def test_a_fit_from_a_sketch_has_the_same_bits_on_threads_and_ends_on_X():
    X = wide()[0].astype(np.float32)
    one, two = (
        pw.factorize(X, K, init="random", random_state=0, max_iter=5, tol=0, n_jobs=n_jobs) for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.W, two.W)
    assert one.loss == pytest.approx(0.5 * np.linalg.norm(X - one.W.astype(float) @ one.H) ** 2, rel=1e-5)
    assert len(one.curve) == 5
