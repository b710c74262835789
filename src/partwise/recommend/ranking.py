"""The best of many scores, and diverse lists."""

import numpy as np

from partwise import kernels
from partwise.matrix import Array

__all__ = ["CELLS", "POOL", "best", "best_of_rows", "diversified"]

CELLS = 4_000_000  # scores in memory at a time
POOL = 10  # a diverse list is chosen from this many times its length


def best(scores: Array, n: int) -> Array:
    """Return the places of the n highest scores, highest first; of equal scores, the first; -inf is left out.

    Examples
    --------
    >>> best(np.array([0.5, -np.inf, 2.0, 0.5]), 3).tolist()
    [2, 0, 3]
    """
    n = min(n, int(np.count_nonzero(scores > -np.inf)))
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    least = np.partition(scores, -n)[-n]
    some = np.flatnonzero(scores >= least)
    return some[np.argsort(-scores[some], kind="stable")][:n]


def best_of_rows(scores: Array, count: int, n: int) -> tuple[Array, Array]:
    """Return the columns of the n highest of the first `count` scores of each row, in the order of `best`.

    Parameters
    ----------
    scores : ndarray of shape (n_readers, n_columns)
        Scores; -inf is left out.
    count : int
        Number of columns that count.
    n : int
        Number of columns to find.

    Returns
    -------
    columns : ndarray of int64, shape (n_readers, n)
        The columns, -1 if there are no more.
    found : ndarray of shape (n_readers, n)
        Their scores, NaN if there are no more.

    Examples
    --------
    >>> columns, found = best_of_rows(np.array([[0.5, -np.inf, 2.0, 0.5], [1.0, 3.0, 2.0, -np.inf]]), 4, 3)
    >>> columns.tolist(), found[0].tolist()
    ([[2, 0, 3], [1, 2, 0]], [2.0, 0.5, 0.5])
    """
    columns, found = np.empty((len(scores), n), dtype=np.int64), np.empty((len(scores), n))
    kernels.best_of_rows(np.ascontiguousarray(scores), count, columns, found)
    return columns, found


def diversified(scores: Array, places: Array, n: int, diversity: float) -> Array:
    r"""Return n places by maximal marginal relevance.

    Each next place has the highest :math:`(1 - d) s_i - d \max_j \cos(h_i, h_j)`, with j the places chosen before.
    Scores s are scaled to 0 .. 1 over the possible articles.

    Parameters
    ----------
    scores : ndarray of shape (n_articles,)
        Scores, -inf for articles that cannot be chosen.
    places : ndarray of shape (n_articles, n_parts)
        Rows of unit length, or of zeros.
    n : int
        Length of the list.
    diversity : float
        d, from 0 to 1.

    Returns
    -------
    ndarray of int
        Places in order.

    References
    ----------
    J. Carbonell and J. Goldstein, "The use of MMR", SIGIR 1998, doi:10.1145/290941.291025.

    Examples
    --------
    >>> places = np.array([[1.0, 0], [1, 0], [0, 1]])
    >>> diversified(np.array([3.0, 2.0, 1.0]), places, 2, 0.5).tolist()
    [0, 2]
    """
    pool = best(scores, n * POOL)
    if not len(pool) or diversity == 0:
        return pool[:n]
    top, low = float(scores[pool[0]]), float(scores[pool[-1]])
    relevance = (scores[pool] - low) / ((top - low) or 1.0)
    vectors = places[pool]
    nearest, chosen = np.zeros(len(pool)), []
    left = np.ones(len(pool), dtype=bool)
    for _ in range(min(n, len(pool))):
        value = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        one = int(value.argmax())
        chosen.append(one)
        left[one] = False
        nearest = np.maximum(nearest, vectors @ vectors[one])
    return pool[chosen]
