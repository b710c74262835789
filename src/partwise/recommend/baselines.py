"""Simple rules, and models of other libraries, to compare a recommender with."""

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.matrix import Array
from partwise.recommend.interest import confidences
from partwise.recommend.log import DAY, Log
from partwise.threads import Workers

__all__ = ["Rule", "baselines"]

EASE, RIDGE = 3000, 100.0  # most articles for which EASE is measured, and its ridge, which is not tuned
IMPLICIT = 300_000  # most reads for which models of implicit are measured: a million takes them minutes

Rule = Callable[[int], Array]
"""A function from the place of a reader, -1 for an unknown one, to the scores of all articles."""


def baselines(log: Log, published: Array, now: float | None, random_state: int | None) -> dict[str, Rule]:
    """Return rules by name.

    Parameters
    ----------
    log : Log
        The reads that are known.
    published : ndarray of shape (n_articles,)
        When articles were published, NaN where unknown.
    now : float or None
        When the list is made; None without times.
    random_state : int or None
        Seed of the random rule, and of models that start at random.

    Returns
    -------
    dict of str to callable
        'random'; 'most read'; 'item-item neighbours' (cosine between the readers of two articles, summed over what the
        reader read). For up to 3,000 articles, 'EASE' (H. Steck, "Embarrassingly shallow autoencoders for sparse data",
        WWW 2019, doi:10.1145/3308558.3313710, with a ridge of 100). For up to 300,000 reads, if the package implicit is
        installed, its 'implicit ALS', 'implicit BPR' and 'implicit BM25', with its defaults. With times, 'newest' (by
        publication, or the first known read) and 'most read lately' (reads count half for each day of their age).
    """
    m = len(log.articles)
    pairs, first = np.unique(log.reader * m + log.article, return_index=True)
    most = np.bincount(pairs % m, minlength=m).astype(np.float64)
    read = confidences(log, None)
    read = sp.csr_array((np.ones_like(read.data), read.indices, read.indptr), shape=read.shape)
    lengths = np.sqrt(np.maximum(most, 1))
    scaled = sp.csr_array((1 / lengths[read.indices], read.indices, read.indptr), shape=read.shape)
    by_article = read.T.tocsr()

    def neighbours(reader: int) -> Array:
        if reader < 0:
            return np.zeros(m)
        # cos(j, i) summed over the articles j read. The article itself does not matter: seen articles are left out.
        return (scaled[[reader]] @ by_article @ scaled).toarray()[0]

    rng = np.random.default_rng(random_state)
    rules: dict[str, Rule] = {
        "random": lambda reader: rng.random(m),
        "most read": lambda reader: most,
        "item-item neighbours": neighbours,
    }
    if m <= EASE:
        rules["EASE"] = _ease(read)
    if read.nnz <= IMPLICIT:
        rules |= _of_implicit(read, random_state)
    if log.time is not None and now is not None:
        appeared = np.full(m, np.inf)
        np.minimum.at(appeared, log.article, log.time)
        appeared = np.fmin(appeared, published)
        newest = np.where(
            appeared <= now, appeared, -1e18
        )  # articles that are not published yet, or of unknown time, come last
        age = np.floor(np.maximum(now - log.time[first], 0) / DAY)
        lately = np.bincount(pairs % m, 0.5**age, minlength=m)
        rules["newest"] = lambda reader: newest
        rules["most read lately"] = lambda reader: lately
    return rules


def _ease(read: Any) -> Rule:
    """Return scores by a ridge regression of each article on all others, in closed form."""
    gram = (read.T @ read).toarray()
    gram[np.diag_indices_from(gram)] += RIDGE
    weights = np.linalg.inv(gram)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0)
    return lambda reader: (read[[reader]] @ weights)[0] if reader >= 0 else np.zeros(len(weights))


def _of_implicit(read: Any, random_state: int | None) -> dict[str, Rule]:
    """Return scores by models of the package implicit, with its defaults, on one thread; none if it is not usable."""
    try:
        models = [import_module(f"implicit.{name}") for name in ("als", "bpr", "nearest_neighbours")]
    except (ImportError, OSError):  # it is not installed, or broken
        return {}
    read = sp.csr_matrix(read.astype(np.float32))
    with (
        Workers(1),
        warnings.catch_warnings(),
    ):  # implicit warns about BLAS on several threads, and about its own matrices
        warnings.simplefilter("ignore")
        factors = {"use_gpu": False, "num_threads": 1, "random_state": random_state}
        squares = models[0].AlternatingLeastSquares(**factors)
        ranks = models[1].BayesianPersonalizedRanking(**factors)
        nearest = models[2].BM25Recommender(num_threads=1)
        for model in (squares, ranks, nearest):
            model.fit(read, show_progress=False)

    def by_factors(model: Any) -> Rule:
        return lambda reader: _known(reader, read, lambda: model.item_factors @ model.user_factors[reader])

    return {
        "implicit ALS": by_factors(squares),
        "implicit BPR": by_factors(ranks),
        "implicit BM25": lambda reader: _known(
            reader, read, lambda: (read[[reader]] @ nearest.similarity).toarray()[0]
        ),
    }


def _known(reader: int, read: Any, scores: Callable[[], Array]) -> Array:
    return scores() if reader >= 0 else np.zeros(read.shape[1])
