"""A short label for each topic: the words that are heavy in it and rare elsewhere."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["topic_labels"]

SEPARATOR = " · "


def topic_labels(
    components: NDArray[np.floating], shares: NDArray[np.floating], words: Sequence[str], n: int = 3
) -> list[str]:
    r"""Join the most exclusive heavy words of each topic.

    A word is scored by its weight times its lift, the part of the word's whole weight that this topic holds:

    .. math:: h_{tj} \cdot s_t h_{tj} / \sum_s s_s h_{sj}

    Of two words where one begins with the other (game, games) only the higher is used.

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
    """
    spread = shares[:, None] * components
    lift = spread / np.maximum(spread.sum(axis=0), np.finfo(spread.dtype).tiny)
    score = components * lift
    best = np.argsort(-score, axis=1, kind="stable")[:, : 10 * n]
    return [
        SEPARATOR.join(_distinct([words[j] for j in order if row[j] > 0], n))
        for order, row in zip(best, score, strict=True)
    ]


def _distinct(ranked: list[str], n: int) -> list[str]:
    chosen: list[str] = []
    for word in ranked:
        if not any(word.startswith(other) or other.startswith(word) for other in chosen):
            chosen.append(word)
    return chosen[:n]
