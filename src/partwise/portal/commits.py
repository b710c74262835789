"""Writes that are asked for at the same time, in one transaction: the disk takes as long for one as for many."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from partwise.portal.away import is_away

__all__ = ["Commits"]

MOST = 64
"""Writes in one transaction at most."""
Result = TypeVar("Result")


@dataclass(eq=False)
class _Waiting:
    write: Callable[[sa.Connection], Any]
    result: Any = None
    error: Exception | None = None
    ended: bool = False


class Commits:
    """Runs writes, one transaction at a time. Who asks during a transaction is in the next one.

    Parameters
    ----------
    begin : callable
        Returns a context that yields a connection, and commits at its end.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._begin = begin
        self._turn, self._guard = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []

    def run(self, write: Callable[[sa.Connection], Result]) -> Result:
        """Run a write that needs no transaction of its own; return its result after the commit."""
        own = _Waiting(write)
        with self._guard:
            self._waiting.append(own)
        while not own.ended:
            with self._turn:
                if not own.ended:
                    self._commit()
        if own.error is not None:
            raise own.error
        result: Result = own.result
        return result

    def _commit(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            self._together(batch)
        except Exception as error:
            if len(batch) == 1 or is_away(error):
                for one in batch:
                    one.error = error
            else:  # each alone, so that the fault of one is not that of others
                for one in batch:
                    try:
                        self._together([one])
                    except Exception as own:
                        one.error = own
        finally:
            for one in batch:
                one.ended = True

    def _together(self, batch: list[_Waiting]) -> None:
        with self._begin() as connection:
            results = [one.write(connection) for one in batch]
        for one, result in zip(batch, results, strict=True):
            one.result = result
