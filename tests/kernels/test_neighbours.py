"""csr_pairs and ridge_neighbours: co-reads and what they predict, against NumPy."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp

NOISE = 1.0


def pairs_of(loops, X, by, scale, most, index=np.int32, team=None):
    Xt, m = sp.csr_array(X.T.tocsr()), X.shape[1]
    starts = np.arange(m + 1, dtype=np.int64) * min(most, m)
    counts, indices = np.zeros(m, np.int64), np.full(starts[-1], -1, np.int32)
    values = np.zeros(len(indices), np.float32)
    given = [part.astype(index) for part in (Xt.indptr, Xt.indices, X.indptr, X.indices)]
    loops.csr_pairs(*given[:2], Xt.data, *given[2:], X.data, by, scale, most, starts, counts, indices, values, team)
    return starts[:-1].copy(), counts, indices, values


def regress(loops, pairs, diagonal, scale, columns, ridges, most, positive=False, team=None):
    held, found = np.zeros(len(columns), np.int64), np.zeros((len(columns), most), np.int32)
    weights = np.zeros((len(ridges), len(columns), most), np.float32)
    loops.ridge_neighbours(
        *pairs, diagonal, scale, columns, np.array(ridges), NOISE, positive, held, found, weights, team
    )
    return held, found, weights


def problem(n=60, m=40, density=0.3, seed=0):
    X = sp.csr_array(sp.random(n, m, density, format="csr", random_state=seed))
    by = np.random.default_rng(seed).random(n) + 0.1
    gram = (X.T @ sp.diags_array(by) @ X).toarray()
    diagonal = np.diag(gram).copy()
    return X, by, gram, diagonal, np.maximum(diagonal, 1e-300) ** -0.5


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("most", [1, 7, 100])
def test_csr_pairs_are_the_heaviest_entries_of_the_gram_matrix(loops, index, most):
    X, by, gram, _, scale = problem()
    starts, counts, indices, values = pairs_of(loops, X, by, scale, most, index)
    np.fill_diagonal(gram, 0)
    for i in range(len(gram)):
        order = np.argsort(-gram[i] * scale, kind="stable")[:most]
        expected = np.sort(order[gram[i, order] > 0])
        own = slice(starts[i], starts[i] + counts[i])
        assert indices[own].tolist() == expected.tolist()
        np.testing.assert_allclose(values[own], gram[i, expected], rtol=1e-6)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_csr_gram_is_the_whole_gram_matrix(loops, index):
    X, by, gram, _, _ = problem()
    Xt, found = sp.csr_array(X.T.tocsr()), np.full(gram.shape, np.nan, np.float32)
    given = [part.astype(index) for part in (Xt.indptr, Xt.indices, X.indptr, X.indices)]
    loops.csr_gram(*given[:2], Xt.data, *given[2:], X.data, by, found, None)
    np.testing.assert_allclose(found, gram, rtol=1e-6)


@pytest.mark.parametrize("most", [1, 5, 8, 17, 39])
def test_ridge_neighbours_solves_the_normal_equations_of_each_column(loops, most):
    X, by, gram, diagonal, scale = problem()
    columns, ridges = np.array([3, 0, 39, 17]), (0.5, 20.0)
    held, found, weights = regress(loops, pairs_of(loops, X, by, scale, 100), diagonal, scale, columns, ridges, most)
    np.fill_diagonal(gram, 0)
    for r, i in enumerate(columns):
        N = np.sort(np.argsort(-gram[i] * scale, kind="stable")[:most])
        N = N[gram[i, N] > 0]
        assert found[r, : held[r]].tolist() == N.tolist()
        for ridge, got in zip(ridges, weights[:, r, : held[r]], strict=True):
            M = gram[np.ix_(N, N)] + np.diag((1 + NOISE) * diagonal[N] + ridge)
            np.testing.assert_allclose(got, np.linalg.solve(M, gram[N, i]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("most", [5, 17, 39])
def test_a_whole_gram_matrix_gives_what_its_lists_give(loops, most, positive):
    X, by, gram, diagonal, scale = problem(density=0.15)
    lists = pairs_of(loops, X, by, scale, 100)
    whole = (gram.astype(np.float32, order="C"),)
    np.testing.assert_array_equal(np.count_nonzero(gram, axis=1) - 1, lists[1])
    given = diagonal, scale, np.array([3, 0, 39, 17]), (0.5, 20.0), most, positive
    for expected, found in zip(regress(loops, lists, *given), regress(loops, whole, *given), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_positive_weights_solve_the_non_negative_problem(loops):
    X, by, gram, diagonal, scale = problem()
    columns, most = np.arange(40), 20
    pairs = pairs_of(loops, X, by, scale, 100)
    held, found, weights = regress(loops, pairs, diagonal, scale, columns, (0.5,), most, positive=True)
    assert (weights >= 0).all()
    assert (weights == 0).any()
    for i in columns:
        N = found[i, : held[i]]
        M = gram[np.ix_(N, N)] * (1 - np.eye(len(N))) + np.diag((1 + NOISE) * diagonal[N] + 0.5)
        root = np.linalg.cholesky(M).T
        exact, _ = scipy.optimize.nnls(root, np.linalg.solve(root.T, gram[N, i]))
        np.testing.assert_allclose(weights[0, i, : held[i]], exact, atol=1e-4 * exact.max())


def test_an_entry_counts_that_is_in_the_list_of_one_column_alone(loops):
    """Long lists are cut: an entry of the Gram matrix is then often left in the list of the rarer column."""
    starts, counts = np.array([0, 2, 3]), np.array([2, 1, 1])
    pairs = starts, counts, np.array([1, 2, 0, 0], np.int32), np.array([1, 1, 1, 1], np.float32)
    one = regress(loops, pairs, np.full(3, 2.0), np.ones(3), np.array([0]), (0.0,), 2)[2]
    other = pairs[0], np.array([2, 2, 1]), np.array([1, 2, 0, 2, 0], np.int32), np.ones(5, np.float32)
    both = regress(loops, (np.array([0, 2, 4]), *other[1:]), np.full(3, 2.0), np.ones(3), np.array([0]), (0.0,), 2)[2]
    np.testing.assert_allclose(one, 0.25)
    np.testing.assert_allclose(both, 0.2)


def test_a_column_without_pairs_has_no_weights(loops):
    pairs = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    held, _, _ = regress(loops, pairs, np.ones(2), np.ones(2), np.array([0, 1]), (1.0,), 3)
    assert held.tolist() == [0, 0]


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bits(loops, threads):
    X, by, _, diagonal, scale = problem(300, 200)
    alone, team = [], loops.Team(threads)
    for crew in (None, team):
        pairs = pairs_of(loops, X, by, scale, 50, team=crew)
        alone.append((*pairs, *regress(loops, pairs, diagonal, scale, np.arange(200), (1.0, 9.0), 30, team=crew)))
    team.rest()
    for a, b in zip(*alone, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("column", [-1, 40])
def test_columns_outside_the_matrix_are_refused(loops, column):
    X, by, _, diagonal, scale = problem()
    with pytest.raises(ValueError, match="columns lie outside"):
        regress(loops, pairs_of(loops, X, by, scale, 9), diagonal, scale, np.array([column]), (1.0,), 5)


@pytest.mark.parametrize(("shape", "message"), [((40, 39), "not square"), ((39, 39), "another length")])
def test_a_gram_matrix_of_another_shape_is_refused(loops, shape, message):
    *_, diagonal, scale = problem()
    with pytest.raises(ValueError, match=message):
        regress(loops, (np.ones(shape, np.float32),), diagonal, scale, np.array([0]), (1.0,), 5)
