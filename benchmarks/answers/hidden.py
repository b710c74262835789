"""Hidden entries: how well they are filled in, beside SoftImpute and scikit-learn's imputers.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.answers.hidden [SET ...]

Entries are hidden at random, a tenth, three tenths and six tenths of all; of ratings a tenth of those known. partwise
is ``NMF("choose")``, which sees known entries alone. SoftImpute has the best of five settings and nearest neighbours
the best of three, judged by the hidden entries themselves, which favours them. IterativeImputer has its defaults, and
for more than 64 columns predicts each from 30 others, in three rounds; ratings have too many columns for it, and
``Recommender(feedback="explicit")`` in its place. Printed are the root mean square error of the hidden entries, and
processor seconds, of all settings together. The data are the shared sets (`../shared/data`, or the folder that
PARTWISE_SHARED_DATA names).

References
----------
R. Mazumder, T. Hastie and R. Tibshirani, "Spectral regularization algorithms for learning large incomplete matrices",
Journal of Machine Learning Research 11, 2010.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  scikit-learn asks for it
from sklearn.impute import IterativeImputer, KNNImputer

from benchmarks.answers.features import clothes, digits, faces, log_counts
from benchmarks.answers.readers import say
from benchmarks.compare.problems import beside
from partwise import NMF
from partwise.matrix import Array
from partwise.recommend import Recommender

SHARES = (0.1, 0.3, 0.6)
THRESHOLDS, STEPS, TOL = (0.003, 0.01, 0.03, 0.1, 0.3), 200, 1e-4
NEIGHBOURS = (5, 10, 20)
FEW, OTHERS, ROUNDS = 64, 30, 3
IMAGES, CELLS, GENES = 800, 1000, 500


def main() -> None:
    """Print a line for each set, share of hidden entries and method."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    say("set (rows x columns) | hidden | method | error | seconds")
    for name in parser.parse_args().sets:
        X = SETS[name]()
        rated = np.isnan(X).any()
        for share in (0.1,) if rated else SHARES:
            hidden = (np.random.default_rng(0).random(X.shape) < share) & ~np.isnan(X)
            given = np.where(hidden, np.nan, X)
            for method, fills in METHODS.items():
                if method == ("IterativeImputer" if rated else "Recommender"):
                    continue
                began = time.process_time()
                error = min(off_by(fill(given), X, hidden) for fill in fills)
                spent = time.process_time() - began
                shape = f"{X.shape[0]:,} x {X.shape[1]:,}"
                say(f"{name} ({shape}) | {share:.0%} | {method} | {error:.4f} | {spent:.1f}")


def off_by(filled: Array, X: Array, hidden: Array) -> float:
    """Return the root mean square error of hidden entries."""
    return float(np.sqrt(np.mean(np.square(filled - X)[hidden])))


def ours(given: Array) -> Array:
    """Return the model of NMF, with what it chooses."""
    model = NMF("choose", missing_values=np.nan, random_state=0)
    return np.asarray(model.inverse_transform(model.fit_transform(given)))


def recommended(given: Array) -> Array:
    """Return the ratings that a Recommender predicts."""
    row, column = (~np.isnan(given)).nonzero()
    model = Recommender(feedback="explicit", random_state=0)
    model.fit({"reader": row, "article": column, "strength": given[row, column]})
    filled, gaps = given.copy(), np.isnan(given).nonzero()
    filled[gaps] = model.predict(*gaps)
    return filled


def soft_impute(threshold: float) -> Callable[[Array], Array]:
    """Return a function that fills in with a model of X whose singular values are lowered, again and again.

    They are lowered by this share of the largest. Means of columns are taken off first. The singular vectors come from
    the smaller Gram matrix, which takes less time than a decomposition of X.
    """

    def fill(given: Array) -> Array:
        known, mean = ~np.isnan(given), means(given)
        X = np.where(known, given - mean, 0.0)
        if X.shape[0] > X.shape[1]:
            return mean + _lowered(X.T, known.T, threshold).T
        return mean + _lowered(X, known, threshold)

    return fill


def _lowered(X: Array, known: Array, threshold: float) -> Array:
    filled, model, low = X, X, 0.0
    for step in range(STEPS):
        values, vectors = np.linalg.eigh(filled @ filled.T)
        singular = np.sqrt(np.maximum(values, 0))
        low = low if step else threshold * singular[-1]
        kept = singular > low
        share = 1 - low / singular[kept]
        model = (vectors[:, kept] * share) @ (vectors[:, kept].T @ filled)
        new = np.where(known, X, model)
        moved = np.linalg.norm(new - filled)
        filled = new
        if moved <= TOL * np.linalg.norm(filled):
            break
    return model


def means(given: Array) -> Array:
    """Return the mean of the known entries of each column, or of all where it has none."""
    known = ~np.isnan(given)
    count = known.sum(axis=0)
    sums = np.where(known, given, 0.0).sum(axis=0)
    return np.where(count > 0, sums / np.maximum(count, 1), sums.sum() / count.sum())


def nearest(count: int) -> Callable[[Array], Array]:
    """Return a function that fills in with the mean of the nearest rows."""
    return lambda given: _imputed(KNNImputer(n_neighbors=count, keep_empty_features=True), given)


def iterative(given: Array) -> Array:
    """Return predictions of each column from others by ridge regressions, in rounds."""
    some: dict[str, Any] = {} if given.shape[1] <= FEW else {"n_nearest_features": OTHERS, "max_iter": ROUNDS}
    return _imputed(IterativeImputer(random_state=0, keep_empty_features=True, **some), given)


def _imputed(imputer: Any, given: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rounds that end at their limit are taken as they are
        filled = imputer.fit_transform(given)
    empty = np.isnan(given).all(axis=0)
    filled[:, empty] = means(given)[empty]
    return np.asarray(filled)


def ratings() -> Array:
    """Return ratings of films by readers, NaN where there is none."""
    table = pd.read_csv(beside("movielens_latest_small/ratings.csv.gz"))
    rows, columns = (pd.factorize(table[name])[0] for name in ("userId", "movieId"))
    X = np.full((rows.max() + 1, columns.max() + 1), np.nan)
    X[rows, columns] = table["rating"]
    return X


def genes() -> Array:
    """Return log counts of the most variable genes in some cells."""
    X = log_counts(sp.csr_array(sp.load_npz(beside("pbmc3k/counts_cells_genes.npz"))).astype(float)[:CELLS])
    return X[:, np.sort(np.argsort(-X.var(axis=0))[:GENES])]


SETS: dict[str, Callable[[], Array]] = {
    "faces": lambda: faces()[0].reshape(400, 64, 64)[:, ::2, ::2].reshape(400, -1),
    "digits": lambda: digits()[0] / 16,
    "clothes": lambda: clothes()[0][:IMAGES],
    "ratings": ratings,
    "genes": genes,
}
METHODS: dict[str, list[Callable[[Array], Array]]] = {
    "means of columns": [lambda given: np.broadcast_to(means(given), given.shape)],
    "partwise": [ours],
    "Recommender": [recommended],
    "SoftImpute": [soft_impute(threshold) for threshold in THRESHOLDS],
    "k-nearest": [nearest(count) for count in NEIGHBOURS],
    "IterativeImputer": [iterative],
}

if __name__ == "__main__":
    main()
