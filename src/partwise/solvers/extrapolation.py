"""How far to step beyond each iterate: two schedules, both with restarts."""

from dataclasses import dataclass, field

import numpy as np

from partwise.solvers.track import Track
from partwise.threads import Workers

FIRST, LATER, GROW, GROW_CAP, CUT = 0.3, 0.5, 1.05, 1.01, 1.5
"""As in the reference, except for the first momentum: with its 0.5, which is fine after other iterations, fits of dense
data cut the momentum within five iterations."""


@dataclass
class Extrapolation:
    """The momentum and its limit: both grow while the loss falls, and are cut when it rises.

    A. M. S. Ang and N. Gillis, "Accelerating nonnegative matrix factorization algorithms using extrapolation", Neural
    Computation 31, 2019, doi:10.1162/neco_a_01157, algorithm 2.
    """

    momentum: float
    cap: float = 1.0
    before: float = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.momentum

    def grow(self) -> None:
        """Increase the momentum after a good step."""
        self.before = self.momentum
        self.momentum = min(self.cap, GROW * self.momentum)
        self.cap = min(1.0, GROW_CAP * self.cap)

    def cut(self) -> None:
        """Reduce the momentum after a bad step."""
        self.cap, self.momentum = self.before, self.momentum / CUT

    def extend(self, track: Track, workers: Workers) -> None:
        """Move the track's point beyond its iterate, along the change since the previous iterate."""
        iterate, before = track.iterate, track.previous
        if before is None:
            return
        out = track.free_array()
        track.move(out, track.now.domain.extrapolate(iterate, before, out, self.momentum, workers))


@dataclass
class Onward:
    """How far beyond their iterate multiplicative steps begin: along ratios, so that no entry gets to zero by it.

    With r = w / w before, an entry w goes to w (1 + momentum (1 - 1 / r)) where it grew, and to
    w / (1 + momentum (1 / r - 1)) where it fell: both are w r^momentum to first order. The momentum grows as Nesterov's
    does. If the objective of the point is above that of the point before, the loop drops it: it goes back to the
    iterates, which no objective above lets them be, and the momentum begins anew.

    References
    ----------
    L. T. K. Hien, V. Leplat and N. Gillis, "Block majorization minimization with extrapolation and application to
    beta-NMF", SIAM J. Mathematics of Data Science 7, 2025, arXiv:2401.06646, begin beyond the iterate too, at
    w + momentum max(0, w - w before). They need no way back: they prove subsequential convergence for beta from 1 to 2.

    Examples
    --------
    >>> onward = Onward()
    >>> [round(onward.momentum(), 2) for _ in range(4)]
    [0.0, 0.28, 0.43, 0.53]
    """

    pace: float = 1.0

    def momentum(self) -> float:
        """Return the momentum of the next iteration."""
        before, self.pace = self.pace, 0.5 + np.sqrt(0.25 + self.pace * self.pace)
        return float((before - 1) / self.pace)
