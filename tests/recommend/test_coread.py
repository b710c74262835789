"""Co-reads: each article is regressed on those that its readers read."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.recommend import closed, coread
from partwise.recommend.coread import co_reads, regressions
from partwise.threads import Workers

both = pytest.mark.parametrize("limit", [coread.CLOSED, 0], ids=["closed form", "nearest"], indirect=True)


@pytest.fixture
def limit(request, monkeypatch):
    """Take the closed form up to this limit."""
    monkeypatch.setattr(coread, "CLOSED", request.param)


def a_log(n=80, m=30, density=0.25, seed=0):
    return sp.csr_array(sp.random(n, m, density, format="csr", random_state=seed))


def exact(read, ridge):
    """Regress each article on all others."""
    x, v = read.toarray(), np.maximum(np.diff(read.indptr), 1.0) ** -0.5
    gram = x.T @ np.diag(v / v[np.diff(read.indptr) > 0].mean()) @ x
    found = np.zeros_like(gram)
    for i in range(len(gram)):
        N = np.flatnonzero(np.arange(len(gram)) != i)
        M = gram[np.ix_(N, N)] + np.diag(np.diag(gram)[N] + ridge)
        found[N, i] = np.linalg.solve(M, gram[N, i])
    return found


@both
@pytest.mark.parametrize(("n", "m"), [(80, 30), (20, 30)])
def test_co_reads_are_ridge_regressions_for_each_ridge(limit, n, m):
    read = a_log(n, m, density=0.7)  # so that any two articles share a reader
    with Workers(1) as workers:
        learned = regressions(read, (0.5, 20.0), workers)
    for ridge, one in zip((0.5, 20.0), learned, strict=True):
        expected, found = exact(read, ridge), co_reads(read, ridge)
        close = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(found.toarray(), expected, atol=close)
        np.testing.assert_allclose(one.told(read), read @ expected, atol=10 * close)
        assert not found.diagonal().any()
        assert (found.data < 0).any()


def test_the_heaviest_weights_of_a_closed_form_are_kept(monkeypatch):
    monkeypatch.setattr(closed, "BLOCK", 7)
    read = a_log(20, 30, density=0.5)
    whole = co_reads(read, 1.0).toarray()
    monkeypatch.setattr(coread, "KEPT", 5)
    kept = co_reads(read, 1.0).toarray()
    for column, few in zip(whole.T, kept.T, strict=True):
        heaviest = np.argsort(-np.abs(column))[:5]
        assert set(np.flatnonzero(few)) == set(heaviest)
        np.testing.assert_allclose(few[heaviest], column[heaviest], rtol=1e-5)  # blocks of other sizes round otherwise


def test_positive_co_reads_are_not_negative():
    assert (co_reads(a_log(), 1.0, positive=True).data > 0).all()


@both
def test_articles_that_share_no_reader_say_nothing_for_each_other(limit):
    read = sp.csr_array(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]]))
    found = co_reads(read, 1.0).toarray()
    assert found[0, 1] > 0
    assert not found[:, 2:].any()
    assert not found[2:].any()


@both
def test_some_articles_get_what_they_get_among_all(limit):
    read, some = a_log(), np.array([4, 17])
    whole, found = co_reads(read, 1.0).toarray(), co_reads(read, 1.0, articles=some).toarray()
    np.testing.assert_allclose(found[:, some], whole[:, some], rtol=1e-5)  # a narrower product may round otherwise
    assert not np.delete(found, some, axis=1).any()


def test_of_a_reader_of_everything_the_last_articles_count_beyond_the_closed_form(monkeypatch):
    monkeypatch.setattr(coread, "CLOSED", 0)
    monkeypatch.setattr(coread, "LATEST", 4)
    read = a_log(density=0.9)
    kept = read.toarray()
    for row in kept:
        row[np.flatnonzero(row)[:-4]] = 0
    with Workers(1) as workers:
        by = np.ones(len(kept))
        cut, given = (
            coread._nearest(one, by, [1.0], workers, 200, False, np.arange(30)) for one in (read, sp.csr_array(kept))
        )
    np.testing.assert_array_equal(cut[0].pairs.toarray(), given[0].pairs.toarray())


@both
@pytest.mark.parametrize("n", [300, 90])
def test_threads_change_no_bits(limit, n):
    read = a_log(n, 200)
    one, three = (co_reads(read, 1.0, n_jobs=n_jobs) for n_jobs in (1, 3))
    np.testing.assert_array_equal(one.toarray(), three.toarray())


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 3)])
def test_a_log_without_reads_has_no_co_reads(shape):
    assert co_reads(sp.csr_array(shape), 2.0).nnz == 0
