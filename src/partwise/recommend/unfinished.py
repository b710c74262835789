"""A file of the lists made so far, from which a killed run goes on.

The first line is JSON and says what the lists belong to. Batches follow, each after its size and checksum, so that a
batch that a killed process left half written is found and dropped.
"""

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Array

__all__ = ["Unfinished"]

FORM = 1
HEAD = struct.Struct("<QI")
"""Bytes of a batch, and their checksum."""


class Unfinished:
    """The file of the lists made so far, in a ``with``; it is locked, and stays until `remove`.

    Parameters
    ----------
    path : Path
        The file; if it exists, its lists must belong to the same things.
    belongs : mapping of str to str or int
        What the lists belong to: the name of each thing, and a value that identifies it.
    k : int
        Length of a list.

    Attributes
    ----------
    done : int
        Number of readers whose lists are in the file.

    Raises
    ------
    DataError
        If it is not a file of lists, its lists belong to something else, or another process writes it.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "lists.csv.unfinished")
    >>> with Unfinished(path, {"log": "a"}, 1) as file:
    ...     file.add(np.array([[7]]), np.array([[0.5]]))
    >>> with Unfinished(path, {"log": "a"}, 1) as file:
    ...     file.done, [places.tolist() for places, _ in file]
    (1, [[[7]]])
    """

    def __init__(self, path: Path, belongs: Mapping[str, Any], k: int) -> None:
        self.path, self.belongs, self.k, self.done = path, dict(belongs), k, 0
        self._begins = 0

    def __enter__(self) -> Self:
        # "a" creates the file and never empties one that another process writes.
        self._file: IO[bytes] = open(self.path, "a+b")
        try:
            self._take()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, places: Array, scores: Array) -> None:
        """Append the lists of the next readers, (n, k) each; after the call a kill does not lose them."""
        content = places.astype("<i8").tobytes() + scores.astype("<f8").tobytes()
        self._file.write(HEAD.pack(len(content), zlib.crc32(content)) + content)
        self._file.flush()
        self.done += len(places)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """Yield the lists batch by batch, as they were added."""
        self._file.seek(self._begins)
        left = self.done
        while left:
            batch = self._next()
            if batch is None:
                raise OSError(None, "it changed while it was read", str(self.path))
            left -= len(batch[0])
            yield batch

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(f"{self.path} is being written by another run. Wait for its end, or stop it.") from error
        except OSError:  # a file system without locks
            pass
        self._file.seek(0)
        first = self._file.readline()
        if not first.endswith(b"\n"):  # new, or left empty by a killed run
            if first and not first.startswith(b'{"partwise lists"'):
                raise self._other("it holds something else")
            self._file.truncate(0)
            line = json.dumps({"partwise lists": FORM, "k": self.k, "belongs": self.belongs})
            self._file.write(f"{line}\n".encode())
            self._file.flush()
            self._begins = self._file.seek(0, os.SEEK_END)
            return
        self._check(first)
        self._begins = whole = self._file.tell()
        while (batch := self._next()) is not None:
            self.done += len(batch[0])
            whole = self._file.tell()
        self._file.truncate(whole)
        self._file.seek(0, os.SEEK_END)

    def _check(self, first: bytes) -> None:
        try:
            said = json.loads(first)
            form, k, belongs = said["partwise lists"], said["k"], said["belongs"]
            names = [name for name in {**belongs, **self.belongs} if belongs.get(name) != self.belongs.get(name)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._other("it holds something else") from error
        if form != FORM:
            raise self._other("another version of partwise wrote it")
        if names:
            told = [self._told(name, belongs.get(name)) for name in names]
            raise self._other(f"its lists are of {' and '.join(told)}")
        if k != self.k:
            raise self._other("its lists are of another length")

    def _told(self, name: str, other: Any) -> str:
        """Return what differs, with the values of options."""
        own = self.belongs.get(name)
        if not (isinstance(own, dict) and isinstance(other, dict)):
            return f"another {name}"
        different = [option for option in own if own[option] != other.get(option)]
        return f"other {name}, " + ", ".join(f"{option}={other.get(option)} for {own[option]}" for option in different)

    def _other(self, reason: str) -> DataError:
        return DataError(
            f"{self.path} is from a run that did not end, and this run cannot go on from it: {reason}. Run the command "
            "that began it again, or remove the file to start over."
        )

    def _next(self) -> tuple[Array, Array] | None:
        """Return the batch that begins here, or None if there is no complete one."""
        head = self._file.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        size, checksum = HEAD.unpack(head)
        each = 16 * self.k
        if not size or size % each or size > os.fstat(self._file.fileno()).st_size:
            return None
        content = self._file.read(size)
        if len(content) < size or zlib.crc32(content) != checksum:
            return None
        n, half = size // each, size // 2
        places = np.frombuffer(content[:half], dtype="<i8").reshape(n, self.k).astype(np.int64)
        return places, np.frombuffer(content[half:], dtype="<f8").reshape(n, self.k).astype(np.float64)
