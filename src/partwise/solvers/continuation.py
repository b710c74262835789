"""From heavier volumes to the one asked for: light ones draw parts together slowly, but data push them apart fast."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from partwise.losses import Loss
from partwise.matrix import Matrix
from partwise.solvers.alternate import alternate
from partwise.solvers.base import Factor, Solver
from partwise.solvers.descent import State
from partwise.stopping import Stopping, StopReason
from partwise.terms import Volume
from partwise.threads import Workers

HEAVY = 0.01
"""The first weight, in sums of the rows' squares about their mean, a leading direction on average."""
LIGHTER = 10.0
"""Each weight is the one before divided by this."""
MOST = 50
"""Most iterations at one weight."""
CLOSE = 1e-4
"""Least tolerance at one weight."""


def lighten(
    X: Matrix,
    loss: Loss,
    solver: Solver,
    w: Factor,
    h: Factor,
    stopping: Stopping,
    workers: Workers,
    began: float,
    keep: Callable[..., None] | None = None,
    at: tuple[State, float, int] | None = None,
) -> tuple[Factor, Factor, int]:
    """Take a start through heavier volumes close to its optimum; return it, and the number of iterations.

    From outside, a volume draws the parts in at a rate proportional to its weight. From inside, the rows that the parts
    cannot mix push them out, at a rate that does not depend on the weight. The objective is the same in the end, and is
    reached in fewer iterations: at most half of those of `stopping`.

    Parameters
    ----------
    w, h : Factor
        W (n, k) and Ht (m, k), whose last term is a volume.
    keep : callable or None
        Called after each iteration with the ``Descent``, its weight, and the iterations spent at heavier ones.
    at : (State, float, int) or None
        The arguments of an earlier call of ``keep``, with the state of its ``Descent``: the start goes on from there.
    """
    *others, volume = h.terms
    assert isinstance(volume, Volume)
    state, weight, spent = at or (None, HEAVY * X.shape[0] * volume.floor, 0)
    while weight > volume.weight and spent < stopping.max_iter // 2:
        most = min(MOST, stopping.max_iter // 2 - spent)
        limit = Stopping(max(stopping.tol, CLOSE), most, stopping.max_seconds)
        pair = w, Factor(h.point, h.penalty, h.domain, (*others, replace(volume, weight=weight)))
        outcome = alternate(
            X, loss, solver, [pair], stopping=limit, workers=workers, began=began,
            keep=None if keep is None else partial(keep, weight=weight, spent=spent), state=state,
        )[0]  # fmt: skip
        state = None
        w, h = w.at(outcome.W), h.at(outcome.Ht)
        spent += outcome.n_iter
        weight /= LIGHTER
        if outcome.reason is StopReason.MAX_TIME:
            break
    return w, h, spent
