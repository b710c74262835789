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
    """How far beyond their iterate multiplicative steps begin. Entries are only increased, so this makes none zero.

    A half-step on W begins at W + momentum max(0, W - previous W), and a half-step on H likewise. Each uses the plain
    iterate of the other factor. The momentum grows as Nesterov's does, and starts again when the loss has risen.

    References
    ----------
    L. T. K. Hien, V. Leplat and N. Gillis, "Block majorization minimization with extrapolation and application to
    beta-NMF", SIAM J. Mathematics of Data Science 7, 2025, arXiv:2401.06646: subsequential convergence for beta from 1
    to 2. Their further limit on the momentum, 1e6 over the length of the step, is left out.

    Examples
    --------
    >>> onward = Onward()
    >>> [round(onward.momentum(), 2) for _ in range(4)]
    [0.0, 0.28, 0.43, 0.53]
    """

    pace: float = 1.0
    loss: float = np.inf

    def momentum(self) -> float:
        """Return the momentum of the next iteration."""
        before, self.pace = self.pace, 0.5 + np.sqrt(0.25 + self.pace * self.pace)
        return float((before - 1) / self.pace)

    def judge(self, loss: float) -> None:
        """Start the momentum again if the loss has risen."""
        if loss > self.loss:
            self.pace = 1.0
        self.loss = loss
