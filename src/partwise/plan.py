"""How a problem is solved: the solver, the starts, when to stop, and the threads."""

import time
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from partwise.checkpoints import Checkpoints, Course, Progress
from partwise.fingerprint import fingerprint
from partwise.init import STARTS
from partwise.init.given import starts
from partwise.losses import Loss
from partwise.matrix import Array
from partwise.matrix.names import like_columns
from partwise.parameters import check_choice, check_integer, check_kind, check_seed, check_seed_kind, check_stopping
from partwise.problem import Problem
from partwise.solvers import (
    Callback,
    Factor,
    Fixed,
    Iteration,
    Outcome,
    alternate,
    copies_of_factors,
    get_solver,
    in_reach,
    in_step,
    lighten,
    solve_rows,
    temper,
    warm_up,
)
from partwise.solvers.descent import points
from partwise.solvers.rows import MOST_LOCAL
from partwise.stopping import Stopping, StopReason
from partwise.terms import Volume
from partwise.threads import Workers

CUT_SHORT = (StopReason.MAX_TIME, StopReason.CALLBACK, StopReason.INTERRUPTED)
"""Reasons that end a fit even if starts are left."""

LIMITS = 3
"""Further arrays of a factor's shape if it has bounds: the two bounds, and one that is moved between them."""


@dataclass(eq=False)
class Plan:
    """How a problem is solved; see ``factorize`` for the parameters. They are checked here.

    Parameters
    ----------
    loss : Loss
        What the solver has to minimise.
    names : ndarray of shape (m,) or None
        Names of X's columns; columns of H and seed_components are matched with them.
    checkpoints : Checkpoints or None
        Where checkpoints go.
    began : float
        ``time.perf_counter()`` when the fit began.

    Attributes
    ----------
    solver : Solver
        What does the half-steps.
    is_auto : bool
        Whether the solver is chosen for the user.
    stopping : Stopping
        When a start ends.
    """

    loss: InitVar[Loss]
    solver: Any = "auto"
    tol: InitVar[float] = 1e-4
    max_iter: InitVar[int] = 200
    max_time: InitVar[float | None] = None
    init: str | None = None
    n_init: int = 1
    random_state: Any = None
    W: Any = None
    H: Any = None
    seed_components: Any = None
    n_jobs: int | None = None
    callback: Callback | None = None
    checkpoints: Checkpoints | None = None
    names: InitVar[Any] = None
    began: float = field(default_factory=time.perf_counter)
    stopping: Stopping = field(init=False)
    is_auto: bool = field(init=False)

    def __post_init__(self, loss: Loss, tol: float, max_iter: int, max_time: float | None, names: Any) -> None:
        self.is_auto = isinstance(self.solver, str) and self.solver == "auto"
        self.solver, self.n_init = get_solver(self.solver, loss), check_integer("n_init", self.n_init)
        self.stopping = Stopping(*check_stopping(tol, max_iter, max_time))
        check_choice("init", self.init, STARTS, also=(None,))
        check_seed_kind("random_state", self.random_state)
        check_kind("callback", self.callback, Callable)
        self.H, self.seed_components = (
            like_columns(table, names, name)
            for table, name in ((self.H, "H"), (self.seed_components, "seed_components"))
        )

    def suit(self, problem: Problem) -> None:
        """Choose the solver of 'auto' for the problem's X; raise if the user's solver cannot work with it."""
        if self.is_auto:
            self.solver = get_solver("auto", problem.named, problem.bare)
        problem.check_limits(self.solver)

    def start_of(self, problem: Problem) -> str | None:
        """Return the `init` of a problem's fit; None if the shape of X decides."""
        if self.init is not None:
            return self.init
        if self.W is not None or self.H is not None:
            return "custom"
        return "random" if any(problem.boxes) or not problem.is_whole else None  # no SVD for these

    def memory(self, problem: Problem) -> dict[str, Any]:
        """Return what decides how much memory a problem's fit takes, see ``BlockPlan.peak``."""
        alone = bool(self.callback or self.checkpoints or problem.min_volume)
        copies = copies_of_factors(problem.X, problem.n_components, self.solver, self.n_init, alone=alone)
        copies += LIMITS if any(problem.boxes) else 0
        return {"init": self.start_of(problem), "checkpoints": self.checkpoints is not None, "copies": copies}

    def best(self, problem: Problem, volume: Volume | None, workers: Workers) -> Outcome:
        """Return the outcome of the best of all starts."""
        if self.checkpoints is None:
            return self._best(problem, volume, workers)
        fit = fingerprint(problem.given, self._settings(problem), workers)
        sizes = dict(zip("nmk", (*problem.X.shape, problem.n_components), strict=True))
        with self.checkpoints.course(fit, sizes, problem.X.dtype, self.began) as course:
            found = self._best(problem, volume, workers, course)
            if found.reason is StopReason.INTERRUPTED:  # also with a callback: the fit can go on from the checkpoint
                raise KeyboardInterrupt
            return found

    def _best(self, problem: Problem, volume: Volume | None, workers: Workers, course: Course | None = None) -> Outcome:
        X, loss, at, began = problem.X, problem.loss, Progress(), self.began
        if course is not None:
            at, began = course.progress, course.began
        rng = check_seed("random_state", self.random_state, at.random)
        begin = self._beginning(problem, volume, rng)
        best, waiting = at.best, self.n_init - at.done
        while waiting:
            alone = self.callback or volume or course
            together = 1 if alone else min(waiting, in_step(X, problem.n_components, self.solver))
            leads, limit = [0] * together, self.stopping
            keep: Callable[..., None] | None = None if course is None else course.keep
            state, at.state = at.state, None  # from here on the loop changes its arrays
            if state is None:
                begun = [begin(workers) for _ in range(together)]
                if self._warms_up(problem):
                    begun, leads = warm_up(X, loss, self.solver, begun, workers, began, limit.max_seconds)
                if self._tempers(problem):
                    temper(X, loss, begun, workers, began, limit.max_seconds)
                if course is not None:
                    course.begin_start(rng.get_state(legacy=False))
            else:
                begun = [self._factors(problem, volume, *points(state))]
            if volume:
                spent = at.spent
                if state is None or at.weight is not None:
                    there = None if at.weight is None or state is None else (state, at.weight, spent)
                    w, h, spent = lighten(X, loss, self.solver, *begun[0], limit, workers, began, keep, there)
                    begun, state = [(w, h)], None
                leads, limit = [spent], replace(limit, max_iter=limit.max_iter - spent)
                keep = keep and partial(keep, spent=spent)
            found = alternate(
                X, loss, self.solver, begun, stopping=limit, workers=workers, began=began,
                callback=self._told(problem), leads=leads, keep=keep, state=state,
            )  # fmt: skip
            best = min([best, *found] if best else found, key=lambda outcome: outcome.objective)
            cut_short = any(outcome.reason in CUT_SHORT for outcome in found)
            if any(outcome.reason is StopReason.INTERRUPTED for outcome in found):
                best.reason = StopReason.INTERRUPTED  # also where an earlier start was better
            del found, begun, state  # this frees all arrays except those of the best start
            waiting = 0 if cut_short else waiting - together
            if course is not None and waiting:
                course.end_start(best)
                at = course.progress
        assert best is not None
        return best

    def _beginning(
        self, problem: Problem, volume: Volume | None, rng: np.random.RandomState
    ) -> Callable[[Workers], tuple[Factor, Factor]]:
        """Return a function that makes one start after another."""
        X, domains, start = problem.X, problem.domains, self.start_of(problem)
        pairs = starts(X, problem.n_components, start, self.W, self.H, problem.scales, self.seed_components, rng)

        def begin(workers: Workers) -> tuple[Factor, Factor]:
            W, Ht = in_reach(problem.weighting.left_out(pairs(workers)), domains, X.mean, problem.loss)
            if self.seed_components is not None and self.W is None:  # any other W would lead away from the seeds
                W = solve_rows(
                    X, problem.loss, None, Fixed(Ht), problem.penalties[0], workers, most=MOST_LOCAL,
                    domain=domains[0],
                )  # fmt: skip
            return self._factors(problem, volume, W, Ht)

        return begin

    @staticmethod
    def _factors(problem: Problem, volume: Volume | None, W: Array, Ht: Array) -> tuple[Factor, Factor]:
        """Return W (n, k) and Ht (m, k) as factors of the problem."""
        terms_W, terms_H = problem.terms
        w = Factor(W, problem.penalties[0], problem.domains[0], terms_W)
        terms_H = (*terms_H, volume) if volume else terms_H
        return w, Factor(Ht, problem.penalties[1], problem.domains[1], terms_H)

    def _settings(self, problem: Problem) -> dict[str, Any]:
        """Return all that tells a fit from another one, except the data."""
        weighting = problem.weighting
        return {
            "n_components": problem.n_components, "loss": problem.named, "solver": self.solver, "init": self.init,
            "n_init": self.n_init, "random_state": self.random_state, "W": self.W, "H": self.H,
            "seed_components": self.seed_components, "penalty_W": problem.asked[0], "penalty_H": problem.asked[1],
            "bounds_W": problem.bounds[0], "bounds_H": problem.bounds[1], "sample_weight": weighting.rows,
            "feature_weight": weighting.columns, "sum_to_one": problem.sum_to_one, "min_volume": problem.min_volume,
            "terms_W": problem.asked_terms[0], "terms_H": problem.asked_terms[1],
        }  # fmt: skip

    def _warms_up(self, problem: Problem) -> bool:
        """Return whether starts may learn from a sketch of X, or a sample of its rows, first."""
        given_or_random = self.init in ("random", "custom") or self.W is not None or self.H is not None
        return given_or_random and problem.is_free and self.seed_components is None

    def _tempers(self, problem: Problem) -> bool:
        """Return whether gentler losses come first: for random starts; from others, some fits ended higher then."""
        random = self.start_of(problem) == "random" and self.seed_components is None
        return self.solver.begins_ahead and random and not problem.weighting

    def _told(self, problem: Problem) -> Callback | None:
        """Return the callback as one for the problem's X: it gets factors of the user's X, without the weights."""
        callback, weighting = self.callback, problem.weighting
        if callback is None or not weighting:
            return callback

        def told(at: Iteration) -> object:
            W, H = weighting.restored(at.W, at.H)
            return callback(replace(at, W=W, H=H))

        return told
