"""Topics that start from words of the user."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError
from partwise.matrix import Array

__all__ = ["seed_rows"]


def seed_rows(X: Any, words: Sequence[str], seed_words: Sequence[Sequence[str]], n_topics: int) -> Array:
    """Return the starts of topics with seed words: sums of documents, weighted by how much of the words they have.

    Parameters
    ----------
    X : sparse matrix of shape (n_documents, n_words)
        Documents and words.
    words : sequence of str
        Word of each column.
    seed_words : sequence of sequences of str
        Words of each topic; words that no document has are ignored.
    n_topics : int
        Number of topics.

    Returns
    -------
    ndarray of shape (n_seeds, n_words)
        Starts of the first topics.

    Raises
    ------
    ParameterError
        If there are more lists than topics, or one is a string.
    DataError
        If no document has any of a topic's words.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> X = sp.csr_array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> seed_rows(X, ["cup", "goal", "bank"], [["goal"]], 2)
    array([[1., 1., 0.]])
    """
    if not _is_list(seed_words) or not all(
        _is_list(own) and all(isinstance(w, str) for w in own) for own in seed_words
    ):
        raise ParameterError(
            "seed_words must be a list of lists: one list of words for each topic that is to start from them."
        )
    if len(seed_words) > n_topics:
        raise ParameterError(f"seed_words has {len(seed_words)} lists for {n_topics} topics. Ask for more topics.")
    if not len(seed_words):
        raise ParameterError("seed_words has no lists. Pass one for each topic that is to start from them, or None.")
    columns = {str(word): j for j, word in enumerate(words)}
    rows = np.zeros((len(seed_words), X.shape[1]))
    for topic, own in enumerate(seed_words):
        known = [columns[word.lower()] for word in own if word.lower() in columns]
        if not known:
            raise DataError(
                f"seed_words[{topic}] = {list(own)!r}: no document has any of these words, or they are too rare, too "
                "common, or stop words. Choose others."
            )
        rows[topic] = X.T @ np.asarray(X[:, known].sum(axis=1)).ravel()
    return rows


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
