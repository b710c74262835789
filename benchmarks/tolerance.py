"""What a tolerance buys: stability, purity, error and seconds of fits from random starts, beside scikit-learn's.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.tolerance

Stability is that of consensus NMF (Kotliar et al., eLife 2019, doi:10.7554/eLife.43803): the components of twenty runs
are scaled to length 1 and go to k-means with k clusters; stability is the silhouette of these clusters. Five disjoint
sets of runs give its standard error. Scikit-learn and partwise have the same seeds. The data lie beside the repository,
see `benchmarks.compare.problems`.

The rule, fixed before the table was seen: the default is the loosest tol that is at least as stable as scikit-learn's
default on each of the problems for choosing. A difference under two standard errors counts as none. The other problems
confirm the choice, and take no part in it.
"""

import argparse
import gzip
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.compare.judge import objective
from benchmarks.compare.problems import beside, cells, faces

Array = NDArray[Any]

RUNS, SETS = 20, 5
HEADER = (
    "problem | k | for | fits | stability | above scikit-learn's | | purity | error | above the best | CPU s | "
    "iterations | at max_iter"
)
TOLERANCES = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
LIMIT, LONGER = 200, 1000
"""The default max_iter of both libraries, and that of consensus NMF."""


@dataclass(frozen=True)
class Problem:
    """One matrix, loss and numbers of components.

    Parameters
    ----------
    name : str
        As the command line takes it.
    make : callable
        Returns X (float64) and the labels of its rows, or None.
    choose, confirm : sequence of int
        Numbers of components that the tolerance is chosen on, and those that it is confirmed on.
    loss : {'frobenius', 'kullback-leibler'}
        What is minimised.
    """

    name: str
    make: Callable[[], tuple[Any, Any]]
    choose: Sequence[int] = ()
    confirm: Sequence[int] = ()
    loss: str = "frobenius"


def variable_genes(n_cells: int, n_genes: int) -> tuple[Any, Array]:
    """Blood cells: counts of the genes that vary most for their mean, at unit variance, as consensus NMF takes them."""
    counts, table = (
        cells(np.float64),
        np.genfromtxt(beside("pbmc3k/cells.csv.gz"), delimiter=",", dtype=str, skip_header=1),
    )
    rates = counts.multiply(1e4 / counts.sum(axis=1).reshape(-1, 1)).tocsr()
    mean, squares = (np.asarray(part.mean(axis=0)).ravel() for part in (rates, rates.multiply(rates)))
    top = np.sort(np.argsort(mean - squares / np.maximum(mean, 1e-12))[:n_genes])
    rows = np.random.RandomState(0).permutation(counts.shape[0])[:n_cells]
    X = sp.csr_array(counts[rows][:, top])
    deviation = np.sqrt(X.multiply(X).mean(axis=0) - X.mean(axis=0) ** 2)
    X = sp.csr_array(X[:, deviation > 0] / deviation[deviation > 0])
    full = X.sum(axis=1) > 0
    return X[full], table[rows, -1][full]


def news(*, counts: bool, every: int = 1) -> tuple[Any, Array]:
    """Stories of the BBC in five sections; TF-IDF, or counts of words."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    with gzip.open(beside("bbc_news/bbc_news.jsonl.gz"), "rt", encoding="utf-8") as file:
        stories = [json.loads(line) for line in file][::every]
    X = CountVectorizer(stop_words="english", min_df=3, max_df=0.5).fit_transform(
        [f"{story['title']}\n{story['text']}" for story in stories]
    )
    X = X.astype(np.float64) if counts else TfidfTransformer().fit_transform(X)
    return sp.csr_array(X), np.array([story["label"] for story in stories])


def small_faces() -> tuple[Array, Array]:
    """400 photographs of forty people, 16 x 16."""
    X = faces(np.float64).reshape(400, 16, 4, 16, 4).mean(axis=(2, 4)).reshape(400, 256)
    return X, np.load(beside("olivetti_faces/olivetti_faces.npz"))["subject"]


def digits() -> tuple[Array, Array]:
    """1,797 digits, 8 x 8."""
    stored = np.load(beside("digits_8x8/digits.npz"))
    return stored["images"].reshape(-1, 64).astype(np.float64), stored["target"]


def leukaemia() -> tuple[Array, Array]:
    """38 samples by 5,000 genes, of two leukaemias and two kinds of cells."""
    stored = np.load(beside("golub_all_aml/golub.npz"))
    kinds = np.char.add(stored["all_aml"].astype(str), stored["cell"].astype(str))
    return np.ascontiguousarray(stored["expression"].T, np.float64), kinds


def mutations() -> tuple[Array, None]:
    """Counts of 96 kinds of mutations in 311 breast cancers."""
    with gzip.open(beside("mutational_signatures/hrdetect311_sbs96_counts.csv.gz"), "rt") as file:
        rows = [line.rstrip("\n").split(",")[1:] for line in file][1:]
    return np.ascontiguousarray(np.array(rows, np.float64).T), None


KL = "kullback-leibler"
PROBLEMS = (
    Problem("leukaemia", leukaemia, (3, 5), (4,)),
    Problem("mutations", mutations, confirm=(5, 8)),
    Problem("mutations-kl", mutations, (5,), (8,), KL),
    Problem("digits", digits, confirm=(10, 16)),
    Problem("news", partial(news, counts=False, every=2), (5,), (10,)),
    Problem("faces", small_faces, (10,), (20,)),
    Problem("cells", partial(variable_genes, 1000, 1000), (7, 9), (8,)),
    Problem("news-kl", partial(news, counts=True, every=10), confirm=(5,), loss=KL),
    Problem("cells-kl", partial(variable_genes, 400, 400), (7,), (), KL),
)


def contestants(loss: str) -> dict[str, dict[str, Any]]:
    """Return what is compared: settings of scikit-learn's NMF, then of partwise's."""
    own = {f"partwise {tol:g}": {"tol": tol} for tol in TOLERANCES}
    slow = {f"partwise mu {tol:g}": {"tol": tol, "solver": "mu"} for tol in TOLERANCES[::2]} if loss == KL else {}
    return {"scikit-learn": {"max_iter": LIMIT}, "scikit-learn 1000": {"max_iter": LONGER}, **own, **slow}


def stability(components: Sequence[Array], k: int) -> float:
    """Return the silhouette of k clusters of the components of several runs."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    rows = np.vstack(components)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    return float(silhouette_score(rows, KMeans(k, n_init=10, random_state=1).fit_predict(rows)))


def purity(labels: Array, W: Array, H: Array) -> float:
    """Return the share of rows that have the commonest label of those with the same largest component."""
    largest = np.argmax(W * np.linalg.norm(H, axis=1), axis=1)
    return sum(np.unique(labels[largest == t], return_counts=True)[1].max() for t in np.unique(largest)) / len(labels)


def measure(X: Any, labels: Any, k: int, loss: str, name: str, options: dict[str, Any], runs: int) -> dict[str, Any]:
    """Return what all runs of one contestant gave: stability of each set, and the other figures run by run."""
    import sklearn.decomposition

    import partwise

    ours = name.startswith("partwise")
    library = partwise if ours else sklearn.decomposition
    solver = {} if ours or loss != KL else {"solver": "mu"}
    found, components = [], []
    for seed in range(SETS * runs):
        model = library.NMF(k, init="random", random_state=seed, beta_loss=loss, **{**solver, **options})
        began = time.process_time()
        W = model.fit_transform(X)
        seconds = time.process_time() - began
        H = model.components_
        components.append(H)
        found.append(
            (
                seconds,
                objective(X, W, H, loss),
                purity(labels, W, H) if labels is not None else np.nan,
                model.n_iter_ >= options.get("max_iter", LIMIT) and not (ours and model.converged_),
                model.n_iter_,
            )
        )
    silhouettes = [stability(components[first : first + runs], k) for first in range(0, len(components), runs)]
    columns = dict(zip(("seconds", "error", "purity", "limited", "iterations"), zip(*found, strict=True), strict=True))
    return {"stability": silhouettes, **{key: [float(value) for value in values] for key, values in columns.items()}}


def standard_error(values: Any) -> float:
    """Return the standard error of a mean."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def table(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return a line for each contestant."""
    best = min(min(row["error"]) for row in found.values())
    reference = np.array(found["scikit-learn"]["stability"])
    lines = []
    for name, row in found.items():
        silhouettes = np.array(row["stability"])
        gain, spread = silhouettes - reference, standard_error(silhouettes - reference)
        error = np.mean(row["error"])
        lines.append(
            f"{name} | {silhouettes.mean():.3f} | {gain.mean():+.3f} ± {spread:.3f} | "
            f"{'less' if gain.mean() < -2 * spread else 'ok'} | {np.mean(row['purity']):.3f} | {error:.5g} | "
            f"{error / best - 1:.2%} | {np.mean(row['seconds']):.3f} | {np.mean(row['iterations']):.0f} | "
            f"{np.mean(row['limited']):.0%}"
        )
    return lines


def main() -> None:
    """Measure, and print the table as it grows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tolerance", description=__doc__)
    parser.add_argument("-p", "--problem", action="append", choices=[problem.name for problem in PROBLEMS])
    parser.add_argument("--runs", type=int, default=RUNS, help="runs in each of the five sets")
    parser.add_argument("--out", type=Path, help="a JSON file for all that was measured")
    asked = parser.parse_args()
    sys.stdout.write(f"{HEADER}\n{'--|' * HEADER.count('|')}--\n")
    kept: dict[str, Any] = {}
    for problem in PROBLEMS:
        if asked.problem and problem.name not in asked.problem:
            continue
        X, labels = problem.make()
        for k in sorted((*problem.choose, *problem.confirm)):
            found: dict[str, dict[str, Any]] = {}
            for name, options in contestants(problem.loss).items():
                plain = found.get("scikit-learn")
                if name == "scikit-learn 1000" and plain is not None and not any(plain["limited"]):
                    found[name] = plain  # the same fits
                else:
                    found[name] = measure(X, labels, k, problem.loss, name, options, asked.runs)
            role = "choosing" if k in problem.choose else "confirming"
            for line in table(found):
                sys.stdout.write(f"{problem.name} | {k} | {role} | {line}\n")
                sys.stdout.flush()
            kept[f"{problem.name} {k}"] = found
            if asked.out:
                asked.out.write_text(json.dumps(kept))


if __name__ == "__main__":
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
