"""Mini-batches: the multiplicative step with statistics of H that remember, and slowly forget."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.losses import Frobenius, Loss
from partwise.losses.fixed import Fixed
from partwise.matrix import Array, Matrix, in_units
from partwise.matrix.convert import SAFE_EXPONENT
from partwise.penalties import Penalty
from partwise.solvers.base import Factor, HalfStep
from partwise.solvers.digits import accurate
from partwise.solvers.multiplicative import Multiplicative, lift_levels, vanishing_levels
from partwise.solvers.rows import solve_rows
from partwise.threads import Workers

AT_ONCE = 1 << 14
"""Numbers of H that are moved at a time: the dozen arrays that this takes stay in cache."""


@dataclass
class Online:
    """The state of a fit on a stream of row batches.

    H is the ratio of two running sums over batches, old ones weighing less: A. Lefevre, F. Bach and C. Fevotte, "Online
    algorithms for nonnegative matrix factorization with the Itakura-Saito divergence", WASPAA 2011,
    doi:10.1109/ASPAA.2011.6082314.

    Parameters
    ----------
    loss : Loss
        What to minimise.
    Ht : ndarray of shape (m, k)
        The parts, transposed; replaced, not changed in place.
    forget : float
        Weight of the sums so far when a batch is added, from 0 (only the batch counts) to 1 (all count alike).
    unit : float
        What the stream's data is divided by; factors by its root.
    """

    loss: Loss
    Ht: Array
    forget: float
    unit: float = 1.0
    numerator: Array = field(init=False)
    denominator: Array = field(init=False)

    def __post_init__(self) -> None:
        self.numerator = self.Ht.astype(np.float64)
        self.denominator = np.ones(self.Ht.shape)

    @property
    def root(self) -> Any:
        """What factors are divided by, in their number type."""
        return self.Ht.dtype.type(np.sqrt(self.unit))

    @property
    def components(self) -> Array:
        """The parts (k, m) in the units of the data."""
        return np.ascontiguousarray(self.Ht.T * self.root)

    def continued(self, H: Array) -> "Online":
        """Return a copy to be changed, which goes on from parts (k, m) in the units of the data.

        Where these are others than the stream's own, the sums so far tell of them from now on.
        """
        found = copy(self)
        if not np.array_equal(H, self.components):
            found.Ht = np.ascontiguousarray((H / self.root).T, self.Ht.dtype)
            found.numerator = found.Ht.astype(np.float64) ** (1 / self.loss.exponent) * self.denominator
        return found

    def taken(self, X: Matrix) -> Matrix:
        """Return a batch (b, m) in the units and the number type of the stream."""
        self.loss.check(X)
        dtype, highest = self.Ht.dtype, X.survey[1] if X.n_stored else 0.0
        limit = 2.0 ** SAFE_EXPONENT[dtype] * self.unit
        if self.loss.unit_degree is not None and highest > limit:
            raise DataError(
                f"X has an entry of {highest:.3g}. This stream holds at most {limit:.3g}: its first batch decided the "
                f"scale, and {dtype} how far above it entries may be. Begin it with rows of the usual size, or in "
                f"float64."
            )
        if X.dtype == np.float32:  # the wider type holds X in any units
            return in_units(X if dtype == X.dtype else X.astype(dtype), self.unit)
        found = in_units(X, self.unit)
        return found if dtype == found.dtype else found.astype(dtype)

    def step(
        self, X: Matrix, W: Array | None, penalties: tuple[Penalty, Penalty], most: int, workers: Workers
    ) -> tuple[Array, float]:
        """Take in one batch X (b, m): update its W (solved from scratch where None), then H. Return (W, cost a row).

        The cost is the objective of the batch before H changes, over its number of rows.
        """
        if W is None:
            W = solve_rows(X, self.loss, None, Fixed(self.Ht), penalties[0], workers, most=most)
        else:
            w, h = Factor(np.ascontiguousarray(W), penalties[0]), Factor(self.Ht)
            W = Multiplicative().update(X, self.loss, HalfStep.alone(w, h, final=True), workers).point
        penalty = sum(
            penalty.value(float(factor.sum()), float(np.vdot(factor, factor)))
            for penalty, factor in zip(penalties, (W, self.Ht), strict=True)
            if penalty
        )
        return W, (self._learn(X, W, penalties[1], workers) + penalty) / X.shape[0]

    def rescale(self, scale: Array) -> None:
        """Take in that each part of H was multiplied by `scale` (k,) and its weights divided by it."""
        self.numerator *= scale ** (1 / self.loss.exponent - 1)
        self.denominator /= scale

    def _learn(self, X: Matrix, W: Array, penalty: Penalty, workers: Workers) -> float:
        """Add the batch's gradient parts in H to the running sums, and H from their ratio; return the loss before."""
        other, exponent = X.T, self.loss.damped_exponent if penalty.l2 > 0 else self.loss.exponent
        levels, least = (
            lift_levels(self.Ht.mean(axis=0, dtype=np.float64), X.mean).astype(self.Ht.dtype),
            vanishing_levels(W, X.floor),
        )
        # the stream changes once all is done: a Ctrl-C leaves it as it was
        Ht, numerator, denominator = (np.empty_like(a) for a in (self.Ht, self.numerator, self.denominator))

        sides = self.loss.sides(other, Fixed(W), value=True)

        def block(number: int) -> float:
            rows = other.blocks[number]
            negative, positive, value = self.loss.gradient(
                other.rows(*rows), self.Ht[slice(*rows)], sides[number], value=True
            )
            positive, step = np.broadcast_to(positive, negative.shape), max(1, AT_ONCE // Ht.shape[1])
            for first in range(*rows, step):
                part = slice(first, min(first + step, rows[1]))
                pull, push = (gradient[first - rows[0] : part.stop - rows[0]] for gradient in (negative, positive))
                H, up, down = self.Ht[part].astype(np.float64), numerator[part], denominator[part]
                if penalty:
                    push = push + (penalty.l1 + penalty.l2 * H)
                origin = np.where((H == 0) & (pull > push), levels, H)
                np.multiply(self.numerator[part], self.forget, out=up)
                up += pull * (origin if exponent == 1 else origin ** (1 / exponent))
                np.multiply(self.denominator[part], self.forget, out=down)
                down += push
                ratio = np.divide(up, down, out=H ** (1 / exponent), where=down > 0)
                new = ratio if exponent == 1 else ratio**exponent
                new = np.where(np.isfinite(new), new, H)
                new[new < least] = 0
                Ht[part] = new
            return value

        loss = sum(workers.map(block, range(len(other.blocks))))
        if isinstance(self.loss, Frobenius) and 2 * loss <= accurate(X) * X.squared_norm:
            loss = self.loss.value(X, W, self.Ht)  # as a difference of larger terms it has no digits
        self.Ht, self.numerator, self.denominator = Ht, numerator, denominator
        return max(loss, 0.0)
