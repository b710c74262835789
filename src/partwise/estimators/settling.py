"""When a fit on mini-batches has settled."""

import numpy as np

from partwise.matrix import Array, Matrix

ROUNDINGS = 16
"""A cost that is lower by less than this many units of rounding is not better."""


class Settling:
    """Watches the steps of a fit, as scikit-learn does, and also where passes end.

    Different batches move H back and forth for ever. The fit has settled if each pass ends at the same place.

    Parameters
    ----------
    tol : float
        A change of H in a step, or in a pass, counts as none up to this share of its norm; 0 counts all.
    patience : int or None
        Batches in a row without a better smoothed cost before the fit ends; None: any number.
    n_rows, n_batches : int
        Rows and batches of a pass.
    Ht : ndarray of shape (m, k)
        The start.
    """

    def __init__(self, tol: float, patience: int | None, n_rows: int, n_batches: int, Ht: Array) -> None:
        self._tol, self._patience, self._n_rows, self._n_batches = tol, patience, n_rows, n_batches
        self._least = 1 - ROUNDINGS * float(np.finfo(Ht.dtype).eps)
        self._last = self._passed = Ht
        self._mean: float | None = None
        self._lowest, self._waits = np.inf, 0
        self.change = np.inf
        """The change of H in the last step, as a share of its norm."""

    def after(self, step: int, Ht: Array, cost: float, batch: Matrix) -> bool:
        """Take in a step (counted from 1): H, and the cost per row of its batch before it. Return whether to end."""
        self.change, self._last = _change(Ht, self._last), Ht
        over_pass = np.inf
        if step % self._n_batches == 0:
            over_pass, self._passed = _change(Ht, self._passed), Ht
        if step == 1:
            return False  # as in scikit-learn: the first cost is that of the start
        # rows of zeros do not change H, so an H that they leave as it is has not converged
        if batch.total > 0 and self._tol > 0 and min(self.change, over_pass) <= self._tol:
            return True
        return self._stalls(cost, min(batch.shape[0] / (self._n_rows + 1), 1.0))

    def _stalls(self, cost: float, weight: float) -> bool:
        """Take a cost into the exponentially weighted mean; return whether there were too many without a better one."""
        self._mean = cost if self._mean is None else self._mean * (1 - weight) + cost * weight
        if self._mean < self._lowest * self._least:
            self._lowest, self._waits = self._mean, 0
        else:
            self._waits += 1
        return self._patience is not None and self._waits >= self._patience


def _change(Ht: Array, before: Array) -> float:
    """Return the change of H as a share of its norm."""
    size = float(np.linalg.norm(Ht))
    return float(np.linalg.norm(Ht - before)) / size if size > 0 else 0.0
