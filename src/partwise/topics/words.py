"""Words of a topic: their ranking, labels, coherence and diversity."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.matrix import Array

__all__ = ["SEPARATOR", "diversity", "npmi", "ranked_words", "relevances", "topic_labels", "topics_of_words"]

SEPARATOR = " · "


def relevances(components: Array, shares: Array, relevance: float = 0.6) -> Array:
    r"""Score the relevance of words to each topic.

    .. math:: r_{tj} = \lambda \log p_{tj} + (1 - \lambda) \log (p_{tj} / \sum_s s_s p_{sj})

    with :math:`p` the rows of components scaled to sum 1, and :math:`s` the shares.

    Parameters
    ----------
    components : ndarray of shape (n_topics, n_words)
        Weights of the words in each topic.
    shares : ndarray of shape (n_topics,)
        Share of each topic in the collection.
    relevance : float, default=0.6
        Lambda: 1 ranks by weight, 0 by how exclusive a word is.

    Returns
    -------
    ndarray of shape (n_topics, n_words)
        The scores; minus infinity for words that a topic does not use.

    References
    ----------
    C. Sievert and K. Shirley, "LDAvis: A method for visualizing and interpreting topics", Workshop on Interactive
    Language Learning, Visualization, and Interfaces, ACL 2014, doi:10.3115/v1/W14-3110.

    Examples
    --------
    >>> import numpy as np
    >>> H = np.array([[0.6, 0.4, 0.0], [0.6, 0.0, 0.4]])
    >>> np.argmax(relevances(H, np.array([0.5, 0.5]), relevance=0.2), axis=1)
    array([1, 2])
    """
    totals = components.sum(axis=1, keepdims=True)
    p = components / np.where(totals > 0, totals, 1)
    overall = shares @ p
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.log(p)
        scores = weight - (1 - relevance) * np.log(np.where(overall > 0, overall, 1))
    scores[components <= 0] = -np.inf
    return scores


def ranked_words(components: Array, shares: Array, n: int, relevance: float = 0.6) -> list[list[int]]:
    """Return the columns of the `n` most relevant words of each topic, best first; fewer if it uses fewer."""
    scores = relevances(components, shares, relevance)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return [[int(j) for j in order if row[j] > -np.inf] for order, row in zip(best, scores, strict=True)]


def topics_of_words(components: Array, shares: Array) -> Array:
    """Return the share of each topic in each word's total weight, (n_topics, n_words); columns sum to 1.

    A word that no topic uses is divided among topics by their shares.
    """
    spread = shares[:, None] * components
    totals = spread.sum(axis=0)
    return np.where(totals > 0, spread / np.where(totals > 0, totals, 1), shares[:, None])


def topic_labels(components: Array, shares: Array, words: Sequence[str], n: int = 3) -> list[str]:
    r"""Join the heaviest and most exclusive words of each topic.

    A word is scored by its weight times its lift, the share of this topic in the word's total weight:

    .. math:: h_{tj} \cdot s_t h_{tj} / \sum_s s_s h_{sj}

    If one word begins with another (game, games), only the one with the higher score is used.

    Parameters
    ----------
    components : ndarray of shape (n_topics, n_words)
        Weights of the words in each topic.
    shares : ndarray of shape (n_topics,)
        Share of each topic in the collection.
    words : sequence of str
        The words.
    n : int, default=3
        Words in a label.

    Returns
    -------
    list of str
        One label a topic, such as ``'film · award · oscar'``; empty for a topic without words.

    Examples
    --------
    >>> import numpy as np
    >>> topic_labels(np.array([[0.9, 0.1], [0.0, 1.0]]), np.array([0.5, 0.5]), ["cup", "bank"], n=1)
    ['cup', 'bank']
    """
    spread = shares[:, None] * components
    lift = spread / np.maximum(spread.sum(axis=0), np.finfo(spread.dtype).tiny)
    score = components * lift
    best = np.argsort(-score, axis=1, kind="stable")[:, : 10 * n]
    return [
        SEPARATOR.join(_distinct([str(words[j]) for j in order if row[j] > 0], n))
        for order, row in zip(best, score, strict=True)
    ]


def _distinct(ranked: list[str], n: int) -> list[str]:
    chosen: list[str] = []
    for word in ranked:
        if not any(word.startswith(other) or other.startswith(word) for other in chosen):
            chosen.append(word)
    return chosen[:n]


def npmi(X: Any, top: Sequence[Sequence[int]]) -> Array:
    r"""Tell how often the words of each topic stand in the same documents, more than by chance.

    .. math:: \mathrm{npmi}(a, b) = \log \frac{P(a, b)}{P(a) P(b)} / (-\log P(a, b))

    with P the share of documents that hold a word, or both; averaged over pairs of a topic's words.

    Parameters
    ----------
    X : sparse matrix of shape (n_documents, n_words)
        Nonzero where a document holds a word.
    top : sequence of sequences of int
        Columns of the words of each topic.

    Returns
    -------
    ndarray of shape (n_topics,)
        From -1, for words that never meet, over 0, for chance, to 1; NaN for a topic of fewer than two words.

    References
    ----------
    G. Bouma, "Normalized (pointwise) mutual information in collocation extraction", GSCL 2009. J. H. Lau, D. Newman and
    T. Baldwin, "Machine reading tea leaves", EACL 2014, doi:10.3115/v1/E14-1056.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> X = sp.csr_array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]])
    >>> npmi(X, [[0, 1], [0, 2]])
    array([ 1., -1.])
    """
    found = np.full(len(top), np.nan)
    used = sorted({j for words in top for j in words})
    if not used:
        return found
    held = (X[:, used] != 0).astype(np.float64)
    together = np.asarray((held.T @ held).todense()) / max(X.shape[0], 1)
    place = {j: position for position, j in enumerate(used)}
    for topic, words in enumerate(top):
        if len(words) < 2:
            continue
        rows = [place[j] for j in words]
        joint = together[np.ix_(rows, rows)]
        alone = np.diag(joint)
        pairs = np.triu_indices(len(rows), 1)
        p, expected = joint[pairs], np.outer(alone, alone)[pairs]
        never, always = (p == 0) | (expected == 0), p == 1
        mixed = ~(never | always)
        scores = np.where(never, -1.0, 1.0)
        scores[mixed] = np.log(p[mixed] / expected[mixed]) / -np.log(p[mixed])
        found[topic] = scores.mean()
    return found


def diversity(top: Sequence[Sequence[int]]) -> float:
    """Return the share of all topics' words that differ: 1 where no two topics have a word in common.

    Parameters
    ----------
    top : sequence of sequences of int
        Columns of the words of each topic.

    Returns
    -------
    float
        In [0, 1].

    References
    ----------
    A. B. Dieng, F. J. R. Ruiz and D. M. Blei, "Topic modeling in embedding spaces", TACL 8, 2020,
    doi:10.1162/tacl_a_00325.

    Examples
    --------
    >>> diversity([[0, 1], [1, 2]])
    0.75
    """
    words = [j for of_topic in top for j in of_topic]
    return len(set(words)) / max(len(words), 1)
