"""A mutex that a forked child finds free."""

import os
import threading
import weakref
from typing import ClassVar


class Lock:
    """A mutex, as a context. A forked child finds it free, even if a thread of the parent held it."""

    _all: ClassVar["weakref.WeakSet[Lock]"] = weakref.WeakSet()

    def __init__(self) -> None:
        self._free()
        Lock._all.add(self)

    def _free(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        lock = self._lock
        lock.acquire()
        self._taken = lock

    def __exit__(self, *error: object) -> None:
        self._taken.release()  # not a new one, if this thread forked inside

    @classmethod
    def free_all(cls) -> None:
        """Free every lock, in a child without the threads that held them."""
        for lock in list(cls._all):
            lock._free()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Lock.free_all)
