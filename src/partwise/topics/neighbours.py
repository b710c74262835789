"""The documents most similar to one, by topics, words or both: an exact search."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from partwise.matrix import Array
from partwise.topics.places import unit_rows

__all__ = ["Neighbours", "Similar"]

DUPLICATE = 0.9
"""Smallest cosine between the words of two documents that are nearly the same text."""


ROUNDING = 1e-9
"""Scores that differ by less count as equal."""


class Similar(NamedTuple):
    """A document similar to another, as `TopicModel.neighbours` finds it.

    Parameters
    ----------
    id : str
        Id of the document.
    score : float
        1 for a document of the same topics and words, 0 for nothing in common.
    shared : dict of int to float
        Share of each topic in the score, largest first; the shares sum to 1.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
    >>> near = TopicModel(2).fit(texts, ids=["a", "b", "c", "d"]).neighbours("a", n=1)[0]
    >>> near.id, round(near.score, 2), near.shared
    ('b', 0.65, {1: 1.0})
    """

    id: str
    score: float
    shared: dict[int, float]


class Neighbours:
    """Finds the documents most similar to a query document; keeps what depends only on the collection.

    The score is a mean of two cosines, one between places among the topics and one between words (TF-IDF).

    Parameters
    ----------
    theta : ndarray of shape (n_documents, n_topics)
        Places of the documents.
    words : csr array of shape (n_documents, n_words)
        Their words, in rows of unit length.
    of_words : ndarray of shape (n_topics, n_words)
        Share of each topic in each word.
    """

    def __init__(self, theta: Array, words: Any, of_words: Array) -> None:
        self.theta = theta
        self.places = np.ascontiguousarray(unit_rows(theta).T)  # topics as rows: a document has few topics
        self.words = words
        self.transposed = sp.csr_array(words.T)
        self.of_words = of_words

    def find(
        self, place: Array, words: Any, n: int, word_weight: float, itself: int | None, duplicates: bool
    ) -> list[tuple[int, float, dict[int, float]]]:
        """Return row, score and shared topics of the `n` documents most similar to a query document, best first.

        Parameters
        ----------
        place : ndarray of shape (n_topics,)
            Place of the query.
        words : csr array of shape (1, n_words)
            Its words, at unit length.
        n : int
            Documents to find.
        word_weight : float
            Weight of the cosine between words, from 0 to 1.
        itself : int or None
            Row of the query in the collection, which is left out.
        duplicates : bool
            Whether to list documents that are nearly the same as the query, or as one listed before.
        """
        unit = (1 - word_weight) * unit_rows(place[None])[0]
        scores = word_weight * self._cosines(words) if word_weight > 0 else np.zeros(len(self.theta))
        for topic in np.flatnonzero(unit):
            scores += unit[topic] * self.places[topic]
        if itself is not None:
            scores[itself] = 0
        wanted = n if duplicates else 4 * n
        while True:
            ranked = self._ranked(scores, place, wanted)
            chosen = ranked if duplicates else self._distinct(ranked, words, n)
            if len(chosen) >= n or len(ranked) < wanted:
                break
            wanted *= 4
        asked = np.zeros(self.words.shape[1])
        asked[words.indices] = word_weight * words.data
        return [(row, min(float(scores[row].round(9)), 1.0), self._shared(row, unit, asked)) for row in chosen[:n]]

    def _cosines(self, words: Any) -> Array:
        """Return the cosine between one document's words and those of every document, (n_documents,)."""
        lists: Any = self.transposed[words.indices]  # only the columns of the query's words
        cosines: Array = lists.T @ words.data
        return cosines

    def _ranked(self, scores: Array, place: Array, n: int) -> list[int]:
        """Return the rows of the `n` highest scores above 0; of equal scores, the one with more of the topics first."""
        n = min(n, len(scores))
        if n == 0:
            return []
        limit = max(float(np.partition(scores, -n)[-n]) - ROUNDING, ROUNDING)
        able = np.flatnonzero(scores >= limit)
        order = np.lexsort((-(self.theta[able] @ place), -scores[able].round(9)))[:n]
        return [int(row) for row in able[order]]

    def _distinct(self, ranked: list[int], words: Any, n: int) -> list[int]:
        """Return the first `n` of the ranked rows that are not nearly the same as the query or an earlier row."""
        chosen: list[int] = []
        for row in ranked:
            others = sp.vstack([words, self.words[chosen]]) if chosen else words
            if (others @ self.words[[row]].T).max() < DUPLICATE:
                chosen.append(row)
            if len(chosen) == n:
                break
        return chosen

    def _shared(self, row: int, unit: Array, asked: Array) -> dict[int, float]:
        """Return the share of each topic in the score: a word in common counts for the topics that hold it."""
        own = slice(self.words.indptr[row], self.words.indptr[row + 1])
        columns = self.words.indices[own]
        terms = self.places[:, row] * unit + self.of_words[:, columns] @ (self.words.data[own] * asked[columns])
        total = terms.sum()
        return {int(t): float(terms[t] / total) for t in np.argsort(-terms, kind="stable") if terms[t] > 0}
