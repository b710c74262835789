"""Co-reads: each article is regressed on those that its readers read."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.recommend import coread
from partwise.recommend.coread import co_reads


def a_log(n=80, m=30, density=0.25, seed=0):
    return sp.csr_array(sp.random(n, m, density, format="csr", random_state=seed))


def exact(read, ridge):
    """Regress each article on all others that share a reader."""
    x, v = read.toarray(), np.maximum(np.diff(read.indptr), 1.0) ** -0.5
    gram = x.T @ np.diag(v / v[np.diff(read.indptr) > 0].mean()) @ x
    found = np.zeros_like(gram)
    for i in range(len(gram)):
        N = np.flatnonzero((gram[i] > 0) & (np.arange(len(gram)) != i))
        if len(N):
            found[N, i] = np.linalg.solve(gram[np.ix_(N, N)] + np.diag(np.diag(gram)[N] + ridge), gram[N, i])
    return found


@pytest.mark.parametrize("whole", [0, coread.WHOLE], ids=["lists", "whole matrix"])
def test_co_reads_are_ridge_regressions_for_each_ridge(whole, monkeypatch):
    monkeypatch.setattr(coread, "WHOLE", whole)
    read = a_log()
    for ridge, found in zip((0.5, 20.0), co_reads(read, (0.5, 20.0)), strict=True):
        expected = exact(read, ridge)
        np.testing.assert_allclose(found.toarray(), expected, atol=1e-5 * np.abs(expected).max())
        assert not found.diagonal().any()
    assert (found.data < 0).any()


def test_positive_co_reads_are_not_negative():
    assert (co_reads(a_log(), [1.0], positive=True)[0].data > 0).all()


def test_articles_that_share_no_reader_say_nothing_for_each_other():
    read = sp.csr_array(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]]))
    found = co_reads(read, [1.0])[0].toarray()
    assert found[0, 1] > 0
    assert not found[:, 2:].any()
    assert not found[2:].any()


def test_some_articles_get_what_they_get_among_all():
    read = a_log()
    whole, some = co_reads(read, [1.0])[0].toarray(), co_reads(read, [1.0], articles=np.array([4, 17]))[0].toarray()
    np.testing.assert_array_equal(some[:, [4, 17]], whole[:, [4, 17]])
    assert not np.delete(some, [4, 17], axis=1).any()


def test_an_article_of_few_readers_is_predicted_from_half_the_neighbours_in_a_large_log(monkeypatch):
    read = a_log(n=160, density=0.1)
    assert set(np.diff(co_reads(read, [1.0], neighbours=8)[0].tocsc().indptr)) == {8}
    monkeypatch.setattr(coread, "SMALL", 20)
    rare = np.bincount(read.indices, minlength=30) <= coread.RARE
    found = np.diff(co_reads(read, [1.0], neighbours=8)[0].tocsc().indptr)
    assert 0 < rare.sum() < 30
    assert set(found[rare]) == {4}
    assert set(found[~rare]) == {8}


def test_of_a_reader_of_everything_the_last_articles_count(monkeypatch):
    monkeypatch.setattr(coread, "LATEST", 4)
    read = a_log(density=0.9)
    kept = read.toarray()
    for row in kept:
        row[np.flatnonzero(row)[:-4]] = 0
    np.testing.assert_array_equal(co_reads(read, [1.0])[0].toarray(), co_reads(sp.csr_array(kept), [1.0])[0].toarray())


@pytest.mark.parametrize("whole", [0, coread.WHOLE], ids=["lists", "whole matrix"])
def test_threads_change_no_bits(whole, monkeypatch):
    monkeypatch.setattr(coread, "WHOLE", whole)
    read = a_log(300, 200)
    one, three = (co_reads(read, [1.0], n_jobs=n_jobs)[0] for n_jobs in (1, 3))
    np.testing.assert_array_equal(one.toarray(), three.toarray())


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 3)])
def test_a_log_without_reads_has_no_co_reads(shape):
    assert co_reads(sp.csr_array(shape), [1.0, 2.0])[1].nnz == 0
