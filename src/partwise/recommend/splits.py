"""Splits of a log into known reads and reads to predict."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Array
from partwise.parameters import check_choice, check_seed, draw_seed
from partwise.recommend.log import Log

__all__ = ["SPLITS", "Split", "plain_seed", "splits"]

SPLITS = ("time", "leave-last-out", "random")


@dataclass(frozen=True)
class Split:
    """Known reads, reads to predict, and the times at which each of them end.

    Attributes
    ----------
    known, hidden : ndarray of int
        Rows of the log.
    now, end : float or None
        Time of the last known read and of the last hidden one; None without times.
    """

    known: Array
    hidden: Array
    now: float | None
    end: float | None


def splits(
    log: Log, how: str, *, share: float = 0.2, windows: int = 4, random_state: int | None = 0
) -> Iterator[Split]:
    """Split a log.

    Parameters
    ----------
    log : Log
        The reads.
    how : {'time', 'leave-last-out', 'random'}
        'time': the last `share` of the log in `windows` windows of time, each predicted from all reads before it.
        'leave-last-out': the last read of each reader; leaky, because later reads of other readers are known.
        'random': a share of the articles of each reader, for logs without times.
    share : float, default=0.2
        Share of the reads to predict.
    windows : int, default=4
        Number of windows of time.
    random_state : int or None, default=0
        Seed of a random split.

    Yields
    ------
    Split
        One for each window.

    Raises
    ------
    DataError
        If `how` is 'time' and the log has no times, or the log is too small to split.
    ParameterError
        If `how` is none of these.

    Examples
    --------
    >>> from partwise.recommend.log import read_log
    >>> log = read_log({"reader": list("abab"), "article": list("xyyx"), "time": [1, 2, 3, 4]})
    >>> [(cut.known.tolist(), cut.hidden.tolist()) for cut in splits(log, "time", share=0.5, windows=1)]
    [([0, 1], [2, 3])]
    """
    check_choice("split", how, SPLITS)
    if how == "time":
        return _by_time(log, share, windows)
    return iter([_last_out(log) if how == "leave-last-out" else _random(log, share, random_state)])


def plain_seed(name: str, value: Any) -> int | None:
    """Return an integer seed or None unchanged; draw one from a RandomState or Generator; raise for all else.

    Examples
    --------
    >>> plain_seed("random_state", 7), plain_seed("random_state", None)
    (7, None)
    """
    if isinstance(value, np.random.RandomState | np.random.Generator):
        return draw_seed(name, value)
    check_seed(name, value)
    return value if value is None else int(value)


def _by_time(log: Log, share: float, windows: int) -> Iterator[Split]:
    if log.time is None:
        raise DataError(
            "a split by time needs a column 'time' in interactions. Add one, or take split='random', which is an "
            "easier test than predicting the future."
        )
    order = np.argsort(log.time, kind="stable")
    times = log.time[order]
    n = len(order)
    windows = min(windows, n)
    # Reads with the same time stay together.
    cuts = np.unique(np.searchsorted(times, times[[int(n * (1 - share * (1 - w / windows))) for w in range(windows)]]))
    cuts = cuts[cuts > 0]
    if not len(cuts):
        raise DataError(
            f"interactions has {n:,} rows, with too few different times to split by time. Pass a longer log."
        )
    for first, last in zip(cuts, [*cuts[1:], n], strict=True):
        yield Split(np.sort(order[:first]), np.sort(order[first:last]), float(times[first - 1]), float(times[last - 1]))


def _last_out(log: Log) -> Split:
    time = np.zeros(len(log)) if log.time is None else log.time
    order = np.lexsort((np.arange(len(log)), time, log.reader))
    last = np.append(np.diff(log.reader[order]) != 0, True)
    several = np.bincount(log.reader)[log.reader[order]] > 1
    hidden = np.sort(order[last & several])
    if not len(hidden):
        raise DataError("no reader has two reads, so none can be left out. Pass a longer log.")
    known = np.setdiff1d(np.arange(len(log)), hidden)
    end = None if log.time is None else float(log.time.max())
    return Split(known, hidden, end, end)


def _random(log: Log, share: float, random_state: int | None) -> Split:
    """Hide a share of the articles of each reader who has enough of them, with all reads of these articles."""
    m = len(log.articles)
    pairs, place = np.unique(log.reader * m + log.article, return_inverse=True)
    lot = np.random.default_rng(random_state).random(len(pairs))
    order = np.lexsort((lot, pairs // m))
    reader = pairs[order] // m
    own = np.bincount(reader, minlength=len(log.readers))
    rank = np.arange(len(reader)) - np.searchsorted(reader, reader)
    hide = np.zeros(len(pairs), dtype=bool)
    hide[order] = rank < np.floor(own[reader] * share + 1e-9)
    if not hide.any():
        raise DataError(
            f"no reader has enough articles to hide {share:.0%} of them. Pass a longer log, or a larger share."
        )
    hidden = hide[place]
    end = None if log.time is None else float(log.time.max())
    return Split(np.flatnonzero(~hidden), np.flatnonzero(hidden), end, end)
