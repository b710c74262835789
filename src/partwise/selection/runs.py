"""Runs from random starts, on the same data or on data drawn again for each run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partwise.init import initialize
from partwise.matching import unit_rows
from partwise.matrix import Array
from partwise.penalties import Penalty
from partwise.problem import Problem
from partwise.projection import Projection
from partwise.selection.grouping import main_parts
from partwise.selection.resampling import drawn
from partwise.solvers import Factor, Outcome, Solver, alternate, in_step
from partwise.stopping import Stopping, StopReason
from partwise.threads import Workers


@dataclass(frozen=True, eq=False)
class Run:
    """What is kept of a run.

    Parameters
    ----------
    parts : ndarray of shape (k, m)
        The parts, scaled to length 1, in float64.
    error : float
        The relative error on the run's own data; see ``Factorization.relative_error``.
    main_parts : ndarray of shape (rows,)
        For each of the compared rows, the part that contributes most; -1 for a row of zeros.
    done : bool
        Whether it ended before the time limit.
    """

    parts: Array
    error: float
    main_parts: Array
    done: bool


@dataclass(frozen=True, eq=False)
class Runs:
    """How runs are made.

    Parameters
    ----------
    problem : Problem
        What each of them solves.
    n_init : int
        Starts of each run, which keeps the best.
    resample : {None, 'bootstrap', 'poisson'}
        As in ``consensus``.
    compared : ndarray
        Rows of X whose grouping is compared.
    seed : int
        The seed of all runs.
    """

    problem: Problem
    n_init: int
    solver: Solver
    tol: float
    max_iter: int
    resample: str | None
    compared: Array
    seed: int

    def groups(self, n_runs: int) -> list[range]:
        """Return the runs that go in step: those on the same data share the passes over it. Results do not change."""
        size = (
            1
            if self.resample
            else max(1, in_step(self.problem.X, self.problem.n_components, self.solver) // self.n_init)
        )
        return [range(first, min(first + size, n_runs)) for first in range(0, n_runs, size)]

    def fit(self, numbers: Sequence[int], seconds: float | None) -> list[Run]:
        """Return the runs of a group; the time limit is for all of them together."""
        generators = [np.random.RandomState([self.seed, number]) for number in numbers]
        k, loss = self.problem.n_components, self.problem.loss
        data = drawn(self.problem.X, self.resample, generators[0], self.problem.unit)
        starts = [
            (Factor(W), Factor(Ht))
            for rng in generators
            for W, Ht in (initialize(data, k, "random", rng) for _ in range(self.n_init))
        ]
        with Workers(1) as alone:
            found = alternate(
                data, loss, self.solver, starts, stopping=Stopping(self.tol, self.max_iter, seconds),
                workers=alone, began=time.perf_counter(),
            )  # fmt: skip
        size = loss.size(data)
        tries = [found[first : first + self.n_init] for first in range(0, len(found), self.n_init)]
        return [self._kept(min(own, key=lambda outcome: outcome.objective), size) for own in tries]

    def _kept(self, found: Outcome, size: float) -> Run:
        H, X, loss = np.ascontiguousarray(found.Ht.T), self.problem.X, self.problem.loss
        if self.resample == "bootstrap":  # its rows are not those of X
            W = Projection(H, loss, Penalty())(X.take(self.compared))
        else:
            W = found.W[self.compared]
        relative = found.objective / size if size > 0 else 0.0
        return Run(
            parts=unit_rows(H.astype(np.float64)),
            error=float(np.sqrt(2 * max(relative, 0.0)) if loss.degree == 2 else relative),
            main_parts=main_parts(W * np.linalg.norm(H, axis=1)),
            done=found.reason is not StopReason.MAX_TIME,
        )
