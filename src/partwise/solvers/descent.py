"""A running fit: a pair of factors, and all that its next iteration needs."""

import math
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, field, fields
from numbers import Integral
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.losses import Loss
from partwise.matrix import Apart, Array, Matrix
from partwise.solvers.base import Factor, HalfStep, Solver, Step, Update
from partwise.solvers.digits import noise
from partwise.solvers.extrapolation import FIRST, LATER, Extrapolation, Onward
from partwise.solvers.hals import HALS
from partwise.solvers.leap import State as Leap
from partwise.solvers.leap import can_leap, leap
from partwise.solvers.revival import Revival
from partwise.solvers.track import Track
from partwise.stopping import Stopping, StopReason
from partwise.summary import Summary, size
from partwise.threads import Workers

REVIVE_EVERY = 5
"""Iterations between two checks for dead parts; one more check comes before convergence is accepted."""

CURVE = np.dtype([("iteration", np.int64), ("seconds", np.float64), ("loss", np.float64), ("kkt", np.float64)])


@dataclass(frozen=True, repr=False)
class Iteration(Summary):
    """What a callback sees after each iteration.

    Attributes
    ----------
    iteration : int
        Its number, from 1.
    seconds : float
        Since the fit began.
    loss : float
        Objective (loss, penalties, terms) of the best pair so far, in units of the scaled X; NaN if it is not known
        yet.
    kkt : float
        The residual that tol is compared with.
    W : ndarray of shape (n, k)
        Best W so far: a read-only view, which the next iterations change; copy it if you keep it. If its rows are on
        the workers of a cluster, they are fetched when you first use it.
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
        for name in ("W", "H"):
            factor = vars(self).pop(name)
            vars(self).update({"_apart": factor} if isinstance(factor, Apart) else {name: _unwritable(factor)})

    def __getattr__(self, name: str) -> Any:
        if name != "W" or "_apart" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        vars(self)["W"] = _unwritable(np.asarray(vars(self).pop("_apart")))
        return self.W


def _unwritable(factor: Array) -> Array:
    # NumPy would let a callback make a view of the array itself writable again
    return np.asarray(factor.data.toreadonly())


Callback = Callable[[Iteration], object]


def asks_to_stop(answer: object) -> bool:
    """Return whether a callback's return value stops the fit; raise if it is not a truth value.

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
    """The result of the loop. The best pair is in arrays that the tracks made, never in a start."""

    W: Array
    Ht: Array
    objective: float
    n_iter: int
    reason: StopReason
    curve: Array


@dataclass
class Record:
    """The curve: one row an iteration, with the loss of the pair that a stop there would return."""

    rows: list[list[float]] = field(default_factory=list)
    best: float = np.inf
    kept: float = np.inf
    residual: float = np.inf

    def add(self, iteration: int, seconds: float, residual: float) -> None:
        self.rows.append([iteration, seconds, self.best, residual])

    @property
    def known(self) -> float:
        """The best objective so far, NaN before any is known."""
        return self.best if self.best < np.inf else np.nan

    def settle(self, iteration: int, objective: float, slack: float, residual: float = 0.0) -> bool:
        """Record the objective of `iteration`, which some solvers report one iteration late; return whether it is best.

        `slack` is the size of rounding errors. If two pairs differ by no more, the later one is the best. For a solver
        that can overshoot, and so gives its `residual`, it is the one with the smaller residual.
        """
        better = objective < self.kept - slack or (objective < self.best + slack and residual <= self.residual)
        if better:
            self.kept, self.residual = objective, residual
        if objective < self.best:  # never true for NaN
            self.best = objective
        if iteration <= len(self.rows):
            self.rows[iteration - 1][2] = self.best
        return better

    def curve(self, final: float) -> Array:
        """Return the curve, which ends at `final`."""
        curve = np.array([tuple(row) for row in self.rows], dtype=CURVE)
        curve["loss"] = np.maximum(np.minimum.accumulate(np.where(curve["loss"] < np.inf, curve["loss"], final)), final)
        return curve


State = tuple[dict[str, Array], dict[str, Any]]
"""Arrays and plain values."""


def points(state: State) -> tuple[Array, Array]:
    """Return the points of W (n, k) and Ht (m, k) in a state."""
    arrays, values = state
    return arrays[f"W{values['W']['point']}"], arrays[f"H{values['H']['point']}"]


class Descent:
    """A fit from one start; see ``alternate`` for the parameters.

    Parameters
    ----------
    w, h : Factor
        W (n, k) and Ht (m, k) to start from.
    lead : int
        Iterations that the start has already had, on a sample or with other weights.
    keep : callable or None
        Called with this object after each iteration: ``state`` is then all that the next one needs.
    """

    def __init__(
        self,
        X: Matrix,
        loss: Loss,
        solver: Solver,
        w: Factor,
        h: Factor,
        *,
        stopping: Stopping,
        workers: Workers,
        began: float,
        lead: int = 0,
        callback: Callback | None = None,
        keep: "Callable[[Descent], None] | None" = None,
    ) -> None:
        self._X, self._loss, self._solver, self._stopping, self._workers = X, loss, solver, stopping, workers
        self._callback, self._keep, self._began, self._lead = callback, keep, began, lead
        self._size, self.w, self.h = loss.size(X), Track(w), Track(h)
        self._leaps = callback is None and keep is None and workers.team is None and can_leap(X, solver, w, h)
        self._magnitude = min(w.magnitude, h.magnitude)
        self._apart = X.keeps_apart and not (w.terms or h.terms)  # terms need all of W
        self.extrapolation = Extrapolation(LATER if lead else FIRST) if solver.accelerates else None
        self.onward = Onward()
        self.record, self.revival = Record(), Revival()
        self.paid, self.rejected, self.iteration = 0.0, 0, 0
        self.lags = False  # whether the objective of the last pair is still unknown
        self.reason: StopReason | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the fit began."""
        return time.perf_counter() - self._began

    def run(self) -> Generator[HalfStep, Update, Outcome]:
        """Yield the half-steps of the fit and take what they find; return its outcome."""
        if self.iteration:  # it goes on from a saved state
            self.reason = self._stopping.limit(self.iteration, self.seconds)
        try:
            while self.reason is None:
                yield from self._iterate()
                if self._keep is not None and (self.reason is None or not self.reason.converged):
                    self._keep(self)
        except KeyboardInterrupt:
            if self._callback is None or self.w.best is None or self.h.best is None:
                raise
            self.reason = StopReason.INTERRUPTED
        return self._outcome()

    def _iterate(self) -> Generator[HalfStep, Update, None]:
        """Do one iteration; set ``reason`` where it is the last."""
        w, h, record, extrapolation = self.w, self.h, self.record, self.extrapolation
        iteration = self.iteration + 1
        if self._apart:
            w.spread(self._X)
        ahead = extrapolation is not None and iteration > 1 and self.rejected < 2  # a start is not an iterate
        if ahead and self._leaps and self._lead + iteration > 2 and w.best is not None and "gram" in h.now.__dict__:
            first, second = self._leap()
            iteration = self.iteration + 1
        else:
            momentum = extrapolation.momentum if extrapolation is not None and ahead else 0.0
            update = yield HalfStep(w.now, h.now, w.lend(momentum), self._lead + iteration, momentum)
            if update.step.before is not None and iteration > 1:
                objective = self._objective(update.step.before)
                if self._solver.begins_ahead and not objective <= record.kept + noise(self._X, self._size, record.kept):
                    self.onward = Onward()
                    for track in (w, h):
                        track.move(track.iterate)
                    update = yield HalfStep(w.now, h.now, w.lend(0.0), self._lead + iteration)
                    objective = self._objective(update.step.before)
                if record.settle(iteration - 1, objective, self._slack(objective)):
                    w.best, h.best = w.point, h.point
            first = update.step
            if self._solver.begins_ahead:
                w.previous = w.iterate
            w.take(update)
            h.previous = h.iterate
            update = yield HalfStep(h.now, w.now, h.lend(0.0), self._lead + iteration, final=True, sums=update.sums)
            h.take(update)
            second = update.step
        self.paid = self._objective(0.0)
        residual = self._solver.residual((first, second), min(self._size, self._magnitude))
        if not (math.isfinite(residual + (second.after or 0.0)) or _are_numbers(w.point, h.point)):
            self.reason = StopReason.BEYOND
            return
        self.iteration, self.lags, fell = iteration, second.after is None, True
        if second.after is not None:
            objective = second.after + self.paid
            fell = objective <= record.kept + noise(self._X, np.inf if h.now.by_residuals else self._size, objective)
            if record.settle(
                iteration, objective, self._slack(objective), residual if self._solver.accelerates else 0.0
            ):
                w.best, h.best = w.point, h.point
        elif w.best is None:
            w.best, h.best = w.point, h.point
        seconds = self.seconds
        record.add(iteration, seconds, residual)
        reason = self._stopping.check(iteration, seconds, record.best, residual, self._size, self._magnitude)
        due = reason is not None or iteration % REVIVE_EVERY == 0
        if due and fell and self.revival.apply(self._X, w, h) and reason is not None and reason.converged:
            reason = None
        if self._callback is not None:
            W, H = (track.point if track.best is None else track.best for track in (w, h))
            best = Iteration(iteration, seconds, record.known, residual, W, H.T)
            if asks_to_stop(self._callback(best)) and reason is None:
                reason = StopReason.CALLBACK
        self.reason = reason
        self.rejected = 0 if fell else self.rejected + 1
        if reason is None or self._keep is not None:
            if extrapolation is not None:
                _extrapolate(extrapolation, w, h, self.rejected, self._workers)
            elif self._solver.begins_ahead:
                onward = self.onward.momentum()
                w.go_on(onward)
                h.go_on(onward)

    def _objective(self, loss: float | None) -> float:
        """Return the objective of the present points, whose loss is `loss`."""
        assert loss is not None
        return loss + self.w.now.penalty_value(self.h.point) + self.h.now.penalty_value(self.w.point)

    def _leap(self) -> tuple[Step, Step]:
        """Do iterations in one call, the last but for what it decides; return the steps of that one."""
        go, record, X, w, h = self.extrapolation, self.record, self._X, self.w, self.h
        assert go is not None and isinstance(self._solver, HALS)
        state = Leap(
            go.momentum, go.before, go.cap, record.kept, record.best, record.residual, self.seconds, self.iteration
        )
        found = leap(X, self._solver, w, h, state, self._stopping, self._size, REVIVE_EVERY)
        go.momentum, go.before, go.cap, record.kept, record.best, record.residual = found.state[:6]
        for seconds, loss, residual in found.log.tolist():
            self.iteration += 1
            record.rows.append([self.iteration, seconds, loss, residual])
            self._stopping.losses.append(loss)
            self.rejected = 0
        after = found.after
        if np.isnan(after):
            after = self._loss.value(X.T, h.point, w.point, self._workers)
        return Step(found.moved[0]), Step(found.moved[1], after=after)

    def _slack(self, objective: float) -> float:
        # if a solver can overshoot, its residual must decide; in float32 that is as inexact as the loss
        rough = self._solver.accelerates and self._X.dtype == np.float32
        return 0.0 if rough else noise(self._X, self._size, objective)

    def _outcome(self) -> Outcome:
        w, h, record = self.w, self.h, self.record
        if w.best is None or h.best is None or self.reason is None:
            raise DataError(
                "The first iteration leaves the range of numbers. Data, start, penalties, weights or bounds are too "
                "large, too small or too different in size: divide X by its mean, and scale the others in the same way."
            )
        if self.lags and self.reason is not StopReason.BEYOND:
            objective = self._loss.value(self._X, w.iterate, h.iterate, self._workers) + self.paid
            if record.settle(len(record.rows), objective, self._slack(objective)):
                w.best, h.best = w.iterate, h.iterate
        return Outcome(
            w.own(w.best), h.own(h.best), record.best, len(record.rows), self.reason, record.curve(record.best)
        )

    def state(self) -> State:
        """Return all that the next iteration needs; the arrays are this object's own, and change with it."""
        arrays: dict[str, Array] = {}
        values: dict[str, Any] = {
            "iteration": self.iteration,
            "seconds": self.seconds,
            "lead": self._lead,
            "paid": self.paid,
            "rejected": self.rejected,
            "lags": self.lags,
            "revivals": self.revival.left,
            "losses": self._stopping.losses,
            "onward": asdict(self.onward),
            "record": asdict(self.record),
            "extrapolation": None if self.extrapolation is None else asdict(self.extrapolation),
        }
        for name, track in (("W", self.w), ("H", self.h)):
            own, values[name] = track.state()
            arrays.update({f"{name}{key}": array for key, array in own.items()})
        return arrays, values

    def restore(self, state: State) -> None:
        """Go on from the state of another fit."""
        arrays, values = state
        self._began, self._lead = time.perf_counter() - values["seconds"], values["lead"]
        self.iteration, self.paid, self.rejected = values["iteration"], values["paid"], values["rejected"]
        self.lags, self.revival.left, self._stopping.losses = values["lags"], values["revivals"], values["losses"]
        self.record, self.onward = Record(**values["record"]), Onward(**values["onward"])
        if self.extrapolation is not None:
            for key in fields(self.extrapolation):
                setattr(self.extrapolation, key.name, values["extrapolation"][key.name])
        for name, track in (("W", self.w), ("H", self.h)):
            own = {key.removeprefix(name): array for key, array in arrays.items() if key.startswith(name)}
            track.restore(own, values[name])


def _are_numbers(*arrays: Array) -> bool:
    """Return whether all entries are finite."""
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _extrapolate(extrapolation: Extrapolation, w: Track, h: Track, rejected: int, workers: Workers) -> None:
    """Set both points for the next iteration: ahead if the loss fell, back to the iterates if it rose."""
    if rejected == 0:
        extrapolation.grow()
        extrapolation.extend(h, workers)
        return
    extrapolation.cut()
    if rejected == 1:
        w.move(w.copy_of(w.iterate))
    elif w.best is not None and h.best is not None:  # back to the best pair, where a step without momentum cannot fail
        w.iterate = w.copy_of(w.best)
        w.move(w.iterate)
        h.iterate = h.copy_of(h.best)
        h.move(h.iterate)
