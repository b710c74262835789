"""Sums over blocks in one fixed tree: the bits do not depend on the order in which blocks are done."""

from collections.abc import Sequence
from typing import Any

from partwise.locks import Lock

Sums = Sequence[Any] | None
"""What a block adds: arrays and numbers, each None if there is nothing to add; or None for all."""


def added(one: Sums, other: Sums) -> Sums:
    """Return the sums of two neighbours.

    Examples
    --------
    >>> added((1.0, None), (2.0, None))
    (3.0, None)
    """
    if one is None or other is None:
        return None
    return tuple(None if a is None else a + b for a, b in zip(one, other, strict=True))


class Adding:
    """Adds the sums of `count` blocks: neighbours first, then pairs of pairs. It holds few sums at a time.

    Parameters
    ----------
    count : int
        How many blocks there are.

    Examples
    --------
    >>> adding = Adding(3)
    >>> for number in (2, 0, 1):
    ...     adding.take(number, (10.0**number,))
    >>> adding.total
    (111.0,)
    """

    def __init__(self, count: int) -> None:
        self._counts = [count]
        while self._counts[-1] > 1:
            self._counts.append((self._counts[-1] + 1) // 2)
        self._waiting: dict[tuple[int, int], Sums] = {}
        self._lock = Lock()
        self.total: Sums = None

    @property
    def nodes(self) -> dict[tuple[int, int], Sums]:
        """The sums given to ``take`` so far, added as far as possible, by level and number."""
        top = len(self._counts) - 1, 0
        return self._waiting if self.total is None else {top: self.total}

    def take(self, number: int, sums: Sums, start: int = 0) -> None:
        """Take the sums of block `number`, counted from 0, or those of a node on level `start` of the tree."""
        for level, count in enumerate(self._counts[start:-1], start):
            partner = number ^ 1
            if partner < count:
                with self._lock:
                    if (level, partner) not in self._waiting:
                        self._waiting[level, number] = sums
                        return
                    other = self._waiting.pop((level, partner))
                sums = added(sums, other) if number < partner else added(other, sums)
            number //= 2
        self.total = sums
