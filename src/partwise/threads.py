"""Threads over fixed row blocks: the one place that decides how many, and holds BLAS to one thread meanwhile.

Kernels of least squares share their rows among a team of native threads: half-steps there can be as short as a tenth of
a millisecond, and so little is worth no hand-over between Python threads. All else is blocks of Python code, whose
kernels release the interpreter's lock. Either way pieces are cut without regard to the number of threads and partial
sums are added in their order, so every result has the same bits at any thread count.
"""

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

import threadpoolctl
from joblib import effective_n_jobs

from partwise import kernels

Item = TypeVar("Item")
Result = TypeVar("Result")


class _SerialBlas:
    """Holds BLAS to one thread while any fit runs; counts, so that fits in several threads do not undo each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._found: tuple[list[_OpenBlas], threadpoolctl.ThreadpoolController] | None = None
        self._held: list[tuple[_OpenBlas, int]] = []
        self._limiter: object | None = None

    def enter(self, *, stop: bool) -> None:
        """Limit BLAS; `stop` its threads too, where they would be in the way of ours."""
        with self._lock:
            if self._users == 0:
                if self._found is None:
                    self._found = _libraries()
                ours, others = self._found
                for library in ours:
                    if (before := library.count.value) != 1:  # else others limit it, or a Ctrl-C in here left it so
                        self._held.append((library, before))
                        library.count.value = 1
                if any(library.get_num_threads() != 1 for library in others.lib_controllers):
                    _take_control()
                    self._limiter = others.limit(limits=1, user_api="blas")
                if stop and threading.enumerate() == [threading.current_thread()]:  # no other of Python's is in BLAS
                    for library in ours:
                        library.stop()
            self._users += 1

    def leave(self) -> None:
        """Give BLAS its threads back, if no other fit runs."""
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
            for library, before in self._held:
                library.count.value = before
            self._held.clear()
            if self._limiter is not None:
                _take_control()  # this need not be the thread that set the limit
                self._limiter.restore_original_limits()  # type: ignore[attr-defined]
                self._limiter = None
                _take_control()


@dataclass(frozen=True)
class _OpenBlas:
    """An OpenBLAS with threads of its own, on POSIX: on Windows it may kill them rather than end them.

    Attributes
    ----------
    count : c_int
        How many threads its next call takes. Its function that sets this also starts threads that were stopped; to end
        them again took 0.1 ms, in some processes until Linux's next tick.
    stop : callable
        Ends its threads, as it does itself before a fork; its next call on several of them starts them again. After
        such a call they spin for some 30 ms, on a core that a short fit would be twice as fast with.
    """

    count: ctypes.c_int
    stop: Callable[[], object]


def _libraries() -> tuple[list[_OpenBlas], threadpoolctl.ThreadpoolController]:
    """Return what is loaded of BLAS: those to be limited at the source, and all others."""
    found = threadpoolctl.ThreadpoolController().select(user_api="blas")
    ours, paths = [], []
    for library in found.lib_controllers:
        if library.internal_api == "openblas" and library.threading_layer == "pthreads" and os.name == "posix":
            with suppress(ValueError, AttributeError):  # built without these names in sight
                count = ctypes.c_int.in_dll(library.dynlib, "blas_cpu_number")
                if _governs(count, library):
                    ours.append(_OpenBlas(count, library.dynlib.blas_thread_shutdown_))
                    continue
        paths.append(library.filepath)
    return ours, found.select(filepath=paths)


def _governs(count: ctypes.c_int, library: threadpoolctl.LibController) -> bool:
    """Whether the library itself reads this number, and not one of the same name elsewhere."""
    before, count.value = count.value, 1
    try:
        return bool(library.get_num_threads() == 1)
    finally:
        count.value = before


def _take_control() -> None:
    """Free OpenBLAS's limit from the thread that set it last: threadpoolctl >= 3.8 ignores all others, silently."""
    release = getattr(getattr(threadpoolctl, "OpenBLASController", None), "clear_controlling_thread", None)
    if release is not None:
        release(force=True)


serial_blas = _SerialBlas()


class Workers:
    """A pool of `n_jobs` threads (None: 1, or what ``joblib.parallel_config`` says; -1: all cores), as a context.

    `team` is for kernels that take one. Inside, BLAS runs on one thread. With one job, or one block, everything runs in
    the calling thread. Blocks can be as short as a tenth of a millisecond, so threads are handed their work through
    bare queues: through the futures of an executor that takes as long as such a block. A Ctrl-C ends the wait for a
    thread, which finishes its block; as a daemon it does not keep the interpreter from ending.
    """

    def __init__(self, n_jobs: int | None = None, *, alone: bool = False) -> None:
        self.n_jobs = 1 if n_jobs == 1 else max(1, effective_n_jobs(n_jobs))
        if alone:  # whatever was asked for, which has been checked
            self.n_jobs = 1
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.team = kernels.Team(self.n_jobs)  # starts its threads when it is first used

    def __enter__(self) -> Self:
        serial_blas.enter(stop=self.n_jobs > 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.team.rest()
            threads, self._threads = self._threads, []
            asked, self._asked = self._asked, SimpleQueue()
            asked.put(None)
            for thread in threads:
                thread.join()
        finally:
            serial_blas.leave()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Return ``[function(item) for item in items]``, in order, computed on the pool's threads and this one."""
        items = list(items)
        if self.n_jobs == 1 or len(items) < 2:
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

        others = len(tickets)
        try:
            for busy in range(others):
                self._hand_over(help_out, busy)
            work()
        finally:
            left.clear()  # a Ctrl-C ends the wait below
            with suppress(IndexError):
                while True:
                    tickets.pop()
                    others -= 1
            errors = [error for error in (ended.get() for _ in range(others)) if error is not None]
        try:
            if errors:
                raise errors[0]
        finally:
            errors.clear()  # each holds this frame, and with it the items, in a cycle
        return results

    def _hand_over(self, task: Callable[[], None], busy: int) -> None:
        """Have a thread do the task, while `busy` others do theirs."""
        if len(self._threads) <= busy:
            thread = threading.Thread(target=_serve, args=(self._asked,), name=f"partwise_{busy}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._asked.put(task)


def _serve(asked: SimpleQueue[Callable[[], None] | None]) -> None:
    """Do what is asked for until nothing more will be."""
    while (task := asked.get()) is not None:
        task()
        del task  # and what it holds
    asked.put(None)  # for the next thread, be it one that nobody could list
