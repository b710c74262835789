"""Multiplicative updates, for every loss and storage. Entries can leave zero, and no step raises the objective."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.domains import Bounded, Domain, NonNegative
from partwise.losses import Loss
from partwise.losses.fixed import Fixed, Side
from partwise.matrix import Array, Matrix
from partwise.matrix.adding import Sums
from partwise.matrix.rows import Rows
from partwise.solvers.base import Factor, HalfStep, Solver, Step, Update
from partwise.threads import Workers

LIFT = 1e-4
"""The value at which a zero entry that should grow is tried, relative to its column's mean."""
LIFT_EVERY = 10
"""Iterations between two trials of zeros, each of which takes the loss twice."""


@dataclass(frozen=True)
class Multiplicative(Solver):
    """Majorise-minimise with a separable majoriser: each entry is multiplied by a ratio of gradient parts.

    No ratio changes a zero. A zero with a negative gradient is set to LIFT times its column's mean if that lowers the
    objective of its row block. Otherwise it is set to a level so low that the objective can rise only by rounding, and
    the next steps multiply it.

    Parameters
    ----------
    begins_ahead : bool, default=False
        Whether steps begin beyond the iterate, see ``Onward``, and go as far as is known not to raise the loss. False
        is scikit-learn's 'mu'.

    References
    ----------
    D. D. Lee and H. S. Seung, NIPS 2000; for any beta, with the exponent that makes it monotone: C. Fevotte and
    J. Idier, Neural Computation 23, 2011, doi:10.1162/NECO_a_00168. N. Gillis and F. Glineur, Neural Computation 24,
    2012, doi:10.1162/NECO_a_00256, section 4, bound the entries below, so that none is ever zero.
    """

    name: ClassVar[str] = "mu"
    losses: ClassVar[tuple[type[Loss], ...]] = (Loss,)
    domains: ClassVar[tuple[type[Domain], ...]] = (NonNegative, Bounded)
    by_sums: ClassVar[bool] = True
    begins_ahead: bool = False

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        left, right, final = asked.left, asked.right.point, asked.final
        (_, out), penalty = asked.into, left.penalty
        np.copyto(out, left.point)
        least, levels = (
            vanishing_levels(asked.right.highest, X.floor),
            lift_levels(left.means, X.mean).astype(out.dtype),
        )
        exponent = loss.exponent if not self.begins_ahead else loss.longest_exponent
        exponent = loss.damped_exponent if penalty.l2 > 0 else exponent
        sides = loss.sides(X, Fixed(right), value=True, constant=asked.constant) if asked.sums is None else []

        def block(number: int) -> tuple[float, float]:
            rows = X.blocks[number]
            part, box = slice(*rows), left.domain.of(slice(*rows)).bounds
            given, value = None, 0.0
            if asked.sums is None:
                given = X.rows(*rows), sides[number]
                pull, push, value = loss.gradient(given[0], out[part], given[1], value=not final)
            else:
                pull, push = (sum_[part] if len(sum_) > 1 else sum_ for sum_ in asked.sums)
            moved, waiting = kernels.multiply(out[part], pull, push, least, penalty.l1, penalty.l2, exponent)
            if box:  # a convex, separable majoriser has its minimum in the box at the nearest point
                np.clip(out[part], *box, out=out[part])
                force = push + penalty.l1 + penalty.l2 * left.point[part]
                moved = float(np.sum(force * np.abs(out[part] - left.point[part]), dtype=np.float64))
            if waiting:
                tries = asked.iteration % LIFT_EVERY == 1
                moved += _lift(loss, left, part, out[part], given, (pull, push), levels, tries=tries)
            return value, moved

        before, moved = 0.0, 0.0
        for part in workers.map(block, range(len(X.blocks))):
            before, moved = before + part[0], moved + part[1]
        return Update(out, out, None, Step(moved, before=None if final else before))

    def sums(self, X: Matrix, loss: Loss, left: Factor, right: Factor) -> Sums:
        across = X.T
        sides = loss.sides(across, Fixed(left.point), value=False)
        parts = [
            loss.gradient(across.rows(*rows), right.point[slice(*rows)], side, value=False)
            for rows, side in zip(across.blocks, sides, strict=True)
        ]
        pull, push = (np.concatenate([part[which] for part in parts]) for which in (0, 1))
        return pull, push if len(push) == len(pull) else push[:1]


def _lift(
    loss: Loss,
    left: Factor,
    part: slice,
    out: Array,
    given: tuple[Rows, Side] | None,
    gradient: tuple[Array, Array],
    levels: Array,
    *,
    tries: bool,
) -> float:
    """Let zeros of some rows of the new point `out` (b, k) grow, in place; return what this adds to the residual.

    That is the same where they stay, without `tries`: the fit is not stationary while zeros should leave.

    Parameters
    ----------
    given : (Rows, Side)
        These rows of X, and what they need of the other factor. If None, zeros get a harmless level without a test.
    gradient : (ndarray, ndarray)
        Pull and push where the half-step began.
    levels : ndarray of shape (k,)
        The level at which the zeros of each column are tried.
    """
    penalty, start, (pull, push) = left.penalty, left.point[part], gradient
    push = push + penalty.l1
    zeros = (start == 0) & (pull > push)
    highest: Array | float = np.inf
    bounds = left.domain.of(part).bounds
    if bounds:
        highest = bounds[1]
        zeros &= highest > 0
    waits = float(np.sum(np.where(zeros, push * levels, 0), dtype=np.float64))
    if not (tries and zeros.any()):
        return waits
    plain = out.copy()

    def set_to(levels: Array) -> None:
        np.copyto(out, np.where(zeros, np.minimum(levels, highest), plain))

    def objective(levels: Array) -> float:
        assert given is not None
        set_to(levels)
        paid = penalty.value(float(out.sum(dtype=np.float64)), float(np.vdot(out, out)))
        return paid + loss.block_value(given[0], out, given[1])

    before = 0.0 if given is None else objective(np.zeros_like(levels))
    if given is None or not objective(levels) <= before:
        set_to(harmless_levels(start, push, levels / LIFT))
    return waits


def lift_levels(means: Array, mean: float) -> Array:
    """Return the levels at which zeros of columns with these means are tried, (k,); a column of mean 0 uses `mean`."""
    return LIFT * np.where(means > 0, means, means.mean() or np.sqrt(mean))


def harmless_levels(rows: Array, push: Array, means: Array) -> Array:
    """Return levels for zeros of rows (b, k) that need no test, (b, k): the objective rises only by rounding.

    Along an entry the objective rises at most at the rate of its push. The level is a rounding error of the column's
    mean, or lower: there push times level is one of the row's model, as sum_s push_s x_s measures it.
    """
    eps, k = np.finfo(rows.dtype).eps, rows.shape[1]
    model = np.sum(push * rows, axis=1, keepdims=True)
    shares = np.divide(model, k * push, out=np.full(rows.shape, np.inf, rows.dtype), where=(push > 0) & (model > 0))
    return eps * np.minimum(means, shares)


def vanishing_levels(most: Array, floor: float) -> Array:
    """Return the level for each column of the left factor under which an entry becomes zero, (k,).

    They add less to the model than a rounding error of its floor. `most` (k,) are the largest entries of the columns of
    the right factor, in its dtype.
    """
    limits, highest = np.finfo(most.dtype), most.astype(np.float64)
    levels = np.divide(limits.eps * floor, highest, out=np.zeros(highest.shape), where=highest > 0)
    return np.clip(levels, limits.tiny, limits.max).astype(most.dtype)
