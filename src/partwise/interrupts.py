"""A Ctrl-C that waits until the current work can be saved."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class DelayedInterrupt:
    """A context that only notes the first Ctrl-C, until ``deliver``. A second Ctrl-C acts as usual.

    It works in the main thread only, as Python's signals do, and only if Python handles Ctrl-C. The previous handler
    comes back at the end, or when the interrupt is delivered.

    Attributes
    ----------
    came : bool
        Whether there was a Ctrl-C.

    Examples
    --------
    >>> with DelayedInterrupt() as interrupt:
    ...     interrupt.came
    False
    """

    def __init__(self) -> None:
        self.came = False
        self._before: Callable[[int, FrameType | None], Any] | None = None

    def __enter__(self) -> Self:
        self.came, before = False, signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self._before = before
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.deliver()
        self._restore()

    def deliver(self) -> None:
        """Give a noted Ctrl-C to the previous handler: Python's own raises KeyboardInterrupt."""
        before = self._restore() if self.came else None
        if before is not None:
            before(signal.SIGINT, None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.came:
            self.came = True
            return
        before = self._restore()
        if before is not None:
            before(number, frame)

    def _restore(self) -> Callable[[int, FrameType | None], Any] | None:
        """Put the previous handler back and return it; None if it is back already."""
        before, self._before = self._before, None
        if before is not None:
            signal.signal(signal.SIGINT, before)
        return before
