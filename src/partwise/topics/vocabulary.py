"""A vocabulary that grows with a stream of texts."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.matrix import Array
from partwise.topics.vectorize import USUAL, Limits
from partwise.topics.weights import rarity

__all__ = ["Vocabulary"]

MOST_WAITING = 500_000
"""Most words that wait for a second document; of more, those with the smallest counts are dropped."""


class Vocabulary:
    """Words of a stream, in how many documents each is, and which of them have a column.

    A word gets a column as soon as it is in enough documents, and not in too many, by the limits. It keeps the column.
    Earlier counts weigh less with each batch.

    Parameters
    ----------
    words : sequence of str
        Words that have a column, in the order of columns.
    held : mapping of str to float
        Number of documents with each word, also of words that wait for a column.
    documents : float
        Number of documents counted.
    limited : bool
        Whether words in too many documents are left out; they are not if there are no others.
    limits : Limits
        Fewest and most documents that can contain a word.

    Examples
    --------
    >>> vocabulary = Vocabulary(["bank"], {"bank": 1.0}, 1.0)
    >>> vocabulary.take([["bank", "rates", "rates"]], forget=1.0).toarray(), vocabulary.words
    (array([[1., 2.]]), ['bank', 'rates'])
    """

    def __init__(
        self,
        words: Sequence[str],
        held: dict[str, float],
        documents: float,
        limited: bool = True,
        limits: Limits = USUAL,
    ) -> None:
        self.words = [str(word) for word in words]
        self.held = dict(held)
        self.documents = documents
        self.limited = limited
        self.limits = limits
        self._columns = {word: j for j, word in enumerate(self.words)}

    def copy(self) -> "Vocabulary":
        """Return an independent copy."""
        return Vocabulary(self.words, self.held, self.documents, self.limited, self.limits)

    def take(self, texts: Iterable[list[str]], forget: float) -> Any:
        """Count the words of a batch of analysed texts; return counts (n_texts, n_words), new words last.

        Parameters
        ----------
        texts : iterable of list of str
            Words of each document.
        forget : float
            Factor of all earlier counts.
        """
        counts = [Counter(words) for words in texts]
        if forget < 1:
            self.held = {word: forget * held for word, held in self.held.items()}
            self.documents *= forget
        for own in counts:
            self.documents += bool(own)
            for word in own:
                self.held[word] = self.held.get(word, 0.0) + 1
        least, most = self.limits.least(self.documents), self._most()
        new = {word for own in counts for word in own if word not in self._columns and least <= self.held[word] <= most}
        for word in sorted(new):
            self._columns[word] = len(self.words)
            self.words.append(word)
        if len(self.held) - len(self.words) > MOST_WAITING:
            self.held = {word: n for word, n in self.held.items() if n > 1 or word in self._columns}
        return self.counted(counts)

    def counted(self, counts: Sequence[Counter[str]]) -> Any:
        """Return counts of words as a matrix, without words that have no column."""
        indptr, indices, data = [0], list[int](), list[float]()
        for own in counts:
            known = sorted((self._columns[word], n) for word, n in own.items() if word in self._columns)
            indices += [j for j, _ in known]
            data += [float(n) for _, n in known]
            indptr.append(len(indices))
        return sp.csr_array((data, indices, indptr), shape=(len(counts), len(self.words)), dtype=np.float64)

    def idf(self) -> Array:
        """Return the inverse document frequency of each column, 0 for one that became too common, unless all did."""
        held = np.array([self.held.get(word, 0.0) for word in self.words])
        idf = rarity(self.documents, held)
        kept = held <= self._most()
        return np.where(kept | ~kept.any(), idf, 0.0)

    def _most(self) -> float:
        return self.limits.most(self.documents) if self.limited else np.inf


def analysed(texts: Sequence[str], analyze: Callable[[str], Iterable[str]]) -> list[list[str]]:
    """Return the words of each text."""
    return [list(analyze(text)) for text in texts]
