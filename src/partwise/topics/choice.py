"""The number of topics of a collection: the one at which fits to two halves of it agree best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import adjusted_mutual_info_score

from partwise.blocks.fitting import within
from partwise.exceptions import DataError
from partwise.factorization import factorize
from partwise.matrix import Array
from partwise.parameters import draw_seed
from partwise.topics.settings import Settings

__all__ = ["number_of_topics"]

CHOICES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20)
"""Numbers of topics to choose from."""
SPLITS = 4
"""How many times the documents are cut into random halves."""
FEWEST = 4
"""Fewest documents, and fewest words, per topic: a half then has two of them per topic."""
MOST_ROWS = 10_000
"""Most documents that the choice uses, drawn at random; they are in memory."""
TOL = 1e-3
"""Tolerance of the fits to halves, ten times the usual one: halves differ more than such a fit still changes."""
NEAR = 0.05
"""How far below the highest agreement a tie can be, at most: with few documents the standard error is large."""
HARDLY = 0.3
"""Agreement below which there is no clear answer: a hundred texts of random words come to 0.2, a thousand to 0.03."""


def number_of_topics(asked: Any, X: Any, settings: Settings, max_memory: Any) -> tuple[int, str | None]:
    """Return how many topics to find in X (n, m), at most as many as it can have, and the reason if data chose it.

    For each number, a model is fitted to each of two random halves of the documents, and both models place all
    documents. Their agreement is the adjusted mutual information of the strongest topics, the mean of four pairs of
    halves. The number with the highest agreement is chosen. If larger numbers tie with it, within a standard error and
    0.05, the largest is taken. There are no ties if the highest agreement is below 0.3: halves that hardly agree give
    no reason for more topics. The method works because too few topics join subjects and too many cut them, and each
    half joins or cuts different ones.

    References
    ----------
    T. Lange, V. Roth, M. L. Braun and J. M. Buhmann, "Stability-based validation of clustering solutions", Neural
    Computation 16, 2004, doi:10.1162/089976604773717621. N. X. Vinh, J. Epps and J. Bailey, "Information theoretic
    measures for clusterings comparison: variants, properties, normalization and correction for chance", JMLR 11, 2010.
    """
    filled = np.flatnonzero(np.diff(X.indptr))
    most = min(len(filled), X.shape[1])
    if most == 0:
        raise DataError("every entry of the matrix is zero: no document has a word. Pass documents with words.")
    if not isinstance(asked, str):
        return min(int(asked), most), None
    if most == 1:
        return 1, "1 topic: a single document or word cannot have more."
    tried = [k for k in CHOICES if k <= most // FEWEST]
    if len(tried) < 2:
        k = min(2, most // 2)
        return k, (
            f"No clear answer: the collection is too small to compare numbers of topics by (documents: "
            f"{len(filled):,}, words: {X.shape[1]:,}), so {'1 topic is' if k == 1 else f'{k} topics are'} taken."
        )
    seed = draw_seed("random_state", settings.random_state)
    rows = np.sort(np.random.RandomState(seed).permutation(filled)[:MOST_ROWS])
    return judge(tried, _agreements(sp.csr_array(X[rows]), tried, settings, max_memory, seed))


def _agreements(X: Any, tried: Sequence[int], settings: Settings, max_memory: Any, seed: int) -> Array:
    """Return how well fits to two halves agree on the documents, for each split and each number (splits, numbers)."""
    weights = settings.weights(X)
    found = np.zeros((SPLITS, len(tried)))
    for split in range(SPLITS):
        order = np.random.RandomState([seed, split]).permutation(X.shape[0])
        halves = [np.sort(rows) for rows in np.array_split(order, 2)]
        for i, k in enumerate(tried):
            first, second = (_places(X, rows, k, settings, weights, max_memory, seed) for rows in halves)
            both = first.any(axis=1) & second.any(axis=1)
            found[split, i] = agreement(first[both].argmax(axis=1), second[both].argmax(axis=1))
    return found


def _places(
    X: Any, rows: Array, k: int, settings: Settings, weights: Array | None, max_memory: Any, seed: int
) -> Array:
    """Return the places of all documents among k topics of some rows (n, k)."""
    data, n_jobs = within(X[rows], k, max_memory, settings.n_jobs)
    fit = factorize(
        data, k, loss=settings.loss_function, sample_weight=None if weights is None else weights[rows],
        tol=TOL, random_state=seed, n_jobs=n_jobs,
    )  # fmt: skip
    places: Array = settings.projection(settings.normal(fit.H))(X, n_jobs=settings.n_jobs)
    return places


def agreement(first: Array, second: Array) -> float:
    """Return the adjusted mutual information of two labels of each document; 0 if one labelling has one label only."""
    if min(len(np.unique(first)), len(np.unique(second))) < 2:
        return 0.0
    return float(adjusted_mutual_info_score(first, second))


def judge(tried: Sequence[int], agreements: Array) -> tuple[int, str]:
    """Return the largest number whose agreement (splits, numbers) is as good as the highest, and why.

    If the highest is below `HARDLY`, the number with it is returned; of several, the smallest.
    """
    mean = agreements.mean(axis=0)
    best = int(np.argmax(mean))
    chosen = best
    if mean[best] >= HARDLY:
        gap = agreements[:, [best]] - agreements
        error = gap.std(axis=0, ddof=1) / np.sqrt(SPLITS)
        chosen = int(np.flatnonzero(gap.mean(axis=0) <= np.minimum(error, NEAR))[-1])
    k, around = tried[chosen], sorted({best, chosen - 1, chosen + 1} - {chosen})
    others = " and ".join(f"{mean[i]:.2f} with {tried[i]}" for i in around if 0 <= i < len(tried))
    judgement = (
        f"topics found in two halves of the documents agree on the strongest topic of each document to "
        f"{mean[chosen]:.2f} (0 is chance, 1 is all), against {others}"
    )
    if mean[best] < HARDLY:
        place = "the best" if np.count_nonzero(mean == mean[best]) == 1 else "the fewest of the best"
        return k, f"No clear answer: even with {k}, {place}, {judgement}."
    tie = f"; that is a tie with {tried[best]}, and more topics tell more" if chosen != best else ""
    if chosen == len(tried) - 1:
        return k, f"No clear answer: {k} topics are the most tried; {judgement}{tie}."
    return k, f"{k} topics: {judgement}{tie}."
