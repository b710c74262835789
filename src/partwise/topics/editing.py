"""Merging and splitting topics by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, ParameterError
from partwise.factorization import factorize
from partwise.matrix import Array
from partwise.parameters import check_integer
from partwise.tables.cells import listed
from partwise.topics.fitted import FittedTopics
from partwise.topics.places import modelled

__all__ = ["merge", "split"]


def merge(model: Any, topics: Sequence[int]) -> Any:
    """Return a model in which some topics are merged into one.

    The merged topic takes the place of the first of them, and the topics after it get new numbers. Every document is
    placed again.

    Parameters
    ----------
    topics : sequence of int
        Numbers of at least two topics.

    Returns
    -------
    TopicModel
        A new model of the same documents.

    Raises
    ------
    ParameterError
        If a topic does not exist, or there are fewer than two.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "bank cuts rates", "a cup final", "the cup goes home", "a film festival"]
    >>> TopicModel(3).fit(texts).merge([0, 1]).n_topics_
    2
    """
    now = model._now
    given = listed(list(topics) if isinstance(topics, set) else topics, "topics")
    merged = sorted({now.checked(topic) for topic in given})
    if len(merged) < 2:
        raise ParameterError("topics must be at least two different numbers: there is nothing to merge one topic with.")
    rest = [t for t in range(len(now)) if t not in merged[1:]]
    components = now.components[rest]
    components[rest.index(merged[0])] = now.places[:, merged].sum(axis=0) @ now.components[merged]
    return model._with(_edited(now, components, rest, touched={merged[0]}))


def split(model: Any, topic: int, n: int = 2) -> Any:
    """Return a model in which a topic is split into several.

    The part of each document that the topic explains is factorized by itself. The first new topic takes the place of
    the old one, the others are put at the end. Every document is placed again.

    Parameters
    ----------
    topic : int
        Number of the topic.
    n : int, default=2
        Number of topics to split it into.

    Returns
    -------
    TopicModel
        A new model of the same documents.

    Raises
    ------
    ParameterError
        If the topic does not exist, or n is less than 2.
    DataError
        If too few documents or words have a part in the topic.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "bank cuts rates", "a cup final", "the cup goes home", "a film festival"]
    >>> TopicModel(1).fit(texts).split(0).n_topics_
    2
    """
    now = model._now
    topic, n, settings = now.checked(topic), check_integer("n", n, 2), now.settings
    own = _explained_by(now, topic)
    if min(int(np.count_nonzero(np.diff(own.indptr))), len(np.unique(own.indices))) < n:
        raise DataError(f"topic {topic} has too few documents or words to make {n} topics of it.")
    found = factorize(own, n, loss=settings.loss_function, random_state=settings.random_state, n_jobs=settings.n_jobs)
    order = np.argsort(-(found.W * settings.lengths(found.H)).sum(axis=0), kind="stable")
    parts = settings.normal(found.H[order])
    components = np.vstack([now.components, parts[1:]])
    components[topic] = parts[0]
    return model._with(_edited(now, components, list(range(len(components))), touched={topic}))


def _explained_by(topics: FittedTopics, topic: int) -> Any:
    """Return X (n, m) times the share that the topic has in the model of each entry."""
    X = sp.coo_array(topics.documents.X)
    theta, H = topics.places, topics.components
    rows, columns = X.row, X.col
    own = theta[rows, topic] * H[topic, columns]
    model = modelled(X, theta, H)
    part = X.data * np.divide(own, model, out=np.zeros_like(own), where=model > 0)
    kept = sp.csr_array((part, (rows, columns)), shape=X.shape)
    kept.eliminate_zeros()
    return kept


def _edited(topics: FittedTopics, components: Array, rest: list[int], touched: set[int]) -> FittedTopics:
    """Return new topics of the same documents; topics in `rest` keep labels that were set, except those `touched`."""
    custom = {place: topics.custom[t] for place, t in enumerate(rest) if t in topics.custom and t not in touched}
    placed = FittedTopics.of(topics.documents, topics.settings, topics.settings.normal(components))
    return FittedTopics.normal(topics.documents, topics.settings, placed.components, placed.places, custom=custom)
