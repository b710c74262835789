"""Weights of parts as features: how well five nearest neighbours tell classes by them.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.answers.features [SET ...]

Ten random splits with even classes, a third of the rows for judging; features come from the other rows alone. Printed
are the mean share of right answers, its 95 % interval for splits that overlap, and processor seconds of all fits. All
features but the raw ones are 40 numbers to a row. The data are the shared sets (`../shared/data`, or the folder that
PARTWISE_SHARED_DATA names).

References
----------
C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003,
doi:10.1023/A:1024068626366, for the intervals.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn.decomposition as theirs
from scipy.stats import t as student
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks.answers.readers import say
from benchmarks.compare.problems import beside
from partwise import NMF, PartFeatures
from partwise.matrix import Array

PARTS, SPLITS, JUDGED = 40, 10, 1 / 3
GENES, IMAGES = 2000, 3000


def main() -> None:
    """Print a line for each set and kind of features."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    say("set (rows x columns) | features | right | from | to | seconds")
    for name in parser.parse_args().sets:
        X, y = SETS[name]()
        for features, make in FEATURES.items():
            began = time.process_time()
            right = shares(X, y, make)
            mean, half = interval(right)
            spent = time.process_time() - began
            shape = f"{X.shape[0]:,} x {X.shape[1]:,}"
            say(f"{name} ({shape}) | {features} | {mean:.3f} | {mean - half:.3f} | {mean + half:.3f} | {spent:.1f}")


def shares(X: Array, y: Array, make: Callable[[], Any]) -> Array:
    """Return the share of right answers in each split."""
    splits = StratifiedShuffleSplit(SPLITS, test_size=JUDGED, random_state=0).split(X, y)
    found = []
    for known, judged in splits:
        model = make_pipeline(make(), KNeighborsClassifier(5))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fits of scikit-learn's NMF that end at its limit are taken as they are
            found.append(model.fit(X[known], y[known]).score(X[judged], y[judged]))
    return np.array(found)


def interval(right: Array) -> tuple[float, float]:
    """Return the mean and half the width of its 95 % interval."""
    spread = np.sqrt((1 / len(right) + JUDGED / (1 - JUDGED)) * right.var(ddof=1))
    return float(right.mean()), float(student.ppf(0.975, len(right) - 1) * spread)


def cells() -> tuple[Array, Array]:
    """Return log counts of the most variable genes of blood cells, and their types."""
    counts = sp.csr_array(sp.load_npz(beside("pbmc3k/counts_cells_genes.npz"))).astype(float)
    kind = pd.read_csv(beside("pbmc3k/cells.csv.gz")).iloc[:, -1]
    X = log_counts(counts[np.flatnonzero(kind.notna())])
    return X[:, np.sort(np.argsort(-X.var(axis=0))[:GENES])], kind.dropna().to_numpy().astype(str)


def log_counts(counts: Any) -> Array:
    """Return log(1 + counts to each 10,000 of a cell), dense."""
    depth = np.asarray(counts.sum(axis=1)).reshape(-1, 1)
    return np.log1p(counts.toarray() * (1e4 / depth))


def clothes() -> tuple[Array, Array]:
    """Return images of clothes as rows, and their classes."""
    held = np.load(beside("fashion_mnist/fashion_mnist.npz"))
    return held["train_images"][:IMAGES].reshape(IMAGES, -1) / 255, held["train_labels"][:IMAGES]


def faces() -> tuple[Array, Array]:
    """Return faces as rows, and whose they are."""
    held = np.load(beside("olivetti_faces/olivetti_faces.npz"))
    return held["images"].reshape(400, -1) / float(held["scale"]), held["subject"]


def digits() -> tuple[Array, Array]:
    """Return digits of 8 x 8 pixels as rows, and which they are."""
    held = np.load(beside("digits_8x8/digits.npz"))
    return held["images"].reshape(-1, 64).astype(float), held["target"]


SETS: dict[str, Callable[[], tuple[Array, Array]]] = {
    "digits": digits, "clothes": clothes, "faces": faces, "blood cells": cells,
}  # fmt: skip
FEATURES: dict[str, Callable[[], Any]] = {
    "all columns": FunctionTransformer,
    "PCA": lambda: theirs.PCA(PARTS, random_state=0),
    "SVD": lambda: theirs.TruncatedSVD(PARTS, random_state=0),
    "scikit-learn's NMF": lambda: theirs.NMF(PARTS, random_state=0),
    "NMF": lambda: NMF(PARTS, random_state=0),
    "PartFeatures(NMF)": lambda: PartFeatures(NMF(PARTS, random_state=0)),
}

if __name__ == "__main__":
    main()
