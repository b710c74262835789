"""Kullback-Leibler from ten random starts: the default solver beside multiplicative updates that run long.

    python -m benchmarks.answers.kullback_leibler [DATA ...] [--starts 10] [--iterations 1000] [--sklearn]

Both get the same start, in float32. The default solver runs at its own settings. `mu` is the update of Lee and Seung
for --iterations without a tolerance. With --sklearn it is scikit-learn's, which is the same update and several times
slower. Seconds are of one thread's CPU. The data are the shared sets (`../shared/data`, or the folder that
PARTWISE_SHARED_DATA names).
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.decomposition import NMF

from benchmarks.compare.problems import PROBLEMS, start
from partwise import factorize
from partwise.losses import get_loss
from partwise.matrix import as_matrix

DATA = {"cells-kl": 7, "reuters-kl": 10, "speeches-kl": 10}
"""Parts asked for of each problem."""


def main() -> None:
    """Print one line a start, and what they come to."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", nargs="*", default=list(DATA))
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--sklearn", action="store_true")
    given = parser.parse_args()
    for name in given.data:
        X, k = PROBLEMS[name].make("float32"), DATA[name]
        say(f"{name}, k = {k}: loss of mu, seconds; loss of auto over mu's, iterations, seconds")
        ratios = []
        for seed in range(given.starts):
            line, ratio = _start(X, k, seed, given.iterations, given.sklearn)
            ratios.append(ratio)
            say(f"{seed:3} {line}")
        say(f"mean ratio {np.mean(ratios):.5f}, {sum(ratio <= 1 for ratio in ratios)} of {len(ratios)} at or below mu")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _start(X: Any, k: int, seed: int, iterations: int, sklearn: bool) -> tuple[str, float]:
    """Return what to print of one start, and the loss of auto over that of mu."""
    W, H = start(X, k, seed)
    options: dict[str, Any] = {"loss": "kullback-leibler", "init": "custom"}
    loss, matrix = get_loss("kullback-leibler"), as_matrix(X)

    def timed(fit: Callable[[], Any]) -> tuple[float, int, float]:
        began = time.process_time()
        found = fit()
        seconds = time.process_time() - began
        return loss.value(matrix, found.W, np.ascontiguousarray(found.H.T)), found.n_iter, seconds

    def reference() -> Any:
        if not sklearn:
            return factorize(X, k, **options, solver="mu", W=W, H=H, tol=0, max_iter=iterations)
        model = NMF(
            k, beta_loss="kullback-leibler", solver="mu", init="custom", tol=0, max_iter=iterations
        )  # fmt: skip
        return _Fitted(model.fit_transform(X, W=W.copy(), H=H.copy()), model.components_, model.n_iter_)

    (value, _, seconds), (ours, n_iter, own) = timed(reference), timed(lambda: factorize(X, k, **options, W=W, H=H))
    return f"{value:14.1f} {seconds:6.1f} s | {ours / value:.5f} {n_iter:4} {own:6.1f} s", ours / value


class _Fitted:
    def __init__(self, W: Any, H: Any, n_iter: int) -> None:
        self.W, self.H, self.n_iter = W, H, n_iter


if __name__ == "__main__":
    main()
