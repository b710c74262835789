"""Mini-batches: a fit on a stream of rows, in which old batches count less and less."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.losses import Frobenius, Loss
from partwise.losses.fixed import Fixed
from partwise.matrix import Array, Matrix, in_units
from partwise.matrix.convert import SAFE_EXPONENT
from partwise.penalties import Penalty
from partwise.solvers.digits import accurate
from partwise.solvers.past import Batch, Past, Products, Ratio
from partwise.solvers.rows import least_squares, solve_rows
from partwise.threads import Workers


@dataclass
class Online:
    """The state of a fit on a stream of row batches.

    It is replaced and never changed, so a Ctrl-C leaves the stream as it was before the batch.

    Parameters
    ----------
    loss : Loss
        What to minimise.
    Ht : ndarray of shape (m, k)
        The parts, transposed.
    forget : float
        Weight of the sums so far when a batch is added, from 0 (only the batch counts) to 1 (all count alike).
    unit : float
        The data of the stream are divided by it, and the factors by its root.
    past : Past
        The memory of its batches.
    """

    loss: Loss
    Ht: Array
    forget: float
    unit: float = 1.0
    past: Past = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.past is None:
            self.past = (Products if isinstance(self.loss, Frobenius) else Ratio).none(self.Ht)

    @property
    def root(self) -> Any:
        """What factors are divided by, in their dtype."""
        return self.Ht.dtype.type(np.sqrt(self.unit))

    @property
    def components(self) -> Array:
        """The parts (k, m) in the units of the data."""
        return np.ascontiguousarray(self.Ht.T * self.root)

    def continued(self, H: Array) -> "Online":
        """Return a copy for the next batch, which goes on from parts (k, m) in the units of the data.

        If these are not the stream's own parts, the sums so far count for the new ones.
        """
        if np.array_equal(H, self.components):
            return replace(self)
        Ht = np.ascontiguousarray((H / self.root).T, self.Ht.dtype)
        return replace(self, Ht=Ht, past=self.past.at(Ht, self.loss))

    def taken(self, X: Matrix) -> Matrix:
        """Return a batch (b, m) in the units and the dtype of the stream."""
        self.loss.check(X)
        dtype, highest = self.Ht.dtype, X.survey[1] if X.n_stored else 0.0
        limit = 2.0 ** SAFE_EXPONENT[dtype] * self.unit
        if self.loss.unit_degree is not None and highest > limit:
            raise DataError(
                f"X has an entry of {highest:.3g}. This stream holds at most {limit:.3g}: its first batch decided the "
                f"scale, and {dtype} how far above it entries may be. Begin it with rows of the usual size, or in "
                f"float64."
            )
        if X.dtype == np.float32:  # float64 can hold X in any units
            return in_units(X if dtype == X.dtype else X.astype(dtype), self.unit)
        found = in_units(X, self.unit)
        return found if dtype == found.dtype else found.astype(dtype)

    def step(
        self, X: Matrix, W: Array | None, penalties: tuple[Penalty, Penalty], most: int, workers: Workers
    ) -> tuple[Array, float]:
        """Learn from one batch X (b, m): update its W (from scratch if None), then H. Return (W, cost per row).

        The cost is the objective of the batch before H changes, divided by its number of rows.
        """
        past, Ht, loss = self.past, self.Ht, None
        if isinstance(past, Products) and not X.can("shared_gram"):
            past = past.as_ratio(Ht)
        if W is None:
            W, loss = self._exact(X, None, penalties[0], workers, most)
        else:
            W, loss = past.weights(X, np.ascontiguousarray(W), Ht, self.loss, penalties[0], workers)
        penalty = sum(
            penalty.value(float(factor.sum()), float(np.vdot(factor, factor)))
            for penalty, factor in zip(penalties, (W, Ht), strict=True)
            if penalty
        )
        batch = Batch(X, W, penalties[1], free=not any(penalties))
        past, found, before = past.learned(batch, Ht, self.loss, self.forget, workers)
        loss = before if loss is None else loss
        if loss is None or (isinstance(self.loss, Frobenius) and 2 * loss <= accurate(X) * X.squared_norm):
            loss = self.loss.value(X, W, Ht, workers)  # a difference of larger terms has too few digits
        self.Ht, self.past = found, past
        return W, (max(loss, 0.0) + penalty) / X.shape[0]

    def finished(
        self, X: Matrix, W: Array | None, penalty: Penalty, workers: Workers, *, short: bool
    ) -> tuple[Array, float]:
        """Return (W (b, k), the loss) for rows X (b, m) and the present parts.

        W is exact. With `short`, a given W and a loss that is not quadratic, it is improved by one step only.
        """
        if W is None or not short or isinstance(self.loss, Frobenius):
            W, value = self._exact(X, W, penalty, workers)
        else:
            W, value = self.past.weights(X, np.ascontiguousarray(W), self.Ht, self.loss, penalty, workers)
        return W, max(self.loss.value(X, W, self.Ht, workers) if value is None else value, 0.0)

    def _exact(
        self, X: Matrix, start: Array | None, penalty: Penalty, workers: Workers, most: int | None = None
    ) -> tuple[Array, float | None]:
        """Return (the best W (b, k), the loss or None)."""
        parts = Fixed(self.Ht, workers)
        if isinstance(self.loss, Frobenius):
            return least_squares(X, start, parts, penalty, workers, value=True)
        return solve_rows(X, self.loss, start, parts, penalty, workers, most=most), None

    def rescale(self, scale: Array) -> None:
        """Adapt to parts of H that were multiplied by `scale` (k,), and weights that were divided by it."""
        self.past = self.past.rescaled(scale, self.loss)
