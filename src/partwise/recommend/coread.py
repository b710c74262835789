"""Co-reads: how much a read of one article speaks for another, learned from who read both."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.matrix import Array
from partwise.threads import Workers

__all__ = ["NEIGHBOURS", "co_reads"]

NEIGHBOURS = 200
"""Number of articles from which each article is predicted."""
BUSY = 0.5  # a reader's reads are divided by their number to this power
NOISE = 1.0  # share of an article's own reads that is added to its ridge
LATEST = 1000  # most reads of a reader that count, the latest: the number of pairs grows with their square
PAIRS = 50_000_000  # entries of G that lists keep while weights are learned: 400 MB
RARE, FEWER = 16, 2  # an article of at most 16 readers is predicted from half the neighbours
SMALL = 1000  # in logs of at most this many articles, rare ones keep all neighbours: fewer gave lists off the subject
WHOLE = 32  # G is kept whole if an article may share readers with one in 32 of the others, on average


def co_reads(
    read: Any,
    ridges: Sequence[float],
    *,
    neighbours: int = NEIGHBOURS,
    positive: bool = False,
    articles: Array | None = None,
    n_jobs: int | None = None,
) -> list[Any]:
    r"""Return how much a read of each article speaks for each other article, for each of some ridges.

    For an article i, N are those of the articles j that are read with it (:math:`g_{ji} > 0`) with the highest
    :math:`g_{ji} g_{jj}^{-1/2}`, and

    .. math:: b = (G_{NN} + \mathrm{diag}(G)_{NN} + \lambda I)^{-1} g_{Ni}, \quad
              G = X^T \mathrm{diag}(v) X, \quad v_u \propto n_u^{-1/2}

    with n the reads of a reader and v of mean 1: the ridge regression of who reads i on who reads N. The added diagonal
    keeps well-read articles from predicting themselves. Time grows with the reads, memory with the articles: G takes at
    most 400 MB, or 3,200 bytes per article if there are more than 125,000. With up to 10,000 articles that share many
    readers, G is kept whole; otherwise as lists of the heaviest entries of each row.

    Parameters
    ----------
    read : csr_array of shape (n_readers, n_articles)
        How much each read counts, non-negative.
    ridges : sequence of float
        Each :math:`\lambda`.
    neighbours : int, default=200
        Number of articles from which each article is predicted; half as many for an article of up to sixteen readers in
        a log of more than 1,000 articles.
    positive : bool, default=False
        Whether weights must be non-negative.
    articles : ndarray of int, default=None
        Articles to predict; by default all.
    n_jobs : int or None, default=None
        Threads.

    Returns
    -------
    list of csr_array of shape (n_articles, n_articles)
        One for each ridge: row j, column i holds how much a read of j speaks for i. Zero on the diagonal.

    References
    ----------
    H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, doi:10.1145/3308558.3313710;
    "Autoencoders that don't overfit towards the identity", NeurIPS 2020; X. Ning and G. Karypis, "SLIM: sparse linear
    methods for top-N recommender systems", ICDM 2011, doi:10.1109/ICDM.2011.134.

    Examples
    --------
    >>> read = sp.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> found = co_reads(read, [1.0])[0]
    >>> bool(found[0, 1] > found[2, 1])
    True
    """
    m = read.shape[1]
    columns: Array = np.arange(m) if articles is None else np.asarray(articles, dtype=np.int64)
    if not len(columns) or not read.nnz:
        return [sp.csr_array((m, m)) for _ in ridges]
    some = _latest(read)
    own = np.diff(some.indptr)
    by = np.maximum(own, 1.0) ** -BUSY
    by /= by[own > 0].mean()
    diagonal: Array = np.bincount(some.indices, some.data**2 * np.repeat(by, own), minlength=m)
    scale: Array = np.maximum(diagonal, np.finfo(float).tiny) ** -0.5
    # An upper bound on how many articles share a reader with each article.
    others = np.minimum(np.bincount(some.indices, np.repeat(own, own), minlength=m), m)
    rare = np.bincount(some.indices, minlength=m)[columns] <= (RARE if m > SMALL else -1)
    with Workers(n_jobs) as workers:
        # In a whole G an entry takes half the memory and is read much faster.
        if m * m <= 2 * PAIRS and WHOLE * others.mean() >= m:
            gram: tuple[Array, ...] = (_gram(some, by, workers),)
        else:
            gram = _pairs(some, by, scale, others, workers)
        found = [
            _regressions(gram, diagonal, scale, part, most, ridges, positive, workers)
            for part, most in ((columns[rare], -(-neighbours // FEWER)), (columns[~rare], neighbours))
        ]
    rows, of = (np.concatenate(parts) for parts in zip(*(place for place, _ in found), strict=True))
    return [_weights(np.concatenate(values), (rows, of), m) for values in zip(*(v for _, v in found), strict=True)]


def _regressions(
    gram: tuple[Array, ...],
    diagonal: Array,
    scale: Array,
    columns: Array,
    most: int,
    ridges: Sequence[float],
    positive: bool,
    workers: Workers,
) -> tuple[tuple[Array, Array], Array]:
    """Return the places of weights (rows, columns), and the weights there for each ridge."""
    held, found = np.zeros(len(columns), dtype=np.int64), np.empty((len(columns), most), dtype=np.int32)
    weights = np.empty((len(ridges), len(columns), most), dtype=np.float32)
    asked = *gram, diagonal, scale, columns, np.array(ridges, dtype=np.float64), NOISE, positive
    given: Any = (*asked, held, found, weights, workers.team)
    kernels.ridge_neighbours(*given)
    there = np.arange(most) < held[:, None]
    return (found[there], np.repeat(columns, held)), weights[:, there]


def _gram(read: Any, by: Array, workers: Workers) -> Array:
    """Return G whole, in float32."""
    m, of_article = read.shape[1], read.T.tocsr()
    gram = np.empty((m, m), dtype=np.float32)
    kernels.csr_gram(
        of_article.indptr, of_article.indices, of_article.data, read.indptr, read.indices, read.data,
        by, gram, workers.team,
    )  # fmt: skip
    return gram


def _pairs(read: Any, by: Array, scale: Array, others: Array, workers: Workers) -> tuple[Array, Array, Array, Array]:
    """Return lists of the heaviest entries of each row of G: starts, lengths, columns and values."""
    m, of_article = read.shape[1], read.T.tocsr()
    most = max(PAIRS // m, 2 * NEIGHBOURS)
    starts = np.append(0, np.cumsum(np.minimum(others, most))).astype(np.int64)
    counts, indices = np.zeros(m, dtype=np.int64), np.empty(starts[-1], dtype=np.int32)
    values = np.empty(len(indices), dtype=np.float32)
    kernels.csr_pairs(
        of_article.indptr, of_article.indices, of_article.data, read.indptr, read.indices, read.data,
        by, scale, most, starts, counts, indices, values, workers.team,
    )  # fmt: skip
    return starts[:-1], counts, indices, values


def _latest(read: Any) -> Any:
    """Return the reads that count: of each reader the last articles of the log."""
    own = np.diff(read.indptr)
    if not len(own) or own.max() <= LATEST:
        return read
    late = np.arange(read.nnz) - np.repeat(read.indptr[1:] - LATEST, own) >= 0
    indptr = np.append(0, np.cumsum(np.minimum(own, LATEST))).astype(read.indptr.dtype)
    return sp.csr_array((read.data[late], read.indices[late], indptr), shape=read.shape)


def _weights(values: Array, place: tuple[Array, Array], m: int) -> Any:
    """Return weights as a sparse array, without those that are zero."""
    some = values != 0
    return sp.csr_array((values[some].astype(np.float64), (place[0][some], place[1][some])), shape=(m, m))
