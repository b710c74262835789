"""Lists of many readers: blocks of readers on threads, whose scores are one product and one partial sort."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from partwise.matrix import Array
from partwise.parameters import check_flag, check_integer, check_number
from partwise.recommend.ranking import CELLS, POOL, best_of_rows, diversified
from partwise.threads import Workers
from partwise.topics.places import unit_rows

__all__ = ["Asked", "ranked"]

BLOCK = 32
"""How many readers have their scores computed together, if the scores fit in `CELLS`."""
ROUND = 8
"""How many blocks each thread does before lists are yielded."""


@dataclass(frozen=True)
class Asked:
    """The options of lists: parameters of `Recommender.recommend`.

    Examples
    --------
    >>> Asked(n=3)
    Asked(n=3, exclude_seen=True, diversity=0.0, recency=0.0)
    """

    n: int = 10
    exclude_seen: bool = True
    diversity: float = 0.0
    recency: float = 0.0

    def __post_init__(self) -> None:
        check_integer("n", self.n)
        check_flag("exclude_seen", self.exclude_seen)
        check_number("diversity", self.diversity, 0, 1)
        check_number("recency", self.recency)


def ranked(
    model: Any, rows: Array, asked: Asked, wanted: Array | None = None, n_jobs: int | None = None
) -> Iterator[tuple[Array, Array]]:
    """Yield the best articles of some readers, several readers at a time, in the order of `rows`.

    The list of a reader has the same bits whichever other readers are asked for, at any number of threads.

    Parameters
    ----------
    model : Fitted
        The recommender.
    rows : ndarray of int64, shape (n_readers,)
        Places of the readers, -1 for an unknown one.
    asked : Asked
        The options of the lists.
    wanted : ndarray of bool, shape (n_articles,), default=None
        Articles to choose from; by default all.
    n_jobs : int, default=None
        Threads.

    Yields
    ------
    places : ndarray of int64, shape (n, k)
        Articles of each of the next n readers, best first, -1 if there are no more; k is at most n_articles.
    scores : ndarray of float64, shape (n, k)
        Their scores, NaN if there are no more.
    """
    m = len(model.article_ids_)
    n = min(asked.n, m)
    aged = model._aged(asked.recency) if asked.recency else None
    step = max(1, min(BLOCK, CELLS // max(m, 1)))

    def of_block(block: Array) -> tuple[Array, Array]:
        wide = model._model.wide_scores(block)
        scores = wide[:, :m]
        if aged is not None:
            scores *= aged
        if wanted is not None:
            scores[:, ~wanted] = -np.inf
        if asked.exclude_seen:
            known = np.flatnonzero(block >= 0)
            seen = model._read_by(block[known])
            scores[known.repeat(np.diff(seen.indptr)), seen.indices] = -np.inf
        if not asked.diversity:
            return best_of_rows(wide, m, n)
        return _diverse(*best_of_rows(wide, m, min(n * POOL, m)), model.article_parts_, n, asked.diversity)

    blocks = [rows[first : first + step] for first in range(0, len(rows), step)]
    with Workers(n_jobs, alone=len(blocks) < 2) as workers:
        size = ROUND * workers.n_jobs
        # The first block runs alone: it computes what all blocks share.
        rounds = chain([blocks[:1]], (blocks[first : first + size] for first in range(1, len(blocks), size)))
        for some in rounds:
            found = workers.map(of_block, some)
            if found:
                yield np.vstack([places for places, _ in found]), np.vstack([scores for _, scores in found])


def _diverse(pool: Array, scores: Array, article_parts: Array, n: int, diversity: float) -> tuple[Array, Array]:
    """Return n places of each row of a pool by maximal marginal relevance, and their scores."""
    places, found = np.full((len(pool), n), -1, dtype=np.int64), np.full((len(pool), n), np.nan)
    for i, own in enumerate(pool):
        own = own[own >= 0]
        top = diversified(scores[i, : len(own)], unit_rows(article_parts[own]), n, diversity)
        places[i, : len(top)], found[i, : len(top)] = own[top], scores[i, top]
    return places, found
