"""The loop: two half-steps, extrapolate, stop? Every solver, loss, storage and number of starts runs through it."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from numbers import Integral

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.losses import Loss
from partwise.matrix import Array, Matrix
from partwise.solvers.base import Factor, HalfStep, Solver, Update
from partwise.solvers.extrapolation import FIRST, LATER, Extrapolation
from partwise.solvers.half_steps import half_steps
from partwise.solvers.revival import Revival
from partwise.solvers.track import Track
from partwise.stopping import Stopping, StopReason
from partwise.summary import Summary, size
from partwise.threads import Workers

REVIVE_EVERY = 5
"""Iterations between two looks for dead parts; there is one more before convergence is believed."""
WIDEST = 24
"""Most columns of a product that several starts share: rows of wider ones no longer stay in cache."""
ROOM = 1 << 28
"""Bytes that the factors of starts in step may take together; larger ones go one after another."""

CURVE = np.dtype([("iteration", np.int64), ("seconds", np.float64), ("loss", np.float64), ("kkt", np.float64)])


@dataclass(frozen=True, repr=False)
class Iteration(Summary):
    """What a callback sees after each iteration.

    Attributes
    ----------
    iteration : int
        Counted from 1.
    seconds : float
        Since the fit began.
    loss : float
        Objective (loss, penalties, terms) of the best pair so far, in units of the scaled X; NaN where not known yet.
    kkt : float
        The residual that tol is compared with.
    W : ndarray of shape (n, k)
        Best so far: a view that cannot be written to, and that the next iterations change. Copy what you keep.
    H : ndarray of shape (k, m)
        Likewise.
    """

    iteration: int
    seconds: float
    loss: float
    kkt: float
    W: Array
    H: Array

    def _facts(self) -> dict[str, object]:
        return {
            "iteration": self.iteration,
            "seconds": self.seconds,
            "loss": self.loss,
            "kkt": self.kkt,
            "W": size(self.W),
            "H": size(self.H),
        }

    def __post_init__(self) -> None:
        for name, factor in (("W", self.W), ("H", self.H)):
            # of a view of the array itself NumPy would let a callback set flags.writeable back to True
            object.__setattr__(self, name, np.asarray(factor.data.toreadonly()))


Callback = Callable[[Iteration], object]


def asks_to_stop(answer: object) -> bool:
    """Return whether a callback's return value stops the fit; raise if it is no truth value.

    Examples
    --------
    >>> asks_to_stop(None), asks_to_stop(np.bool_(True)), asks_to_stop(0)
    (False, True, False)
    """
    if answer is None:
        return False
    if isinstance(answer, Integral | np.bool_):
        return bool(answer)
    raise ParameterError(
        f"callback returned {shown(answer)}. It must return True, or an integer other than 0, to stop the fit, and "
        f"False, 0 or None to go on."
    )


@dataclass
class Outcome:
    """What the loop found; the best pair is of the arrays that the tracks made, and never a start."""

    W: Array
    Ht: Array
    objective: float
    n_iter: int
    reason: StopReason
    curve: Array


class _Record:
    """The curve: one row an iteration; the loss of the pair that a stop there would return."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []
        self.best = self.kept = self.residual = np.inf

    def add(self, iteration: int, seconds: float, residual: float) -> None:
        self.rows.append([iteration, seconds, self.best, residual])

    @property
    def known(self) -> float:
        """The best objective so far, NaN before any is known."""
        return self.best if self.best < np.inf else np.nan

    def settle(self, iteration: int, objective: float, slack: float, residual: float = 0.0) -> bool:
        """Enter the objective of `iteration`, known later than its row where the solver lags; return if it is best.

        `slack` is what may be rounding: of two pairs that differ by no more, the later is best, or, where a solver can
        step too far and so gives its `residual`, the one whose iteration moved less.
        """
        better = objective < self.kept - slack or (objective < self.best + slack and residual <= self.residual)
        if better:
            self.kept, self.residual = objective, residual
        if objective < self.best:  # which NaN never is
            self.best = objective
        if iteration <= len(self.rows):
            self.rows[iteration - 1][2] = self.best
        return better

    def curve(self, final: float) -> Array:
        curve = np.array([tuple(row) for row in self.rows], dtype=CURVE)
        curve["loss"] = np.maximum(np.minimum.accumulate(np.where(curve["loss"] < np.inf, curve["loss"], final)), final)
        return curve


def alternate(
    X: Matrix,
    loss: Loss,
    solver: Solver,
    starts: Sequence[tuple[Factor, Factor]],
    *,
    stopping: Stopping,
    workers: Workers,
    callback: Callback | None = None,
    began: float,
    leads: Sequence[int] | None = None,
) -> list[Outcome]:
    """Improve each pair by turns until `stopping` says so; return the best pair met from each start.

    Several starts go in step, so that a solver may read X once for all of them.

    Parameters
    ----------
    X : Matrix
        Data (n, m).
    starts : sequence of (Factor, Factor)
        W (n, k) and Ht (m, k), within their bounds.
    began : float
        ``time.perf_counter()`` when the fit began.
    leads : sequence of int or None
        Iterations that each start has had elsewhere.
    """
    runs = [
        _descend(X, loss, solver, *start, replace(stopping), callback, workers, began, lead)
        for start, lead in zip(starts, leads or [0] * len(starts), strict=True)
    ]
    states: list[HalfStep | Outcome] = [next(run) for run in runs]
    while going := [number for number, state in enumerate(states) if isinstance(state, HalfStep)]:
        asked = [state for state in states if isinstance(state, HalfStep)]
        answers: list[Update | KeyboardInterrupt]
        try:
            answers = [*half_steps(X, loss, solver, asked, workers)]
        except KeyboardInterrupt as interrupt:
            answers = [interrupt] * len(going)
        for number, answer in zip(going, answers, strict=True):
            states[number] = _resume(runs[number], answer)
    return [state for state in states if isinstance(state, Outcome)]


def in_step(X: Matrix, k: int, solver: Solver) -> int:
    """Return how many starts go in step."""
    factors = 6 * sum(X.shape) * k * X.dtype.itemsize
    return max(1, min(WIDEST // k, ROOM // factors)) if solver.shares_products else 1


def _resume(run: Generator[HalfStep, Update, Outcome], answer: Update | KeyboardInterrupt) -> HalfStep | Outcome:
    """Hand a run what the half-step it asked for found; return the next that it asks for, or how it ended."""
    try:
        return run.throw(answer) if isinstance(answer, KeyboardInterrupt) else run.send(answer)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


def _descend(
    X: Matrix,
    loss: Loss,
    solver: Solver,
    left: Factor,
    right: Factor,
    stopping: Stopping,
    callback: Callback | None,
    workers: Workers,
    began: float,
    lead: int,
) -> Generator[HalfStep, Update, Outcome]:
    """Yield the half-steps of one fit and take what they find; return its outcome."""
    size, w, h = loss.size(X), Track(left), Track(right)
    magnitude = min(left.magnitude, right.magnitude)
    extrapolation = Extrapolation(LATER if lead else FIRST) if solver.accelerates else None
    record, revival, paid, rejected = _Record(), Revival(), 0.0, 0
    reason: StopReason | None = None
    iteration = 0

    def slack(objective: float) -> float:
        # where a solver can step too far its residual must judge, and in float32 that is as rough as the loss
        return 0.0 if solver.accelerates and X.dtype == np.float32 else noise(X, size, objective)

    try:
        for iteration in count(1):
            ahead = extrapolation is not None and iteration > 1 and rejected < 2  # a start is no iterate to go on from
            momentum = extrapolation.momentum if extrapolation is not None and ahead else 0.0
            left_before = w.point
            update = yield HalfStep(w.now, h.now, w.lend(momentum), lead + iteration, momentum)
            w.take(update)
            first = update.step
            if first.before is not None and iteration > 1:
                objective = first.before + paid
                if record.settle(iteration - 1, objective, slack(objective)):
                    w.best, h.best = left_before, h.point
            h.previous = h.iterate
            update = yield HalfStep(h.now, w.now, h.lend(0.0), lead + iteration, final=True, sums=update.sums)
            h.take(update)
            second, paid = update.step, w.now.penalty_value(h.point) + h.now.penalty_value(w.point)
            residual = solver.residual((first, second), min(size, magnitude))
            if not ((np.isfinite(residual) and np.isfinite(second.after or 0.0)) or _are_numbers(w.point, h.point)):
                reason = StopReason.BEYOND
                break
            fell = True
            if second.after is not None:
                objective = second.after + paid
                fell = objective <= record.kept + noise(X, np.inf if h.now.by_residuals else size, objective)
                if record.settle(iteration, objective, slack(objective), residual if solver.accelerates else 0.0):
                    w.best, h.best = w.point, h.point
            elif w.best is None:
                w.best, h.best = w.point, h.point
            seconds = time.perf_counter() - began
            record.add(iteration, seconds, residual)
            reason = stopping.check(iteration, seconds, record.best, residual, size, magnitude)
            due = reason is not None or iteration % REVIVE_EVERY == 0
            if due and fell and revival.apply(X, w, h) and reason is not None and reason.converged:
                reason = None
            if callback is not None:
                W, H = (track.point if track.best is None else track.best for track in (w, h))
                best = Iteration(iteration, seconds, record.known, residual, W, H.T)
                if asks_to_stop(callback(best)) and reason is None:
                    reason = StopReason.CALLBACK
            if reason is not None:
                break
            rejected = 0 if fell else rejected + 1
            if extrapolation is not None:
                _extrapolate(extrapolation, w, h, rejected, workers)
    except KeyboardInterrupt:
        if callback is None or w.best is None or h.best is None:
            raise
        reason = StopReason.INTERRUPTED
    if w.best is None or h.best is None or reason is None:
        raise DataError(
            "The first iteration leaves the range of numbers. Data, start, penalties, weights or bounds are too "
            "large, too small or too far apart: divide X by its mean, and bring the others to its scale."
        )
    if (
        second.after is None and reason is not StopReason.BEYOND
    ):  # the last pair of a solver that lags has not been judged yet
        objective = loss.value(X, w.point, h.point) + paid
        if record.settle(len(record.rows), objective, slack(objective)):
            w.best, h.best = w.point, h.point
    return Outcome(w.own(w.best), h.own(h.best), record.best, len(record.rows), reason, record.curve(record.best))


def _are_numbers(*arrays: Array) -> bool:
    """Return whether all entries are finite."""
    return all(bool(np.isfinite(array).all()) for array in arrays)


def noise(X: Matrix, size: float, objective: float) -> float:
    """Return what the objective may rise by rounding alone: no cause to extrapolate less.

    Read off the grams its error is one of the size of X; where that would drown it (see ``by_gram``), it comes from the
    residuals, and its error is one of its own size.
    """
    eps, limit = float(np.finfo(X.dtype).eps), (0.02 if X.dtype == np.float32 else 1e-6)
    return 4 * eps * size if objective > 0.5 * limit * limit * size else 8 * eps * objective


def _extrapolate(extrapolation: Extrapolation, w: Track, h: Track, rejected: int, workers: Workers) -> None:
    """Set both points for the next iteration: ahead if the loss fell, back to the iterates if it rose."""
    if rejected == 0:
        extrapolation.grow()
        extrapolation.extend(h, workers)
        return
    extrapolation.cut()
    if rejected == 1:
        w.move(w.copy_of(w.iterate))
    elif w.best is not None and h.best is not None:  # back to the best pair; a step without momentum cannot fail there
        w.iterate = w.copy_of(w.best)
        w.move(w.iterate)
        h.iterate = h.copy_of(h.best)
        h.move(h.iterate)
