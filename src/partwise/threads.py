"""Threads over fixed row blocks: the one place that decides how many.

Kernels of least squares share their rows among a team of native threads: half-steps there can be as short as a tenth of
a millisecond, and so little is worth no hand-over between Python threads. All else is blocks of Python code, whose
kernels release the interpreter's lock. Either way blocks are cut without regard to the number of threads and partial
sums are added in their order, so every result has the same bits at any thread count.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from numbers import Integral
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from partwise import kernels
from partwise.blas import serial_blas
from partwise.exceptions import ParameterError, shown

Item = TypeVar("Item")
Result = TypeVar("Result")


MOST = 256
"""The largest number of threads, as in native/team.hpp."""


def count_threads(n_jobs: Any = None) -> int:
    """Return how many threads `n_jobs` stands for; the same in the workers of a process pool.

    Parameters
    ----------
    n_jobs : int or None
        A positive number of threads. -1 stands for all cores that this process can use, -2 for all but one, and so on.
        None takes the number of ``joblib.parallel_config``, or 1 without one.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    if n_jobs is None:  # joblib takes long to import, and where nobody has imported it, nobody has configured it
        parallel = sys.modules.get("joblib.parallel")
        n_jobs = None if parallel is None else parallel.get_active_backend()[1]
        if n_jobs is None:
            return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ParameterError(
            f"n_jobs must be None, a positive integer for so many threads, or a negative one (-1: all cores, -2: all "
            f"but one, ...); got {shown(n_jobs)}."
        )
    count = int(n_jobs)
    if count < 0:
        from joblib import cpu_count

        count = max(1, cpu_count() + 1 + count)
    return min(count, MOST)


class Executor(Protocol):
    """Runs whole fits elsewhere than on threads of this process: an executor of concurrent.futures, or one like it."""

    def map(self, function: Callable[..., Any], /, *items: Iterable[Any]) -> Iterable[Any]:
        """Return an iterable of the results, in the order of the items."""


class Workers:
    """A pool of `n_jobs` threads (see `count_threads`), as a context.

    `team` is for kernels that take one. Inside, BLAS runs on one thread. With one job, or one block, everything runs in
    the calling thread. Blocks can be as short as a tenth of a millisecond, so threads are handed their work through
    bare queues: through the futures of an executor that takes as long as such a block. A Ctrl-C ends the wait for a
    thread, which finishes its block; as a daemon it does not keep the interpreter from ending.
    """

    def __init__(self, n_jobs: int | None = None, *, alone: bool = False) -> None:
        asked = count_threads(n_jobs)
        self.n_jobs = 1 if alone else asked
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        # starts its threads when it is first used
        self.team = kernels.Team(self.n_jobs) if self.n_jobs > 1 else None

    def __enter__(self) -> Self:
        serial_blas.enter(stop=self.n_jobs > 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.team is not None:
                self.team.rest()
            threads, self._threads = self._threads, []
            asked, self._asked = self._asked, SimpleQueue()
            asked.put(None)
            for thread in threads:
                thread.join()
        finally:
            serial_blas.leave()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Return ``[function(item) for item in items]``, in order, computed on the pool's threads and this one.

        What leaves the range of numbers becomes infinity or NaN without a warning: what a fit returns is checked.
        """
        items = list(items)
        if self.n_jobs == 1 or len(items) < 2:
            with np.errstate(over="ignore", invalid="ignore"):
                return [function(item) for item in items]
        results: list[Result] = [None] * len(items)  # type: ignore[list-item]
        left = deque(enumerate(items))  # one task a thread, not one an item: handing over costs as much as a small item
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        tickets = deque(range(min(self.n_jobs, len(items)) - 1))  # one for each other thread that has not begun

        def work() -> None:
            while True:
                try:
                    number, item = left.popleft()
                except IndexError:
                    return
                try:
                    with np.errstate(over="ignore", invalid="ignore"):  # each thread has a state of its own
                        results[number] = function(item)
                except BaseException:
                    left.clear()
                    raise

        def help_out() -> None:
            try:
                tickets.pop()
            except IndexError:  # the caller was done first, and does not wait
                return
            error = None
            try:
                work()
            except BaseException as raised:  # the caller raises it
                error = raised
            ended.put(error)

        others, process = len(tickets), os.getpid()
        try:
            for busy in range(others):
                if not self._hand_over(help_out, busy):
                    break
            work()
        finally:
            left.clear()  # a Ctrl-C ends the wait below
            with suppress(IndexError):
                while True:
                    tickets.pop()
                    others -= 1
            forked = os.getpid() != process  # a child has none of the threads that would answer
            errors = [error for error in (ended.get() for _ in range(0 if forked else others)) if error is not None]
        if forked and others:
            raise RuntimeError("a child cannot finish what threads of its parent had begun when it was forked")
        try:
            if errors:
                raise errors[0]
        finally:
            errors.clear()  # each holds this frame, and with it the items, in a cycle
        return results

    def _hand_over(self, task: Callable[[], None], busy: int) -> bool:
        """Give the task to a thread, while `busy` others do theirs; return False if the system has no thread left."""
        if len(self._threads) <= busy:
            thread = threading.Thread(target=_serve, args=(self._asked,), name=f"partwise_{busy}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has no more, or Python is ending: fewer do as well
                return False
            self._threads.append(thread)
        self._asked.put(task)
        return True


ALONE = Workers(1)
"""The caller's thread alone, for what is too small to share. It does not change the threads of BLAS."""


def _serve(asked: SimpleQueue[Callable[[], None] | None]) -> None:
    """Do tasks until None comes."""
    while (task := asked.get()) is not None:
        task()
        del task  # and what it holds
    asked.put(None)  # for the next thread, which may be missing from the list
