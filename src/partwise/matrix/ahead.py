"""Read the next blocks of a matrix while the present ones are in use."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from partwise.locks import Lock
from partwise.matrix.base import Matrix


class Ahead:
    """Blocks of X that threads of its own read before they are needed."""

    def __init__(self, X: Any, count: int) -> None:
        self._X, self._lock, self._next = X, Lock(), 0
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="partwise_reader")
        self._read: dict[int, Future[Matrix]] = {}
        for _ in range(count):
            self._go_on()

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _go_on(self) -> None:
        if self._next < len(self._X.tiled):
            self._read[self._next] = self._pool.submit(self._X.slice, *self._X.tiled[self._next])
            self._next += 1

    def take(self, number: int) -> Matrix:
        """Return a block; blocks are requested nearly in order."""
        with self._lock:
            while number >= self._next:
                self._go_on()
            reading = self._read.pop(number)
        found = reading.result()
        with self._lock:
            self._go_on()
        return found
