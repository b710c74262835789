"""What a curve says: seconds to a target, seconds an iteration, the lowest objective."""

from collections.abc import Sequence

Curve = Sequence[tuple[int, float, float]]
"""(iterations, seconds of the whole call, objective), by growing iterations."""


def seconds_to(curve: Curve, target: float) -> float | None:
    """Return the seconds at which a curve first meets a target, or None if it never does.

    Between two calls the objective is taken to fall in a straight line. The shortest call stands for all that is
    faster than it.

    Examples
    --------
    >>> seconds_to([(1, 1.0, 10.0), (2, 2.0, 6.0)], 8.0)
    1.5
    >>> seconds_to([(1, 1.0, 10.0), (2, 2.0, 6.0)], 5.0) is None
    True
    """
    before = None
    for _, seconds, value in curve:
        if value <= target:
            if before is None:
                return seconds
            share = (before[1] - target) / (before[1] - value)
            return before[0] + share * (seconds - before[0])
        before = (seconds, value)
    return None


def seconds_per_iteration(curve: Curve) -> float | None:
    """Return the slope between the shortest and the longest call, without what a call costs once.

    Examples
    --------
    >>> seconds_per_iteration([(1, 3.0, 10.0), (11, 8.0, 6.0)])
    0.5
    """
    if len(curve) < 2:
        return None
    (few, short, _), (many, long, _) = curve[0], curve[-1]
    return (long - short) / (many - few)


def lowest(curve: Curve) -> float:
    """Return the lowest objective of a curve."""
    return min(value for _, _, value in curve)


def is_flat(curve: Curve, share: float = 1e-6) -> bool:
    """Return whether the last two calls gained less than a share of the objective: more of them tell nothing new."""
    if len(curve) < 4:
        return False
    return curve[-3][2] - lowest(curve[-2:]) < share * curve[-1][2]
