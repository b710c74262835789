"""Search: topics by words, and documents similar to a document."""

import difflib
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError
from partwise.parameters import check_flag, check_integer, check_number
from partwise.topics.collection import check_text
from partwise.topics.fitted import FittedTopics
from partwise.topics.frames import frame
from partwise.topics.neighbours import Neighbours, Similar
from partwise.topics.words import topics_of_words


def find(topics: FittedTopics, query: str, n: int = 3) -> Any:
    """Return the topics that match a few words.

    Parameters
    ----------
    query : str
        Words, or a text.
    n : int, default=3
        Topics to find.

    Returns
    -------
    pandas.DataFrame
        Columns: ``topic``, ``label``, ``score``, the cosine between the words of the query and of the topic, and
        ``words`` of the query that the topic uses, heaviest first, in one string. Best first; topics that use none
        of the words are left out.

    Raises
    ------
    DataError
        If no topic uses any word of the query, or it is not a string.
    ParameterError
        If `n` is not a positive integer.
    MissingExtraError
        If pandas is not installed; `find_columns` does not need it.
    """
    return frame(
        find_columns(topics, query, n), "TopicModel.find", "TopicModel.find_columns lists the same without pandas."
    )


def find_columns(topics: FittedTopics, query: str, n: int = 3) -> dict[str, list[Any]]:
    """List the topics that match a few words as `find` does, without pandas.

    Parameters
    ----------
    query, n : see `find`
        The same.

    Returns
    -------
    dict of str to list
        Values of each column.

    Raises
    ------
    DataError
        As in `find`.
    """
    query, n, own = check_text("query", query), check_integer("n", n), topics.documents
    if own.vectorizer is not None:
        x = sp.csr_array(own.vectors([query]))
    else:
        columns = [own.columns[word] for word in query.split() if word in own.columns]
        x = sp.csr_array((np.ones(len(columns)), ([0] * len(columns), columns)), shape=(1, len(own.words)))
    x = topics.tfidf(x) if topics.settings.squared else sp.csr_array(x)
    H, labels = topics.components, topics.labels
    lengths = np.linalg.norm(H, axis=1)
    scores = (H @ x.toarray()[0]) / np.where(lengths > 0, lengths, 1)
    if not scores.any():
        raise _nothing(query, "has no word that any topic uses", [*own.columns])
    scores /= max(float(np.sqrt((x.data**2).sum())), np.finfo(float).tiny)
    best = [int(t) for t in np.argsort(-scores, kind="stable")[:n] if scores[t] > 0]
    used = [", ".join(topics.words(j for j in sorted(x.indices, key=lambda j: -H[t, j]) if H[t, j] > 0)) for t in best]
    return {
        "topic": best,
        "label": [labels[t] for t in best],
        "score": scores[best].tolist(),
        "words": used,
    }


def neighbours(
    topics: FittedTopics, id_or_text: str, n: int = 5, *, word_weight: float = 0.5, duplicates: bool = True
) -> list[Similar]:
    """List the documents most similar to a document or a text as `similar` does, without pandas.

    Parameters
    ----------
    id_or_text, n, word_weight, duplicates : see `similar`
        The same.

    Returns
    -------
    list of Similar
        Most similar first.
    """
    own = topics.documents
    n, duplicates = check_integer("n", n), check_flag("duplicates", duplicates)
    word_weight = check_number("word_weight", word_weight, 0, 1, hint="0 counts only topics, 1 only words.")
    itself = own.rows.get(str(id_or_text))
    if itself is None:
        check_text("id_or_text", id_or_text)
    among = topics.get("neighbours", lambda: _all_neighbours(topics))
    if itself is not None:
        place, words = among.theta[itself], among.words[[itself]]
    else:
        x = own.vectors([id_or_text]) if own.vectorizer is not None else sp.csr_array((1, len(own.words)))
        alone = own.embedded is None or topics.settings.embed is None
        place, words = topics.place(x if alone else topics.rows_of([id_or_text]))[0], topics.tfidf(x)
    if not place.any():
        what = "is neither an id nor a text with known words" if itself is None else "has no words in any topic"
        raise _nothing(id_or_text, f"{what}, so nothing is similar to it", own.ids if itself is None else [])
    found = among.find(place, words, n, word_weight, itself, duplicates)
    return [Similar(own.ids[row], score, shared) for row, score, shared in found]


def similar(
    topics: FittedTopics, id_or_text: str, n: int = 5, *, word_weight: float = 0.5, duplicates: bool = True
) -> Any:
    """Return the documents most similar to a document or a text, by an exact search.

    Parameters
    ----------
    id_or_text : str
        Id of a fitted document; anything else is taken as a text. If a model has embeddings but no function that makes
        them, it places a text by its words alone.
    n : int, default=5
        Documents to find; the document itself is left out.
    word_weight : float, default=0.5
        The score is a mean of two cosines, one between the topics of two documents and one between their words
        (TF-IDF). This is the weight of the second: 0 counts only topics, 1 only words.
    duplicates : bool, default=True
        Whether to list documents with nearly the same words (cosine 0.9) as the document, or as one listed before.

    Returns
    -------
    pandas.DataFrame
        Columns: ``id``, ``score`` (1 for the same topics and words, 0 for nothing in common) and ``shared``, a dict
        of topic to its share of the score, largest first; the shares sum to 1. Most similar first, without
        documents that have no words.

    Raises
    ------
    DataError
        If the document or text has no word that topics use.
    ParameterError
        If a parameter has an invalid value.
    MissingExtraError
        If pandas is not installed; `neighbours` does not need it.
    """
    found = neighbours(topics, id_or_text, n, word_weight=word_weight, duplicates=duplicates)
    columns: dict[str, list[Any]] = {
        "id": [one.id for one in found],
        "score": [one.score for one in found],
        "shared": [one.shared for one in found],
    }
    return frame(columns, "TopicModel.similar", "TopicModel.neighbours lists the same without pandas.")


def _all_neighbours(topics: FittedTopics) -> Neighbours:
    of_words = topics_of_words(topics.components, topics.shares)
    return Neighbours(topics.places, topics.tfidf(topics.documents.X), of_words)


def _nothing(asked: str, what: str, names: list[str]) -> DataError:
    near = difflib.get_close_matches(str(asked), names, n=3)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return DataError(f"{str(asked)[:60]!r} {what}.{hint}")
