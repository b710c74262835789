"""Mini-batches: the multiplicative step with statistics of H that remember, and slowly forget."""

from dataclasses import dataclass, field

import numpy as np

from partwise.losses import Loss
from partwise.matrix import Array, Matrix
from partwise.penalties import Penalty
from partwise.solvers.base import Factor, HalfStep
from partwise.solvers.multiplicative import Multiplicative, restart_levels
from partwise.solvers.rows import Parts, solve_rows
from partwise.threads import Workers


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
    """

    loss: Loss
    Ht: Array
    forget: float
    numerator: Array = field(init=False)
    denominator: Array = field(init=False)

    def __post_init__(self) -> None:
        self.numerator = self.Ht.astype(np.float64)
        self.denominator = np.ones(self.Ht.shape)

    def step(
        self, X: Matrix, W: Array | None, penalties: tuple[Penalty, Penalty], most: int, workers: Workers
    ) -> tuple[Array, float]:
        """Take in one batch X (b, m): update its W (solved from scratch where None), then H. Return (W, cost a row).

        The cost is the objective of the batch before H changes, over its number of rows.
        """
        if W is None:
            W = solve_rows(X, self.loss, None, Parts(self.Ht), penalties[0], workers, most=most)
        else:
            w, h = Factor(np.ascontiguousarray(W), penalties[0]), Factor(self.Ht, Penalty())
            Multiplicative().update(X, self.loss, HalfStep(w, h, final=True), workers)
            W = w.point
        cost = self.loss.value(X, W, self.Ht)
        for penalty, factor in zip(penalties, (W, self.Ht), strict=True):
            cost += penalty.value(float(factor.sum()), float(np.vdot(factor, factor)))
        self._learn(X, W, penalties[1])
        return W, cost / X.shape[0]

    def rescale(self, scale: Array) -> None:
        """Take in that each part of H was multiplied by `scale` (k,) and its weights divided by it."""
        self.numerator *= scale ** (1 / self.loss.exponent - 1)
        self.denominator /= scale

    def _learn(self, X: Matrix, W: Array, penalty: Penalty) -> None:
        """Add the batch's gradient parts in H to the running sums, and H from their ratio."""
        other = X.T
        parts = [self.loss.gradient_parts(other, self.Ht, W, *block, value=False)[:2] for block in other.blocks]
        negative = np.concatenate([part[0] for part in parts]).astype(np.float64)
        positive = np.concatenate([np.broadcast_to(part[1], part[0].shape) for part in parts]).astype(np.float64)
        H = self.Ht.astype(np.float64)
        positive += penalty.l1 + penalty.l2 * H
        restart = restart_levels(self.Ht, X.mean)
        origin = np.where((negative > positive) & (restart > H), restart, H)
        exponent = self.loss.damped_exponent if penalty.l2 > 0 else self.loss.exponent
        self.numerator *= self.forget
        self.numerator += negative * (origin if exponent == 1 else origin ** (1 / exponent))
        self.denominator *= self.forget
        self.denominator += positive
        ratio = np.divide(self.numerator, self.denominator, out=H ** (1 / exponent), where=self.denominator > 0)
        new = ratio if exponent == 1 else ratio**exponent
        new = np.where(np.isfinite(new), new, H)
        new[new < 1e-12 * restart] = 0
        self.Ht = new.astype(self.Ht.dtype)
