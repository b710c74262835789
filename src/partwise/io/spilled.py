"""Texts on disk: those of an iterator, which a fit reads several times."""

import itertools
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["SpilledTexts"]

BLOCK = 1_000
"""How many texts are read together."""


class SpilledTexts(Sequence[str]):
    """Texts in a temporary file without a name: it is deleted with this object, at the end of a ``with``, or by a kill.

    Parameters
    ----------
    texts : iterable of str
        The texts, which are read once.

    Raises
    ------
    OSError
        If there is no space for the file, in the folder for temporary ones.

    Examples
    --------
    >>> with SpilledTexts(iter(["Rates rise", "", "Home side wins"])) as texts:
    ...     len(texts), texts[0], list(texts[::2]), [*texts][1:]
    (3, 'Rates rise', ['Rates rise', 'Home side wins'], ['', 'Home side wins'])
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._file = tempfile.TemporaryFile(prefix="partwise-")  # noqa: SIM115
        self._end = weakref.finalize(self, self._file.close)
        self._ends = array("q", [0])
        try:
            for text in texts:
                self._ends.append(self._ends[-1] + self._write(text.encode("utf-8", "surrogatepass")))
            self._write(b"", flush=True)
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> "SpilledTexts":
        """Return the texts."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._end()

    def _write(self, content: bytes, flush: bool = False) -> int:
        try:
            written = self._file.write(content)
            if flush:
                self._file.flush()
        except OSError as error:
            said = f"{error.strerror}: texts are kept there while they are read; set TMPDIR to use another folder"
            raise OSError(error.errno, said, tempfile.gettempdir()) from error
        return written

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, slice):
            return [text for i in range(*which.indices(len(self))) for text in self._read(i, i + 1)]
        place = range(len(self))[which]
        return self._read(place, place + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), BLOCK):
            yield from self._read(first, min(first + BLOCK, len(self)))

    def _read(self, first: int, last: int) -> list[str]:
        begin = self._ends[first]
        content = os.pread(self._file.fileno(), self._ends[last] - begin, begin)
        cuts = [end - begin for end in self._ends[first : last + 1]]
        return [content[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(cuts)]
