"""Small fits, where fixed costs count most: ``python -m benchmarks.small_fits [least_squares likelihood runs ...]``.

Everything runs on one thread. Fits go by turns with scikit-learn's; the numbers are medians of five pairs in
milliseconds of processor time, which other programs disturb least. Only the ratios of one run mean anything.
"""

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.decomposition import NMF as Peer

import partwise as pw
from partwise.threads import Workers

PAIRS = 5
SHAPES = ((6, 2, 2), (30, 20, 4), (96, 21, 5), (100, 100, 8))
SIGNATURES = (311, 96, 8)
KINDS = {"frobenius": ("cd", "hals"), "kullback-leibler": ("mu", "auto")}
"""The solver of scikit-learn, and ours."""


def data(n: int, m: int, k: int) -> Any:
    """Return X = W H (n, m) of gamma-distributed factors, with noise of a third."""
    rng = np.random.default_rng(0)
    return rng.gamma(0.3, 1.0, (n, k)) @ rng.gamma(0.3, 1.0, (k, m)) * rng.gamma(9.0, 1 / 9, (n, m)) + 1e-3


def counts(n: int, m: int, k: int) -> Any:
    """Return Poisson counts of that mean, 30 times as large; each row and column has one at least."""
    X = np.random.default_rng(1).poisson(30 * data(n, m, k)).astype(float)
    X[np.arange(n), np.arange(n) % m] += 1
    X[np.arange(m) % n, np.arange(m)] += 1
    return X


def medians(*runs: Callable[[], Any]) -> list[float]:
    """Return the median milliseconds of each, run by turns, each as often as fills a twentieth of a second."""
    often = []
    for run in runs:
        run()
        began = time.process_time()
        run()
        often.append(1 + int(0.05 / (time.process_time() - began)))
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(PAIRS):
        for own, run, count in zip(times, runs, often, strict=True):
            began = time.process_time()
            for _ in range(count):
                run()
            own.append((time.process_time() - began) / count * 1e3)
    return [float(np.median(own)) for own in times]


def beside_peer(loss: str, shapes: tuple[tuple[int, int, int], ...]) -> None:
    """Print the time of a default fit of ours, of the iterations that reach scikit-learn's loss, and of its own fit."""
    theirs, solver = KINDS[loss]
    for n, m, k in shapes:
        X = (data if loss == "frobenius" else counts)(n, m, k)
        peer = Peer(k, solver=theirs, beta_loss=loss, random_state=0).fit(X)
        curve = pw.factorize(X, k, loss=loss, random_state=0, tol=0, max_iter=200).curve
        target = 0.5 * peer.reconstruction_err_**2 * (1 + 1e-9)  # both losses are half of its square
        within = curve["iteration"][curve["loss"] <= target]
        enough = int(within[0]) if len(within) else 200

        def fit(k: int = k, X: Any = X, **more: Any) -> Any:
            return pw.NMF(k, solver=solver, beta_loss=loss, random_state=0, **more).fit(X)

        default, same, other = medians(
            fit,
            lambda fit=fit, enough=enough: fit(tol=0, max_iter=enough),
            lambda k=k, X=X: Peer(k, solver=theirs, beta_loss=loss, random_state=0).fit(X),
        )
        print(
            f"{n:>4} x {m:<4} k={k:<3}{loss:<18}{default:8.2f} ms{same:8.2f} ms to the same loss ({enough} iterations)"
            f"{other:8.2f} ms scikit-learn ({peer.n_iter_})",
            flush=True,
        )


def runs() -> None:
    """Print the time of a consensus of 30 runs, of 30 fits like them, and of their ratio."""
    for X, k, more in ((data(96, 21, 5), 5, {}), (counts(*SIGNATURES), 8, {"resample": "poisson"})):
        loss = "kullback-leibler" if more else "frobenius"

        def fits(X: Any = X, k: int = k, loss: str = loss, drawn: bool = bool(more)) -> None:
            for seed in range(30):
                own = np.random.RandomState(seed).poisson(X).astype(float) if drawn else X
                pw.factorize(own, k, loss=loss, init="random", random_state=seed)

        together, alone = medians(
            lambda X=X, k=k, more=more: pw.consensus(X, k, n_runs=30, random_state=0, **more), fits
        )
        print(
            f"{X.shape[0]:>4} x {X.shape[1]:<4} k={k:<3}consensus of 30 runs {together:8.1f} ms; "
            f"30 fits {alone:8.1f} ms; ratio {together / alone:.2f}",
            flush=True,
        )


PARTS: dict[str, Callable[[], None]] = {
    "least_squares": lambda: beside_peer("frobenius", SHAPES),
    "likelihood": lambda: beside_peer("kullback-leibler", (*SHAPES, SIGNATURES)),
    "runs": runs,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # what does not converge is told by the numbers of iterations
    with Workers(1):
        for part in sys.argv[1:] or PARTS:
            PARTS[part]()
