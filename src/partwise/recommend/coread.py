"""Co-reading: how much a read of one article says for another, from readers who read both."""

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["co_reads", "heaviest"]

LATEST = 200  # of a reader who reads everything, this many reads count: pairs grow with their square
NEIGHBOURS = 200
BUSY, FROM, TO = 0.5, 0.5, 0.1  # exponents of what readers and articles are divided by
AT_ONCE = 2_000_000  # pairs in memory at a time


def co_reads(read: Any) -> Any:
    r"""Return how much each article says for each other.

    .. math:: c_{ji} = n_j^{-1/2} n_i^{-1/10} \sum_u n_u^{-1/2} [u \text{ read } j] [u \text{ read } i]

    where n counts the reads of a reader or of an article: a reader of few articles says more of what goes together,
    and an article that everyone reads says little of a taste. That the two exponents of articles differ keeps well-read
    articles ahead of chance pairs. The 200 heaviest i of each j are kept.

    Parameters
    ----------
    read : csr_array of shape (n_readers, n_articles)
        Stored where a reader read an article; values do not matter.

    Returns
    -------
    csr_array of shape (n_articles, n_articles)
        Non-negative, zero on the diagonal.

    References
    ----------
    M. Deshpande and G. Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22, 2004,
    doi:10.1145/963770.963776.

    Examples
    --------
    >>> read = sp.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> bool(co_reads(read)[0, 1] > co_reads(read)[2, 1])
    True
    """
    n, m = read.shape
    counts = np.maximum(np.bincount(read.indices, minlength=m), 1.0)
    own = np.diff(read.indptr)
    row = np.repeat(np.arange(n), own)
    late = np.arange(len(row)) - read.indptr[row] >= (own - LATEST)[row]
    busy = np.maximum(np.minimum(own, LATEST), 1.0) ** (-BUSY / 2)
    kept = sp.csr_array((busy[row[late]], (row[late], read.indices[late])), shape=(n, m))
    of_article = kept.T.tocsr()
    cost = np.cumsum(of_article @ np.minimum(own, LATEST))
    cuts = np.unique([0, *np.searchsorted(cost, np.arange(AT_ONCE, cost[-1] if m else 0, AT_ONCE)), m])
    blocks = []
    for first, last in pairwise(cuts.tolist()):
        block = sp.csr_array(of_article[first:last] @ kept)
        block.data *= np.repeat(counts[first:last] ** -FROM, np.diff(block.indptr)) * counts[block.indices] ** -TO
        blocks.append(heaviest(block, first, NEIGHBOURS))
    return sp.csr_array(sp.vstack(blocks, format="csr")) if blocks else sp.csr_array((m, m))


def heaviest(block: Any, first: int, n: int) -> Any:
    """Return the n heaviest entries of each row, of equal ones the first; not row i's in column first + i.

    Examples
    --------
    >>> heaviest(sp.csr_array(np.array([[9.0, 1, 2]])), 0, 1).toarray()
    array([[0., 0., 2.]])
    """
    row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    off = block.indices != row + first
    row, column, data = row[off], block.indices[off], block.data[off]
    own = np.bincount(row, minlength=block.shape[0])
    long = own[row] > n
    keep = ~long
    order = np.flatnonzero(long)
    order = order[np.lexsort((column[order], -data[order], row[order]))]
    place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    keep[order[place < n]] = True
    found = sp.csr_array((data[keep], (row[keep], column[keep])), shape=block.shape)
    found.sort_indices()
    return found
