"""NNDSVD: a start from the non-negative halves of the leading singular vectors."""

from collections.abc import Callable

import numpy as np

from partwise.matrix import Array, Matrix, rescaled
from partwise.threads import ALONE, Workers

OVERSAMPLES = 10
POWER_STEPS = 4
SMALL = 100_000
"""Up to so many entries, a basis up to twice as wide saves more than it takes."""
TRUNCATE = 1e-6
"""Entries smaller than this become zero, as in scikit-learn."""


def truncated_svd(
    X: Matrix, rank: int, rng: np.random.RandomState, workers: Workers = ALONE
) -> tuple[Array, Array, Array]:
    """Return U (n, rank), s (rank,), V (m, rank), leading first, by a randomised range finder.

    N. Halko, P.-G. Martinsson and J. A. Tropp, SIAM Review 53, 2011, doi:10.1137/090771806, algorithms 4.4 and 5.1. The
    sign of each pair is fixed by the largest entry of its u, as in scikit-learn.
    """
    X, unit = rescaled(X)
    width, least = rank + OVERSAMPLES, min(X.shape)
    if X.can("columns") and X.n_stored <= SMALL and 2 * width >= least:
        width = least
    # the first basis holds every direction of a narrow X: one power step is enough to even out its rounding
    width, steps = (width, POWER_STEPS) if width < least else (least, 1)

    def times(A: Matrix, right: Array) -> Array:
        return A.product(np.ascontiguousarray(right, A.dtype), workers)

    basis = times(X, rng.standard_normal(size=(X.shape[1], width)))
    for _ in range(steps):
        basis, _ = np.linalg.qr(basis)
        basis, _ = np.linalg.qr(times(X.T, basis))
        basis = times(X, basis)
    basis, _ = np.linalg.qr(basis)
    V, s, Ut = np.linalg.svd(times(X.T, basis), full_matrices=False)
    U = basis @ Ut.T
    signs = np.sign(U[np.abs(U).argmax(axis=0), np.arange(U.shape[1])])
    signs[signs == 0] = 1
    s = s[:rank] if unit == 1 else s[:rank].astype(np.float64) * unit  # can be beyond float32's range
    return (U * signs)[:, :rank], s, (V * signs)[:, :rank]


def nndsvd(X: Matrix, n_components: int, rng: np.random.RandomState, workers: Workers) -> tuple[Array, Array]:
    """Return sparse W (n, k) and Ht (m, k): of each singular pair, the larger non-negative half.

    C. Boutsidis and E. Gallopoulos, Pattern Recognition 41, 2008, doi:10.1016/j.patcog.2007.09.010.
    """
    U, s, V = (a.astype(np.float64) for a in truncated_svd(X, n_components, rng, workers))
    W, Ht = np.zeros_like(U), np.zeros_like(V)
    W[:, 0], Ht[:, 0] = np.sqrt(s[0]) * np.abs(U[:, 0]), np.sqrt(s[0]) * np.abs(V[:, 0])
    for t in range(1, n_components):
        halves = [(np.maximum(sign * U[:, t], 0), np.maximum(sign * V[:, t], 0)) for sign in (1, -1)]
        norms = [(np.linalg.norm(u), np.linalg.norm(v)) for u, v in halves]
        side = 0 if norms[0][0] * norms[0][1] > norms[1][0] * norms[1][1] else 1
        (u, v), (a, b) = halves[side], norms[side]
        if a > 0 and b > 0:
            W[:, t], Ht[:, t] = np.sqrt(s[t] * a * b) * u / a, np.sqrt(s[t] * a * b) * v / b
    # the truncation is relative to the scale of the data, so scaling X scales the start
    limit = TRUNCATE * np.sqrt(X.mean or 1.0)
    W[limit > W], Ht[Ht < limit] = 0, 0
    return W.astype(X.dtype), Ht.astype(X.dtype)


def _filled(fill: Callable[[Matrix, np.random.RandomState, int], Array]):  # type: ignore[no-untyped-def]
    def start(X: Matrix, n_components: int, rng: np.random.RandomState, workers: Workers) -> tuple[Array, Array]:
        W, Ht = nndsvd(X, n_components, rng, workers)
        for factor in (W, Ht):
            empty = factor == 0
            factor[empty] = fill(X, rng, int(empty.sum()))
        return W, Ht

    return start


nndsvda = _filled(lambda X, rng, count: np.full(count, X.mean))
"""NNDSVD with zeros raised to the mean of X (n, m): dense, for solvers that cannot leave zeros."""

nndsvdar = _filled(lambda X, rng, count: np.abs(X.mean * rng.standard_normal(size=count) / 100))
"""NNDSVD with zeros replaced by small random numbers, about a hundredth of the mean of X."""
