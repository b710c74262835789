"""A thin array whose rows lie in pieces on the workers of a cluster, where they were made."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from partwise import kernels
from partwise.caching import cached_property
from partwise.matrix.rows import Array


class Piece(NamedTuple):
    """Some rows that a worker holds: array `which` of block `number` in a future's result."""

    future: Any
    number: int
    which: int


class Moments(NamedTuple):
    """Sums over the columns of an array (rows, k), and their largest entries.

    Attributes
    ----------
    sums, squares : ndarray of shape (k,)
        Of the entries and of their squares, in float64.
    highest : ndarray of shape (k,)
        The largest entry, or 0, in the array's dtype.
    """

    sums: Array
    squares: Array
    highest: Array

    @classmethod
    def of(cls, array: Array) -> "Moments":
        """Return the moments of an array."""
        sums, squares = np.empty((2, array.shape[1]))
        kernels.column_moments(np.ascontiguousarray(array), sums, squares, None)
        return cls(sums, squares, array.max(axis=0, initial=0))

    @classmethod
    def together(cls, parts: Sequence["Moments"]) -> "Moments":
        """Return the moments of arrays that are stacked by rows; sums are added in their order."""
        sums, squares, highest = zip(*parts, strict=True)
        return cls(sum(sums[1:], sums[0]), sum(squares[1:], squares[0]), np.maximum.reduce(highest))


class Home(Protocol):
    """The cluster that holds the pieces."""

    def fetch(self, pieces: Sequence[Piece]) -> list[Array]:
        """Return the rows of pieces."""

    def send(self, array: Array) -> list[Piece]:
        """Return an array as pieces that the cluster can make again from what it was sent."""

    def measure(self, pieces: Sequence[Piece]) -> list[Moments]:
        """Return the moments of pieces."""

    def mapped(self, function: Callable[..., Array], shared: Any, *factors: Any) -> "Apart":
        """Return function(rows of each factor, shared), for each block of rows."""


class Apart:
    """An array (n, k) in pieces, one for each block of rows of X; it does not change.

    Parameters
    ----------
    shape : (int, int)
        Its rows and columns.
    dtype : dtype
        Of its entries.
    home : Home
        Where the pieces lie.
    pieces : dict of int to Piece
        By the first row of each.
    depth : int
        From at most so many passes a lost piece is made again.
    moments : list of Moments or None
        The moments of the pieces, if they are known.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        dtype: Any,
        home: Home,
        pieces: dict[int, Piece],
        depth: int = 0,
        moments: Sequence[Moments] | None = None,
    ) -> None:
        self.shape, self.dtype, self.home, self.depth = shape, np.dtype(dtype), home, depth
        self._pieces, self._moments = pieces, moments

    def __getitem__(self, rows: slice) -> Piece:
        return self._pieces[rows.start]

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.whole, dtype or self.dtype, copy=copy)

    @cached_property
    def whole(self) -> Array:
        """The array in this process, (n, k)."""
        return np.concatenate(self.home.fetch(list(self._pieces.values())))

    @cached_property
    def moments(self) -> Moments:
        """The moments of its columns: sums over the pieces, the same wherever these are."""
        return Moments.together(self._moments or self.home.measure(list(self._pieces.values())))

    def renew(self) -> None:
        """Make lost pieces again from arrays that this process holds, and no longer from earlier passes."""
        pieces = self.home.send(self.whole)
        self._pieces, self.depth = dict(zip(self._pieces, pieces, strict=True)), 0
