"""Threads over fixed row blocks: this module alone decides how many.

Kernels of least squares share their rows among a team of native threads: their half-steps can be as short as a tenth of
a millisecond, too short for a hand-over between Python threads. All other work is blocks of Python code, whose kernels
release the interpreter's lock. In both cases the number of threads does not change the blocks, and partial sums
are added in a fixed order. So every result has the same bits at any number of threads.
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
    """Return how many threads `n_jobs` means; the same in the workers of a process pool.

    Parameters
    ----------
    n_jobs : int or None
        A positive number is the number of threads. -1 means all cores that this process can use, -2 all but one, and so
        on. None means the number of ``joblib.parallel_config``, or 1 outside such a context.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    if n_jobs is None:  # joblib takes long to import, and where nobody has imported it, nobody has configured it
        if "joblib.parallel" not in sys.modules:
            return 1
        from joblib.parallel import get_active_backend  # waits where another thread is still importing it

        _, n_jobs = get_active_backend()
        if n_jobs is None:
            return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ParameterError(
            f"n_jobs must be None, a positive integer (the number of threads), or a negative one (-1: all cores, -2: "
            f"all but one, ...); got {shown(n_jobs)}."
        )
    count = int(n_jobs)
    if count < 0:
        from joblib import cpu_count

        count = max(1, cpu_count() + 1 + count)
    return min(count, MOST)


class Executor(Protocol):
    """Runs whole fits outside this process's threads: an executor of concurrent.futures, or one with the same `map`."""

    def map(self, function: Callable[..., Any], /, *items: Iterable[Any]) -> Iterable[Any]:
        """Return an iterable of the results, in the order of the items."""


class Workers:
    """A pool of `n_jobs` threads (see `count_threads`), as a context.

    `team` is for kernels that take one. Inside the context, BLAS runs on one thread. With one job, or one block,
    everything runs in the calling thread. Threads get their work through plain queues: blocks can be as short as a
    tenth of a millisecond, and the futures of an executor take as long as that. A Ctrl-C ends the wait for a thread,
    which finishes its block. Threads are daemons, so they do not keep the interpreter from ending.
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

        Numbers out of range become infinity or NaN without a warning, because the results of a fit are checked.
        """
        items = list(items)
        if self.n_jobs == 1 or len(items) < 2:
            with np.errstate(over="ignore", invalid="ignore"):
                return [function(item) for item in items]
        results: list[Result] = [None] * len(items)  # type: ignore[list-item]
        left = deque(enumerate(items))  # a task per thread, not per item: a hand-over costs as much as a small item
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        tickets = deque(range(min(self.n_jobs, len(items)) - 1))  # one for each other thread that has not begun

        def work() -> None:
            while True:
                try:
                    number, item = left.popleft()
                except IndexError:
                    return
                try:
                    with np.errstate(over="ignore", invalid="ignore"):  # each thread has its own state
                        results[number] = function(item)
                except BaseException:
                    left.clear()
                    raise

        def help_out() -> None:
            try:
                tickets.pop()
            except IndexError:  # the caller has finished, and does not wait
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
            forked = os.getpid() != process  # a child has none of the threads
            errors = [error for error in (ended.get() for _ in range(0 if forked else others)) if error is not None]
        if forked and others:
            raise RuntimeError("a forked child cannot finish work that threads of its parent began before the fork")
        try:
            if errors:
                raise errors[0]
        finally:
            errors.clear()  # each holds this frame, and so the items, in a cycle
        return results

    def _hand_over(self, task: Callable[[], None], busy: int) -> bool:
        """Give the task to a thread while `busy` others work; return False if the system has no more threads."""
        if len(self._threads) <= busy:
            thread = threading.Thread(target=_serve, args=(self._asked,), name=f"partwise_{busy}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or Python is ending: fewer threads are enough
                return False
            self._threads.append(thread)
        self._asked.put(task)
        return True


ALONE = Workers(1)
"""The caller's thread alone, for work that is too small to share. It does not change the threads of BLAS."""


def _serve(asked: SimpleQueue[Callable[[], None] | None]) -> None:
    """Do tasks until None comes."""
    while (task := asked.get()) is not None:
        task()
        del task  # and the objects that it holds
    asked.put(None)  # for the next thread, which can be missing from the list
