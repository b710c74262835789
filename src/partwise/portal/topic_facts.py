"""What is told of each topic, in plain values: for pages and the interface."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.matrix import Array
from partwise.topics import TopicModel
from partwise.topics.places import shares_of
from partwise.topics.timeline import binned

__all__ = ["topic_facts"]

WORDS = 10


def topic_facts(topics: TopicModel, keys: Sequence[str], shares: Array) -> list[dict[str, Any]]:
    """Describe topics, those of the largest share first.

    Parameters
    ----------
    topics : TopicModel
        The topics.
    keys : sequence of str
        The key of each.
    shares : ndarray of shape (n_articles, n_topics)
        Shares of the topics in each article: first those of the model, then any others.

    Returns
    -------
    list of dict
        topic (its key), label, share, words, trend (period and share, the first period first) and articles: the number
        of articles in which the topic has the largest share.
    """
    counts = np.bincount(shares.argmax(axis=1)[shares.any(axis=1)], minlength=len(keys))
    trends = _trends(topics)
    found = [
        {
            "topic": key,
            "label": topics.labels_[t],
            "share": float(topics.shares_[t]),
            "words": [word for word, _ in topics.top_words(t, WORDS)],
            "trend": trends[t],
            "articles": int(counts[t]),
        }
        for t, key in enumerate(keys)
    ]
    return sorted(found, key=lambda one: -one["share"])


def _trends(topics: TopicModel) -> list[list[dict[str, Any]]]:
    trends: list[list[dict[str, Any]]] = [[] for _ in topics.labels_]
    if topics.dates_ is None or not any(topics.dates_):
        return trends
    shares, periods = shares_of(topics.document_topics_), np.array(binned(topics.dates_, "auto", topics.ids_))
    for period in sorted({*periods} - {""}):
        some = shares[periods == period]
        mean = some.sum(axis=0) / max(np.count_nonzero(some.any(axis=1)), 1)
        for trend, share in zip(trends, mean, strict=True):
            trend.append({"period": str(period), "share": float(share)})
    return trends
