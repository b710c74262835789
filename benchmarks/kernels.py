"""What each loop costs beside scipy's or scikit-learn's: ``python -m benchmarks.kernels [PROBLEM ...]``.

Everything runs on one thread, and the least of several runs counts; only the ratios of one run mean anything.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import NMF
from sklearn.decomposition._cdnmf_fast import _update_cdnmf_fast

import partwise
from benchmarks.compare.problems import PROBLEMS, start
from partwise import kernels
from partwise.matrix import as_matrix
from partwise.threads import Workers

LEAST = 0.3
"""Seconds that each thing is run for, at the least."""
Row = tuple[str, float, float | None, str]
"""(what, our milliseconds, the other's, who the other is)"""


def fastest(*runs: Callable[[], Any]) -> list[float]:
    """Return the least milliseconds of each, run by turns."""
    best, began = [float("inf")] * len(runs), time.perf_counter()
    while time.perf_counter() - began < LEAST * len(runs):
        for number, run in enumerate(runs):
            clock = time.perf_counter()
            run()
            best[number] = min(best[number], (time.perf_counter() - clock) * 1e3)
    return best


def products(X: Any, W: Any, Ht: Any) -> Iterator[Row]:
    """X H' and X' W; for sparse X scipy's, and the transposition that X' W needs; for dense X numpy's."""
    matrix = as_matrix(X)
    other = matrix.T
    if not sp.issparse(X):
        yield "X H'", *fastest(lambda: matrix.dot(Ht), lambda: X @ Ht), "numpy"
        yield "X' W", *fastest(lambda: other.dot(W), lambda: X.T @ W), "numpy"
        return
    turned = X.T.tocsr()
    yield "X H'", *fastest(lambda: matrix.dot(Ht), lambda: X @ Ht), "scipy"
    yield "X' W", *fastest(lambda: other.dot(W), lambda: turned @ W), "scipy, transposed copy"
    yield "transposed copy", *fastest(lambda: as_matrix(X).T.panels, lambda: X.T.tocsr()), "scipy"


def sweeps(X: Any, W: Any, Ht: Any) -> Iterator[Row]:
    """Coordinate descent on W: the first sweep and each further, and the exact solve after some sweeps."""
    cross, gram = as_matrix(X).dot(Ht), Ht.T @ Ht
    order, violation, out = np.arange(W.shape[1]).astype(np.intp), W.copy(), W.copy()
    first, ninth, theirs = fastest(
        lambda: kernels.hals_block(out, W, out, cross, gram, 0.0, 0.0, 1, 0.0, 0.0),
        lambda: kernels.hals_block(out, W, out, cross, gram, 0.0, 0.0, 9, 0.0, 0.0),
        lambda: _update_cdnmf_fast(violation, gram, cross, order),
    )
    yield "first sweep", first, theirs, "scikit-learn"
    yield "further sweep", (ninth - first) / 8, theirs, "scikit-learn"
    left = W.copy()
    kernels.hals_block(left, left, left, cross, gram, 0.0, 0.0, 20, 0.0, 0.0)
    wide = gram.astype(np.float64)
    kernels.pivoting_block(left, cross, wide, 0.0)
    yield "exact rows", *fastest(lambda: kernels.pivoting_block(left.copy(), cross, wide, 0.0)), None, ""


def fits(X: Any, k: int) -> Iterator[Row]:
    """Ten starts in step and one after another; transform of one row and of all."""
    options: dict[str, Any] = {"init": "random", "max_iter": 20, "tol": 0}
    yield (
        "10 starts",
        *fastest(
            lambda: partwise.factorize(X, k, random_state=0, n_init=10, **options),
            lambda: [partwise.factorize(X, k, random_state=seed, **options) for seed in range(10)],
        ),
        "ten fits",
    )
    ours, theirs = (
        kind(k, init="random", random_state=0, max_iter=20, tol=1e-9).fit(X) for kind in (partwise.NMF, NMF)
    )
    yield "transform, one row", *fastest(lambda: ours.transform(X[:1]), lambda: theirs.transform(X[:1])), "scikit-learn"
    yield "transform, all rows", *fastest(lambda: ours.transform(X), lambda: theirs.transform(X)), "scikit-learn"


def main(names: list[str]) -> None:
    """Print a table for each problem."""
    for name in names:
        problem = PROBLEMS[name]
        X, k = problem.make(np.dtype(problem.dtypes[0]).type), problem.n_components
        W, H = start(X, k, 0)
        Ht = np.ascontiguousarray(H.T)
        print(f"{name}: {X.shape[0]} x {X.shape[1]}, k = {k}, {X.dtype}, kernels {kernels.ISA}")
        with Workers(1):
            for rows in (products(X, W, Ht), sweeps(X, W, Ht), fits(X, 10)):
                for what, mine, other, who in rows:
                    beside = "" if other is None else f"  {who} {other:.3f}, {other / mine:.1f} x"
                    print(f"  {what:20} {mine:9.3f} ms{beside}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["speeches", "planted"])
