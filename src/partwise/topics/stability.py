"""Stability of topics: whether fits from other random starts find them again."""

from typing import Any

import numpy as np

from partwise.factorization import factorize
from partwise.losses import Loss
from partwise.matching import match
from partwise.matrix import Array
from partwise.parameters import draw_seed

__all__ = ["topic_stability"]

MOST_ROWS = 10_000
"""Most documents in a refit, drawn at random: enough to see whether a topic is found again."""


def topic_stability(
    X: Any,
    components: Array,
    *,
    loss: Loss | str,
    weights: Array | None,
    n_runs: int,
    random_state: Any,
    n_jobs: int | None,
) -> Array:
    """Return the mean cosine of each topic and its match in fits from other random starts.

    Topics are matched one to one, by optimal assignment. If there are more than 10,000 documents, each refit uses a
    random 10,000.

    Parameters
    ----------
    X : sparse matrix of shape (n_documents, n_words)
        The data.
    components : ndarray of shape (n_topics, n_words)
        The topics.
    loss : Loss or str
        What is minimised.
    weights : ndarray of shape (n_documents,) or None
        Weights of the documents.
    n_runs : int
        Number of refits; with 0, every topic gets NaN.
    random_state : int, RandomState or None
        Seed of the refits.
    n_jobs : int or None
        Threads; the result has the same bits at any number.

    Returns
    -------
    ndarray of shape (n_topics,)
        In [0, 1]: 1 if every start leads to the same topic.

    References
    ----------
    D. Greene, D. O'Callaghan and P. Cunningham, "How many topics? Stability analysis for topic models", ECML PKDD 2014,
    doi:10.1007/978-3-662-44848-9_32.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> X = sp.csr_array(np.kron(np.eye(2), np.ones((6, 3))))
    >>> H = np.kron(np.eye(2), np.ones((1, 3)))
    >>> topic_stability(X, H, loss="frobenius", weights=None, n_runs=2, random_state=0, n_jobs=None)
    array([1., 1.])
    """
    k = len(components)
    if n_runs == 0:
        return np.full(k, np.nan)
    seed = draw_seed("random_state", random_state)
    similarity = np.zeros((n_runs, k))
    for run in range(n_runs):
        rng = np.random.RandomState([seed, run])
        rows = slice(None) if X.shape[0] <= MOST_ROWS else np.sort(rng.permutation(X.shape[0])[:MOST_ROWS])
        found = factorize(
            X[rows], k, loss=loss, init="random", random_state=rng, n_jobs=n_jobs,
            sample_weight=None if weights is None else weights[rows],
        )  # fmt: skip
        matched = match(components, found.H)
        similarity[run, matched.pairs[:, 0]] = matched.similarity
    return similarity.mean(axis=0)
