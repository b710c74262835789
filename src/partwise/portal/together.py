"""Lists that are asked for at the same time, computed together: eight take about as long as four alone."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from partwise.recommend import Recommender

__all__ = ["Asked", "Together"]

MOST = 8
"""Lists that are computed together at most: a pass over the texts takes as long for eight readers as for one."""
Listed = list[tuple[str, float]]


@dataclass(frozen=True)
class Asked:
    """What a list is made of: reads of a reader, as ids of articles and strengths, and how the list is chosen.

    Attributes
    ----------
    recommender : Recommender
        The model.
    length : int
        Articles to list.
    recency, diversity : float
        As in `Recommender.recommend`.
    reads : sequence of (str, float)
        Articles that the recommender knows, with strengths.
    """

    recommender: Recommender
    length: int
    recency: float
    diversity: float
    reads: Sequence[tuple[str, float]]

    def goes_with(self, other: "Asked") -> bool:
        """Return whether two lists can be computed together."""
        mine = (id(self.recommender), self.length, self.recency, self.diversity)
        return mine == (id(other.recommender), other.length, other.recency, other.diversity)


@dataclass(eq=False)
class _Waiting:
    asked: Asked
    found: Listed = field(default_factory=list)
    error: BaseException | None = None
    ended: bool = False


class Together:
    """Computes lists one batch at a time. Who asks while a batch is computed, is in the next one.

    Examples
    --------
    >>> log = {"reader": ["a", "a", "b", "b", "c"], "article": ["x", "y", "x", "z", "z"]}
    >>> model = Recommender(2).fit(log)
    >>> [article for article, score in Together().listed(Asked(model, 1, 0.0, 0.0, [("x", 1.0), ("z", 1.0)]))]
    ['y']
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._waiting: list[_Waiting] = []

    def listed(self, asked: Asked) -> Listed:
        """Return the articles of a list, the best first, with their scores."""
        own = _Waiting(asked)
        with self._changed:
            self._waiting.append(own)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: own.ended or not self._busy)
                if own.ended:
                    break
                self._busy, batch = True, self._next()
            try:
                _compute(batch)
            finally:
                with self._changed:
                    for one in batch:
                        one.ended = True
                    self._busy = False
                    self._changed.notify_all()
        if own.error is not None:
            raise own.error
        return own.found

    def _next(self) -> list[_Waiting]:
        """Return the list that was asked for first, and those that go with it; they wait no longer."""
        first = self._waiting[0].asked
        batch = [one for one in self._waiting if one.asked.goes_with(first)][:MOST]
        self._waiting = [one for one in self._waiting if one not in batch]
        return batch


def _compute(batch: Sequence[_Waiting]) -> None:
    try:
        for one, found in zip(batch, _listed([one.asked for one in batch]), strict=True):
            one.found = found
    except BaseException as error:
        for one in batch:
            one.error = error


def _listed(batch: Sequence[Asked]) -> list[Listed]:
    first = batch[0]
    # Numbers instead of ids: a reader can ask twice, with another read in between.
    names = [str(number) for number in range(len(batch))]
    reads = [(name, *read) for name, one in zip(names, batch, strict=True) for read in one.reads]
    table = {column: [read[i] for read in reads] for i, column in enumerate(("reader", "article", "strength"))}
    rows = first.recommender.recommendations(
        names, first.length, recency=first.recency, diversity=first.diversity, reads=table
    )
    found: dict[str, Listed] = {name: [] for name in names}
    for row in rows:
        found[row["reader"]].append((row["article"], row["score"]))
    return [found[name] for name in names]
