"""What a loss is: a sum over the entries of X of d(x, p), p = (W H)[i, j]."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from partwise.exceptions import DomainError
from partwise.losses.fixed import Fixed, Side
from partwise.matrix import Array, Block, Matrix
from partwise.matrix.rows import Rows
from partwise.matrix.unknown import check_powers
from partwise.threads import ALONE, Workers


@dataclass(frozen=True)
class Interval:
    """Valid entries of X: at least `lowest`, or more if it is not `closed`.

    Parameters
    ----------
    lowest : float, default=0.0
        The lower end.
    closed : bool, default=True
        Whether `lowest` itself is valid.

    Examples
    --------
    >>> from partwise.losses import Interval, get_loss
    >>> print(get_loss("kullback-leibler").domain)
    X >= 0
    >>> get_loss("itakura-saito").domain == Interval(0.0, closed=False)  # a zero is infinitely far from every model
    True
    """

    lowest: float = 0.0
    closed: bool = True

    def __str__(self) -> str:
        return f"X {'>=' if self.closed else '>'} {self.lowest:g}"


class Loss(ABC):
    r"""A loss :math:`L(X, W H) = \sum_{ij} d(x_{ij}, (W H)_{ij})`; zeros of a sparse X count.

    A new loss defines ``name``, ``domain`` and ``gradient_split``. It then works with the multiplicative solver on
    every storage. Loss objects are frozen dataclasses and can be shared.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import partwise as pw
    >>> @dataclass(frozen=True)
    ... class Pearson(pw.losses.Loss):  # (x - p)**2 / p, squared errors in units of the variance of counts
    ...     name = "pearson"
    ...     degree, exponent = 1.0, 0.5
    ...     def gradient_split(self, x, p, floor, value):
    ...         p = np.maximum(p, floor)
    ...         return (x / p) ** 2, np.ones_like(p), float(np.sum((x - p) ** 2 / p)) if value else 0.0
    >>> counts = np.random.default_rng(0).poisson(2.0, (20, 10)).astype(float)
    >>> found = pw.factorize(counts, 2, loss=Pearson(), solver="mu")
    >>> bool((np.diff(found.curve["loss"]) <= 0).all())
    True
    """

    name: ClassVar[str]
    """The name for users and in error texts."""
    needs_products_alone: ClassVar[bool] = False
    """Whether a fit needs nothing of X and its transpose but products with thin matrices."""
    takes_signs: ClassVar[bool] = False
    """Whether entries of X and of the model can be negative."""
    has_half_step: ClassVar[bool] = False
    """Whether it has its own coordinate steps, see ``half_step``."""
    domain: Interval = Interval()
    """Valid entries of X."""
    degree: float | None = None
    """d(c x, c p) = c ** degree * d(x, p) for every c > 0; None if there is no such degree."""
    exponent: float = 1.0
    """Power of the multiplicative step with which the loss cannot rise."""

    @property
    def longest_exponent(self) -> float:
        """The largest such power that is known."""
        return self.exponent

    @property
    def damped_exponent(self) -> float:
        """The same with an L2 penalty besides the loss: that penalty's part of the step is no power of the ratio."""
        return self.exponent / (1 + self.exponent)

    convex: bool = True
    """Whether d is convex in p; each half-step then has one minimum."""

    @abstractmethod
    def gradient_split(self, x: Array, p: Array, floor: float, value: bool) -> tuple[Array, Array, float]:
        """Return (negative, positive, sum of d) for entries x of the data and p of the model, arrays of one shape.

        The derivative of d in p is positive - negative. Both are at least 0, and negative is 0 where x is 0. p can be
        overwritten; entries below `floor` are raised to it. The sum is 0 unless `value` is true.
        """

    @property
    def gentler(self) -> "tuple[Loss, ...]":
        """Losses with fewer local minima, the gentlest first, whose iterations make a better start."""
        return ()

    @property
    def unit_degree(self) -> float | None:
        """The degree if parameters with X's unit change with X; None: X must keep its unit."""
        return self.degree

    def in_units(self, unit: float) -> "Loss":
        """Return this loss for an X that is divided by `unit`."""
        return self

    def log_unit(self, unit: float) -> float:
        """Return the binary logarithm of the loss's unit if X has this unit."""
        return float(np.log2(unit)) * float(self.unit_degree or 0.0)

    def check(self, X: Matrix) -> None:
        """Raise DomainError if the loss is not defined for an entry of X; also refuse weights that it cannot take."""
        if X.is_signed and not self.takes_signs:
            raise DomainError(f"loss={self.name!r} takes no negative entries; use 'frobenius', or negatives='clip'.")
        if X.weight_range is not None:
            check_powers(np.array(X.weight_range), self, "entry_weight", X.dtype)
        if not self.domain.closed and X.has_zeros:
            raise DomainError(
                f"When beta_loss <= 0 and X contains zeros, the solver may diverge. Please add small values to X, "
                f"or use a positive beta_loss. (loss={self.name!r} is defined for {self.domain}.)"
            )

    def shared(self, right: Array, exact: bool) -> Any:
        """Return a sum over rows of the right factor that replaces all cells in their columns, or None.

        A loss with such a sum touches only the stored entries of a sparse X. `exact` asks for float64.
        """
        return None

    def constant(self, X: Matrix) -> float:
        """Return the part of the loss that does not depend on the model, if half-steps leave it out."""
        return 0.0

    def sides(
        self, X: Matrix, fixed: Fixed, *, value: bool, exact: bool = False, constant: float | None = None
    ) -> list[Side]:
        """Return what each block of X needs of the right factor; with `value`, also its share of the constant.

        The constant is computed unless it is given.
        """
        whole = self.shared(fixed.array, exact)
        if constant is None or not value:
            constant = self.constant(X) if value else 0.0
        if whole is None:
            shares: Sequence[Any] = [None] * len(X.blocks)
        else:
            shares = X.by_block(fixed.array, lambda rows: self.shared(rows, exact), whole)
        return [
            Side(fixed, share, X.floor, (last - first) / X.shape[0] * constant)
            for (first, last), share in zip(X.blocks, shares, strict=True)
        ]

    def gradient(self, rows: Rows, left: Array, side: Side, *, value: bool) -> tuple[Array, Array, float]:
        """Return (negative, positive, loss) of rows of X for their rows of left (b, k): d L = positive - negative.

        The arrays have shape (b, k); `positive` can have one row, shared by all rows. The loss is the sum of the losses
        of all blocks; it is 0 unless `value` is true.
        """
        negative, positive, loss = rows.split(self, left, side.right, side.floor, products=True, value=value)
        assert negative is not None and positive is not None
        return negative, positive, loss

    def block_value(self, rows: Rows, left: Array, side: Side) -> float:
        """Return the loss of rows of X, as exactly as possible."""
        return rows.split(self, left, side.right, side.floor, products=False, value=True)[2]

    def half_step(
        self, rows: Rows, left: Array, side: Side, *, l1: float, l2: float, box: Sequence[Array], sweeps: int,
        shrink: float = 0.0, value: bool = True,
    ) -> tuple[float, float]:  # fmt: skip
        """Run coordinate passes on rows of left (b, k), in place and within their box, for these rows of X.

        A loss with `has_half_step` overrides this. Passes on a row end when one moves it less than `shrink` times the
        first. Returns the loss afterwards, if `value` is true, and the length of the first pass, as in
        ``Step.residual``.
        """
        raise NotImplementedError

    def row_values(self, rows: Rows, left: Array, side: Side) -> Array:
        """Return the loss of each of these rows, in float64, (b,)."""
        alone = [rows.part(slice(i, i + 1)) for i in range(len(left))]
        return np.array([self.block_value(row, left[i : i + 1], side) for i, row in enumerate(alone)])

    def value(self, X: Matrix, left: Array, right: Array, workers: Workers = ALONE) -> float:
        """Return the loss of the model left @ right.T, summed over all n m cells, in float64."""
        if not X.along_rows:
            X, left, right = X.T, right, left
        if X.can("columns"):  # in memory: threads share its blocks
            return _value(X, slice(0, X.shape[0]), (self, right), left, workers)[1][0]
        total: float = X.each(_value, (self, right), left, workers=workers)[1][0]
        return total

    def checked_size(self, X: Matrix) -> float:
        """Return ``size``; raise DomainError if powers of X are beyond the range of numbers."""
        size = self.size(X)
        if not (size > 0 or X.total == 0) or not np.isfinite(size):
            raise DomainError(f"loss={self!r} is beyond the range of numbers on this data; take a beta nearer to 1.")
        return size

    def size(self, X: Matrix) -> float:
        """Return the sum over stored entries of x * negative(x, x): the reference size for the residual."""
        total: float = X.each(_size, (self, X.floor))[1][0]
        return total


def _value(
    part: Matrix, rows: slice, shared: tuple[Loss, Array], left: Array, workers: Workers = ALONE
) -> tuple[None, tuple[float]]:
    loss, right = shared
    sides = loss.sides(part, Fixed(right), value=True, exact=True)

    def value_of(block: Block, side: Side) -> float:
        return loss.block_value(part.rows(*block), left[slice(*block)], side)

    return None, (sum(workers.map(lambda own: value_of(*own), zip(part.blocks, sides, strict=True))),)


def _size(part: Matrix, rows: slice, shared: tuple[Loss, float]) -> tuple[None, tuple[float]]:
    loss, floor = shared
    values = part.values().reshape(1, -1)
    values = np.ascontiguousarray(values[:, values[0] > 0])
    if values.size == 0:
        return None, (0.0,)
    negative, _, _ = loss.gradient_split(values, values.copy(), floor, False)
    return None, (float(np.sum(values * negative, dtype=np.float64)),)
