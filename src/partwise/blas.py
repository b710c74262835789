"""BLAS on one thread while a fit runs: the one place that knows of other libraries' threads.

threadpoolctl limits them. On POSIX, OpenBLAS is limited directly instead. Where Python has no other thread, as in a
script, OpenBLAS's threads are also ended while a fit runs. A fit of two iterations on Reuters, right after ``A @ A`` on
two threads, then takes 40 ms, not 58 (docs/performance/notes.md). In a notebook or a server these threads are left
alone. ``PARTWISE_BLAS=threadpoolctl`` in the environment leaves everything to threadpoolctl.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import threadpoolctl

from partwise.locks import Lock

SWITCH, PLAIN = "PARTWISE_BLAS", "threadpoolctl"


@dataclass(frozen=True)
class _OpenBlas:
    """An OpenBLAS with threads of its own. It is used on POSIX only: on Windows it can kill threads, not just end them.

    Attributes
    ----------
    count : c_int
        Number of threads of its next call. OpenBLAS's own function that sets this number also starts threads that were
        stopped. To end them again took 0.1 ms, and in some processes until Linux's next tick.
    stop : callable
        Ends its threads, as OpenBLAS itself does before a fork. Its next call on several threads starts them again.
        After such a call they spin for about 30 ms, on a core with which a short fit would be twice as fast.
    """

    count: ctypes.c_int
    stop: Callable[[], object]

    def set_count(self, threads: int) -> None:
        """Set the number of threads of its next call. A call that runs keeps its threads."""
        self.count.value = threads


class SerialBlas:
    """Holds BLAS to one thread while any fit runs. It counts fits, so that fits in several threads do not conflict."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._own = threading.local()
        self._held: list[tuple[Callable[[int], object], int]] = []
        self._found: tuple[list[_OpenBlas], list[threadpoolctl.LibController]] = [], []
        self._modules = 0

    def enter(self, *, stop: bool) -> None:
        """Limit BLAS. With `stop`, also end its threads where they would slow ours down."""
        with self._lock:
            if self._users == 0:
                self._limit(stop)
            self._users += 1
        self._own.users = getattr(self._own, "users", 0) + 1

    def leave(self) -> None:
        """Give BLAS its threads back, if no other fit runs."""
        self._own.users -= 1
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._release()

    def after_fork_in_child(self) -> None:
        """Forget the fits of threads that a forked child does not have."""
        self._users = getattr(self._own, "users", 0)
        if self._users == 0:
            self._release()

    def _limit(self, stop: bool) -> None:
        ours, others = self._libraries()
        for library in ours:
            if (before := library.count.value) != 1:  # already 1: limited by others, or in here before a Ctrl-C
                self._held.append((library.set_count, before))
                library.set_count(1)
        for other in others:
            if (before := other.get_num_threads()) not in (1, None):
                _take_control()
                self._held.append((other.set_num_threads, before))
                other.set_num_threads(1)
        if stop and threading.enumerate() == [threading.current_thread()]:  # no other of Python's is in BLAS
            for library in ours:
                library.stop()

    def _release(self) -> None:
        if self._held:
            _take_control()  # another thread can have set the limit
            for set_threads, before in self._held:
                set_threads(before)
            self._held.clear()
            _take_control()

    def _libraries(self) -> tuple[list[_OpenBlas], list[threadpoolctl.LibController]]:
        """Return the loaded BLAS libraries. An import can load one more, so they are looked for again after it."""
        if self._modules != (modules := len(sys.modules)):
            self._found, self._modules = _libraries(), modules
        return self._found


def _libraries() -> tuple[list[_OpenBlas], list[threadpoolctl.LibController]]:
    """Return the loaded BLAS libraries: those that are limited directly, and all others."""
    ours, others = [], []
    for library in threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers:
        pthreads = library.internal_api == "openblas" and library.threading_layer == "pthreads"
        if pthreads and os.name == "posix" and os.environ.get(SWITCH) != PLAIN:
            with suppress(ValueError, AttributeError):  # this build does not export these names
                count = ctypes.c_int.in_dll(library.dynlib, "blas_cpu_number")
                if _governs(count, library):
                    ours.append(_OpenBlas(count, library.dynlib.blas_thread_shutdown_))
                    continue
        others.append(library)
    return ours, others


def _governs(count: ctypes.c_int, library: threadpoolctl.LibController) -> bool:
    """Whether the library itself reads this number, and not another number of the same name."""
    before, count.value = count.value, 1
    try:
        return bool(library.get_num_threads() == 1)
    finally:
        count.value = before


def _take_control() -> None:
    """Free OpenBLAS's limit from the thread that set it last: threadpoolctl >= 3.8 silently ignores other threads."""
    release = getattr(getattr(threadpoolctl, "OpenBLASController", None), "clear_controlling_thread", None)
    if release is not None:
        release(force=True)


serial_blas = SerialBlas()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=serial_blas.after_fork_in_child)
