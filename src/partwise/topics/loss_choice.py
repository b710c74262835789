"""The choice between squared error and Kullback-Leibler: by how well two halves of a document's words agree."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import normalized_mutual_info_score

from partwise.exceptions import DataError
from partwise.factorization import factorize
from partwise.losses import get_loss
from partwise.matrix import Array
from partwise.parameters import draw_seed
from partwise.penalties import Penalty
from partwise.projection import Projection
from partwise.topics.vectorize import fit_vectorizer
from partwise.topics.weights import document_weights, inverse_frequency, tfidf_rows

__all__ = ["choose_loss", "loss_of"]

MOST = 6_000
"""Most documents that the choice uses, half to fit and half to judge: Kullback-Leibler gains with more documents, and
3,000 are too few to show it."""
FEWEST = 100
"""Fewest documents for a choice: with fewer, agreement is mostly chance."""
CLEARLY = 1.05
"""Smallest ratio of agreements, Kullback-Leibler to squared error, at which the former is chosen. Below it, the two
were equally good on known classes, and topics of squared error are more coherent."""
ITERATIONS = 60
"""Iterations of each fit: more change the agreement little."""
SQUARED, COUNTS = "frobenius", "kullback-leibler"


def loss_of(model: Any, texts: Sequence[str], language: str) -> tuple[str, str]:
    """Return the loss chosen for the texts of a `TopicModel`, and why; at most 6,000 texts, drawn at random, decide."""
    seed = draw_seed("random_state", model.random_state)
    drawn = {*np.random.default_rng(seed).permutation(len(texts))[:MOST].tolist()}
    sample = [text for i, text in enumerate(texts) if i in drawn]
    try:
        _, X = fit_vectorizer(
            sample, language=language, bigrams=model.bigrams, counts=True, stop_words=model.stop_words,
            boilerplate=model.boilerplate_,
        )  # fmt: skip
    except DataError:  # no words: the fit raises the error
        X = sp.csr_array((0, 0))
    n_topics = 10 if isinstance(model.n_topics, str) else int(model.n_topics)
    return choose_loss(X, n_topics, seed, model.n_jobs)


def choose_loss(X: Any, n_topics: int, random_state: int = 0, n_jobs: int | None = None) -> tuple[str, str]:
    """Return the loss whose topics the two halves of a document's words agree on, and why.

    Both losses are fitted to every second document. The words of each other document are cut at random into two halves,
    and each half is placed by itself: topics are good if both halves lead to the same ones. Agreement is the normalized
    mutual information of the heaviest topics. Squared error is kept unless Kullback-Leibler is better by 5%, because
    words of its topics occur together more often.

    Parameters
    ----------
    X : csr array of shape (n_documents, n_words)
        Damped counts, ``1 + log count``.
    n_topics : int
        Topics to find.
    random_state : int, default=0
        Seed of the fits and of the halves.
    n_jobs : int or None, default=None
        Threads; the result has the same bits at any number.

    Returns
    -------
    loss : str
        'frobenius' or 'kullback-leibler'.
    reason : str
        Why, in a sentence or two.

    Examples
    --------
    >>> import numpy as np
    >>> choose_loss(sp.csr_array(np.eye(4)), 2)
    ('frobenius', 'Squared error: 4 documents are too few to compare losses by.')
    """
    X = sp.csr_array(X)
    X = X[np.flatnonzero(np.diff(X.indptr))]
    if X.shape[0] < FEWEST:
        return SQUARED, f"Squared error: {X.shape[0]:,} documents are too few to compare losses by."
    idf = inverse_frequency(X)
    fitted, judged = X[::2], X[1::2]
    halves = _halves(judged, np.random.default_rng(random_state))
    squared, counts = (
        _agreement(loss, fitted, halves, min(n_topics, *fitted.shape), random_state, n_jobs, change)
        for loss, change in ((SQUARED, lambda rows: tfidf_rows(rows, idf)), (COUNTS, lambda rows: rows))
    )
    better = counts >= CLEARLY * squared and counts > 0
    judgement = f"halves of the words of {judged.shape[0]:,} documents held out agree on the topic"
    if better:
        return COUNTS, f"Kullback-Leibler: {judgement} to {counts:.2f}, with squared error to {squared:.2f}."
    return (
        SQUARED,
        f"Squared error: {judgement} to {squared:.2f}, with Kullback-Leibler to {counts:.2f}, not clearly more.",
    )


def _halves(X: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Cut the words of documents, as damped counts (n, m), at random into two halves, also as damped counts."""
    whole = np.rint(np.exp(X.data - 1)).astype(np.int64)
    first = rng.binomial(whole, 0.5)
    return _damped(X, first), _damped(X, whole - first)


def _damped(X: Any, counts: Array) -> Any:
    data = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0.0)
    found = sp.csr_array((data, X.indices, X.indptr), X.shape, copy=True)  # a copy, because zeros are removed in place
    found.eliminate_zeros()
    return found


def _agreement(
    loss: str, X: Any, halves: tuple[Any, Any], k: int, seed: int, n_jobs: int | None, change: Callable[[Any], Any]
) -> float:
    rows = change(X)
    weights = document_weights(rows) if loss == SQUARED else None
    found = factorize(
        rows, k, loss=loss, random_state=seed, max_iter=ITERATIONS, sample_weight=weights, n_jobs=n_jobs,
    )  # fmt: skip
    lengths = np.linalg.norm(found.H, axis=1) if loss == SQUARED else found.H.sum(axis=1)
    H = found.H / np.where(lengths > 0, lengths, 1)[:, None]
    place = Projection(H, get_loss(loss), Penalty())
    first, second = (place(change(half), n_jobs=n_jobs) for half in halves)
    both = first.any(axis=1) & second.any(axis=1)
    return float(normalized_mutual_info_score(first[both].argmax(axis=1), second[both].argmax(axis=1)))
