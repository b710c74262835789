"""The data as a solver uses them: products with thin matrices, and entry-wise parts, a block of rows at a time."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from partwise import kernels
from partwise.caching import cached_property
from partwise.exceptions import IncompatibleSolverError
from partwise.matrix.cutting import Block
from partwise.matrix.rows import Array
from partwise.threads import ALONE, Workers

Box = tuple[Array, Array]
"""Lowest and highest value of each entry of a factor, arrays of its shape."""

UNKNOWN = (
    "cannot go with unknown entries or weights on single ones: {name} does not give {what}. Fill them, or leave it out."
)
CAPABILITIES = {
    "complete": UNKNOWN.replace("{what}", "every entry of X, zeros where none is stored"),
    "shared_gram": UNKNOWN.replace("{what}", "rows of X that share one Gram matrix"),
    "columns": "needs the columns of X, which is read by rows alone. Load X into memory.",
}
"""What a storage can support, and the error text if it does not."""

PerBlock = Callable[..., tuple[Any, Any]]
"""function(X or some rows of it, which rows, shared, *rows of factors) -> (result for these rows, sums)."""


class WholeFacts(NamedTuple):
    """What a half-step on some rows needs of all rows: see the properties of the same names."""

    mean: float
    floor: float
    work: float


class Matrix(ABC):
    """A data matrix of n rows and m columns; float32 or float64, all entries finite.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from partwise.extend import as_matrix
    >>> X = as_matrix(sp.csr_array([[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]]))
    >>> X.shape, X.n_stored, X.blocks, X.can("columns")
    ((3, 2), 2, ((0, 3),), True)
    >>> X.product(np.array([[1.0], [10.0]])).tolist(), X.T.product(np.ones((3, 1))).tolist()
    ([[20.0], [3.0], [0.0]], [[3.0], [2.0]])
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    blocks: tuple[Block, ...]
    """Fixed partition of the rows: it depends on X alone, never on the number of threads."""
    capabilities: frozenset[str] = frozenset({"complete", "shared_gram", "columns"})
    """What it supports beyond what every matrix does; see CAPABILITIES."""

    along_rows: bool = True
    """Whether it is read along its rows; if not, its transpose is."""

    def can(self, capability: str) -> bool:
        """Return whether X has a capability."""
        return capability in self.capabilities

    def require(self, capability: str, what: str) -> None:
        """Raise IncompatibleSolverError, which says that `what` needs a capability, if X does not have it."""
        if not self.can(capability):
            raise IncompatibleSolverError(f"{what} {CAPABILITIES[capability].format(name=type(self).__name__)}")

    @property
    def cells(self) -> Array | None:
        """X as one dense array, where that is what it is."""
        return None

    @property
    def is_small(self) -> bool:
        """Whether several threads would have no work: it is one block, and so is its transpose."""
        return len(self.blocks) < 2 and len(self.T.blocks) < 2

    def each(self, function: PerBlock, shared: Any, *factors: Any, workers: Workers = ALONE) -> tuple[list[Any], Any]:
        """Call ``function(matrix, rows, shared, *parts)`` once for X in memory, or else for each of its blocks.

        Parameters
        ----------
        function : callable
            Returns (result for these rows, sums over them: a tuple of arrays and numbers, or None). Pickle must find it
            by name, because it can run in another process.
        shared : object
            The same for all.
        *factors : array, or anything with ``of(rows)``
            Each call gets its rows of these.

        Returns
        -------
        (list, tuple or None)
            The result for each block, and the sums, added in one fixed order.
        """
        own, sums = function(self, slice(0, self.shape[0]), shared, *factors)
        return [own], sums

    @property
    def keeps_apart(self) -> bool:
        """Whether rows of W stay where those of X are, and come here only when they are needed: see ``spread``."""
        return False

    def spread(self, array: Array) -> Any:
        """Return an array (n, k) whose rows are where those of X are: itself, or an ``Apart``."""
        return array

    def each_kept(
        self,
        function: PerBlock,
        shared: Any,
        into: Sequence[tuple[Array, bool]],
        *factors: Any,
        workers: Workers = ALONE,
    ) -> tuple[list[Any], Any]:
        """Do as ``each`` does, for a function that returns ((which rows, their arrays), sums).

        Parameters
        ----------
        into : sequence of (array, bool)
            The arrays (n, k) to which these rows are written, and whether sums over their columns will be needed. Rows
            that are apart are not written here: they stay where they were made, as new arrays.

        Returns
        -------
        (list of array, tuple or None)
            The arrays, and the sums.
        """
        own, sums = self.each(function, shared, *factors, workers=workers)
        for rows, arrays in own:
            for (target, _), array in zip(into, arrays, strict=True):
                target[rows] = array
        return [target for target, _ in into], sums

    @property
    @abstractmethod
    def T(self) -> "Matrix":
        """The transpose, built once and kept."""

    @abstractmethod
    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """Do now, on these threads, what the transpose will need anyway.

        `whole` says that its single rows will be needed, not only products with it.
        """

    def check_room(self, n_components: int, n_jobs: int, **fit: Any) -> None:  # noqa: B027  most have no limit
        """Raise ParameterError if a fit of so many parts, on so many threads, takes more memory than X allows.

        `fit` has its start (`init`), whether it writes checkpoints (`checkpoints`), and how many arrays of each
        factor's shape it holds (`copies`).
        """

    def check_whole(self, copies: int) -> None:  # noqa: B027  most have no limit
        """Raise ParameterError if so many copies of `loaded` take more memory than X allows."""

    def forget(self) -> None:  # noqa: B027  most have nothing to let go of
        """Drop the transpose: each holds the other, so their memory would wait for the garbage collector."""

    def loaded(self) -> "Matrix":
        """Return X in memory."""
        return self

    @abstractmethod
    def slice(self, first: int, last: int) -> "Matrix":
        """Return rows first..last as a matrix of their own; dense ones share memory."""

    @abstractmethod
    def mapped(self, function: Callable[[Array], Array]) -> "Matrix":
        """Return a matrix whose stored entries are function(entries), for an array of them of any shape."""

    def divided(self, unit: float) -> "Matrix":
        """Return X / unit, for a power of two."""
        exponent = int(np.frexp(unit)[1]) - 1
        return self.mapped(lambda entries: np.ldexp(entries, -exponent))

    def astype(self, dtype: Any) -> "Matrix":
        """Return a copy in float32 or float64."""
        return self.mapped(lambda entries: entries.astype(dtype))

    @abstractmethod
    def scaled(self, left: Array, right: Array) -> "Matrix":
        """Return X with row i multiplied by left[i] and column j by right[j], arrays (n,) and (m,) of its dtype."""

    @abstractmethod
    def take(self, rows: Array | None = None, columns: Array | None = None) -> "Matrix":
        """Return these rows and columns in the order given, which can repeat them; None: all."""

    @property
    @abstractmethod
    def places(self) -> tuple[Array, Array]:
        """Rows and columns of the stored entries: arrays that broadcast to the shape of ``values()``."""

    @abstractmethod
    def where(self, which: Array) -> "Matrix":
        """Return X with only those stored entries for which `which`, in the shape of ``values()``, is true."""

    @abstractmethod
    def sample(self, rows: Array) -> tuple["Matrix", Array]:
        """Return a copy of these rows and of the columns with three entries there, and the columns' numbers."""

    def sketched(self, n_components: int, workers: Workers) -> "Matrix | None":
        """Return X as random directions see it, for so many parts; None where products would not be much cheaper."""
        return None

    @property
    @abstractmethod
    def n_stored(self) -> int:
        """Number of stored entries: the work of a product divided by the number of components."""

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        """Return X @ right, (n, k), for a thin right (m, k) of X's dtype, C-contiguous."""
        out = np.empty((self.shape[0], right.shape[1]), self.dtype)

        def block(rows: Block) -> None:
            out[slice(*rows)] = self.rows(*rows).product(right)

        workers.map(block, self.blocks)
        return out

    @abstractmethod
    def rows(self, first: int, last: int) -> Any:
        """Return a view of rows first..last, as kernels read them: a Rows of the kind that this storage has."""

    @abstractmethod
    def values(self) -> Array:
        """Return the stored entries, flat or not, in any order; absent ones are zero."""

    @property
    def entry_weights(self) -> Array | None:
        """What the loss of each stored entry is multiplied by, in the order of ``values()``; None: 1."""
        return None

    @property
    def weight_range(self) -> tuple[float, float] | None:
        """Least and largest of the positive weights of entries; None: all are 1."""
        weights = self.entry_weights
        return None if weights is None or not weights.size else (float(weights.min()), float(weights.max()))

    def arrays(self) -> list[Array]:
        """Return the arrays that hold X; equal arrays mean equal data."""
        return [self.values()]

    def fills(self, k: int) -> bool:
        """Return whether half-steps on k parts should work on ``filled``."""
        return False

    @property
    def filled(self) -> Any:
        """X with a model's entries where it is unknown, a ``Filled``; only for an X that `fills`."""
        raise NotImplementedError

    def blank_rows(self) -> Array:
        """Return which rows have no known entry, booleans (n,)."""
        return np.zeros(self.shape[0], bool)

    @abstractmethod
    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        """Return (row, column, value, count) of the first stored entry for which test(values) holds, or None."""

    @abstractmethod
    def dense(self, indices: Array) -> Array:
        """Return X[indices] as a dense array (len(indices), m)."""

    @abstractmethod
    def row_squares(self) -> Array:
        """Return the squared norm of each row in float64, (n,)."""

    def by_zone(self, right: Array, of: Callable[[Array], Array], whole: Array) -> Sequence[tuple[Block, Array]]:
        """Return, for each zone of rows in which the same columns of X count, the sum of of(right[j]) over these.

        `of` returns a sum over the rows of its argument, and `whole` is of(right): the result if all columns count.
        """
        return [((0, self.shape[0]), whole)]

    def by_block(self, right: Array, of: Callable[[Array], Array], whole: Array) -> Sequence[Array]:
        """Return the same for each block: that of its zone."""
        zones = self.by_zone(right, of, whole)
        starts = [first for (first, _), _ in zones]
        return [zones[bisect_right(starts, first) - 1][1] for first, _ in self.blocks]

    def blocks_of(self, rows: Block) -> list[Block]:
        """Return the blocks of a zone."""
        return [block for block in self.blocks if rows[0] <= block[0] < rows[1]]

    def model_total(self, left: Array, right: Array) -> float:
        """Return the sum of the model left @ right.T over the cells that count."""
        zones = self.by_zone(right, _sums, _sums(right))
        return sum(float(_sums(left[slice(*rows)]) @ sums) for rows, sums in zones)

    def row_errors(self, left: Array, right: Array) -> Array:
        """Return the squared residual of each row for the model left @ right.T, in float64, (n,)."""
        model = np.empty_like(left)
        for rows, gram in self.by_zone(right, _gram, _gram(right)):
            np.matmul(left[slice(*rows)], gram, out=model[slice(*rows)])
        return self.row_squares() + np.einsum("it,it->i", model - 2 * self.product(right), left)

    def row_error(self, row: int, left: Array, right: Array) -> Array:
        """Return X[row] - right @ left[row], (m,)."""
        return self.dense(np.array([row]))[0] - right @ left[row]

    @cached_property
    def survey(self) -> tuple[float, float, float, float]:
        """Smallest and largest stored entry, sum and sum of squares, in float64; the sum is NaN if an entry is."""
        return kernels.survey(self._flat())

    @property
    def squared_norm(self) -> float:
        """Sum of squared entries, in float64."""
        return self.survey[3]

    @property
    def total(self) -> float:
        """Sum of entries, in float64."""
        return self.survey[2]

    @cached_property
    def x_log_x(self) -> float:
        """Sum of x log x over entries, in float64; 0 log 0 = 0."""
        return self.sum_of(_x_log_x)

    @property
    def is_signed(self) -> bool:
        """Whether any entry is negative."""
        return self.n_stored > 0 and self.survey[0] < 0

    @cached_property
    def total_size(self) -> float:
        """Sum of the absolute values of entries, in float64."""
        return self.sum_of(np.abs) if self.is_signed else self.total

    @cached_property
    def mean(self) -> float:
        """Mean absolute value over all n m cells."""
        return self.total_size / (self.shape[0] * self.shape[1])

    @cached_property
    def work(self) -> float:
        """Stored entries per row and column: the cost of a product with one part, relative to a sweep over the part."""
        return self.n_stored / sum(self.shape)

    @property
    def facts(self) -> WholeFacts:
        """What half-steps on some of its rows need of all rows."""
        return WholeFacts(self.mean, self.floor, self.work)

    def as_part_of(self, whole: "WholeFacts") -> None:
        """Take the facts of `whole`, the matrix of these rows: a half-step must not compute them from some rows."""
        for part in (self, self.T):
            part.__dict__.update(whole._asdict())

    @cached_property
    def floor(self) -> float:
        """The least value of a model entry that divides: far below the mean, but its square does not underflow."""
        share, least = (1e-10, 1e-15) if self.dtype == np.float32 else (1e-20, 1e-150)
        return max(share * self.mean, least)

    @property
    def has_zeros(self) -> bool:
        """Whether any cell is zero, stored or absent; no entry is negative."""
        return self.n_stored < self.shape[0] * self.shape[1] or self.survey[0] == 0

    def sum_of(self, of: Any) -> float:
        """Return the sum of the terms of(part) over parts of the stored entries, each a flat float64 array."""
        flat, step = self._flat(), 1 << 16
        return float(sum(np.sum(of(flat[i : i + step].astype(np.float64))) for i in range(0, flat.size, step)))

    def _flat(self) -> Array:
        """Return the stored entries as one line."""
        return self.values().reshape(-1, order="A")


def _x_log_x(part: Array) -> Array:
    # np.log takes a third of the time of scipy's xlogy; the smallest normal number replaces 0 in it
    return np.asarray(part * np.log(np.maximum(part, np.finfo(part.dtype).tiny)))


def _gram(factor: Array) -> Array:
    return factor.T @ factor


def _sums(factor: Array) -> Array:
    return factor.sum(axis=0, dtype=np.float64)
