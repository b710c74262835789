"""When to stop: one rule with one meaning for every solver and loss."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np


class StopReason(Enum):
    """Why a fit stopped; ``str(reason)`` is a sentence for the user."""

    STATIONARY = "Converged: the projected gradient is within tol of zero."
    STEADY = "Converged: the loss no longer falls by more than tol / 5."
    EXACT = "Converged: the model reproduces the data."
    MAX_ITER = "Stopped at the maximum number of iterations before convergence; raise max_iter, or tol to accept less."
    MAX_TIME = "Stopped at the time limit before convergence; raise max_time, or tol to accept less."
    BEYOND = "Stopped before convergence: the next step leaves the range of numbers; the best pair so far is returned."
    CALLBACK = "Stopped by the callback before convergence; the best pair so far is returned."
    INTERRUPTED = "Interrupted from the keyboard before convergence; the best pair so far is returned."

    def __str__(self) -> str:
        return self.value

    def __reduce__(self) -> tuple[type["StopReason"], tuple[str]]:
        return StopReason, (self.value,)  # as Enum does itself, but skops does not look there

    @property
    def converged(self) -> bool:
        """Whether the fit converged, rather than stopped at a limit."""
        return self in (StopReason.STATIONARY, StopReason.STEADY, StopReason.EXACT)


WINDOW = 5
"""Number of iterations over which the fall of the loss is measured."""


STEADY = 0.2
"""The loss is steady when its fall is under this share of tol. Near a minimum, the loss above the minimum is as small
as the square of the parts' error: a loss right to 1e-6 leaves parts right to 1e-3. With smaller shares, runs were not
more alike beyond chance, and took up to three times as long where the loss falls slowly (docs/stopping.md)."""


EXACT = 0.1
"""A relative error under this share of tol counts as zero."""
LARGEST_ERROR = 1e100
"""The limit of EXACT times tol: any relative error is smaller, and the square is finite."""


@dataclass
class Stopping:
    """Stop at a stationary point, where the loss is steady, or at a limit, whichever comes first.

    The residual is the length of the first projected step of an iteration, in the local metric of the loss and relative
    to the size of X in that metric. It is zero exactly at a KKT point, and does not depend on the scale of X or of the
    factors. It is relative to X alone, so it does not ask more of a good start than of a bad one. The loss is steady
    when it fell by less than STEADY times ``tol`` of itself over the last WINDOW iterations.

    With a penalty on the volume of the parts, the residual and the fall are relative to the weight of the volume if
    that is less: it is small beside X and its noise. STEADY does not apply then. With STEADY, most fits took more
    iterations (up to three times as many, and up to max_iter), and parts moved by at most an eighth of a degree.

    Parameters
    ----------
    tol : float
        Tolerance, no unit; 0 runs to a limit.
    max_iter : int
        Limit on iterations, at least 1.
    max_seconds : float or None
        Limit on time, in seconds.
    """

    tol: float = 1e-4
    max_iter: int = 200
    max_seconds: float | None = None
    losses: list[float] = field(default_factory=list, init=False)
    """The loss of each iteration so far."""

    def check(
        self, iteration: int, seconds: float, loss: float, residual: float, size: float, magnitude: float = np.inf
    ) -> StopReason | None:
        """Return why to stop after this iteration (counted from 1), or None to go on.

        `size` is the size of X in the loss. `magnitude` is that of a penalty on the volume of the parts; it replaces a
        larger loss.
        """
        self.losses.append(loss)
        if loss <= self.exact(size):
            return StopReason.EXACT
        if residual == 0:
            return StopReason.STATIONARY
        if self.tol > 0 and residual < self.tol:
            return StopReason.STATIONARY
        if self.tol > 0 and iteration > WINDOW:
            before = self.losses[-1 - WINDOW]
            unit = STEADY * abs(loss) if magnitude == np.inf else min(abs(loss), magnitude)
            if np.isfinite(before) and before - loss < self.tol * unit:
                return StopReason.STEADY
        return self.limit(iteration, seconds)

    def exact(self, size: float) -> float:
        """Return the loss up to which the model reproduces data of that size."""
        return 0.5 * min(EXACT * self.tol, LARGEST_ERROR) ** 2 * size

    def limit(self, iteration: int, seconds: float) -> StopReason | None:
        """Return which limit this iteration has reached, or None."""
        if iteration >= self.max_iter:
            return StopReason.MAX_ITER
        if self.max_seconds is not None and seconds >= self.max_seconds:
            return StopReason.MAX_TIME
        return None
