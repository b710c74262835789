"""Co-reads: how much a read of one article says for another, learned from who read both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.matrix import Array
from partwise.recommend.closed import closed_forms
from partwise.threads import Workers

__all__ = ["NEIGHBOURS", "CoReads", "co_reads", "regressions"]

NEIGHBOURS = 200
"""Articles that one is predicted from, but for the closed form."""
KEPT = 800  # weights of an article that are kept of the closed form
CLOSED, WRITE = 12_000_000, 20  # the most products for an article in closed form; those that a scattered write takes
BUSY = 0.5  # exponent of a reader's reads, which his reads are divided by
NOISE = 1.0  # what the ridge of an article takes of its own reads
LATEST = 1000  # of a reader who reads everything, this many reads count: pairs grow with their square
PAIRS = 50_000_000  # co-reads that are kept in memory while weights are learned


class CoReads(Protocol):
    """How much reads of each article say for each other, as they were learned with one ridge."""

    def told(self, rows: Any) -> Array:
        """Return what reads say for all articles, of a csr array (n_rows, n_articles)."""

    def weights(self, articles: Array, most: int, workers: Workers) -> Any:
        """Return the heaviest weights of some articles, in order: a csr array (n_articles, n_articles), by column."""


@dataclass(frozen=True)
class _Nearest:
    """Regressions on the nearest articles alone: a csr array (n_articles, n_articles)."""

    pairs: Any

    def told(self, rows: Any) -> Array:
        return np.asarray((rows @ self.pairs).toarray())

    def weights(self, articles: Array, most: int, workers: Workers) -> Any:
        return self.pairs  # no column has more than `most`


def co_reads(
    read: Any,
    ridge: float,
    *,
    positive: bool = False,
    articles: Array | None = None,
    n_jobs: int | None = None,
) -> Any:
    r"""Return how much each article says for each other.

    For an article i, its readers are predicted from the readers of other articles N by a ridge regression,

    .. math:: b = (G_{NN} + \mathrm{diag}(G)_{NN} + \lambda I)^{-1} g_{Ni}, \quad
              G = X^T \mathrm{diag}(v) X, \quad v_u \propto n_u^{-1/2}

    with n the reads of a reader and v of mean 1. The diagonal that is added keeps well-read articles from predicting
    themselves. N are the 200 articles j with the highest :math:`g_{ji} g_{jj}^{-1/2}`, and time grows with the reads,
    memory with the articles. Where readers or articles are few and most articles share readers, this takes longer than
    the closed form of the regressions on all other articles, of which the 800 heaviest weights are kept.

    Parameters
    ----------
    read : csr_array of shape (n_readers, n_articles)
        How much each read counts, non-negative.
    ridge : float
        :math:`\lambda`.
    positive : bool, default=False
        Whether weights are to be non-negative: N are then always the nearest articles.
    articles : ndarray of int, default=None
        Articles to predict, in order; by default all.
    n_jobs : int or None, default=None
        Threads.

    Returns
    -------
    csr_array of shape (n_articles, n_articles)
        Row j, column i holds what a read of j says for i. Zero on the diagonal.

    References
    ----------
    H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, doi:10.1145/3308558.3313710;
    "Autoencoders that don't overfit towards the identity", NeurIPS 2020; X. Ning and G. Karypis, "SLIM: sparse linear
    methods for top-N recommender systems", ICDM 2011, doi:10.1109/ICDM.2011.134.

    Examples
    --------
    >>> read = sp.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> found = co_reads(read, 1.0)
    >>> bool(found[0, 1] > found[2, 1])
    True
    """
    columns: Array = np.arange(read.shape[1]) if articles is None else np.asarray(articles, dtype=np.int64)
    with Workers(n_jobs) as workers:
        found = regressions(read, [ridge], workers, positive=positive, articles=columns)[0]
        return found.weights(columns, KEPT, workers)


def regressions(
    read: Any,
    ridges: Sequence[float],
    workers: Workers,
    *,
    neighbours: int = NEIGHBOURS,
    positive: bool = False,
    articles: Array | None = None,
) -> list[CoReads]:
    """Return what `co_reads` learns, for each of some ridges: what does not depend on the ridge is made once.

    Parameters
    ----------
    read, positive, articles : as in `co_reads`
        What to learn from, and what.
    ridges : sequence of float
        Each ridge.
    workers : Workers
        Threads.
    neighbours : int, default=200
        Articles that one is predicted from.

    Returns
    -------
    list of CoReads
        One for each ridge.

    Examples
    --------
    >>> read = sp.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> with Workers(1) as workers:
    ...     weak, strong = regressions(read, [1.0, 9.0], workers)
    >>> bool(weak.told(read)[0, 1] > strong.told(read)[0, 1] > 0)
    True
    """
    m = read.shape[1]
    columns: Array = np.arange(m) if articles is None else articles
    if not len(columns) or not read.nnz:
        return [_Nearest(sp.csr_array((m, m))) for _ in ridges]
    own = np.diff(read.indptr)
    by = np.maximum(own, 1.0) ** -BUSY
    by /= by[own > 0].mean()
    few = min(np.count_nonzero(own), m)
    met = np.minimum(np.bincount(read.indices, np.repeat(own, own), minlength=m), m)  # no article meets more others
    products = few * (few + m)
    if not positive and products <= min(CLOSED, WRITE * NEIGHBOURS * met.mean()):
        scaled = sp.csr_array((read.data * np.repeat(by**0.5, own), read.indices, read.indptr), shape=read.shape)
        diagonal = np.bincount(scaled.indices, scaled.data**2, minlength=m)
        return [*closed_forms(scaled[own > 0], [NOISE * diagonal + ridge for ridge in ridges])]
    return _nearest(read, by, ridges, workers, neighbours, positive, columns)


def _nearest(
    read: Any, by: Array, ridges: Sequence[float], workers: Workers, neighbours: int, positive: bool, columns: Array
) -> list[CoReads]:
    m, some = read.shape[1], _latest(read)
    own, most = np.diff(some.indptr), max(PAIRS // m, 2 * NEIGHBOURS)
    diagonal: Array = np.bincount(some.indices, some.data**2 * np.repeat(by, own), minlength=m)
    scale: Array = np.maximum(diagonal, np.finfo(float).tiny) ** -0.5
    of_article = some.T.tocsr()
    ones = sp.csr_array((np.ones(of_article.nnz), of_article.indices, of_article.indptr), shape=of_article.shape)
    starts = np.append(0, np.cumsum(np.minimum(ones @ own.astype(np.float64), min(most, m)))).astype(np.int64)
    counts, indices = np.zeros(m, dtype=np.int64), np.empty(starts[-1], dtype=np.int32)
    values = np.empty(len(indices), dtype=np.float32)
    held, found = np.zeros(len(columns), dtype=np.int64), np.empty((len(columns), neighbours), dtype=np.int32)
    weights = np.empty((len(ridges), len(columns), neighbours), dtype=np.float32)
    kernels.csr_pairs(
        of_article.indptr, of_article.indices, of_article.data, some.indptr, some.indices, some.data,
        by, scale, most, starts, counts, indices, values, workers.team,
    )  # fmt: skip
    kernels.ridge_neighbours(
        starts[:-1], counts, indices, values, diagonal, scale, columns, np.array(ridges, dtype=np.float64),
        NOISE, positive, held, found, weights, workers.team,
    )  # fmt: skip
    there = np.arange(neighbours) < held[:, None]
    place = found[there], np.repeat(columns, held)
    return [_Nearest(_weights(one[there], place, m)) for one in weights]


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
