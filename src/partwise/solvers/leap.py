"""Whole iterations in one call: on a small dense X an iteration in Python takes longer than its kernels.

The call does what ``Descent`` does, with the same kernels in the same order, as long as the loss falls, momentum
grows, no part is dead and nothing ends the fit. The first iteration where more may have to be decided is left to
``Descent``: this file knows of the rules only when they do not apply. Results have the same bits either way.
"""

from typing import Any, NamedTuple

import numpy as np

from partwise import kernels
from partwise.domains import NonNegative
from partwise.matrix import Array, Matrix
from partwise.matrix.rows import OWN
from partwise.solvers.base import Factor, HalfStep, Solver
from partwise.solvers.digits import accurate, noise
from partwise.solvers.extrapolation import GROW, GROW_CAP
from partwise.solvers.hals import HALS
from partwise.solvers.track import Track
from partwise.stopping import STEADY, WINDOW, Stopping

SMALL = 100_000
"""Entries of X up to which the interpreter's share of an iteration shows."""
MOST = 50
"""Iterations in a call: Ctrl-C waits for its end."""


class State(NamedTuple):
    """What iterations change beside the factors: see ``Extrapolation``, ``Record`` and ``Descent``."""

    momentum: float
    before: float
    cap: float
    kept: float
    best: float
    residual: float
    seconds: float
    iteration: float


class Leapt(NamedTuple):
    """What a call found.

    Attributes
    ----------
    state : State
        After the last iteration, which is not decided yet.
    log : ndarray of shape (iterations but the last, 3)
        Seconds, best loss and residual.
    moved : (float, float)
        Residuals of the half-steps of the last iteration.
    after : float
        Its loss, NaN where products do not tell it.
    """

    state: State
    log: Array
    moved: tuple[float, float]
    after: float


def can_leap(X: Matrix, solver: Solver, w: Factor, h: Factor) -> bool:
    """Return whether iterations on X take such calls: HALS on a small dense X, with nothing but X to keep to."""
    plain = all(type(f.domain) is NonNegative and not (f.penalty or f.terms) for f in (w, h))
    return plain and type(solver) is HALS and X.cells is not None and X.n_stored <= SMALL and w.point.shape[1] <= OWN


def leap(
    X: Matrix, solver: HALS, w: Track, h: Track, state: State, stopping: Stopping, size: float, revive_every: int
) -> Leapt:
    """Do iterations, from the third on, until one is to be decided; the tracks are then where its half-steps led."""
    k, eps = w.point.shape[1], noise(X, size, size)
    plans = [solver.plan(A, k, HalfStep(w.now, h.now, (w.point, w.point), int(state.iteration) + 1)) for A in (X, X.T)]
    rules = np.array([
        X.squared_norm, accurate(X), size, eps, 0.0 if X.dtype == np.float32 else eps, stopping.exact(size),
        stopping.tol, STEADY, np.inf if stopping.max_seconds is None else stopping.max_seconds, GROW, GROW_CAP, WINDOW,
        revive_every,
    ])  # fmt: skip
    own_W = [np.array(a) for a in (w.iterate, w.point, w.best)]
    own_H = [np.array(a) for a in (h.iterate, h.point, h.best)]
    grams, before = (np.empty((k, k), X.dtype), np.array(h.now.gram)), np.empty_like(h.point)
    going, count = np.array(state), min(MOST, stopping.max_iter - int(state.iteration))
    log = np.empty((count, 3))
    settings: Any = *plans[0][:2], *plans[1][:2], rules, going, stopping.losses[-WINDOW:], log
    factors: Any = X.cells, *own_W, grams[0], *own_H, grams[1], before
    *moved, after, better = kernels.hals_leap(*factors, *settings)
    w.land(own_W, grams[0], better=better)
    h.land(own_H, grams[1], before, better=better)
    found = State(*going.tolist())
    return Leapt(found, log[: int(found.iteration - state.iteration) - 1], (moved[0], moved[1]), after)
