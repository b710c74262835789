"""MiniBatchNMF beside the full fit and beside scikit-learn's: seconds and objective after each number of passes.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.minibatches

All begin at the same start. Fits run by turns in one process, on one thread; seconds are of the processor, the median
of the runs. The objective is relative to that of the start. `blocks` reads the matrix from a folder of
`partwise.convert`. The data are those of `benchmarks.compare.problems`.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import sklearn.decomposition

import partwise
from benchmarks.compare.problems import PROBLEMS, start

PASSES = (1, 2, 5, 10)
LOSSES = ("frobenius", "kullback-leibler", "itakura-saito")
HEADER = "problem | loss | dtype | passes | fit | seconds | objective"


def contestants(X: Any, folder: Path, loss: str, k: int, batch_size: int) -> dict[str, Callable[[int], Any]]:
    """Return what is compared: for a number of passes, an estimator's fit from the start."""
    matrix: Any = X if sp.issparse(X) else np.ascontiguousarray(X)
    blocks = partwise.convert(matrix, folder / "x.blocks")
    W, H = start(X, k, 0)
    same: dict[str, Any] = {"n_components": k, "init": "custom", "beta_loss": loss, "tol": 0}
    batches = same | {"max_no_improvement": None, "batch_size": batch_size}
    full = {"solver": "hals" if loss == "frobenius" else "auto"}

    def fit(kind: Any, data: Any, options: dict[str, Any]) -> Callable[[int], Any]:
        def run(passes: int) -> Any:
            model = kind(**options, max_iter=passes)
            weights = model.fit_transform(data, W=W.copy(), H=H.copy())
            return np.ascontiguousarray(weights), model.components_

        return run

    return {
        "scikit-learn MiniBatchNMF": fit(sklearn.decomposition.MiniBatchNMF, X, batches),
        "MiniBatchNMF": fit(partwise.MiniBatchNMF, X, batches),
        "MiniBatchNMF, blocks": fit(partwise.MiniBatchNMF, blocks, batches),
        "NMF": fit(partwise.NMF, X, same | full),
        "NMF, blocks": fit(partwise.NMF, blocks, same | full),
    }


def main() -> None:
    """Measure, and print the table as it grows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.minibatches", description=__doc__)
    parser.add_argument("-p", "--problem", action="append", choices=list(PROBLEMS), help="else reuters and planted")
    parser.add_argument("-d", "--dtype", action="append", choices=["float32", "float64"], help="else float32")
    parser.add_argument("-l", "--loss", choices=LOSSES, help="else that of the problem")
    parser.add_argument("-b", "--batch-size", type=int, default=1024, help="rows in a batch")
    parser.add_argument("--runs", type=int, default=5, help="runs by turns")
    asked = parser.parse_args()
    sys.stdout.write(f"{HEADER}\n{'--|' * HEADER.count('|')}--\n")
    for name in asked.problem or ("reuters", "planted"):
        problem = PROBLEMS[name]
        loss = asked.loss or problem.loss
        for dtype in asked.dtype or ("float32",):
            X = problem.make(np.dtype(dtype))
            first = partwise.divergence(X, *start(X, problem.n_components, 0), loss)
            with tempfile.TemporaryDirectory() as folder:
                fits = contestants(X, Path(folder), loss, problem.n_components, asked.batch_size)
                for passes in PASSES:
                    seconds: dict[str, list[float]] = {name: [] for name in fits}
                    reached = {}
                    for _ in range(asked.runs):
                        for fit, run in fits.items():
                            began = time.process_time()
                            pair = run(passes)
                            seconds[fit].append(time.process_time() - began)
                            reached[fit] = partwise.divergence(X, *pair, loss) / first
                    for fit, taken in seconds.items():
                        row = name, loss, dtype, passes, fit, f"{np.median(taken):.3f}", f"{reached[fit]:.4f}"
                        sys.stdout.write(" | ".join(map(str, row)) + "\n")
                        sys.stdout.flush()


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
