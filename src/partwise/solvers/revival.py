"""Restart dead parts: a start or a long step can leave a part that no row uses, and whose gradient is zero."""

from dataclasses import dataclass

import numpy as np

from partwise.matrix import Array, Matrix
from partwise.solvers.track import Track

TRIES = 3
"""Most revivals of a component: if it dies again and again, the data need one part less."""
WORTH = 1e-8
"""A row whose squared residual is less than this share of the largest squared row cannot restart a part."""


@dataclass
class Revival:
    """Gives a dead component the residual of the row (or column) of X that the model explains worst.

    If one factor's column is zero, the other's column does not change the loss, so this never raises it. The next
    half-step lowers it, because the gradient there is negative along the residual. With a penalty, the other's column
    is not free: it goes to zero, which lowers the objective, and the part stays dead as the penalty requires.
    """

    left: int = -1

    def apply(self, X: Matrix, w: Track, h: Track) -> bool:
        """Revive one dead component of the current pair, if there is one; return whether it did."""
        if w.now.squares.all() and h.now.squares.all():  # squares can underflow: zero is no proof
            return False
        if w.now.terms or h.now.terms or not (w.now.domain.is_cone and h.now.domain.is_cone):  # dead on purpose
            return False
        w.gather()
        sums = w.point.sum(axis=0), h.point.sum(axis=0)
        dead = np.flatnonzero((sums[0] == 0) | (sums[1] == 0))
        if self.left < 0:
            self.left = TRIES * w.point.shape[1]
        if dead.size == 0 or self.left == 0:
            return False
        self.left -= 1
        if w.now.penalty or h.now.penalty:
            for track in (w, h):
                track.move(track.own(track.point))
                track.point[:, dead] = 0
            return False
        t = int(dead[0])
        if sums[0][t] == 0:
            return _reseed(X, w, h, t)
        return _reseed(X.T, h, w, t)


def _reseed(X: Matrix, empty: Track, other: Track, t: int) -> bool:
    """Set column t of `other`, whose partner in `empty` is zero, to the residual of the row of X with the worst fit."""
    left, right = empty.point, other.point
    errors = X.row_errors(left, right)
    worst = int(np.argmax(errors))
    if errors[worst] <= WORTH * X.row_squares().max():
        return False
    seed: Array = np.maximum(X.row_error(worst, left, right), 0)
    lengths = np.linalg.norm(right, axis=0), np.linalg.norm(seed)
    if not seed.any() or not lengths[0].any():
        return False
    seed *= lengths[0][lengths[0] > 0].mean() / lengths[1]  # the scale of the other parts, for any units of X
    other.fill(t, seed)
    return True
