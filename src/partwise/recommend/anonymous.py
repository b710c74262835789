"""A recommender that holds how often and when each article was read, but not by whom."""

from copy import copy
from dataclasses import replace

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Array
from partwise.recommend.interest import Interest
from partwise.recommend.log import Ids, Log
from partwise.recommend.recommender import Recommender

__all__ = ["without_readers"]


def without_readers(model: Recommender) -> Recommender:
    """Return a recommender for readers who are known by given reads alone (``reads`` of `Recommender.recommend`).

    Their lists and reasons stay the same. The reads of each article are shared out anew, in the order of their times,
    to readers without a name: the first of each article to one, the second to another, and so on. So no reads of one
    person are left together. Learned values that belong to one reader are left out.

    Parameters
    ----------
    model : Recommender
        A fitted recommender of implicit feedback; it is not changed.

    Returns
    -------
    Recommender
        The model without readers.

    Raises
    ------
    DataError
        If the model is one of explicit feedback, whose ratings are of readers.

    Examples
    --------
    >>> model = Recommender(2).fit({"reader": ["ann", "ann", "bob", "bob"], "article": ["x", "y", "x", "z"]})
    >>> bare = without_readers(model)
    >>> bare.reader_ids_, bare.n_reads_
    (['0', '1'], 4)
    """
    held = model._model
    if not isinstance(held, Interest):
        raise DataError("a recommender of explicit feedback needs its readers.")
    parts = replace(held.parts, R=held.parts.R[:0], reader_scale=held.parts.reader_scale[:0])
    made = copy(model)
    made._model = Interest.restored(
        _shared_out(held.log), parts, held.pairs, held.texts, model._published, held.blend, held.units, model.half_life
    )
    return made


def _shared_out(log: Log) -> Log:
    """Return the reads with new readers: how many read an article, when, and how often each, stays the same."""
    m = len(log.articles)
    time = np.zeros(len(log)) if log.time is None else log.time
    pairs, pair = np.unique(log.reader * m + log.article, return_inverse=True)
    first, last = np.full(len(pairs), np.inf), np.full(len(pairs), -np.inf)
    np.minimum.at(first, pair, time)
    np.maximum.at(last, pair, time)
    reader = _ranks(pairs % m, np.lexsort((last, first, pairs % m)))[pair]
    order = np.lexsort((time, reader, log.article))
    return Log(
        Ids(str(number) for number in range(int(reader.max()) + 1)),
        log.articles,
        reader[order],
        log.article[order],
        np.ones(len(log)),
        None if log.time is None else log.time[order],
    )


def _ranks(group: Array, order: Array) -> Array:
    """Return the place of each member in its group, from 0, in an order that is sorted by group."""
    found = group[order]
    starts = np.flatnonzero(np.append(True, found[1:] != found[:-1]))
    ranks = np.empty(len(group), dtype=np.int64)
    ranks[order] = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    return ranks
