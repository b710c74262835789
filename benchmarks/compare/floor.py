"""The floor under a plain iteration: its products and Gram matrices, at the rate that this machine has for them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[Any]
REPEATS, LEAST = 5, 0.2
"""The fastest of so many runs counts, or of as many as fit in so many seconds if they are more."""


def floor(X: Any, W: Array, H: Array, threads: int) -> dict[str, float]:
    """Return seconds of X @ H.T, X.T @ W, and the Gram matrices of W and H, each the fastest way there is.

    Dense products are BLAS, on as many threads as it was started with. Sparse ones are scipy's or partwise's,
    whichever is faster, on threads over rows, with X.T a CSR copy at hand.
    """
    W, Ht = np.ascontiguousarray(W), np.ascontiguousarray(H.T)
    taken = {"W'W, HH'": fastest(lambda: (W.T @ W, Ht.T @ Ht))}
    if not sp.issparse(X):
        taken["X H'"] = fastest(lambda: X @ Ht)
        taken["X' W"] = fastest(lambda: X.T @ W)
        return taken
    with ThreadPoolExecutor(threads) as pool:
        for name, matrix, thin in (("X H'", X, Ht), ("X' W", X.T.tocsr(), W)):
            taken[name] = min(fastest(run) for run in sparse_products(matrix, thin, pool, threads))
    return taken


def sparse_products(X: Any, thin: Array, pool: ThreadPoolExecutor, threads: int) -> list[Callable[[], Any]]:
    """Return ways to compute X @ thin on a pool, for a CSR matrix X."""
    from partwise.matrix import as_matrix

    matrix = as_matrix(X)
    edges = np.searchsorted(X.indptr, X.nnz * np.arange(1, threads) / threads)
    edges = [0, *map(int, edges), X.shape[0]]
    slabs = [X[first:last] for first, last in pairwise(edges)]

    def block(bounds: tuple[int, int]) -> None:
        matrix.rows(*bounds).product(thin)

    return [
        lambda: list(pool.map(lambda slab: slab @ thin, slabs)),
        lambda: list(pool.map(block, matrix.blocks)),
    ]


def fastest(run: Callable[[], Any]) -> float:
    """Return the least seconds of several runs, after one that does not count."""
    run()
    best, total, count = float("inf"), 0.0, 0
    while count < REPEATS or total < LEAST:
        clock = time.perf_counter()
        run()
        seconds = time.perf_counter() - clock
        best, total, count = min(best, seconds), total + seconds, count + 1
    return best
