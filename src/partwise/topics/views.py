"""Topics over time, by class, as a hierarchy, and compared with those of another model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from partwise.exceptions import DataError, ParameterError, shown
from partwise.matching import match
from partwise.matrix import Array
from partwise.parameters import check_integer
from partwise.tables.cells import is_missing
from partwise.topics.collection import as_many
from partwise.topics.comparison import TopicDiff, topic_diff
from partwise.topics.fitted import FittedTopics
from partwise.topics.frames import frame
from partwise.topics.places import group_rows, mean_shares, modelled, unit_rows
from partwise.topics.timeline import binned
from partwise.topics.words import ranked_words


def over_time(topics: FittedTopics, bins: str = "month", n_words: int = 5) -> Any:
    """Return how topics change with time.

    The topics are fixed, and the shares are those of the documents in each bin. Only the words listed change with the
    bin.

    Parameters
    ----------
    bins : {'auto', 'day', 'week', 'month', 'quarter', 'year', 'decade'}, default='month'
        Length of a bin; 'auto' takes the shortest that makes at most 24.
    n_words : int, default=5
        Words to list.

    Returns
    -------
    pandas.DataFrame
        A row for each bin that has documents, and topic. Columns: ``bin``, such as ``'2024-05'``; ``topic``;
        ``label``; ``share`` of the topic among the bin's documents (they sum to 1 in a bin); ``documents`` in the
        bin; ``words`` of the topic in this bin, most relevant first, in one string.

    Raises
    ------
    DataError
        If the model was fitted without dates, or a date is not exact enough for its bin.
    ParameterError
        If bins has another value.
    MissingExtraError
        If pandas is not installed; `over_time_columns` does not need it.

    References
    ----------
    The words are those after one multiplicative step of D. D. Lee and H. S. Seung, NIPS 2000, on the documents of a
    bin, starting from the topics of the whole collection.
    """
    columns = over_time_columns(topics, bins, n_words)
    return frame(columns, "TopicModel.over_time", "TopicModel.over_time_columns lists the same without pandas.")


def over_time_columns(topics: FittedTopics, bins: str = "month", n_words: int = 5) -> dict[str, list[Any]]:
    """List how topics change with time as `over_time` does, without pandas.

    Parameters
    ----------
    bins, n_words : see `over_time`
        The same.

    Returns
    -------
    dict of str to list
        Values of each column.

    Raises
    ------
    DataError
        As in `over_time`.
    """
    known = topics.documents
    if known.dates is None or not any(known.dates):
        raise DataError("the model was fitted without dates. Pass dates=, one for each text, to fit.")
    return _grouped(topics, "bin", binned(known.dates, bins, known.ids), n_words)


def per_class(topics: FittedTopics, labels: Sequence[Any], n_words: int = 5) -> Any:
    """Return how classes of documents, such as authors, sections or sources, differ in their topics.

    Parameters
    ----------
    labels : sequence
        Class of each fitted document; None, NaN or ``""`` for none.
    n_words : int, default=5
        Words to list.

    Returns
    -------
    pandas.DataFrame
        A row for each class and topic, with the columns of `over_time`, the first called ``class``.

    Raises
    ------
    DataError
        If there is not one label for each document.
    MissingExtraError
        If pandas is not installed.
    """
    given = as_many(labels, "labels", len(topics.documents.ids))
    names = ["" if is_missing(label) else str(label) for label in given]
    return frame(_grouped(topics, "class", names, n_words), "TopicModel.per_class")


def _grouped(topics: FittedTopics, first: str, names: list[str], n_words: int) -> dict[str, list[Any]]:
    n_words = check_integer("n_words", n_words)
    columns: dict[str, list[Any]] = {name: [] for name in (first, "topic", "label", "share", "documents", "words")}
    places, labels = topics.places, topics.labels
    for name, rows in zip(*group_rows(names), strict=True):
        shares = mean_shares(places[rows])
        words = ranked_words(_spoken(topics, rows), shares, n_words)
        columns[first] += [name] * len(labels)
        columns["topic"] += range(len(labels))
        columns["label"] += labels
        columns["share"] += shares.tolist()
        columns["documents"] += [len(rows)] * len(labels)
        columns["words"] += [", ".join(topics.words(of_topic)) for of_topic in words]
    return columns


def _spoken(topics: FittedTopics, rows: Array) -> Array:
    """Return the topics (k, m) in the words of some documents: one multiplicative step from the topics of all."""
    theta, X, H = topics.places[rows], topics.documents.X[rows], topics.components
    if topics.settings.squared:
        wanted, there = (X.T @ theta).T, (theta.T @ theta) @ H
    else:
        X = X.tocoo()
        model = modelled(X, theta, H)
        X.data = X.data / np.where(model > 0, model, 1)
        wanted, there = (X.T @ theta).T, theta.sum(axis=0)[:, None]
    return H * np.divide(wanted, there, out=np.zeros(H.shape), where=there > 0)


def hierarchy(topics: FittedTopics) -> Array:
    """Return which topics are closest, as SciPy's linkage: average linkage of the cosines between their words.

    Returns
    -------
    ndarray of shape (n_topics\\_ - 1, 4)
        For ``scipy.cluster.hierarchy.dendrogram(linkage, labels=model.labels_)``; a row is two clusters that are
        joined, their distance (1 - cosine), and the number of topics in them.

    Raises
    ------
    ParameterError
        If there is a single topic.
    """
    if len(topics) < 2:
        raise ParameterError("a single topic has no hierarchy. Fit more topics.")
    unit = unit_rows(topics.components)
    distances = np.clip(1 - unit @ unit.T, 0, 1)
    np.fill_diagonal(distances, 0)
    return linkage(squareform(distances, checks=False), method="average", optimal_ordering=True)


def diff(model: Any, other: Any) -> TopicDiff:
    """Compare these topics with those of another model: kept, gone, new.

    Parameters
    ----------
    other : TopicModel
        A fitted model; its words can differ: topics are compared by words, not by columns.

    Returns
    -------
    TopicDiff
        Matched topics as ``pairs``, ``gone`` and ``new`` ones; ``str`` is a table, and so is ``table()``.

    Raises
    ------
    ParameterError
        If other is not a TopicModel.
    """
    if not isinstance(other, type(model)):
        raise ParameterError(f"other must be a fitted TopicModel; got {shown(other)}.")
    labels = model.labels_, other.labels_  # raises if a model is not fitted
    return topic_diff(match(model, other), labels)
