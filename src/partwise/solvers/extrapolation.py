"""How far to step beyond each iterate: the schedule of Ang and Gillis, with restarts."""

from dataclasses import dataclass, field

from partwise.solvers.track import Track
from partwise.threads import Workers

FIRST, LATER, GROW, GROW_CAP, CUT = 0.3, 0.5, 1.05, 1.01, 1.5
"""As in the reference, but for the first momentum: from its 0.5, which does after other iterations, fits of dense data
cut back within five."""


@dataclass
class Extrapolation:
    """The momentum and its cap: they grow while the loss falls, and are cut when it rises.

    A. M. S. Ang and N. Gillis, "Accelerating nonnegative matrix factorization algorithms using extrapolation", Neural
    Computation 31, 2019, doi:10.1162/neco_a_01157, algorithm 2.
    """

    momentum: float
    cap: float = 1.0
    before: float = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.momentum

    def grow(self) -> None:
        """Go further, the last step was good."""
        self.before = self.momentum
        self.momentum = min(self.cap, GROW * self.momentum)
        self.cap = min(1.0, GROW_CAP * self.cap)

    def cut(self) -> None:
        """Go less far, the last step was bad."""
        self.cap, self.momentum = self.before, self.momentum / CUT

    def extend(self, track: Track, workers: Workers) -> None:
        """Move the track's point beyond its iterate, along the change from the iterate before."""
        iterate, before = track.iterate, track.previous
        if before is None:
            return
        out = track.free_array()
        track.move(out, track.now.domain.extrapolate(iterate, before, out, self.momentum, workers))
