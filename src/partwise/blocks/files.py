"""Files that several threads read in places, and that must not change meanwhile."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.io.files import open_file
from partwise.locks import Lock
from partwise.matrix import Array

PIECE = 8 << 20
"""Bytes of one read: enough to keep a disk busy, few enough that other threads get their turn."""


class Stamp:
    """Detects changes of files, by the size and the time of the last change of each.

    Parameters
    ----------
    name : str
        The name of all files together in error texts.
    paths : list of str
        Files or folders. A folder changes when a file in it is made, replaced or removed.
    """

    def __init__(self, name: str, paths: list[str]) -> None:
        self.name, self.paths = name, paths
        self.seen = [_seen(path) for path in paths]

    def check(self) -> None:
        """Raise DataError if a file has changed."""
        for path, seen in zip(self.paths, self.seen, strict=True):
            try:
                now = _seen(path)
            except OSError as error:
                raise DataError(
                    f"{self.name} changed while it was in use: {path} cannot be read any more ({error.strerror}). "
                    f"Put it back, and open it again."
                ) from error
            if now != seen:
                raise changed(self.name, seen, now)


def _seen(target: str | int) -> tuple[int, int]:
    found = os.stat(target)
    return found.st_size, found.st_mtime_ns


def changed(name: str, seen: tuple[int, int], now: tuple[int, int]) -> DataError:
    """Return the error for a file that changed; `seen` and `now` are size and time of change before and now."""
    what = f"had {seen[0]:,} bytes and now has {now[0]:,}" if seen[0] != now[0] else "was written to at "
    if seen[0] == now[0]:
        what += time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now[1] / 1e9))
    return DataError(
        f"{name} changed while it was in use: it {what}. Leave it as it is until the fit ends, and open it again."
    )


class File:
    """A file of numbers, opened when it is first read. It can be pickled, and is opened again elsewhere.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    OSError
        If it cannot be read.
    DataError
        If it is a device or a pipe.
    """

    def __init__(self, path: str | Path) -> None:
        self.name, self._path = str(path), os.path.abspath(path)
        self._open()
        self.seen = self._now()

    def _open(self) -> None:
        with open_file(self._path) as file:
            self._descriptor: int | None = os.dup(file.fileno())
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Size in bytes when it was opened."""
        return self.seen[0]

    def _now(self) -> tuple[int, int]:
        assert self._descriptor is not None
        return _seen(self._descriptor)

    def read_into(self, out: Array, offset: int) -> None:
        """Fill an array in C order with the bytes from `offset` on.

        Raises
        ------
        DataError
            If the file changed since it was opened, or ends too early.
        """
        with self._lock:
            if self._descriptor is None:
                self._open()
        left = out.reshape(-1).view(np.uint8).data
        while left:
            count = os.preadv(self._descriptor, [left[:PIECE]], offset)  # type: ignore[arg-type]  # it is open
            if count == 0:
                break
            left, offset = left[count:], offset + count
        if (now := self._now()) != self.seen:
            raise changed(self.name, self.seen, now)
        if left:
            raise DataError(f"{self.name} is cut short: {len(left):,} bytes are missing. Copy it or write it again.")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"} | {"_descriptor": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=Lock())

    def __del__(self) -> None:
        if getattr(self, "_descriptor", None) is not None:
            os.close(self._descriptor)  # type: ignore[arg-type]
