"""The one judge: objectives of any library's W and H, in float64, outside the clock."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[Any]
ENTRIES = 400_000
"""Entries judged at a time, so that the judge needs little memory beside X."""


def objective(X: Any, W: Any, H: Any, loss: str) -> float:
    """Return how far W H is from X.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n, m)
        The data; absent entries are zeros and count.
    W, H : ndarray of shape (n, k), (k, m)
        The factors.
    loss : {'frobenius', 'kullback-leibler', 'itakura-saito'}
        The first is ``||X - W H|| / ||X||``, the others are divergences (the second in nats), means over all cells.

    Raises
    ------
    ValueError
        If W and H are no factorization of X: another shape, or an entry that is negative or not finite.
    """
    W, H = np.asarray(W, np.float64), np.asarray(H, np.float64)
    if W.shape[0] != X.shape[0] or H.shape[1] != X.shape[1] or W.shape[1] != H.shape[0]:
        raise ValueError(f"W is {W.shape} and H is {H.shape}: their product has not X's shape {X.shape}")
    for name, factor in (("W", W), ("H", H)):
        if not np.isfinite(factor).all() or factor.min(initial=0.0) < 0:
            raise ValueError(f"{name} has entries that are negative or not finite")
    measures = {"frobenius": relative_error, "kullback-leibler": mean_divergence, "itakura-saito": mean_itakura_saito}
    return measures[loss](X, W, H)


def relative_error(X: Any, W: Array, H: Array) -> float:
    """Return ||X - W H|| / ||X||: from its definition for dense X, by Gram matrices for sparse X."""
    if sp.issparse(X):
        X = sp.csr_array(X).astype(np.float64)
        squared = float(np.dot(X.data, X.data))
        rest = squared - 2 * np.vdot(X @ H.T, W) + np.vdot(W.T @ W, H @ H.T)
        return float(np.sqrt(max(rest, 0.0) / squared))
    rest = squared = 0.0
    step = max(1, ENTRIES // X.shape[1])
    for first in range(0, X.shape[0], step):
        rows = np.asarray(X[first : first + step], np.float64)
        difference = rows - W[first : first + step] @ H
        rest, squared = rest + np.vdot(difference, difference), squared + np.vdot(rows, rows)
    return float(np.sqrt(rest / squared))


def mean_divergence(X: Any, W: Array, H: Array) -> float:
    r"""Return the mean over all cells of x log(x / y) - x + y, for y the entries of W H; 0 log 0 = 0."""
    X = sp.coo_array(X)
    stored = X.data > 0
    row, column, x = X.row[stored], X.col[stored], X.data[stored].astype(np.float64)
    Ht, total = np.ascontiguousarray(H.T), float(W.sum(axis=0) @ H.sum(axis=1))
    for first in range(0, len(x), ENTRIES):
        part = slice(first, first + ENTRIES)
        y = np.maximum(np.einsum("it,it->i", W[row[part]], Ht[column[part]]), 1e-300)
        total += float((x[part] * np.log(x[part] / y) - x[part]).sum())
    return total / (X.shape[0] * X.shape[1])


def mean_itakura_saito(X: Any, W: Array, H: Array) -> float:
    """Return the mean over all cells of x / y - log(x / y) - 1, for y the entries of W H and X dense and positive."""
    total, step = 0.0, max(1, ENTRIES // X.shape[1])
    for first in range(0, X.shape[0], step):
        ratio = np.asarray(X[first : first + step], np.float64) / np.maximum(W[first : first + step] @ H, 1e-300)
        total += float((ratio - np.log(ratio) - 1).sum())
    return total / X.size
